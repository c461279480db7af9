"""Redis 7 of the lab: personal and shared users in an ACL file, TLS, the engine's user of least rights.

Who has a user here and which shared ones she knows is drawn from the company's seed; nothing in company.py knows of it.
"""
import csv
import hashlib
import io
import random
import signal

import redis

import processes
import tls
import wallets as wallet_store

CRASH = signal.SIGKILL
ENGINE, ROOT = "exeunt", "root"
SHARED_USERS = ("queue_worker", "page_cache")
PEOPLES_RIGHTS = "~* &* +@all -@admin -@dangerous"
# The least that the connector needs; `exeunt systems check` names each. ACL SETUSER makes it root-equivalent.
ENGINES_RIGHTS = ("resetkeys resetchannels -@all +acl|list +acl|users +acl|getuser +acl|setuser +acl|deluser +acl|dryrun +acl|save "
                  "+client|list +client|kill +client|id +info +multi +exec")

SETTINGS = """
port 0
tls-port {port}
bind 127.0.0.1
tls-cert-file {certificate}
tls-key-file {key}
tls-ca-cert-file {authority}
tls-auth-clients no
dir {data}
aclfile {users}
save ""
appendonly no
"""


def people(company):
    """{hr id: {"user", "passwords" (how many), "shared"}}; user names here can hold no white space."""
    rng = random.Random(f"exeunt-lab-cache-{company.seed}")
    found = {}
    for person in company.people:
        chosen = person.full or rng.random() < 0.5
        shared = [name for n, name in enumerate(SHARED_USERS) if rng.random() < 0.3 or (person.full and n == 0)]
        slots = rng.choice((1, 2)) if person.full else 1
        if chosen:
            user = "".join("_" if c.isspace() or c == "\0" else c for c in person.uid)
            found[person.hr_id] = {"user": user, "slots": slots, "shared": shared}
    return found


def make(lab, company, secrets, wallets):
    """Fresh passwords: wallets, vault files, the engine's credential, the ACL file. Before `start`."""
    secrets |= {"redis-root": wallet_store.fresh(), "redis-exeunt": wallet_store.fresh()}
    processes.write(lab.credentials / "redis-exeunt.secret", secrets["redis-exeunt"], 0o600, lab.engine_uid, lab.engine_uid)
    shared = {name: wallet_store.fresh() for name in SHARED_USERS}
    for name, password in shared.items():
        processes.write(lab.vault / f"{name}.secret", password, 0o600, lab.engine_uid, lab.engine_uid)
    lines = ["user default off", _line(ROOT, [secrets["redis-root"]], "~* &* +@all"),
             _line(ENGINE, [secrets["redis-exeunt"]], ENGINES_RIGHTS)]
    lines += [_line(name, [password], PEOPLES_RIGHTS) for name, password in shared.items()]
    for hr_id, one in people(company).items():
        passwords = [wallet_store.fresh() for _ in range(one["slots"])]
        lines.append(_line(one["user"], passwords, PEOPLES_RIGHTS))
        wallets[hr_id]["cache"] = {"host": "localhost", "port": lab.cache_port, "user": one["user"], "passwords": passwords,
                                   "shared": [{"user": s, "password": shared[s]} for s in one["shared"]]}
    uid, gid = lab.server_ids("redis")
    tls.issue(lab.tls, "cache", uid, gid)
    processes.write(_users_file(lab), "\n".join(lines) + "\n", 0o644, uid, lab.engine_uid)
    processes.write(lab.cache / "redis.conf", SETTINGS.format(
        port=lab.cache_port, certificate=lab.tls / "cache.pem", key=lab.tls / "cache.key", authority=lab.ca, data=lab.cache,
        users=_users_file(lab)), 0o644, uid, gid)


def _line(user, passwords, rights):
    return f"user {user} on {' '.join('#' + hashlib.sha256(p.encode()).hexdigest() for p in passwords)} {rights}"


def _users_file(lab):
    return lab.cache / "users.acl"


def start(lab):
    uid, gid = lab.server_ids("redis")
    log, pid_file = lab.cache / "redis.log", lab.run / "cache.pid"
    processes.start(["/usr/bin/redis-server", lab.cache / "redis.conf"], pid_file, log, uid, gid, cwd=lab.cache)
    processes.wait_until(lambda: _is_ready(lab), "redis", pid_file, log)


def seed(lab, secrets):
    """The server writes its file in a form of its own: once now, so that later differences are somebody's doing."""
    with connect(lab, ROOT, secrets["redis-root"]) as root:
        root.execute_command("ACL SAVE")


def stop(lab, sign=signal.SIGTERM, **how):
    return processes.stop(lab.run / "cache.pid", sign, **how)


def _is_ready(lab):
    """Ready when the server refuses a password, rather than the connection."""
    try:
        connect(lab, "nobody_here", "x").ping()
    except (redis.AuthenticationError, redis.ResponseError):
        return True
    return False


def connect(lab, user, password):
    return redis.Redis(host="localhost", port=lab.cache_port, username=user, password=password, ssl=True,
                       ssl_ca_certs=str(lab.ca), ssl_check_hostname=True, socket_timeout=10, single_connection_client=False)


def snapshot(lab, secrets):
    """The line of each user, hashes and all, and the saved one beside it; words sorted, for each run of the server writes
    them in another order."""
    with connect(lab, ROOT, secrets["redis-root"]) as root:
        lines = [line.encode() if isinstance(line, str) else line for line in root.execute_command("ACL LIST")]
    return {"now": _by_name(lines), "saved": _by_name(_users_file(lab).read_bytes().splitlines())}


def _by_name(lines):
    return {_name(line): b" ".join(sorted(line.split(b" ")[2:])).hex() for line in lines}


def _name(line):
    return line.split(b" ")[1].decode("utf-8", "backslashreplace")


# What stands in the engine's home (home.py puts it there).

def systems_yaml(lab):
    return f"""  - id: cache
    kind: redis
    tier: downstream
    host: localhost
    port: {lab.cache_port}
    ca_file: {lab.ca}
    user: {ENGINE}
    credential: file:{lab.credentials}/redis-exeunt.secret
    persist: acl_file
    persisted_file: {_users_file(lab)}
"""


def links_csv(company):
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    for hr_id, one in people(company).items():
        rows.writerow(["cache", "account", one["user"], hr_id])
    return out.getvalue()


def policy_secrets(lab, company):
    known = {name: [hr_id for hr_id, one in people(company).items() if name in one["shared"]] for name in SHARED_USERS}
    return "".join(f"  - {{ id: {name.replace('_', '-')}, system: cache, account: {name}, known_to: [{', '.join(who)}], "
                   f"vault_file: \"file:{lab.vault}/{name}.secret\" }}\n" for name, who in known.items() if who)


def protected_nodes():
    return [f"cache/account/{name}" for name in (ENGINE, ROOT, "default")]
