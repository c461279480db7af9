"""The OpenID provider of the lab: Glewlwyd 2.7 on a throw-away SQLite file, its people and their passwords from the lab's slapd.

One lock in the directory shuts the sign-in here too; SSO sessions, refresh tokens and access tokens that exist already survive it.
"""
import http.cookies
import gzip
import json
import shutil
import signal
import sqlite3
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import directory
import processes
from company import BASE_DN

CRASH = signal.SIGKILL
STARTS_MAX = 4
SQL = Path("/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz")
MODULES = Path("/usr/lib/glewlwyd")
COOKIE = "GLEWLWYD2_SESSION_ID"
ENGINE, CONTROL = "exeunt", "exeunt-control"
PLUGIN = "oidc"                             # /api/oidc/…
ACCESS_TOKEN_SECONDS = 90                   # short, so that a demo sees one drain
REFRESH_TOKEN_SECONDS = 3600
PORTAL, REPORTS, CHECKER = "portal", "reports", "exeunt-check"
SCOPES = "openid reports"

CONFIG = """port={port}
bind_address="127.0.0.1"
external_url="{url}/"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
cookie_same_site="empty"
session_expiration=86400
session_key="{cookie}"
admin_session_authentication="cookie"
profile_session_authentication="cookie"
login_api_enabled=true
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
use_secure_connection=false
secure_connection_key_file=""
secure_connection_pem_file=""
secure_connection_ca_file=""
static_files_path="/usr/share/glewlwyd/webapp/"
hash_algorithm="SHA512"
database = {{ type = "sqlite3" path = "{database}" }};
"""


def url(lab):
    return f"http://127.0.0.1:{lab.op_port}"


def prepare(lab):
    """Writes configuration and an empty database; the server's uid owns its folder."""
    uid, gid = lab.server_ids("glewlwyd")
    processes.make_dir(lab.provider, 0o700, uid, gid)
    database = lab.provider / "glewlwyd.db"
    with sqlite3.connect(database) as store:
        store.executescript(gzip.decompress(SQL.read_bytes()).decode())
        store.execute("PRAGMA journal_mode=WAL")
    for file in lab.provider.iterdir():        # what SQLite lays beside it later takes the same mode
        shutil.chown(file, uid, gid)
        file.chmod(0o600)
    text = CONFIG.format(port=lab.op_port, url=url(lab), cookie=COOKIE, modules=MODULES, database=database)
    processes.write(lab.provider / "glewlwyd.conf", text, 0o600, uid, gid)


def start(lab):
    """Measured: about one start in a dozen ends at once, without a word in its log. Then again."""
    uid, gid = lab.server_ids("glewlwyd")
    log, pid_file = lab.provider / "glewlwyd.log", lab.run / "provider.pid"
    for attempts_left in reversed(range(STARTS_MAX)):
        processes.start(["/usr/bin/glewlwyd", "--config-file", lab.provider / "glewlwyd.conf"], pid_file, log, uid, gid)
        try:
            return processes.wait_until(lambda: Client(url(lab)).call("GET", "/config")[0] == 200, "glewlwyd", pid_file, log)
        except processes.LabError:
            if not attempts_left or processes.running_pid(pid_file):
                raise


def stop(lab, **how):
    return processes.stop(lab.run / "provider.pid", **how)


class Client:
    """One browser: cookies kept by hand, nothing followed."""

    def __init__(self, base, user_agent="lab"):
        self.base, self.user_agent, self.cookie = base, user_agent, None

    def call(self, method, path, body=None, form=None, headers=None):
        """(status, headers, parsed body or text)"""
        data = json.dumps(body).encode() if body is not None else None
        lines = {"User-Agent": self.user_agent, **(headers or {})}
        if body is not None:
            lines["Content-Type"] = "application/json"
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        if self.cookie:
            lines["Cookie"] = f"{COOKIE}={self.cookie}"
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=lines)
        try:
            with _OPENER.open(request, timeout=10) as answer:
                status, got, text = answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            status, got, text = answer.code, answer.headers, answer.read().decode()
        for line in got.get_all("Set-Cookie") or []:
            morsel = http.cookies.SimpleCookie(line).get(COOKIE)
            if morsel is not None:
                self.cookie = morsel.value or None
        try:
            return status, got, json.loads(text)
        except ValueError:
            return status, got, text

    def sign_in(self, login, password):
        return self.call("POST", "/api/auth/", {"username": login, "password": password})[0]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


def _done(answer, what):
    if answer[0] != 200:
        raise processes.LabError(f"glewlwyd: {what} was answered {answer[0]}: {str(answer[2])[:300]}")
    return answer[2]


