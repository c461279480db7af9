"""OpenLDAP of the lab: slapd 2.5 with ppolicy, memberof, refint, cn=Monitor and the kill-switch ACL; seeded online."""
import base64
import hashlib
import os
import signal

import ldap
import ldap.dn
import ldap.modlist

import processes
from company import BASE_DN, GROUPS

ROOT_DN = f"cn=root,{BASE_DN}"
ENGINE_DN, CONTROL_DN = f"cn=exeunt,ou=services,{BASE_DN}", f"cn=exeunt-control,ou=services,{BASE_DN}"
WORKLOAD_DN = f"cn=payroll,ou=services,{BASE_DN}"
PROVIDER_DN = f"cn=openid-provider,ou=services,{BASE_DN}"   # reads people for the provider, and whether they are locked
SWITCH_GROUP = f"cn=exeunt-departed,ou=groups,{BASE_DN}"

CRASH = signal.SIGKILL

CONFIG = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.24552.500.1.1.1.13 NAME 'sshPublicKey' DESC 'OpenSSH public key'
  EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
objectclass ( 1.3.6.1.4.1.24552.500.1.1.2.0 NAME 'ldapPublicKey' SUP top AUXILIARY MAY ( sshPublicKey $ uid ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload back_monitor
moduleload memberof
moduleload refint
moduleload ppolicy
pidfile {dir}/slapd.pid
argsfile {dir}/slapd.args
threads 16
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}

database monitor
access to dn.subtree="cn=Connections,cn=Monitor" by dn.exact="{engine}" read by * none
access to * by * none

database mdb
suffix "{base}"
rootdn "{root}"
rootpw {root_hash}
directory {dir}/data
maxsize 268435456
index objectClass,entryUUID,uid,employeeNumber,member,memberOf,cn eq
lastbind on
overlay memberof
memberof-refint TRUE
overlay refint
refint_attributes member owner manager
refint_nothing "cn=nobody,{base}"
overlay ppolicy
ppolicy_default "cn=default,ou=policies,{base}"
ppolicy_use_lockout
ppolicy_hash_cleartext

# The kill-switch: whoever is in this group has nothing, on connections bound long ago too. It stands before the
# userPassword rule, so that a departed person cannot unlock herself over a held connection.
{switch}
access to attrs=userPassword
  by dn.exact="{engine}" =w
  by self =wx
  by anonymous auth
  by * none
access to attrs=pwdAccountLockedTime,pwdEndTime
  by dn.exact="{engine}" write
  by dn.exact="{provider}" read
  by * none
access to attrs=pwdFailureTime,pwdChangedTime,pwdHistory,pwdReset,pwdGraceUseTime,pwdLastSuccess,pwdPolicySubentry
  by dn.exact="{engine}" read
  by * none
access to attrs=sshPublicKey
  by dn.exact="{engine}" write
  by self write
  by users read
access to dn.subtree="ou=groups,{base}" attrs=member,owner
  by dn.exact="{engine}" write
  by users read
access to attrs=manager
  by dn.exact="{engine}" write
  by users read
access to dn.regex="^cn=([^,]+),ou=resources,{base}$"
  by group/groupOfNames/member.expand="cn=$1,ou=groups,{base}" read
  by * none
access to *
  by dn.exact="{engine}" read
  by users read
  by * none
"""
SWITCH = f'access to *\n  by group/groupOfNames/member.exact="{SWITCH_GROUP}" none\n  by * break\n'


def person_dn(uid):
    return f"uid={escape(uid)},ou=people,{BASE_DN}"


def escape(value):
    """One RDN value; control characters as hex pairs, which python-ldap leaves out."""
    escaped = ldap.dn.escape_dn_chars(value)
    return "".join(f"\\{ord(c):02x}" if ord(c) < 32 else c for c in escaped)


def prepare(lab, secrets, with_switch=True):
    """Writes slapd.conf; the server's uid owns its folder."""
    uid, gid = lab.server_ids("openldap")
    processes.make_dir(lab.directory / "data", 0o700, uid, gid)
    root_hash = _hash(secrets["ldap-root"])
    text = CONFIG.format(dir=lab.directory, ca=lab.ca, certificate=lab.tls / "directory.pem",
                         key=lab.tls / "directory.key", engine=ENGINE_DN, provider=PROVIDER_DN, base=BASE_DN, root=ROOT_DN,
                         root_hash=root_hash, switch=SWITCH if with_switch else "")
    processes.write(lab.directory / "slapd.conf", text, 0o600, uid, gid)


def _hash(secret):
    salt = os.urandom(8)
    return "{SSHA}" + base64.b64encode(hashlib.sha1(secret.encode() + salt).digest() + salt).decode()


def start(lab):
    uid, gid = lab.server_ids("openldap")
    log, pid_file = lab.directory / "slapd.log", lab.run / "directory.pid"
    urls = f"ldap://127.0.0.1:{lab.ldap_port}/ ldaps://127.0.0.1:{lab.ldaps_port}/"
    processes.start(["/usr/sbin/slapd", "-f", lab.directory / "slapd.conf", "-h", urls, "-d", "stats"],
                    pid_file, log, uid, gid)
    processes.wait_until(lambda: connect(lab) and True, "slapd", pid_file, log)


def stop(lab, **how):
    return processes.stop(lab.run / "directory.pid", **how)


def connect(lab, dn="", password=""):
    """A bound connection over ldaps."""
    connection = ldap.initialize(f"ldaps://localhost:{lab.ldaps_port}")
    connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(lab.ca))
    connection.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
    connection.set_option(ldap.OPT_TIMEOUT, 10)
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    connection.simple_bind_s(dn, password)
    return connection


