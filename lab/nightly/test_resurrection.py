"""On the lab's real servers, after one person's case is closed: on each system in turn something of hers comes back, as a restored backup, a sync or
a helpful colleague brings it back. She gets in again; one look of the watch later the case was reopened and every way in is shut. Needs root."""
import json
import os
import shutil
import sqlite3
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import ldap  # noqa: E402
from psycopg2 import sql  # noqa: E402

import broker  # noqa: E402
import cache  # noqa: E402
import directory  # noqa: E402
import provider  # noqa: E402
import realm  # noqa: E402
import warehouse  # noqa: E402
from lab_test import LabTest  # noqa: E402

PERIOD_S = 60
LOOK_MAX_S = 30          # what the look itself, and the run that it starts, may take
BACK_IN_S = 30           # how long she may take to notice that she is let in again
DRAINED_IN_S = 180


class Company:
    """The lab, and what its administrators can bring back."""

    def __init__(self, lab, person):
        self.lab, self.person = lab, person
        self.secrets = json.loads((self.lab.root / "root-secrets.json").read_text())
        self.wallet = json.loads((self.lab.adversary / "wallets" / f"{person}.json").read_text())
        self.kept = self.lab.root / "backup"
        self.kept.mkdir(mode=0o700)

    def back_up(self):
        """Before she leaves: what a restored backup will hold."""
        for number, file in enumerate(self._ssh_files()):
            shutil.copy2(file, self.kept / f"ssh-{number}")
        shutil.copy2(self.lab.cache / "users.acl", self.kept / "users.acl")
        with sqlite3.connect(self.lab.provider / "glewlwyd.db") as here, sqlite3.connect(self.kept / "glewlwyd.db") as there:
            here.backup(there)

    def _ssh_files(self):
        return [self.lab.bastion / "krl", *sorted((self.lab.bastion / "homes").glob("*/.ssh/authorized_keys"))]

    def directory(self):
        """A sync enables the account as the personnel system still has it, with the password that she knows."""
        dn = self.wallet["directory"]["dn"]
        root = directory.connect(self.lab, directory.ROOT_DN, self.secrets["ldap-root"])
        root.modify_s(directory.SWITCH_GROUP, [(ldap.MOD_DELETE, "member", [dn.encode()])])
        # A new password clears the lock by itself (ppolicy).
        root.modify_s(dn, [(ldap.MOD_REPLACE, "userPassword", [self.adversary.tell("password directory")["password"].encode()]), (ldap.MOD_REPLACE, "pwdEndTime", None)])

    def warehouse(self):
        with warehouse.connect(self.lab, warehouse.ENGINE, self.secrets["pg-exeunt"]).cursor() as admin:
            admin.execute(sql.SQL("ALTER ROLE {} LOGIN VALID UNTIL 'infinity' PASSWORD %s").format(
                sql.Identifier(self.wallet["warehouse"]["role"])), [self.adversary.tell("password warehouse")["password"]])

    def bastion(self):
        """Homes and revocation list from the backup."""
        for number, file in enumerate(self._ssh_files()):
            before = file.stat()
            shutil.copy2(self.kept / f"ssh-{number}", file)
            os.chown(file, before.st_uid, before.st_gid)

    def cache(self):
        """ACL LOAD of an old file."""
        file = self.lab.cache / "users.acl"
        before = file.stat()
        shutil.copy2(self.kept / "users.acl", file)
        os.chown(file, before.st_uid, before.st_gid)
        with cache.connect(self.lab, cache.ROOT, self.secrets["redis-root"]) as root:
            root.execute_command("ACL LOAD")

    def broker(self):
        name, password = self.wallet["broker"]["user"], self.wallet["broker"]["password"]
        for path, body in ((("users", name), {"password": password, "tags": ""}),
                           (("permissions", "/", name), {"configure": ".*", "write": ".*", "read": ".*"})):
            broker.call(self.lab, broker.ENGINE, self.secrets["rabbit-exeunt"], "PUT", *path, body=body)
        broker.call(self.lab, broker.ENGINE, self.secrets["rabbit-exeunt"], "DELETE", "user-limits", name, "max-connections")

    def provider(self):
        """The server is started from an old state: sessions and refresh tokens that were ended are not."""
        file, uid_gid = self.lab.provider / "glewlwyd.db", self.lab.server_ids("glewlwyd")
        provider.stop(self.lab)
        for more in ("-wal", "-shm"):
            Path(f"{file}{more}").unlink(missing_ok=True)
        shutil.copy2(self.kept / "glewlwyd.db", file)
        shutil.chown(file, *uid_gid)
        provider.start(self.lab)

    def realm(self):
        principal = self.wallet["realm"]["principal"]
        realm.administer(self.lab, "modprinc", "+allow_tix", principal)
        realm.administer(self.lab, "cpw", "-pw", self.wallet["realm"]["password"], principal)