def seed(lab, secrets, people_filter="objectClass=inetOrgPerson", login_property="mail"):
    """Modules, scopes, clients, the engine's account and the control account, over the wire. People sign in by mail address: Glewlwyd's LDAP
    module lists a uid with letters past ASCII and cannot look it up (README)."""
    admin = Client(url(lab))
    if admin.sign_in("admin", "password") != 200:
        raise processes.LabError("glewlwyd: its first administrator does not sign in")
    _done(admin.call("PUT", "/api/user/admin", {"username": "admin", "scope": ["g_admin", "g_profile"], "enabled": True,
                                                "password": secrets["op-root"]}), "the administrator's password")
    for scope in ("reports",):
        _done(admin.call("POST", "/api/scope/", {"name": scope, "display_name": scope, "description": scope,
                                                 "password_required": True, "scheme": {}}), "scope")
    _done(admin.call("PUT", "/api/mod/user/database", {
        "display_name": "local accounts", "order_rank": 0, "readonly": False,
        "parameters": {"use-glewlwyd-connection": True, "data-format": {
            name: {"multiple": False, "read": True, "write": True, "profile-read": False, "profile-write": False}
            for name in ("employee_number", "entry_uuid")}}}),
        "local accounts")
    _done(admin.call("POST", "/api/mod/user/", {
        "module": "ldap", "name": "directory", "display_name": "the lab's directory", "order_rank": 1, "readonly": True,
        "parameters": directory_parameters(lab, secrets, people_filter, login_property)}), "directory")
    _done(admin.call("POST", "/api/mod/plugin/", {"module": "oidc", "name": PLUGIN, "display_name": "OpenID Connect",
                                                  "parameters": oidc_parameters(lab)}), "OpenID plugin")
    for name, kinds, secret in ((PORTAL, ["password", "refresh_token", "code"], "op-portal"),
                                (REPORTS, ["password", "refresh_token", "code"], "op-reports"),
                                (CHECKER, ["client_credentials"], "op-checker")):
        _done(admin.call("POST", "/api/client/", {
            "client_id": name, "name": name, "confidential": True, "enabled": True, "password": secrets[secret],
            "client_secret": secrets[secret], "token_endpoint_auth_method": ["client_secret_basic"],
            "authorization_type": kinds, "scope": ["reports", "openid"], "redirect_uri": [f"https://{name}.example/callback"]}), "client")
    for name, secret, scopes in ((ENGINE, "op-exeunt", ["g_admin", "g_profile"]), (CONTROL, "op-control", ["g_profile", "openid", "reports"])):
        _done(admin.call("POST", "/api/user/", {"username": name, "name": name, "enabled": True, "scope": scopes,
                                                "password": secrets[secret]}), "account")


def directory_parameters(lab, secrets, people_filter, login_property="mail"):
    read = {"read": True, "write": False, "profile-read": False, "profile-write": False, "multiple": False}
    return {"uri": f"ldap://127.0.0.1:{lab.ldap_port}", "bind-dn": directory.PROVIDER_DN,
            "bind-password": secrets["ldap-provider"], "search-scope": "one", "page-size": 50,
            "base-search": f"ou=people,{BASE_DN}", "filter": people_filter, "username-property": login_property,
            "name-property": "cn", "email-property": "mail", "scope-property": "objectClass",
            "scope-property-match": "equals",
            # Each value of objectClass becomes one scope: everybody in the directory has both.
            "scope-property-match-correspondence": {"openid": "inetOrgPerson", "reports": "ldapPublicKey"},
            "data-format": {"employee_number": {"property": "employeeNumber", **read},
                            "entry_uuid": {"property": "entryUUID", **read},
                            "locked": {"property": "pwdAccountLockedTime", **read}}}


def oidc_parameters(lab):
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                         capture_output=True, text=True, check=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=key, capture_output=True, text=True, check=True).stdout
    return {"iss": url(lab), "jwt-type": "ecdsa", "jwt-key-size": "256", "key": key, "cert": public,
            "access-token-duration": ACCESS_TOKEN_SECONDS, "refresh-token-duration": REFRESH_TOKEN_SECONDS,
            "code-duration": 60, "refresh-token-rolling": False, "allow-non-oidc": True,
            "auth-type-code-enabled": True, "auth-type-password-enabled": True, "auth-type-client-enabled": True,
            "auth-type-refresh-enabled": True, "auth-type-token-enabled": False, "auth-type-id-token-enabled": True,
            "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True,
            "introspection-revocation-auth-scope": [], "jwks-show": True, "subject-type": "public",
            "scope": [], "additional-parameters": [], "claims": []}


def snapshot(lab):
    """Per login what the provider keeps of it: {login: [[account], [sessions], [refresh tokens], [consents]]}."""
    dump = {}
    with sqlite3.connect(f"file:{lab.provider}/glewlwyd.db?mode=ro", uri=True) as store:
        for place, text in enumerate((
                "SELECT gu_username, gu_name, gu_email, gu_enabled FROM g_user ORDER BY 1",
                "SELECT gus_username, gus_session_hash, gus_enabled FROM g_user_session ORDER BY 1, 2",
                "SELECT gpor_username, gpor_token_hash, gpor_enabled FROM gpo_refresh_token ORDER BY 1, 2",
                "SELECT gcus_username, gcus_client_id, gs_id, gcus_enabled FROM g_client_user_scope ORDER BY 1, 2, 3")):
            for login, *rest in store.execute(text):
                dump.setdefault(login, [[], [], [], []])[place].append(rest)
    return dump


def wallet(lab, person, secrets):
    """What the person's browser and laptop know of the provider."""
    return {"url": url(lab), "plugin": PLUGIN, "login": person.email, "client_id": PORTAL, "client_secret": secrets["op-portal"],
            "callback": f"https://{PORTAL}.example/callback", "resource_url": f"http://127.0.0.1:{lab.resource_port}"}
