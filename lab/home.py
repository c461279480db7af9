"""What the lab lays ready for the engine: exeunt.yaml, policy.yaml, people, links, approver keys, its own credentials."""
import csv
import io
import json
import os

import bastion
import directory
import processes
import provider
import warehouse
from company import APPROVERS, BASE_DN, HEIR, OPERATOR


def write_credentials(lab, secrets):
    """The engine's own secrets, one file each, readable by its uid only."""
    owner = (lab.engine_uid, lab.engine_uid)
    for name in ("ldap-exeunt", "ldap-control", "pg-exeunt", "op-exeunt", "op-checker"):
        processes.write(lab.credentials / f"{name}.secret", secrets[name], 0o600, *owner)
    processes.write(lab.root / "root-secrets.json", json.dumps(secrets), 0o600)


def write_vault(lab, shared_passwords):
    """The present value of each shared secret; the engine refuses one that others than its owner may read."""
    for role, password in shared_passwords.items():
        processes.write(lab.vault / f"{role}.secret", password, 0o600, lab.engine_uid, lab.engine_uid)


def write_approvers(lab):
    """SSHSIG keys of the two approvers, in the approver's folder; the engine gets the public halves."""
    lines = []
    for hr_id in APPROVERS:
        key = lab.approver / hr_id
        processes.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", hr_id, "-f", key])
        for file in (key, f"{key}.pub"):
            os.chown(file, lab.approver_uid, lab.approver_uid)
        public = " ".join(open(f"{key}.pub").read().split()[:2])
        lines.append(f'{hr_id} namespaces="exeunt-approval,exeunt-exception" {public}\n')
    _home_file(lab, "allowed_signers", "".join(lines))


def write_home(lab, company, entry_uuids, roles, more=()):
    """All files of the engine's home except what `exeunt init` makes; `more`: modules of further systems."""
    _home_file(lab, "people.csv", people_csv(company))
    _home_file(lab, "links.csv", links_csv(company, entry_uuids, roles) + "".join(m.links_csv(company) for m in more))
    _home_file(lab, "exeunt.yaml", _systems_yaml(lab, company, more))
    _home_file(lab, "policy.yaml", _policy_yaml(lab, company, entry_uuids, roles, more))


def _home_file(lab, name, text):
    processes.write(lab.home / name, text, 0o640, lab.engine_uid, lab.engine_uid)


def people_csv(company):
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["hr_id", "name", "email", "manager_hr_id", "login", "status"])
    for p in company.people:
        rows.writerow([p.hr_id, p.name, p.email, p.manager, p.uid, "active"])
    return out.getvalue()


def links_csv(company, entry_uuids, roles):
    """Strong links: immutable ids that provisioning noted when it made the account."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["system", "kind", "native_id", "hr_id"])
    for p in company.people:
        rows.writerow(["directory", "account", entry_uuids[p.hr_id], p.hr_id])
        if p.role:
            rows.writerow(["warehouse", "account", roles[p.role], p.hr_id])
        if p.unix:
            rows.writerow(["bastion", "account", p.unix_uid, p.hr_id])
    return out.getvalue()


def add_key_links(lab, company, wallets):
    """Appends the links of keys that people have in shared accounts (their keys in their own account need none)."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    for p in (p for p in company.people if p.unix):
        for entry in wallets[p.hr_id]["bastion"]["shared"]:
            uid = lab.shared_uid + company.shared_accounts.index(entry["account"])
            fingerprint = processes.run(["ssh-keygen", "-l", "-f", f"{entry['key']}.pub"]).split()[1]
            rows.writerow(["bastion", "key", f"{uid}:{fingerprint}", p.hr_id])
    with open(lab.home / "links.csv", "a", newline="") as links:
        links.write(out.getvalue())


def _quoted(text):
    """A YAML double-quoted scalar (JSON's is one)."""
    return json.dumps(text)


