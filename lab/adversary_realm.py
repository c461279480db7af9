"""The adversary in the Kerberos realm: her password, a copy of her keytab, and tickets in hand: one for a service, one that asks for others, renewed.

A principal has no other id than its name; all tickets of a principal are one path, for nobody can list them. Each try of a ticket is the server's
to answer: see adversary_tickets.
"""
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import adversary_tickets
from adversary_ways import ADMITTED, ERROR, REFUSED, Way, new_password

NEWER_TICKET_S = 2.0
NEWER_KADMIN_TICKET_S = 10.0
FIGHTS_MAX, FIGHT_PAUSE_S = 2, 1.0
NO = ("credentials have been revoked", "not found in Kerberos database", "Password incorrect", "Preauthentication failed",
      "entry in database has expired", "Ticket expired", "can't fulfill requested option")


def ask(argv, config, typed=""):
    """(outcome, words) of one of MIT's programs; only what is known to be a no is one."""
    try:
        done = subprocess.run(argv, input=typed, capture_output=True, text=True, errors="replace", timeout=30, start_new_session=True,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "KRB5_CONFIG": config})
    except subprocess.TimeoutExpired:
        return ERROR, "no answer"
    if done.returncode == 0:
        return ADMITTED, "was issued a ticket"
    words = (done.stderr.strip().splitlines() or ["no words"])[-1][:160]
    return (REFUSED if any(no in words for no in NO) else ERROR), words


