"""What lies in a person's ticket cache and keytab files (formats of MIT krb5: ccache 0504, keytab 0502), read and written again by her.

Her own library would not send a ticket whose end has come. The end that it looks at stands beside the ticket, in her own file: she writes another one
there, so that it is the server that answers.
"""
import struct

NEVER = 0x7ffffff0
CONFIG_REALM = b"X-CACHECONF:"


class Cursor:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def number(self, form):
        value, = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def part(self, form=">I"):
        size = self.number(form)
        self.at += size
        return self.data[self.at - size:self.at]

    def principal(self):
        self.number(">I")
        count, realm = self.number(">I"), self.part()
        return realm, [self.part() for _ in range(count)]


class Cache:
    """The tickets of one cache file: {service without realm: bytes of the entry, said to end never}; keys: their session keys."""

    def __init__(self, data):
        cursor = Cursor(data)
        if cursor.number(">H") != 0x0504:
            raise ValueError("not a ticket cache of version 4")
        cursor.part(">H")
        cursor.principal()
        self.head, self.tickets, self.keys = data[:cursor.at], {}, {}
        while cursor.at < len(data):
            self._entry(cursor)

    def _entry(self, cursor):
        begin = cursor.at
        cursor.principal()
        realm, words = cursor.principal()
        cursor.number(">H")
        key, times = cursor.part(), cursor.at
        cursor.at += 4 * 4 + 1 + 4                     # times, whether the key is a session's, flags
        for _ in range(2):                             # addresses, authorisation data
            for _ in range(cursor.number(">I")):
                cursor.number(">H")
                cursor.part()
        cursor.part()                                  # the ticket
        cursor.part()                                  # a second one
        if realm == CONFIG_REALM:
            return
        entry = bytearray(cursor.data[begin:cursor.at])
        struct.pack_into(">II", entry, times - begin + 8, NEVER, NEVER)
        service = b"/".join(words).decode()
        self.tickets[service], self.keys[service] = bytes(entry), key

    def with_only(self, service):
        """A cache file with that one ticket."""
        return self.head + self.tickets[service]


def keys_of_keytab(data):
    """The secret keys in a keytab."""
    cursor, keys = Cursor(data, 2), []
    while cursor.at < len(data):
        size = cursor.number(">i")
        end = cursor.at + abs(size)
        if size > 0:
            for _ in range(cursor.number(">H") + 1):   # realm and name
                cursor.part(">H")
            cursor.at += 4 + 4 + 1 + 2                 # kind of name, time, version, kind of key
            keys.append(cursor.part(">H"))
        cursor.at = end
    return keys