def _systems_yaml(lab, company, more):
    secret = f"file:{lab.credentials}"
    return f"""# Written by the lab for seed {lab.seed}. The operator is the authenticated local login.
tenant: default
people: people.csv
links: links.csv
operators: {{ root: {OPERATOR}, lab-exeunt: {OPERATOR}, "{lab.engine_uid}": {OPERATOR} }}
keys: {lab.keys}
checkpoint_copy: {lab.checkpoint}
systems:
  - id: directory
    kind: openldap
    tier: identity
    url: ldaps://localhost:{lab.ldaps_port}
    ca_file: {lab.ca}
    bind_dn: {directory.ENGINE_DN}
    credential: {secret}/ldap-exeunt.secret
    base_dn: {BASE_DN}
    hr_id_attribute: employeeNumber
    switch_group: {directory.SWITCH_GROUP}
    control_dn: {directory.CONTROL_DN}
    control_credential: {secret}/ldap-control.secret
  - id: warehouse
    kind: postgresql
    tier: downstream
    host: localhost
    port: {lab.pg_port}
    ca_file: {lab.ca}
    role: {warehouse.ENGINE}
    credential: {secret}/pg-exeunt.secret
    maintenance_database: postgres
    login_gate_database: {warehouse.GATE_DATABASE}
    control_role: {warehouse.CONTROL}
    ddl_log: csvlog
  - id: bastion
    kind: openssh
    tier: downstream
    host: 127.0.0.1
    port: {lab.ssh_port}
    known_hosts: {lab.bastion}/known_hosts
    manage_as: root
    key_file: {lab.credentials}/id_ed25519
    authorized_keys: {lab.bastion}/homes/%u/.ssh/authorized_keys
    krl: {lab.bastion}/krl
    ca_public_key: {lab.bastion}/user_ca.pub
    ca_ledger: {lab.bastion}/issued
    passwd_file: {lab.bastion}/passwd
    shared_accounts: [{', '.join(company.shared_accounts)}]
    session_log: {lab.bastion}/sshd.log
    control_account: {bastion.CONTROL_LOGIN}
    control_key: {lab.credentials}/control.pub
    control_certificate: {lab.credentials}/control-cert.pub
  - id: provider
    kind: glewlwyd
    tier: downstream
    url: {provider.url(lab)}
    login: {provider.ENGINE}
    credential: {secret}/op-exeunt.secret
    plugin: {provider.PLUGIN}
    id_property: entry_uuid
    hr_id_property: employee_number
    lock_property: locked
    client_id: {provider.CHECKER}
    client_credential: {secret}/op-checker.secret
    client_scope: reports
  - id: desk
    kind: attest
    tasks_dir: {lab.root}/desk
""" + "".join(m.systems_yaml(lab) for m in more)


def _policy_yaml(lab, company, entry_uuids, roles, more):
    secrets = []
    for role, known in company.shared_roles.items():
        who = (f"known_to_group: {_quoted(known['known_to_group'])}" if "known_to_group" in known
               else f"known_to: [{', '.join(known['known_to'])}]")
        secrets.append(f"  - {{ id: {role.replace('_', '-')}, system: warehouse, account: {role}, {who}, "
                       f"vault_file: \"file:{lab.vault}/{role}.secret\" }}\n")
    protected = [f"warehouse/account/{roles[name]}" for name in ("postgres", warehouse.ENGINE, warehouse.CONTROL)]
    protected += [f"directory/account/{entry_uuids[dn]}" for dn in (directory.ENGINE_DN, directory.CONTROL_DN)]
    protected += [f"provider/account/login:{login}" for login in ("admin", provider.ENGINE, provider.CONTROL)]
    protected += ["bastion/account/0", f"bastion/account/{lab.control_uid}"]
    secrets += [m.policy_secrets(lab, company) for m in more]
    grades = "".join(m.required_grades() for m in more if hasattr(m, "required_grades"))
    protected += [p for m in more for p in m.protected_nodes()]
    lines = "".join(f"  - {p}\n" for p in protected)
    return f"""# Written by the lab for seed {lab.seed}.
version: 1
identity_systems: [directory]
required_grade:
  account: read_back
  session: read_back
  key: refused
  certificate: refused
  membership: read_back
  secret: refused
required_grade_on:
  directory: {{ account: refused }}
  warehouse: {{ account: refused }}
{grades}protected_nodes:
{lines}protected_people: [{', '.join((OPERATOR, *APPROVERS))}]
heir: {HEIR}
secrets:
{''.join(secrets)}"""
