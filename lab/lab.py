#!/usr/bin/python3
"""The lab: a small company of real servers on loopback, in a throw-away folder. Start here.

  lab.py up --seed 1 --dir DIR         start; everything lies under DIR, nothing else is touched
  lab.py status --dir DIR              what runs, where the engine's home is
  lab.py stop|start|restart SYSTEM --dir DIR     directory, warehouse, bastion, cache, broker, provider or realm; --crash stops without mercy
  lab.py snapshot --dir DIR -o FILE    every account, byte for byte, for comparing before and after
  lab.py env --dir DIR                 environment in which ssh tools know the lab's uids, for `env $(...) ssh ...`
  lab.py down --dir DIR [--keep]       stop all by own pid and remove DIR
"""
import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bastion  # noqa: E402
import broker  # noqa: E402
import cache  # noqa: E402
import company as company_module  # noqa: E402
import directory  # noqa: E402
import file_server  # noqa: E402
import home  # noqa: E402
import processes  # noqa: E402
import provider  # noqa: E402
import realm  # noqa: E402
import resource_server  # noqa: E402
import tls  # noqa: E402
import wallets as wallet_store  # noqa: E402
import warehouse  # noqa: E402
from layout import SYSTEMS, Layout  # noqa: E402

MODULES = {"directory": directory, "warehouse": warehouse, "bastion": bastion, "cache": cache, "broker": broker, "provider": provider,
           "realm": realm}


def up(options):
    root = Path(options.dir).resolve()
    if root.exists() and any(root.iterdir()):
        raise processes.LabError(f"{root} is not empty; give a new folder, or stop the lab there: lab.py down --dir {root}")
    began = time.monotonic()
    root.mkdir(parents=True, exist_ok=True)
    company = company_module.generate(options.seed)
    print(company_module.write_out(company), file=sys.stderr)
    facts = {"seed": options.seed, "dir": str(root), **processes.claim_slot(root)}
    lab = Layout(root, facts)
    try:
        _raise(lab, company, without_switch=options.without_switch)
    except BaseException:
        print(f"lab did not start; what there is of it stays in {root}", file=sys.stderr)
        _stop_all(lab)
        raise
    print(f"lab up in {time.monotonic() - began:.1f} s: engine home {lab.home}, keys folder {lab.keys}, "
          f"engine uid {lab.engine_uid}", file=sys.stderr)
    print(json.dumps(lab.facts, indent=1))


def _raise(lab, company, without_switch):
    lab.make_dirs()
    secrets = wallet_store.service_secrets()
    shared = {role: wallet_store.fresh() for role in company.shared_roles}
    wallets = wallet_store.make(lab, company, shared)
    home.write_credentials(lab, secrets)
    home.write_vault(lab, shared)
    broker.launch(lab, secrets)   # takes seconds: it starts while the others do
    tls.make_authority(lab.tls)
    tls.issue(lab.tls, "directory", *lab.server_ids("openldap"))
    tls.issue(lab.tls, "warehouse", *lab.server_ids("postgres"))
    cache.make(lab, company, secrets, wallets)
    cache.start(lab)
    cache.seed(lab, secrets)
    warehouse.prepare(lab, secrets)
    warehouse.start(lab)
    directory.prepare(lab, secrets, with_switch=not without_switch)
    directory.start(lab)
    bastion.prepare(lab, company, wallets)
    bastion.start(lab)
    entry_uuids = directory.seed(lab, company, secrets, wallets)
    roles = warehouse.seed(lab, company, secrets, shared, wallets)
    provider.prepare(lab)
    provider.start(lab)
    provider.seed(lab, secrets)
    resource_server.start(lab, provider.url(lab), provider.PLUGIN)
    realm.prepare(lab)
    realm.start(lab)
    realm.seed(lab, company, wallets)
    file_server.start(lab, realm.config(lab), realm.service_keytab(lab))
    broker.wait_ready(lab)
    broker.seed(lab, company, secrets, wallets)
    home.write_approvers(lab)
    home.write_home(lab, company, entry_uuids, roles, more=(cache, broker, realm))
    processes.write(lab.root / "root-secrets.json", json.dumps(secrets), 0o600)
    home.add_key_links(lab, company, wallets)
    for person in company.people:
        wallets[person.hr_id]["directory"]["dn"] = directory.person_dn(person.uid)
        if person.full:
            wallets[person.hr_id]["provider"] = provider.wallet(lab, person, secrets)
    wallet_store.save(lab, wallets)
    lab.facts |= _public_facts(lab, company)
    lab.save()


