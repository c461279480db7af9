"""Fresh secrets of one start: the services' own (root and engine side) and one wallet per person.

Wallets go into the adversary's folder only (its uid, 0600). Nothing here depends on the seed.
"""
import json
import secrets as random_source

import processes


def fresh():
    """A new password that no one has used before; free of characters that would need quoting anywhere."""
    return "Lab-" + random_source.token_urlsafe(18)


SERVICE_SECRETS = ("ldap-root", "ldap-exeunt", "ldap-control", "ldap-payroll", "pg-root", "pg-exeunt", "pg-control",
                   "ldap-provider", "op-root", "op-exeunt", "op-control", "op-portal", "op-reports", "op-checker")


def service_secrets():
    return {name: fresh() for name in SERVICE_SECRETS}


def make(lab, company, shared_passwords):
    """One wallet per person: where each way in leads and the secret that opens it."""
    wallets = {}
    for person in company.people:
        wallet = {"hr_id": person.hr_id, "seed": company.seed, "ca": str(lab.ca),
                  "directory": {"url": f"ldaps://localhost:{lab.ldaps_port}", "password": fresh(),
                                "groups": person.groups}}
        if person.role:
            wallet["warehouse"] = {
                "host": "localhost", "port": lab.pg_port, "role": person.role, "password": fresh(),
                "role_groups": person.role_groups, "may_create_roles": person.may_create_roles,
                "shared": [{"role": r, "password": shared_passwords[r]} for r in person.shared_roles],
                "created": [{"role": r, "password": fresh()} for r in person.created_roles]}
        if person.unix:
            wallet["bastion"] = {"host": "127.0.0.1", "port": lab.ssh_port, "login": person.unix, "keys": [],
                                 "shared": [], "certificates": []}
        wallets[person.hr_id] = wallet
    return wallets


def save(lab, wallets):
    folder = processes.make_dir(lab.adversary / "wallets", 0o700, lab.adversary_uid, lab.adversary_uid)
    for hr_id, wallet in wallets.items():
        processes.write(folder / f"{hr_id}.json", json.dumps(wallet, indent=1), 0o600,
                        lab.adversary_uid, lab.adversary_uid)


def key_folder(lab, hr_id):
    """Where a person's private keys lie; only the adversary's uid reads it."""
    processes.make_dir(lab.adversary / "keys", 0o700, lab.adversary_uid, lab.adversary_uid)
    return processes.make_dir(lab.adversary / "keys" / hr_id, 0o700, lab.adversary_uid, lab.adversary_uid)
