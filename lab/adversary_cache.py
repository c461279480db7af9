"""The adversary on Redis: own user by each of its passwords, shared users, held sessions, a subscriber, a blocked pop."""
import threading

import redis

from adversary_ways import ADMITTED, ERROR, REFUSED, Way, endpoint, new_password

LOST = (redis.ConnectionError, redis.TimeoutError, OSError, AttributeError)


class Held:
    """One connection that is never opened again behind our back (the library would)."""

    def __init__(self, side, user, password):
        self.connection = redis.connection.SSLConnection(
            host=side.wallet["host"], port=side.wallet["port"], username=user, password=password, ssl_ca_certs=side.authority,
            ssl_check_hostname=True, socket_timeout=10)
        self.connection.connect()
        self.id, self.user, self.over, self.lock = endpoint(self.connection._sock.fileno()), user, False, threading.Lock()

    def ask(self, *words):
        with self.lock:
            if self.over or self.connection._sock is None:
                raise redis.ConnectionError("closed")
            try:
                self.connection.send_command(*words)
                return self.connection.read_response()
            except redis.ResponseError:
                raise
            except LOST:
                self.over = True
                raise

    def close(self):
        self.connection.disconnect()


class Cache:
    """Own and shared users; held sessions, one that listens and one that waits; tries to set herself on again."""

    def __init__(self, wallet, me):
        self.wallet, self.me, self.authority = wallet["cache"], me, wallet["ca"]
        self.user, self.reopenable, self.held = self.wallet["user"], {}, None
        for number, password in enumerate(self.wallet["passwords"], 1):
            me.keep_secret(f"cache password {number}", password)
        for shared in self.wallet["shared"]:
            me.keep_secret(f"password of cache user {shared['user']}", shared["password"])

    def ways(self):
        yield Way("cache login by own user", "cache", "account", self.user, self._log_in_own)
        self.held = Held(self, self.user, self.wallet["passwords"][0])
        yield self._held_way(self.held, "held cache session", self.user)
        yield self._subscriber()
        yield self._blocked()
        for shared in self.wallet["shared"]:
            yield Way(f"shared cache user {shared['user']} by its password", "cache", "secret", shared["user"],
                      lambda s=shared: self._log_in(s["user"], [s["password"]]))
            try:
                session = Held(self, shared["user"], shared["password"])
            except redis.RedisError as no:               # somebody else's departure has rotated it already
                self.me.mark(f"shared cache user {shared['user']}: {no}")
                continue
            yield self._held_way(session, f"held session on shared cache user {shared['user']}", shared["user"])

    def _log_in_own(self):
        outcome = self._log_in(self.user, self.wallet["passwords"])
        if outcome[0] == REFUSED:
            self._fight()
        return outcome

    def _log_in(self, user, passwords):
        """Admitted when any of the passwords is; refused only when the server refused them all."""
        answer = ERROR, "no password"
        for number, password in enumerate(passwords, 1):
            try:
                session = Held(self, user, password)
                session.ask("GET", "page:1")
                session.close()
                return ADMITTED, f"logged in with password {number} and read"
            except redis.ResponseError as no:
                answer = REFUSED, str(no)[:120]
            except LOST as problem:
                return ERROR, f"{type(problem).__name__}: {problem}"[:120]
        return answer

    def _held_way(self, held, words, reopen_as=None):
        if reopen_as:
            self.reopenable[reopen_as] = held
        return self._way(held, words, lambda: held.ask("GET", "page:1"), "read")

    def _subscriber(self):
        held = Held(self, self.user, self.wallet["passwords"][0])
        held.ask("SUBSCRIBE", "news")
        return self._way(held, "held cache subscriber", lambda: held.ask("PING"), "still subscribed")

    def _blocked(self):
        """Waits on a list for ever; whoever pushes there later serves it."""
        held = Held(self, self.user, self.wallet["passwords"][0])
        held.connection.send_command("BLPOP", f"queue:{self.user}", 0)

        def look():
            with held.lock:
                if held.over:
                    raise redis.ConnectionError("closed")
                try:
                    if held.connection.can_read(timeout=0):
                        held.connection.read_response()
                        held.connection.send_command("BLPOP", f"queue:{self.user}", 0)
                except redis.ResponseError:
                    raise
                except LOST:
                    held.over = True
                    raise
        return self._way(held, "held blocked pop", look, "still waiting")

    @staticmethod
    def _way(held, words, call, done):
        def use():
            try:
                call()
                return ADMITTED, done
            except redis.ResponseError as no:
                return REFUSED, str(no)[:120]
            except LOST as problem:
                held.over = True
                return ERROR, f"ended: {type(problem).__name__}: {problem}"[:120]
        return Way(words, "cache", "session", held.id, use, held=True)

    def reopen(self):
        known = {s["user"]: s["password"] for s in self.wallet["shared"]} | {self.user: self.wallet["passwords"][0]}
        fresh = []
        for user in [u for u, held in self.reopenable.items() if held.over]:
            try:
                held = Held(self, user, known[user])
            except (redis.RedisError, OSError):
                continue
            if user == self.user:
                self.held = held
            fresh.append(self._held_way(held, f"held session on cache user {user}, opened again", user))
        return fresh

    def _fight(self):
        """Over the session that is still open: set herself on again, with a password of her own."""
        mine = new_password()
        try:
            self.me.keep_secret("cache password set over the held session", mine)
            self.held.ask("ACL", "SETUSER", self.user, "on", f">{mine}", "+@all")
        except (redis.RedisError, OSError, AttributeError):
            return
        self.wallet["passwords"].append(mine)
        self.me.mark("set her cache user on again over the held session")