class Resurrection(LabTest):
    seed = int(os.environ.get("EXEUNT_SEED", "5"))
    preset = "release"
    policy = f"watch: {{ every: {PERIOD_S}s, for: 1d }}\n"

    def setUp(self):
        super().setUp()
        self.company = Company(self.lab, self.lab.facts["by_exeunt"])
        self.adversary = self.company.adversary = self.adversary_of(self.company.person)
        self.company.back_up()

    def end_her_access(self):
        case = self.approved(self.company.person)
        self.engine.run("run", case, "--wait-draining", "10min", accept=(0, 8))
        self.closed(case)
        return case

    def state(self, case):
        return self.engine.json("record", case, accept=range(9))[1]["state"]

    def closed(self, case):
        """Ended, whatever of it drains. A look as soon as one is due."""
        until = time.monotonic() + DRAINED_IN_S
        while self.state(case) not in ("closed", "waiting_person"):
            self.assertLess(time.monotonic(), until, f"the case is {self.state(case)}")
            time.sleep(5)
            self.engine.run("watch", "--once", accept=range(9))    # what it ends with is of no interest here, its state is

    def admitted(self, system=None):
        ways = self.adversary.tell("status")["ways"]
        return [f"{w['system']}/{w['kind']} {w['way']}" for w in ways if w["last_outcome"] == "admitted" and system in (None, w["system"])]

    def comes_back(self, system):
        since = len(self.adversary.folder.joinpath("log.jsonl").read_text().splitlines())
        getattr(self.company, system)()
        until = time.monotonic() + BACK_IN_S
        while time.monotonic() < until:
            rows = self.adversary.folder.joinpath("log.jsonl").read_text().splitlines()[since:]
            if any(r.get("system") == system and r.get("outcome") == "admitted" for r in map(json.loads, rows)):
                return
            time.sleep(0.5)
        self.fail(f"{system}: what came back let nobody in; the test shows nothing")

    def reopenings(self, case):
        entries = self.engine.json("record", case, accept=range(9))[1]["entries"]
        # One that only waits for a person's task runs again without being called reopened.
        return [e["leaf"]["state"] for e in entries if e["leaf"]["kind"] == "state_changed"].count("running")

    def test_what_comes_back_on_each_system_is_ended_within_one_period(self):
        case = self.end_her_access()
        self.assertEqual(self.admitted(), [])
        for system in ("directory", "warehouse", "bastion", "cache", "broker", "provider", "realm"):
            before, planted, said = self.reopenings(case), time.monotonic(), []
            self.comes_back(system)
            while self.reopenings(case) == before and time.monotonic() - planted < PERIOD_S + LOOK_MAX_S:
                code, out = self.engine.run("watch", "--once", accept=range(9))
                said.append(f"{time.monotonic() - planted:.0f} s: exit {code} {out.strip()}")
                time.sleep(3)
            self.assertEqual(self.reopenings(case), before + 1, f"{system}: nobody noticed within one period; the watch said {said}")
            noticed = time.monotonic() - planted
            self.assertLessEqual(noticed, PERIOD_S + LOOK_MAX_S, f"{system}: noticed too late")   # one slow look must not pass for one in time
            self.closed(case)
            time.sleep(2)
            self.assertEqual(self.admitted(), [])
            print(f"{system}: reopened after {noticed:.0f} s, shut and closed after {time.monotonic() - planted:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
