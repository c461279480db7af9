"""PostgreSQL 15 of the lab: personal, group and shared roles, two databases, owned tables and functions, DDL log."""
import signal

import psycopg2
from psycopg2 import sql

import processes
from company import DATABASES, ROLE_GROUPS

BIN = "/usr/lib/postgresql/15/bin"
GATE_DATABASE = "exeunt_login_gate"
ENGINE, CONTROL = "exeunt", "exeunt_control"
CRASH = signal.SIGQUIT   # what "immediate" shutdown sends: no checkpoint, recovery at the next start

SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 300
shared_buffers = 32MB
fsync = off
ssl = on
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
password_encryption = 'scram-sha-256'
logging_collector = on
log_destination = 'csvlog'
log_directory = 'log'
log_filename = 'postgresql-%Y-%m-%d_%H%M%S.log'
log_rotation_size = 10MB
log_statement = 'ddl'
log_connections = on
log_disconnections = on
"""
# The gate opens no data: the database does not exist. A libpq client cannot choose its source address, so the
# engine's address here is 127.0.0.1 like everybody's in the lab; at home it is the engine host's own.
ACCESS = f"""
hostssl {GATE_DATABASE} all 127.0.0.1/32 trust
hostssl {GATE_DATABASE} all all reject
hostssl all all 127.0.0.1/32 scram-sha-256
host all all all reject
"""


def prepare(lab, secrets):
    uid, gid = lab.server_ids("postgres")
    data = lab.warehouse / "data"
    password_file = processes.write(lab.warehouse / "root.pw", secrets["pg-root"], 0o600, uid, gid)
    processes.run([f"{BIN}/initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N",
                   "--auth=scram-sha-256", f"--pwfile={password_file}"], user=uid, group=gid, extra_groups=[],
                  cwd="/")
    password_file.unlink()
    settings = SETTINGS.format(port=lab.pg_port, certificate=lab.tls / "warehouse.pem", key=lab.tls / "warehouse.key")
    with open(data / "postgresql.conf", "a") as out:
        out.write(settings)
    processes.write(data / "pg_hba.conf", ACCESS, 0o600, uid, gid)


def start(lab):
    uid, gid = lab.server_ids("postgres")
    log, pid_file = lab.warehouse / "start.log", lab.run / "warehouse.pid"
    if processes.running_pid(pid_file) is None:      # ours is gone; a zombie that nobody reaps looks alive to postgres
        (lab.warehouse / "data" / "postmaster.pid").unlink(missing_ok=True)
    processes.start([f"{BIN}/postgres", "-D", lab.warehouse / "data"], pid_file, log, uid, gid)
    processes.wait_until(lambda: _is_ready(lab), "postgres", pid_file, log)


def stop(lab, sign=signal.SIGINT, **how):
    """SIGINT is PostgreSQL's fast shutdown: ends sessions, loses nothing."""
    return processes.stop(lab.run / "warehouse.pid", sign, **how)


def _is_ready(lab):
    """Ready when the server refuses a role that does not exist, rather than saying that it is starting up."""
    try:
        connect(lab, "nobody_here", "x", GATE_DATABASE)
    except psycopg2.OperationalError as answer:
        if "does not exist" in str(answer):
            return True
        raise
    return False


def connect(lab, role, password, database="postgres", **options):
    connection = psycopg2.connect(host="localhost", port=lab.pg_port, user=role, password=password, dbname=database,
                                  sslmode="verify-full", sslrootcert=str(lab.ca), connect_timeout=10, **options)
    connection.autocommit = True
    return connection


def _do(cursor, statement, *identifiers, values=None):
    cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, identifiers)), values)