class Realm:
    def __init__(self, wallet, me):
        self.wallet, self.me, self.config, self.folder = wallet["realm"], me, wallet["realm"]["config"], Path(me.folder)
        self.principal, self.passwords, self.fights, self.fought = self.wallet["principal"], [self.wallet["password"]], 0, 0.0
        self.lock, self.ticket, self.for_files, self.got, self.got_kadmin = threading.Lock(), None, None, -NEWER_TICKET_S, None
        self.ticket_granting = f"krbtgt/{self.principal.rsplit('@', 1)[1]}"
        os.environ["KRB5_CONFIG"] = self.config          # for the GSSAPI of this process
        me.keep_secret("Kerberos password", self.wallet["password"])
        if "keytab" in self.wallet:
            for key in adversary_tickets.keys_of_keytab(Path(self.wallet["keytab"]).read_bytes()):
                me.keep_bytes("key in the Kerberos keytab", key)

    def ways(self):
        yield Way("Kerberos sign-in by password", "realm", "account", self.principal, self._sign_in)
        if "keytab" in self.wallet:
            yield Way("Kerberos sign-in by a copied keytab", "realm", "key", f"{self.principal}:1",
                      lambda: self._kinit("keytab", "-k", "-t", self.wallet["keytab"]))
        tickets = f"{self.principal} tickets"
        yield Way("ticket in hand at the file server (simulated)", "realm", "token", tickets, self._show)
        yield Way("ticket-granting ticket, for a service not asked for before", "realm", "token", tickets, self._ask_for_another)
        yield Way("renewal of the ticket-granting ticket", "realm", "token", tickets, self._renew)

    def reopen(self):
        return []

    def _cache(self, name):
        return self.folder / f"tickets-{name}"

    def _kinit(self, name, *how, typed=""):
        return ask(["kinit", "-c", f"FILE:{self._cache(name)}", "-l", f"{self.wallet['life']}s", "-r", f"{self.wallet['renewable']}s",
                    *how, self.principal], self.config, typed)

    def _sign_in(self):
        """Admitted when any of her passwords is; refused only when all of them were."""
        answer = ERROR, "no password"
        for password in list(self.passwords):
            answer = self._kinit("password", typed=f"{password}\n")
            if answer[0] == ADMITTED:
                self._keep("password")
                self._get_kadmin_ticket(password)
            if answer[0] != REFUSED:
                return answer
        self._fight()
        return answer

    def _keep(self, name):
        """The newest ticket, and with it one for the file server."""
        with self.lock:
            if time.monotonic() - self.got < NEWER_TICKET_S:
                return
            self.got = time.monotonic()
            cache = adversary_tickets.Cache(self._cache(name).read_bytes())
            self.ticket = cache.with_only(self.ticket_granting)
            self.me.keep_bytes("session key of a ticket", cache.keys[self.ticket_granting])
            self._cache("files").write_bytes(self.ticket)
            service = self.wallet["files"]
            if ask(["kvno", "-c", f"FILE:{self._cache('files')}", service], self.config)[0] == ADMITTED:
                cache = adversary_tickets.Cache(self._cache("files").read_bytes())
                self.for_files = cache.with_only(service.rsplit("@", 1)[0])

    def _lay_out(self, name, which):
        with self.lock:
            data = getattr(self, which)
        if data is None:
            return False
        self._cache(name).write_bytes(data)
        return True

    def _ask_for_another(self):
        """A cached ticket would be found in her own file: the cache she asks with holds none but the ticket-granting one."""
        if not self._lay_out("another", "ticket"):
            return ERROR, "no ticket"
        return ask(["kvno", "-c", f"FILE:{self._cache('another')}", self.wallet["not_asked_yet"]], self.config)

    def _renew(self):
        if not self._lay_out("renewed", "ticket"):
            return ERROR, "no ticket"
        answer = ask(["kinit", "-R", "-c", f"FILE:{self._cache('renewed')}", self.principal], self.config)
        if answer[0] == ADMITTED:
            self._keep("renewed")
        return answer

    def _show(self):
        import gssapi
        if not self._lay_out("shown", "for_files"):
            return ERROR, "no ticket"
        try:
            credentials = gssapi.Credentials(usage="initiate", store={"ccache": f"FILE:{self._cache('shown')}"})
            context = gssapi.SecurityContext(name=gssapi.Name(self.wallet["files"], gssapi.NameType.kerberos_principal),
                                             creds=credentials, usage="initiate", flags=gssapi.RequirementFlag.mutual_authentication)
            with socket.create_connection(("127.0.0.1", self.wallet["files_port_simulated"]), timeout=10) as server:
                stream = server.makefile("rwb")
                send(stream, context.step())
                if stream.read(1) == b"\1":
                    words = receive(stream).decode(errors="replace")
                    return (REFUSED if "expired" in words else ERROR), words[:160]
                context.step(receive(stream))
                return ADMITTED, context.unwrap(receive(stream)).message.decode()
        except (OSError, gssapi.exceptions.GSSError) as problem:
            return ERROR, f"{type(problem).__name__}: {problem}"[:160]

    def _get_kadmin_ticket(self, password):
        """Good for a new password, also when the principal is locked meanwhile."""
        if self.got_kadmin is None or time.monotonic() - self.got_kadmin > NEWER_KADMIN_TICKET_S:
            if self._kinit("new", "-S", "kadmin/admin", typed=f"{password}\n")[0] == ADMITTED:
                self._cache("new").replace(self._cache("kadmin"))
                self.got_kadmin = time.monotonic()

    def _fight(self):
        """With the ticket for kadmin that she has: a password of her own, once more."""
        if self.got_kadmin is None or not self.me.fighting or self.fights >= FIGHTS_MAX or time.monotonic() - self.fought < FIGHT_PAUSE_S:
            return
        self.fights, self.fought, mine = self.fights + 1, time.monotonic(), new_password()
        self.me.keep_secret("Kerberos password set with a ticket in hand", mine)
        answer, words = ask(["kadmin", "-c", f"FILE:{self._cache('kadmin')}", "-p", self.principal, "cpw", self.principal], self.config,
                            f"{mine}\n{mine}\n")
        if answer == ADMITTED:
            self.passwords.append(mine)
        self.me.mark(f"set her Kerberos password with a ticket in hand: {answer}: {words if answer != ADMITTED else 'done'}")


def send(stream, data):
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def receive(stream):
    size = int.from_bytes(stream.read(4), "big")
    data = stream.read(size)
    if len(data) != size or not size:
        raise OSError("cut off")
    return data
