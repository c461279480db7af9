"""The adversary on the directory: login, held connection, memberships, and what she does when she is locked out."""
import threading

import ldap

from adversary_ways import ADMITTED, ERROR, REFUSED, Way, endpoint, new_password


class Directory:
    """Login, held connection, memberships; fights back by changing her own password over the held connection."""

    NO = (ldap.INVALID_CREDENTIALS, ldap.INSUFFICIENT_ACCESS, ldap.NO_SUCH_OBJECT, ldap.INAPPROPRIATE_AUTH,
          ldap.UNWILLING_TO_PERFORM, ldap.CONSTRAINT_VIOLATION, ldap.STRONG_AUTH_REQUIRED)

    def __init__(self, wallet, me):
        self.wallet, self.me = wallet["directory"], me
        self.dn, self.password, self.authority = self.wallet["dn"], self.wallet["password"], wallet["ca"]
        self.held, self.lock, self.refused_in_row = None, threading.RLock(), 0

    def _open(self):
        connection = ldap.initialize(self.wallet["url"])
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, self.authority)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
        connection.set_option(ldap.OPT_TIMEOUT, 10)
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        connection.simple_bind_s(self.dn, self.password)
        return connection

    def _answer(self, call, words):
        try:
            call()
            return ADMITTED, words
        except self.NO as no:
            return REFUSED, f"{type(no).__name__} {no.args[0].get('result')}"
        except ldap.LDAPError as problem:
            return ERROR, type(problem).__name__

    def _read(self, connection, dn, attribute):
        found = connection.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", [attribute])
        return found[0][1][attribute][0].decode()

    def ways(self):
        with self.lock:
            self.held = self._open()
            self.uuid = self._read(self.held, self.dn, "entryUUID")
            groups = {g: self._read(self.held, f"cn={g},ou=groups,dc=example,dc=org", "entryUUID")
                      for g in self.wallet["groups"]}
            where = endpoint(self.held.fileno())
        yield Way("directory login by password", "directory", "account", self.uuid, self._login)
        yield self._held_way(self.held, where)
        for group, uuid in groups.items():
            yield Way(f"what members of group {group} read", "directory", "membership", f"{self.uuid}:{uuid}",
                      lambda group=group: self._resource(group))

    def _held_way(self, connection, where):
        return Way("held directory connection", "directory", "session", where,
                   lambda: self._use_held(connection), held=True)

    def _login(self):
        connection = []
        outcome = self._answer(lambda: connection.append(self._open()), "bound")
        if connection:
            connection[0].unbind_s()
        self.refused_in_row = self.refused_in_row + 1 if outcome[0] == REFUSED else 0
        if self.refused_in_row >= 2:
            self._fight()
        return outcome

    def _fight(self):
        """Locked or reset: over the connection that is still bound, set a password of our own; that also unlocks."""
        mine = new_password()
        with self.lock:
            if self.held is None:
                return
            self.me.keep_secret("directory password set over the held connection", mine)
            try:
                self.held.passwd_s(self.dn, None, mine)
            except ldap.LDAPError:
                return
            self.password, self.refused_in_row = mine, 0
            self.wallet["password"] = mine           # what else asks the directory takes it too
        self.me.mark("changed the directory password over the held connection")

    def _use_held(self, connection):
        with self.lock:
            outcome, words = self._answer(lambda: self._read(connection, self.dn, "entryUUID"), "read own entry")
            if outcome == ERROR:
                words = f"ended: {words}"
                if self.held is connection:
                    self.held = None
        return outcome, words

    def reopen(self):
        """A new held connection when the old one ended and logging in works again."""
        with self.lock:
            if self.held is not None:
                return []
            try:
                self.held = self._open()
            except ldap.LDAPError:
                return []
            return [self._held_way(self.held, endpoint(self.held.fileno()))]

    def _resource(self, group):
        dn = f"cn={group},ou=resources,dc=example,dc=org"
        with self.lock:
            if self.held is not None:
                outcome = self._answer(lambda: self._read(self.held, dn, "description"), "read over held connection")
                if outcome[0] != ERROR:
                    return outcome

        def anew():
            connection = self._open()
            try:
                self._read(connection, dn, "description")
            finally:
                connection.unbind_s()
        return self._answer(anew, "logged in and read")