def seed(lab, company, secrets, shared_passwords, wallets):
    """Creates everything over the wire; returns {"role": {name: oid}}."""
    with connect(lab, "postgres", secrets["pg-root"]).cursor() as root:
        for database in DATABASES:
            _do(root, "CREATE DATABASE {}", database)
        for group in ROLE_GROUPS:
            _do(root, "CREATE ROLE {} NOLOGIN", group)
        _make_services(root, secrets)
        for name, password in shared_passwords.items():
            _do(root, "CREATE ROLE {} LOGIN PASSWORD %s", name, values=[password])
        for person in (p for p in company.people if p.role):
            _do(root, "CREATE ROLE {} LOGIN " + ("CREATEROLE" if person.may_create_roles else "") + " PASSWORD %s",
                person.role, values=[wallets[person.hr_id]["warehouse"]["password"]])
            for group in person.role_groups:
                _do(root, "GRANT {} TO {}", group, person.role)
    for database in DATABASES:
        with connect(lab, "postgres", secrets["pg-root"], database).cursor() as root:
            root.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
            for owner in (*ROLE_GROUPS, *shared_passwords):
                _do(root, "CREATE TABLE {} (line text)", f"t_{owner}")
                _do(root, "ALTER TABLE {} OWNER TO {}", f"t_{owner}", owner)
    for person in (p for p in company.people if p.role):
        _live_as(lab, person, wallets[person.hr_id]["warehouse"])
    with connect(lab, "postgres", secrets["pg-root"]).cursor() as root:
        root.execute("SELECT rolname, oid::text FROM pg_roles")
        return dict(root.fetchall())


def _make_services(root, secrets):
    """The engine's role: no superuser. What each right is for stands in README.md."""
    _do(root, "CREATE ROLE {} LOGIN CREATEROLE PASSWORD %s", ENGINE, values=[secrets["pg-exeunt"]])
    _do(root, "GRANT pg_read_all_stats, pg_signal_backend, pg_monitor TO {}", ENGINE)
    _do(root, "CREATE ROLE {} LOGIN PASSWORD %s", CONTROL, values=[secrets["pg-control"]])
    root.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE proname IN " \
                 "('pg_read_file', 'pg_read_binary_file', 'pg_current_logfile')")
    for (signature,) in root.fetchall():
        _do(root, f"GRANT EXECUTE ON FUNCTION {signature} TO {{}}", ENGINE)


def _live_as(lab, person, wallet):
    """What the person did herself before the story begins: tables, functions, roles of her own making."""
    for database in DATABASES:
        with connect(lab, person.role, wallet["password"], database).cursor() as her:
            if person.full:
                _do(her, "CREATE TABLE {} (note text)", f"own_{person.hr_id}")
            for _, name, definer in (f for f in person.functions if f[0] == database):
                _do(her, "CREATE FUNCTION {}() RETURNS int LANGUAGE sql "
                    + ("SECURITY DEFINER" if definer else "") + " AS 'SELECT 1'", f"{name}_{person.hr_id}")
    with connect(lab, person.role, wallet["password"]).cursor() as her:
        for created in wallet["created"]:
            _do(her, "CREATE ROLE {} LOGIN PASSWORD %s", created["role"], values=[created["password"]])


def snapshot(lab, secrets):
    """Roles with their password hashes, memberships and owners, keyed by role OID."""
    dump = {"roles": {}, "members": {}, "owners": {}}
    with connect(lab, "postgres", secrets["pg-root"]).cursor() as root:
        root.execute("SELECT oid::text, to_jsonb(a)::text FROM pg_authid a ORDER BY oid")
        dump["roles"] = dict(root.fetchall())
        root.execute("SELECT member::text || ':' || roleid::text, to_jsonb(m)::text FROM pg_auth_members m")
        dump["members"] = dict(root.fetchall())
    for database in DATABASES:
        with connect(lab, "postgres", secrets["pg-root"], database).cursor() as root:
            root.execute("SELECT %s || '/class/' || oid, relowner::text FROM pg_class WHERE relnamespace = "
                         "'public'::regnamespace UNION ALL SELECT %s || '/proc/' || oid, proowner::text FROM pg_proc "
                         "WHERE pronamespace = 'public'::regnamespace", [database, database])
            dump["owners"].update(root.fetchall())
    return dump
