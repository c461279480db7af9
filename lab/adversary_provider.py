"""The adversary at the OpenID provider: her password, the browser's session that stays signed in, a refresh token used again and again, and the newest
access token that she ever got, at the provider and at an application that checks it by its signature alone.

A session and a refresh token are named by the provider's own hash of them (SHA-512), which says nothing of what they are.
"""
import base64
import hashlib
import http.cookies
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import ldap

from adversary_ways import ADMITTED, ERROR, REFUSED, Way

COOKIE = "GLEWLWYD2_SESSION_ID"
NEWER_TOKEN_S = 2.0
ACCESS_TOKENS = "access-tokens"          # all of them are one path: nobody can list them


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


def call(method, url, data=None, **headers):
    """(status, headers, text) of whatever HTTP answer; OSError when there is none."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=data, method=method, headers={"User-Agent": "her laptop", **lines})
    try:
        with OPENER.open(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


def hash_of(value):
    digest = base64.urlsafe_b64encode(hashlib.sha512(value.encode()).digest()).decode().rstrip("=")
    return urllib.parse.quote("{SHA512}" + digest, safe="")


class Provider:
    def __init__(self, wallet, me):
        self.wallet, self.directory, self.authority, self.me = wallet["provider"], wallet["directory"], wallet["ca"], me
        self.base = f"{self.wallet['url']}/api/{self.wallet['plugin']}"
        self.lock, self.access_token, self.got, self.sessions_ended, self.cookie = threading.Lock(), None, -NEWER_TOKEN_S, 0, None
        me.keep_secret("secret of the client at the provider", self.wallet["client_secret"])

    def ways(self):
        self.uuid = self._own_id()
        yield Way("provider sign-in by password", "provider", "account", self.uuid, self._sign_in)
        yield self._session_way()
        yield self._refresh_way()
        yield Way("access token at the reports application (simulated) and at the provider", "provider", "token",
                  f"{self.uuid}:{ACCESS_TOKENS}", self._use_access_token)

    def _own_id(self):
        connection = ldap.initialize(self.directory["url"])
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, self.authority)
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        connection.simple_bind_s(self.directory["dn"], self.directory["password"])
        found = connection.search_s(self.directory["dn"], ldap.SCOPE_BASE, "(objectClass=*)", ["entryUUID"])
        connection.unbind_s()
        return found[0][1]["entryUUID"][0].decode()

    def _answer(self, attempt):
        """A 5xx says nothing; a redirect to the login page and a 4xx are a no."""
        try:
            status, words, admitted = attempt()
        except OSError as problem:
            return ERROR, type(problem).__name__
        if admitted:
            return ADMITTED, words
        return (ERROR, f"status {status}") if status >= 500 else (REFUSED, f"status {status}")

    def _sign_in(self):
        def attempt():
            status, _, _ = self._post_password(again=self.cookie is not None)
            return status, "signed in", status == 200
        return self._answer(attempt)

    def _post_password(self, again=False):
        body = json.dumps({"username": self.wallet["login"], "password": self.directory["password"]}).encode()
        # With the cookie she has, as a browser does: one session goes on, instead of one more at every try.
        cookie = {"Cookie": f"{COOKIE}={self.cookie}"} if again else {}
        return call("POST", f"{self.wallet['url']}/api/auth/", body, Content_Type="application/json", **cookie)

    def _open_session(self):
        status, headers, _ = self._post_password()
        for line in headers.get_all("Set-Cookie") or []:
            morsel = http.cookies.SimpleCookie(line).get(COOKIE)
            if status == 200 and morsel is not None and morsel.value:
                self.me.keep_secret("session cookie of the provider", morsel.value)
                return morsel.value
        raise RuntimeError(f"no session: status {status}")

    def _session_way(self):
        self.cookie = cookie = self._open_session()
        return Way("browser session at the provider, asks for a code", "provider", "session",
                   f"{self.uuid}:{hash_of(cookie)}", lambda: self._ask_for_code(cookie))

    def _ask_for_code(self, cookie):
        """g_continue: as after the consent page. A code is an admission: it is as good as a token."""
        query = urllib.parse.urlencode({"response_type": "code", "client_id": self.wallet["client_id"], "scope": "openid",
                                        "redirect_uri": self.wallet["callback"], "state": "s", "nonce": "n", "g_continue": "1"})

        def attempt():
            status, headers, _ = call("GET", f"{self.base}/auth?{query}", Cookie=f"{COOKIE}={cookie}")
            to = headers.get("Location") or ""
            return status, "was issued a code", to.startswith(self.wallet["callback"]) and "code=" in to
        return self._answer(attempt)

    def _token(self, **form):
        pair = base64.b64encode(f"{self.wallet['client_id']}:{self.wallet['client_secret']}".encode()).decode()
        return call("POST", f"{self.base}/token", urllib.parse.urlencode(form).encode(), Authorization=f"Basic {pair}")

    def _keep_access_token(self, text):
        """The newest, but for what came within a moment: hundreds a minute would be hers all the same."""
        token = json.loads(text)["access_token"]
        with self.lock:
            if time.monotonic() - self.got < NEWER_TOKEN_S:
                return
            self.access_token, self.got = token, time.monotonic()
        self.me.keep_secret("access token", token)

    def _refresh_way(self):
        status, _, text = self._token(grant_type="password", username=self.wallet["login"],
                                      password=self.directory["password"], scope="openid reports")
        if status != 200:
            raise RuntimeError(f"no tokens: status {status}")
        refresh_token = json.loads(text)["refresh_token"]
        self.me.keep_secret("refresh token", refresh_token)
        self._keep_access_token(text)
        return Way("refresh token at the provider", "provider", "token", f"{self.uuid}:{hash_of(refresh_token)}",
                   lambda: self._refresh(refresh_token))

    def _refresh(self, refresh_token):
        def attempt():
            status, _, text = self._token(grant_type="refresh_token", refresh_token=refresh_token)
            if status == 200:
                self._keep_access_token(text)
            return status, "was issued an access token", status == 200
        return self._answer(attempt)

    def _use_access_token(self):
        with self.lock:
            bearer = f"Bearer {self.access_token}"

        def attempt():
            at_app, _, _ = call("GET", f"{self.wallet['resource_url']}/reports", Authorization=bearer)
            at_provider, _, _ = call("GET", f"{self.base}/userinfo", Authorization=bearer)
            words = f"reports application (simulated) {at_app}, userinfo {at_provider}"
            return max(at_app, at_provider), words, 200 in (at_app, at_provider)
        return self._answer(attempt)

    def reopen(self):
        """Signs in anew as soon as a session of hers was ended and the password is still taken."""
        ended = [s for s in self.me.states.values() if s["system"] == "provider" and s["kind"] == "session"
                 and s["last_outcome"] == REFUSED]
        if len(ended) <= self.sessions_ended:
            return []
        try:
            way = self._session_way()
        except (OSError, RuntimeError):
            return []
        self.sessions_ended = len(ended)
        return [way]
