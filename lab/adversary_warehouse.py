"""The adversary on the databases: own, created and shared roles, held sessions, memberships, CREATEROLE used to return."""
import secrets
import threading

import psycopg2

from adversary_ways import ADMITTED, ERROR, REFUSED, Way, endpoint, new_password


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
