"""MIT Kerberos of the lab: KDC and kadmind of one realm, under a uid of their own, and the principals of the company's people.

Who has a principal here and who a copy of its keytab is drawn from the company's seed; nothing in company.py knows of it. Lives are short, so that a demo
sees tickets drain: a ticket lasts TICKET_S, renewed at most RENEWABLE_S, and is taken for SKEW_S longer.
"""
import csv
import io
import json
import os
import random
import signal
import subprocess

import processes
import wallets as wallet_store

CRASH = signal.SIGKILL
REALM = "LAB.EXAMPLE"
ENGINE, CONTROL = "exeunt/admin", "exeunt-control"
FILES, ARCHIVE = "files/localhost", "archive/localhost"   # the service with a keytab; one that nobody has asked for a ticket yet
TICKET_S, RENEWABLE_S, SKEW_S = 40, 55, 10
KADMIN_LOCAL = "/usr/sbin/kadmin.local"

CLIENTS = """[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
 clockskew = {skew}
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{kdc}
  admin_server = 127.0.0.1:{kadmin}
  kpasswd_server = 127.0.0.1:{kpasswd}
 }}
"""
# TCP only: what listens is what a slot of ports names. No postdated tickets: with them nobody could say when the last ticket ends.
SERVERS = """[kdcdefaults]
 kdc_listen = ""
 kdc_tcp_listen = 127.0.0.1:{kdc}
[realms]
 {realm} = {{
  database_name = {at}/principal
  key_stash_file = {at}/stash
  acl_file = {at}/kadm5.acl
  kadmind_listen = 127.0.0.1:{kadmin}
  kpasswd_listen = 127.0.0.1:{kpasswd}
  max_life = {life}s
  max_renewable_life = {renewable}s
  default_principal_flags = +preauth,-postdateable
 }}
[logging]
 kdc = FILE:{at}/kdc.log
 admin_server = FILE:{at}/kadmind.log
"""


def full_name(name):
    """As the library writes it: what would part a name is escaped. This is the only name that a principal has; it has no other id."""
    for plain, written in (("\\", "\\\\"), ("/", "\\/"), ("@", "\\@"), ("\t", "\\t"), ("\n", "\\n"), ("\b", "\\b")):
        name = name.replace(plain, written)
    return f"{name}@{REALM}"


def people(company):
    """{hr id: {"principal", "keytab" (has she a copy)}}"""
    rng = random.Random(f"exeunt-lab-realm-{company.seed}")
    found = {}
    for person in company.people:
        chosen, keytab = person.full or rng.random() < 0.5, rng.random() < 0.3
        if chosen:
            found[person.hr_id] = {"principal": full_name(person.uid), "keytab": person.full or keytab}
    return found


def config(lab):
    """What everybody's Kerberos programs read."""
    return lab.root / "krb5.conf"


def env(lab):
    return processes.clean_env(KRB5_CONFIG=str(config(lab)), KRB5_KDC_PROFILE=str(lab.realm / "kdc.conf"),
                               KRB5RCACHENAME=f"file2:{lab.realm}/replays")


def prepare(lab):
    """Settings and an empty database; the servers' uid owns their folder."""
    uid = lab.realm_uid
    processes.make_dir(lab.realm, 0o711, uid, uid)   # the engine reads kdc.log; databases and keys have modes of their own
    numbers = {"realm": REALM, "kdc": lab.kdc_port, "kadmin": lab.kadmin_port, "kpasswd": lab.kpasswd_port, "skew": SKEW_S,
               "at": lab.realm, "life": TICKET_S, "renewable": RENEWABLE_S}
    processes.write(config(lab), CLIENTS.format(**numbers))
    processes.write(lab.realm / "kdc.conf", SERVERS.format(**numbers), 0o600, uid, uid)
    processes.write(lab.realm / "kadm5.acl", f"{ENGINE}@{REALM} ilmcd\n", 0o600, uid, uid)
    _tool(lab, ["/usr/sbin/kdb5_util", "create", "-s", "-r", REALM], typed=[wallet_store.fresh()] * 2)


def _tool(lab, argv, typed=()):
    """One of the servers' programs under their uid; what it asks for (it has no terminal) is typed in."""
    done = subprocess.run(argv, input="".join(f"{line}\n" for line in typed), capture_output=True, text=True, env=env(lab),
                          start_new_session=True, **_identity(lab))
    if done.returncode != 0:
        raise processes.LabError(f"{' '.join(argv[:4])} failed ({done.returncode}): {(done.stderr or done.stdout).strip()}")
    return done.stdout