def _add(connection, dn, **attributes):
    values = {k: [v.encode() if isinstance(v, str) else v for v in ([vs] if isinstance(vs, (str, bytes)) else vs)]
              for k, vs in attributes.items() if vs}
    connection.add_s(dn, ldap.modlist.addModlist(values))


def seed(lab, company, secrets, wallets):
    """Fills the directory over the wire (memberof does not see slapadd); returns hr id or service DN -> entryUUID."""
    root = connect(lab, ROOT_DN, secrets["ldap-root"])
    _add(root, BASE_DN, objectClass=["organization", "dcObject"], o="Example", dc="example")
    for unit in ("people", "groups", "services", "policies", "resources"):
        _add(root, f"ou={unit},{BASE_DN}", objectClass="organizationalUnit", ou=unit)
    _add_policies(root)
    for dn, name in ((ENGINE_DN, "ldap-exeunt"), (CONTROL_DN, "ldap-control"), (WORKLOAD_DN, "ldap-payroll"),
                     (PROVIDER_DN, "ldap-provider")):
        _add(root, dn, objectClass=["organizationalRole", "simpleSecurityObject"], cn=dn.split(",")[0][3:],
             userPassword=secrets[name])
        root.modify_s(dn, [(ldap.MOD_ADD, "pwdPolicySubentry", [f"cn=services,ou=policies,{BASE_DN}".encode()])])
    for person in company.people:
        manager = company.person(person.manager).uid if person.manager else ""
        _add(root, person_dn(person.uid), objectClass=["inetOrgPerson", "ldapPublicKey"], uid=person.uid,
             cn=person.name, sn=person.name, mail=person.email, employeeNumber=person.hr_id,
             userPassword=wallets[person.hr_id]["directory"]["password"],
             manager=person_dn(manager) if manager else None)
    for group in GROUPS:
        members = [person_dn(p.uid) for p in company.people if group in p.groups]
        _add(root, f"cn={group},ou=groups,{BASE_DN}", objectClass="groupOfNames", cn=group,
             member=[WORKLOAD_DN] + members, owner=members[-1] if members else None)
        _add(root, f"cn={group},ou=resources,{BASE_DN}", objectClass="organizationalRole", cn=group,
             description=f"what only members of {group} may read")
    _add(root, SWITCH_GROUP, objectClass="groupOfNames", cn="exeunt-departed", member=f"cn=nobody,{BASE_DN}")
    found = root.search_s(f"ou=people,{BASE_DN}", ldap.SCOPE_ONELEVEL, "(uid=*)", ["employeeNumber", "entryUUID"])
    people = {e["employeeNumber"][0].decode(): e["entryUUID"][0].decode() for _, e in found}
    services = root.search_s(f"ou=services,{BASE_DN}", ldap.SCOPE_ONELEVEL, "(cn=*)", ["entryUUID"])
    return people | {dn: e["entryUUID"][0].decode() for dn, e in services}


def _add_policies(root):
    common = dict(objectClass=["person", "pwdPolicy"], sn="policy", pwdAttribute="userPassword", pwdMinLength="8",
                  pwdCheckQuality="1", pwdMustChange="FALSE", pwdAllowUserChange="TRUE", pwdSafeModify="FALSE")
    _add(root, f"cn=default,ou=policies,{BASE_DN}", cn="default", pwdLockout="TRUE", pwdMaxFailure="5",
         pwdLockoutDuration="300", pwdFailureCountInterval="60", **common)
    _add(root, f"cn=services,ou=policies,{BASE_DN}", cn="services", pwdLockout="FALSE", **common)


VOLATILE = {"entryCSN", "modifyTimestamp", "modifiersName", "contextCSN", "pwdLastSuccess", "pwdFailureTime"}


def snapshot(lab, secrets):
    """Every entry without operational times: dn -> {attribute: [hex values]}."""
    root = connect(lab, ROOT_DN, secrets["ldap-root"])
    dump = {}
    for dn, entry in root.search_s(BASE_DN, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["*", "+"]):
        dump[dn] = {k: sorted(v.hex() for v in vs) for k, vs in sorted(entry.items()) if k not in VOLATILE}
    return dump
