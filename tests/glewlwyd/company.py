#!/usr/bin/python3
"""A real Glewlwyd with a real slapd behind it, for the C++ tests: a JSON object a line on standard input, one a line back.

Ends, with all that it started, when standard input closes. Between connector and provider stands a relay that can lose, forge and cut.
"""
import base64
import http.client
import http.server
import json
import shutil
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "lab"))
import ldap  # noqa: E402

import company as people_module  # noqa: E402
import directory  # noqa: E402
import processes  # noqa: E402
import provider  # noqa: E402
import tls  # noqa: E402
import wallets as wallet_store  # noqa: E402
from layout import Layout  # noqa: E402

CALLBACK = f"https://{provider.PORTAL}.example/callback"


class Relay(http.server.ThreadingHTTPServer):
    """Hands everything on to the provider, but for what `fault` says."""
    daemon_threads = True
    fault, seen = "none", 0
    last_of = None       # set by the company: whether this change is the last one of its kind

    def __init__(self, target):
        self.target = target
        super().__init__(("127.0.0.1", 0), Hop)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that hangs up on too long an answer is no fault of the relay's
            super().handle_error(request, client_address)


class Hop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def _hop(self):
        relay, body = self.server, self.rfile.read(int(self.headers.get("Content-Length") or 0))
        change = self.command in ("PUT", "DELETE")
        fault = relay.fault
        if fault == "down":
            return self._drop()
        if fault == "large":
            return self._say(200, b"[" + b"1," * 6_000_000 + b"1]")
        if fault == "html":
            return self._say(200, b"<html>Please sign in</html>")
        if fault == "redirect" and "/auth" not in self.path:
            return self._say(302, b"", [("Location", "/login.html")])
        if fault == "slow":
            time.sleep(3)
        if fault.startswith("status:") and "/api/auth/" not in self.path and fault.split(":")[2] in self.path:
            return self._say(int(fault.split(":")[1]), b"{}")
        if change and fault == "lost_before":
            relay.fault = "none"
            return self._drop()
        if change and fault == "no_op":
            return self._say(200, b"")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if fault in ("cut_said", "cut_unsaid") and query.get("offset", ["0"])[0] != "0":
            return self._say(500, b"") if fault == "cut_said" else self._say(200, b"[]")
        relay.seen += 1
        status, lines, text = self._forward(body)
        if change and fault == "lost_after" and relay.last_of():
            relay.fault = "none"
            return self._drop()
        if fault.startswith("date:"):
            lines = [(k, v) for k, v in lines if k.lower() != "date"]
            shifted = time.gmtime(time.time() + int(fault.split(":")[1]))
            lines.append(("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", shifted)))
        if fault == "truncate" and self.command == "GET":
            self._say(status, text[:len(text) // 2], lines, length=len(text))
            return self._drop()
        self._say(status, text, lines)

    do_GET = do_POST = do_PUT = do_DELETE = _hop

    def _forward(self, body):
        onward = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=10)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding")}
        onward.request(self.command, self.path, body, headers)
        answer = onward.getresponse()
        text = answer.read()
        lines = [(k, v) for k, v in answer.getheaders() if k.lower() not in ("content-length", "connection", "transfer-encoding")]
        return answer.status, lines, text

    def _say(self, status, text, lines=(), length=None):
        self.send_response_only(status)
        for key, value in lines:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(text) if length is None else length))
        self.end_headers()
        self.wfile.write(text)

    def _drop(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_):
        pass


