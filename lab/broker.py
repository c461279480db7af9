"""RabbitMQ 3.10 of the lab, with its management plugin: personal and shared users, permissions on the vhost /.

It takes seconds to start: `launch` begins, `wait_ready` waits, so that the other servers start meanwhile. Who has a user here and which
shared ones she knows is drawn from the company's seed; nothing in company.py knows of it.
"""
import base64
import csv
import glob
import io
import json
import random
import signal
import urllib.error
import urllib.parse
import urllib.request

import processes
import wallets as wallet_store

CRASH = signal.SIGKILL
ENGINE, ROOT = "exeunt", "root"
SHARED_USERS = ("order_feed", "billing_feed")
EVERYTHING = {"configure": ".*", "write": ".*", "read": ".*"}

SETTINGS = """
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
default_user = {root}
default_pass = {password}
collect_statistics_interval = 1000
distribution.listener.interface = 127.0.0.1
distribution.listener.port_range.min = {distribution}
distribution.listener.port_range.max = {distribution}
"""


def people(company):
    """{hr id: {"user", "shared"}}; any name but "." and ".." goes, a colon could not be sent by HTTP's Basic."""
    rng = random.Random(f"exeunt-lab-broker-{company.seed}")
    found = {}
    for person in company.people:
        chosen = person.full or rng.random() < 0.4
        shared = [name for n, name in enumerate(SHARED_USERS) if rng.random() < 0.3 or (person.full and n == 0)]
        if chosen:
            found[person.hr_id] = {"user": person.uid.replace(":", "_"), "shared": shared}
    return found


def launch(lab, secrets):
    """Settings and processes; returns before the server answers."""
    secrets |= {"rabbit-root": wallet_store.fresh(), "rabbit-exeunt": wallet_store.fresh()}
    processes.write(lab.credentials / "rabbit-exeunt.secret", secrets["rabbit-exeunt"], 0o600, lab.engine_uid, lab.engine_uid)
    uid, gid = lab.server_ids("rabbitmq")
    for name in ("home", "data", "log"):
        processes.make_dir(lab.broker / name, 0o700, uid, gid)
    processes.write(lab.broker / "enabled_plugins", "[rabbitmq_management].\n", 0o644, uid, gid)
    processes.write(lab.broker / "rabbitmq.conf", SETTINGS.format(
        amqp=lab.amqp_port, management=lab.broker_port, root=ROOT, password=secrets["rabbit-root"],
        distribution=lab.broker_ports[0]), 0o600, uid, gid)
    _launch(lab)


def _launch(lab):
    uid, gid = lab.server_ids("rabbitmq")
    at, epmd_port = lab.broker, str(lab.broker_ports[1])
    epmd = {"ERL_EPMD_PORT": epmd_port, "ERL_EPMD_ADDRESS": "127.0.0.1"}
    if processes.running_pid(lab.run / "broker-epmd.pid") is None:
        processes.start(["/usr/bin/epmd"], lab.run / "broker-epmd.pid", at / "epmd.log", uid, gid, env=processes.clean_env(**epmd))
        processes.wait_until(lambda: processes.port_answers(lab.broker_ports[1]), "epmd", lab.run / "broker-epmd.pid")
    # With input allowed the start script becomes the virtual machine, so its pid is the server's; -noinput takes the input away again.
    env = processes.clean_env(
        HOME=str(at / "home"), RABBITMQ_NODENAME=f"lab{lab.slot}@localhost", RABBITMQ_MNESIA_BASE=str(at / "data"),
        RABBITMQ_LOG_BASE=str(at / "log"), RABBITMQ_CONFIG_FILE=str(at / "rabbitmq.conf"), RABBITMQ_CONF_ENV_FILE="/dev/null",
        RABBITMQ_ENABLED_PLUGINS_FILE=str(at / "enabled_plugins"), RABBITMQ_ALLOW_INPUT="1",
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1 +sbwt none -noshell -noinput", **epmd)
    server = sorted(glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"))
    if not server:
        raise processes.LabError("no RabbitMQ: install Debian's package rabbitmq-server")
    processes.start([server[-1]], lab.run / "broker.pid", at / "start.log", uid, gid, env=env)


def wait_ready(lab):
    processes.wait_until(lambda: _status(lab, "nobody here", "x") == 401, "rabbitmq", lab.run / "broker.pid", lab.broker / "start.log",
                         seconds=90)


def start(lab):
    _launch(lab)
    wait_ready(lab)


def stop(lab, sign=signal.SIGTERM, **how):
    """An orderly stop takes seconds; epmd is ended with it."""
    stopped = processes.stop(lab.run / "broker.pid", sign, **({"seconds": 30.0} | how))
    processes.stop(lab.run / "broker-epmd.pid", signal.SIGKILL)
    return stopped


def call(lab, user, password, method, *segments, body=None):
    """One request to the management API; the parsed answer."""
    path = "/".join(urllib.parse.quote(s, safe="") for s in segments)
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{lab.broker_port}/api/{path}", method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Basic {login}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def _status(lab, user, password):
    try:
        call(lab, user, password, "GET", "whoami")
    except urllib.error.HTTPError as answer:
        return answer.code
    return 200


def seed(lab, company, secrets, wallets):
    """Users and permissions; fresh passwords into wallets and vault files."""
    def make(user, password, tags="", permissions=True):
        call(lab, ROOT, secrets["rabbit-root"], "PUT", "users", user, body={"password": password, "tags": tags})
        if permissions:
            call(lab, ROOT, secrets["rabbit-root"], "PUT", "permissions", "/", user, body=EVERYTHING)

    make(ENGINE, secrets["rabbit-exeunt"], "administrator", permissions=False)
    shared = {name: wallet_store.fresh() for name in SHARED_USERS}
    for name, password in shared.items():
        make(name, password)
        processes.write(lab.vault / f"{name}.secret", password, 0o600, lab.engine_uid, lab.engine_uid)
    for hr_id, one in people(company).items():
        password = wallet_store.fresh()
        make(one["user"], password)
        wallets[hr_id]["broker"] = {"host": "127.0.0.1", "port": lab.amqp_port, "user": one["user"], "password": password,
                                    "shared": [{"user": s, "password": shared[s]} for s in one["shared"]]}


def snapshot(lab, secrets):
    """Each user as the broker exports it, hash and all, and its permissions."""
    users = call(lab, ROOT, secrets["rabbit-root"], "GET", "users")
    permissions = call(lab, ROOT, secrets["rabbit-root"], "GET", "permissions")
    return {u["name"]: json.dumps([u, [p for p in permissions if p["user"] == u["name"]]], sort_keys=True) for u in users}


# What stands in the engine's home (home.py puts it there).

def systems_yaml(lab):
    return f"""  - id: broker
    kind: rabbitmq
    tier: downstream
    url: http://127.0.0.1:{lab.broker_port}
    user: {ENGINE}
    credential: file:{lab.credentials}/rabbit-exeunt.secret
"""


def links_csv(company):
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    for hr_id, one in people(company).items():
        rows.writerow(["broker", "account", one["user"], hr_id])
    return out.getvalue()


def policy_secrets(lab, company):
    known = {name: [hr_id for hr_id, one in people(company).items() if name in one["shared"]] for name in SHARED_USERS}
    return "".join(f"  - {{ id: {name.replace('_', '-')}, system: broker, account: {name}, known_to: [{', '.join(who)}], "
                   f"vault_file: \"file:{lab.vault}/{name}.secret\" }}\n" for name, who in known.items() if who)


def protected_nodes():
    return [f"broker/account/{name}" for name in (ENGINE, ROOT)]