def _public_facts(lab, company):
    return {"usual_way": company.usual_way, "by_exeunt": company.by_exeunt, "other_leavers": company.other_leavers,
            "operator": company_module.OPERATOR, "approvers": list(company_module.APPROVERS),
            "heir": company_module.HEIR, "shared_accounts": company.shared_accounts,
            "shared_roles": list(company.shared_roles), "engine_uid": lab.engine_uid,
            "adversary_uid": lab.adversary_uid, "approver_uid": lab.approver_uid, "home": str(lab.home),
            "keys": str(lab.keys), "ldaps_url": f"ldaps://localhost:{lab.ldaps_port}", "pg_port": lab.pg_port,
            "ssh_port": lab.ssh_port, "cache_port": lab.cache_port,
            "broker_port": lab.broker_port, "provider_url": provider.url(lab),
            "resource_server_simulated": f"http://127.0.0.1:{lab.resource_port}",
            "realm": realm.REALM, "kdc_port": lab.kdc_port, "file_server_simulated_port": lab.files_port}


def _stop_all(lab):
    resource_server.stop(lab)
    file_server.stop(lab)
    for module in MODULES.values():
        module.stop(lab)
    bastion.end_sessions(lab, range(lab.people_uid, lab.engine_uid + processes.UIDS_PER_SLOT))
    processes.release_slot(lab.slot)


def down(options):
    lab = Layout.load(options.dir)
    _stop_all(lab)
    if not options.keep:
        shutil.rmtree(lab.root)


def status(options):
    lab = Layout.load(options.dir)
    pids = {name: processes.running_pid(lab.run / f"{name}.pid") for name in SYSTEMS}
    print(json.dumps({"pids": pids, **lab.facts}, indent=1))
    return 0 if all(pids.values()) else 6


def control(options):
    lab = Layout.load(options.dir)
    module = MODULES[options.system]
    if options.command in ("stop", "restart"):
        module.stop(lab, **({"sign": module.CRASH} if options.crash else {}))
    if options.command in ("start", "restart"):
        module.start(lab)


def snapshot(options):
    lab = Layout.load(options.dir)
    secrets = json.loads((lab.root / "root-secrets.json").read_text())
    dump = {"directory": directory.snapshot(lab, secrets), "warehouse": warehouse.snapshot(lab, secrets),
            "bastion": bastion.snapshot(lab), "cache": cache.snapshot(lab, secrets),
            "broker": broker.snapshot(lab, secrets), "provider": provider.snapshot(lab),
            "realm": realm.snapshot(lab)}
    processes.write(options.output, json.dumps(dump, indent=1, sort_keys=True), 0o600, os.getuid(), os.getgid())


def environment(options):
    print(" ".join(f"{k}={v}" for k, v in bastion.nss_env(Layout.load(options.dir)).items()))


def _parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, does):
        sub = commands.add_parser(name)
        sub.add_argument("--dir", required=True)
        sub.set_defaults(does=does)
        return sub
    sub = command("up", up)
    sub.add_argument("--seed", type=int, default=1)
    sub.add_argument("--without-switch", action="store_true", help="leave the kill-switch ACL out (a gap)")
    sub = command("down", down)
    sub.add_argument("--keep", action="store_true", help="stop only, leave the folder")
    command("status", status)
    command("env", environment)
    for name in ("stop", "start", "restart"):
        sub = command(name, control)
        sub.add_argument("system", choices=SYSTEMS)
        sub.add_argument("--crash", action="store_true")
    command("snapshot", snapshot).add_argument("-o", "--output", required=True)
    return parser


def main():
    options = _parser().parse_args()
    if os.getuid() != 0:
        if shutil.which("sudo") and os.system("sudo -n true 2>/dev/null") == 0:
            os.execvp("sudo", ["sudo", "-n", "/usr/bin/python3", *sys.argv])
        print("lab: needs root (sshd must switch uids, three uids keep engine, adversary and judge apart) and there is "
              "no sudo without a password; run it as root", file=sys.stderr)
        return 6
    try:
        return options.does(options) or 0
    except processes.LabError as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 6


if __name__ == "__main__":
    sys.exit(main())