class Company:
    def __init__(self, root):
        facts = {"seed": 1, "dir": str(root), **processes.claim_slot(root)}
        self.lab = lab = Layout(root, facts)
        lab.make_dirs()
        lab.save()
        self.secrets = wallet_store.service_secrets()
        company = people_module.generate(1)
        wallets = {p.hr_id: {"directory": {"password": wallet_store.fresh()}} for p in company.people}
        self.passwords = {p.uid: wallets[p.hr_id]["directory"]["password"] for p in company.people}
        self.hr_ids = {p.uid: p.hr_id for p in company.people}
        tls.make_authority(lab.tls)
        tls.issue(lab.tls, "directory", *lab.server_ids("openldap"))
        directory.prepare(lab, self.secrets)
        directory.start(lab)
        directory.seed(lab, company, self.secrets, wallets)
        provider.prepare(lab)
        provider.start(lab)
        provider.seed(lab, self.secrets, login_property="uid")
        self.relay = Relay(lab.op_port)
        self.relay.last_of = self._nothing_left
        threading.Thread(target=self.relay.serve_forever, daemon=True).start()
        self.url = provider.url(lab)
        self.admin = provider.Client(self.url)
        self.held = {}           # login -> {"browser": Client, "token": …}
        self.watched, self.counts = None, (0, 0)

    def stop(self):
        provider.stop(self.lab)
        directory.stop(self.lab)
        processes.release_slot(self.lab.slot)

    def _admin(self, method, path, body=None):
        self.admin.sign_in("admin", self.secrets["op-root"])
        return self.admin.call(method, path, body)

    def _sql(self, text, *values):
        with sqlite3.connect(self.lab.provider / "glewlwyd.db", timeout=10) as store:
            return [list(row) for row in store.execute(text, values).fetchall()]

    # --- what the C++ side may ask
    def do_facts(self):
        folder = self.lab.root
        for name in ("op-exeunt", "op-checker"):
            processes.write(folder / f"{name}.secret", self.secrets[name], 0o600)
        return {"url": f"http://127.0.0.1:{self.relay.server_port}", "direct": self.url, "folder": str(folder), "ca": str(self.lab.ca),
                "logins": sorted(self.passwords), "hr_ids": self.hr_ids}

    def do_make(self, login, employee="", administrator=False):
        """A local account."""
        self.passwords[login] = wallet_store.fresh()
        body = {"username": login, "name": f"Name of {login}", "enabled": True, "password": self.passwords[login],
                "scope": ["openid", "reports"] + (["g_admin"] if administrator else []), "employee_number": employee}
        status, _, said = self._admin("POST", "/api/user/", body)
        return {"status": status, "said": said}

    def do_hold(self, login, sessions=1):
        """She signs in, keeps the browser's session, has tokens, consents."""
        browsers = []
        for number in range(sessions):
            browser = provider.Client(self.url, f"her-browser-{number}")
            status = browser.sign_in(login, self.passwords[login])
            browsers.append(browser)
        _, _, token = self._token("password", login, username=login, password=self.passwords[login], scope=provider.SCOPES)
        self.held[login] = {"browsers": browsers, "token": token}
        granted = self._admin("PUT", f"/api/delegate/{urllib.parse.quote(login, safe='')}/auth/grant/{provider.PORTAL}", {"scope": "openid"})[0]
        return {"sign_in": status, "token": isinstance(token, dict), "grant": granted}

    def do_restore(self, login, sessions=1):
        """As founded: whatever she held is forgotten, the account is enabled, and she signs in anew."""
        for text in ("DELETE FROM g_user_session WHERE gus_username=?", "DELETE FROM gpo_access_token WHERE gpoa_username=?",
                     "DELETE FROM gpo_refresh_token WHERE gpor_username=?", "DELETE FROM g_client_user_scope WHERE gcus_username=?"):
            self._sql(text, login)
        path = f"/api/user/{urllib.parse.quote(login, safe='')}"
        whole = self._admin("GET", path)[2]
        self._admin("PUT", path, {**whole, "enabled": True, "password": self.passwords[login]})
        return self.do_hold(login, sessions)

    def _token(self, grant_type, login, **form):
        basic = base64.b64encode(f"{provider.PORTAL}:{self.secrets['op-portal']}".encode()).decode()
        return provider.Client(self.url, "her-client").call("POST", f"/api/{provider.PLUGIN}/token", form={"grant_type": grant_type, **form},
                                                             headers={"Authorization": f"Basic {basic}"})

    def do_try(self, login):
        """Every way of hers, now."""
        held = self.held[login]
        query = urllib.parse.urlencode({"response_type": "code", "client_id": provider.PORTAL, "redirect_uri": CALLBACK, "scope": "openid",
                                        "state": "s", "nonce": "n", "g_continue": "1"})
        codes = [browser.call("GET", f"/api/{provider.PLUGIN}/auth?{query}")[1].get("Location") or "" for browser in held["browsers"]]
        refresh = self._token("refresh_token", login, refresh_token=held["token"]["refresh_token"])
        bearer = {"Authorization": f"Bearer {held['token']['access_token']}"}
        basic = base64.b64encode(f"{provider.PORTAL}:{self.secrets['op-portal']}".encode()).decode()
        other = base64.b64encode(f"{provider.CHECKER}:{self.secrets['op-checker']}".encode()).decode()
        asked = {"token": held["token"]["access_token"]}
        introspect = provider.Client(self.url).call("POST", f"/api/{provider.PLUGIN}/introspect", form=asked,
                                                    headers={"Authorization": f"Basic {basic}"})[2]
        by_other = provider.Client(self.url).call("POST", f"/api/{provider.PLUGIN}/introspect", form=asked,
                                                  headers={"Authorization": f"Basic {other}"})[2]
        return {"sign_in": provider.Client(self.url).sign_in(login, self.passwords[login]),
                "profile": [browser.call("GET", "/api/profile_list/")[0] for browser in held["browsers"]],
                "codes": [location.startswith(CALLBACK) and "code=" in location for location in codes],
                "refresh": refresh[0],
                "userinfo": provider.Client(self.url).call("GET", f"/api/{provider.PLUGIN}/userinfo", headers=bearer)[0],
                "introspect": introspect.get("active"), "introspect_by_other": by_other.get("active")}

    def do_watch(self, login):
        self.watched = login
        return {}

    def _nothing_left(self):
        """Asked after a change went through: no session, or no refresh token, of the kind that it changed is left."""
        before, self.counts = self.counts, self._counts()
        return not any(now != then and now > 0 for then, now in zip(before, self.counts))

    def _counts(self):
        return (self._sql("SELECT count(*) FROM g_user_session WHERE gus_username=? AND gus_enabled=1", self.watched)[0][0],
                self._sql("SELECT count(*) FROM gpo_refresh_token WHERE gpor_username=? AND gpor_enabled=1", self.watched)[0][0])

    def do_outside(self):
        """In numbers: two companies that were founded alike differ in nothing."""
        return {"text": json.dumps([[self._sql(text, self.watched)] for text in (
            "SELECT gus_enabled, count(*) FROM g_user_session WHERE gus_username=? GROUP BY 1 ORDER BY 1",
            "SELECT gpor_enabled, count(*) FROM gpo_refresh_token WHERE gpor_username=? GROUP BY 1 ORDER BY 1",
            "SELECT gcus_client_id, gs_id FROM g_client_user_scope WHERE gcus_username=? AND gcus_enabled=1 ORDER BY 1, 2",
            "SELECT gu_enabled, gu_name, gu_email FROM g_user WHERE gu_username=?")])}

    def do_sql(self, text, values=()):
        return {"rows": self._sql(text, *values)}

    def do_fault(self, mode):
        self.counts = self._counts() if self.watched else (0, 0)
        self.relay.fault = mode
        return {}

    def do_admin(self, method, path, body=None):
        status, _, said = self._admin(method, path, body)
        return {"status": status, "said": said}

    def do_lock(self, login, value="000001010000Z"):
        root = directory.connect(self.lab, directory.ROOT_DN, self.secrets["ldap-root"])
        root.modify_s(directory.person_dn(login), [(ldap.MOD_REPLACE, "pwdAccountLockedTime", [value.encode()] if value else None)])
        return {}

    def do_hide(self, login):
        """The provider's filter leaves out who is in the switch group, and she is put into it."""
        parameters = provider.directory_parameters(self.lab, self.secrets, f"&(objectClass=inetOrgPerson)(!(memberOf={directory.SWITCH_GROUP}))", "uid")
        self._admin("PUT", "/api/mod/user/directory", {"display_name": "d", "order_rank": 1, "readonly": True, "parameters": parameters})
        self._admin("PUT", "/api/mod/user/directory/reset")
        root = directory.connect(self.lab, directory.ROOT_DN, self.secrets["ldap-root"])
        root.modify_s(directory.SWITCH_GROUP, [(ldap.MOD_ADD, "member", [directory.person_dn(login).encode()])])
        return {}

    def do_provider(self, run):
        if run:
            provider.start(self.lab)
        else:
            provider.stop(self.lab)
        return {}


def main():
    root = Path(tempfile.mkdtemp(prefix="exeunt-provider-"))
    root.chmod(0o755)
    company = None
    try:
        company = Company(root)
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            question = json.loads(line)
            try:
                answer = getattr(company, "do_" + question.pop("do"))(**question)
            except Exception as problem:  # told to the test, which fails with these words
                answer = {"problem": f"{type(problem).__name__}: {problem}"}
            print(json.dumps(answer), flush=True)
    finally:
        if company is not None:
            company.stop()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