def _identity(lab):
    return {"user": lab.realm_uid, "group": lab.realm_uid, "extra_groups": []} if os.getuid() == 0 else {}


def _admin(lab, *query, typed=()):
    return _tool(lab, [KADMIN_LOCAL, "-r", REALM, "-p", "lab/admin", *query], typed)   # its uid has no name


def administer(lab, *query):
    """One request to kadmind with the engine's rights."""
    processes.run(["/usr/bin/kadmin", "-k", "-t", lab.credentials / "realm-exeunt.keytab", "-p", ENGINE, *query], env=env(lab))


def start(lab):
    uid = lab.realm_uid if os.getuid() == 0 else None
    for name, argv, port in (("realm", ["/usr/sbin/krb5kdc", "-n", "-r", REALM], lab.kdc_port),
                             ("realm-kadmind", ["/usr/sbin/kadmind", "-nofork", "-r", REALM], lab.kadmin_port)):
        log, pid_file = lab.realm / f"{name}.out", lab.run / f"{name}.pid"
        processes.start(argv, pid_file, log, uid, uid, env=env(lab))
        processes.wait_until(lambda port=port: processes.port_answers(port), argv[0], pid_file, log)


def stop(lab, sign=signal.SIGTERM, **how):
    processes.stop(lab.run / "realm-kadmind.pid", sign, **how)
    return processes.stop(lab.run / "realm.pid", sign, **how)


def seed(lab, company, wallets):
    """Principals; fresh passwords and copies of keytabs into the wallets, the engine's own keytab into its credentials."""
    for name in (ENGINE, CONTROL, FILES, ARCHIVE):
        _admin(lab, "addprinc", "-randkey", name)
    _keytab(lab, ENGINE, lab.credentials / "realm-exeunt.keytab", lab.engine_uid)
    for hr_id, one in people(company).items():
        password = wallet_store.fresh()
        _admin(lab, "addprinc", one["principal"], typed=[password] * 2)
        wallets[hr_id]["realm"] = {"config": str(config(lab)), "principal": one["principal"], "password": password,
                                   "files": f"{FILES}@{REALM}", "files_port_simulated": lab.files_port,
                                   "not_asked_yet": f"{ARCHIVE}@{REALM}", "life": TICKET_S, "renewable": RENEWABLE_S}
        if one["keytab"]:
            # With the key that the password makes: a copy, as ktadd -norandkey writes one.
            file = wallet_store.key_folder(lab, hr_id) / "realm.keytab"
            _keytab(lab, one["principal"], file, lab.adversary_uid, "-norandkey")
            wallets[hr_id]["realm"]["keytab"] = str(file)


def _keytab(lab, name, file, uid, *options):
    made = lab.realm / "new.keytab"
    _admin(lab, "ktadd", *options, "-k", str(made), name)
    processes.write(file, made.read_bytes(), 0o600, uid, uid)
    made.unlink()


def service_keytab(lab):
    """The key of the file server, for its uid alone."""
    file = lab.run / "file-server-simulated.keytab"
    _keytab(lab, FILES, file, lab.files_uid)
    return file


def snapshot(lab):
    """Each principal as the database dumps it, keys (sealed by the master key) and all."""
    dump = {}
    for line in _tool(lab, ["/usr/sbin/kdb5_util", "-r", REALM, "dump"]).split("\n"):
        fields = line.split("\t")
        if fields[0] == "princ":
            dump[fields[6]] = line
    return dump


# What stands in the engine's home (home.py puts it there).

def systems_yaml(lab):
    return f"""  - id: realm
    kind: kerberos
    tier: downstream
    realm: {REALM}
    kdc_host: 127.0.0.1
    kdc_port: {lab.kdc_port}
    kadmin_port: {lab.kadmin_port}
    principal: {ENGINE}
    keytab: {lab.credentials}/realm-exeunt.keytab
    control_principal: {CONTROL}
    clock_skew_seconds: {SKEW_S}
    kdc_log: {lab.realm}/kdc.log
"""


def links_csv(company):
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    for hr_id, one in people(company).items():
        rows.writerow(["realm", "account", one["principal"], hr_id])
    return out.getvalue()


def policy_secrets(_lab, _company):
    return ""


def required_grades():
    """A key is never tried here, for the gate asks for none: it is read back that its version is gone."""
    return "  realm: { account: refused, key: read_back }\n"


def protected_nodes():
    return [json.dumps(f"realm/account/{name}@{REALM}") for name in (ENGINE, CONTROL, f"krbtgt/{REALM}", "K/M", "kadmin/admin",
                                                                    "kadmin/changepw", FILES, ARCHIVE)]
