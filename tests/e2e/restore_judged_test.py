"""A departure that was a mistake, on the lab's real servers, with the person at every old way in the whole time: what the case took comes back by new
passwords, and the judge finds nothing of the old credentials admitted. Needs root; says so loudly when it is skipped."""
import json
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "lab"))
import ldap  # noqa: E402
import ldap.filter  # noqa: E402
import pika  # noqa: E402

import broker  # noqa: E402
import cache  # noqa: E402
import directory  # noqa: E402
import provider  # noqa: E402
import realm  # noqa: E402
import story  # noqa: E402
import warehouse  # noqa: E402
from judge import instant  # noqa: E402
from lab_test import LabTest  # noqa: E402

GOES_ON_S = 15           # how long she tries every old way in after the restore
GIVEN = ("broker", "cache", "directory", "realm", "warehouse")


class RestoreJudged(LabTest):
    seed = 6

    def setUp(self):
        super().setUp()
        self.person = self.lab.facts["by_exeunt"]
        self.secrets = json.loads((self.lab.root / "root-secrets.json").read_text())
        self.wallet = json.loads((self.lab.adversary / "wallets" / f"{self.person}.json").read_text())

    def rights(self):
        """What is hers on each system that gives back, as its administrator sees it: never a password."""
        root = directory.connect(self.lab, directory.ROOT_DN, self.secrets["ldap-root"])
        dn = self.wallet["directory"]["dn"]
        groups = root.search_s(f"ou=groups,{directory.BASE_DN}", ldap.SCOPE_SUBTREE, ldap.filter.filter_format("(member=%s)", [dn]), ["cn"])
        with warehouse.connect(self.lab, "postgres", self.secrets["pg-root"]).cursor() as admin:
            admin.execute("SELECT of.rolname, m.admin_option FROM pg_auth_members m JOIN pg_roles of ON of.oid = m.roleid "
                          "JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s ORDER BY 1", [self.wallet["warehouse"]["role"]])
            members = admin.fetchall()
            admin.execute("SELECT rolcanlogin, rolcreaterole FROM pg_roles WHERE rolname = %s", [self.wallet["warehouse"]["role"]])
            attributes = admin.fetchall()
        with cache.connect(self.lab, cache.ROOT, self.secrets["redis-root"]) as admin:
            user = admin.acl_getuser(self.wallet["cache"]["user"])
        name = self.wallet["broker"]["user"]
        permissions = broker.call(self.lab, broker.ROOT, self.secrets["rabbit-root"], "GET", "users", name, "permissions")
        limits = broker.call(self.lab, broker.ROOT, self.secrets["rabbit-root"], "GET", "user-limits", name)
        return {"directory": sorted(g[0] for g in groups), "warehouse": (members, attributes),
                "cache": {k: v for k, v in user.items() if k != "passwords"}, "broker": (permissions, limits)}

    def role_id(self):
        with warehouse.connect(self.lab, "postgres", self.secrets["pg-root"]).cursor() as admin:
            admin.execute("SELECT oid::text FROM pg_roles WHERE rolname = %s", [self.wallet["warehouse"]["role"]])
            return admin.fetchone()[0]

    def lift_lockout(self):
        """Her tries with the old password locked the account for some minutes, as it would lock anybody's; an administrator lifts that."""
        dn = self.wallet["directory"]["dn"]
        root = directory.connect(self.lab, directory.ROOT_DN, self.secrets["ldap-root"])
        root.modify_s(dn, [(ldap.MOD_REPLACE, "pwdAccountLockedTime", None)])

    def let_in(self, system, password):
        """She herself, with what was handed over."""
        if system == "directory":
            directory.connect(self.lab, self.wallet["directory"]["dn"], password).whoami_s()
        elif system == "warehouse":
            with warehouse.connect(self.lab, self.wallet["warehouse"]["role"], password).cursor() as session:
                session.execute("SELECT 1")
        elif system == "cache":
            with cache.connect(self.lab, self.wallet["cache"]["user"], password) as session:
                session.ping()
        elif system == "realm":
            subprocess.run(["kinit", "-c", f"FILE:{self.lab.judge}/returned.cc", self.wallet["realm"]["principal"]], input=f"{password}\n", text=True,
                           check=True, capture_output=True, start_new_session=True, env=realm.env(self.lab))
        else:
            at = self.wallet["broker"]
            pika.BlockingConnection(pika.ConnectionParameters(at["host"], at["port"], "/", pika.PlainCredentials(at["user"], password))).close()

    def over(self, case):
        """Ended; what people still have to do for it is not waited for."""
        self.engine.run("run", case, "--wait-draining", "10min", accept=(0, 8))
        state = self.record(case)["state"]
        if state == "waiting_person":
            self.engine.run("cancel", case, "--reason", "the departure was a mistake", accept=range(9))
        else:
            self.assertEqual(state, "closed")

    def record(self, case):
        return self.engine.json("record", case, accept=range(9))[1]

    def open_systems(self, case):
        return sorted({p["system"] for p in self.record(case)["paths"] if p["kind"] == "account" and p["state"] == "restored"})

    def approved_restore(self, case):
        _, plan = self.engine.json("restore", case, "--reason", "the wrong person of two with one name")
        self.assertEqual(sorted({s["system"] for s in plan["comes_back"]}), list(GIVEN))
        story.approve(self.lab, self.engine, plan["digest"], self.lab.facts["approvers"][0])

    def test_she_gets_back_what_was_taken_and_no_old_way_in(self):
        before = self.rights()
        watcher = story.Watcher(self.lab)
        self.addCleanup(watcher.abandon)
        adversary = self.adversary_of(self.person)
        case = self.approved(self.person)
        self.over(case)
        closed = self.record(case)
        self.approved_restore(case)
        # Her directory connection from before the cut is still open, powerless: while it is, her account there stays shut.
        code, out = self.engine.json("restore", case, "--run", accept=range(1, 9))
        self.assertEqual(code, 4, out)
        self.assertIn("bound before the cut", " ".join(out["words"]))
        self.assertEqual(self.open_systems(case), ["broker", "cache", "realm", "warehouse"])
        story.lab_command("restart", "directory", "--dir", self.lab.root)
        code, out = self.engine.json("restore", case, "--run", accept=range(9))
        self.assertEqual((code, out["state"]), (0, "restored"), out["words"])
        restored = time.time()
        # The provider asks the directory: nothing else had shut her account there.
        self.assertEqual(self.open_systems(case), sorted([*GIVEN, "provider"]))
        self.assertEqual(self.rights(), before)
        file = self.lab.home / "handed-over.txt"
        self.engine.run("restore", case, "--hand-over", file)
        hers = self.role_id()                   # roles that she made come back too, each with a password of its own
        rows = [line.split("\t") for line in file.read_text().splitlines()]
        handed = {row[0]: row[3] for row in rows if row[0] != "warehouse" or row[1] == hers}
        self.assertEqual(sorted(handed), list(GIVEN))
        time.sleep(max(0.0, GOES_ON_S - (time.time() - restored)))
        ways = adversary.stop()["ways"]
        self.assertEqual([w for w in ways if w["last_outcome"] == "admitted"], [])
        self.lift_lockout()
        for system, password in handed.items():
            self.let_in(system, password)
        self.assertEqual(provider.Client(self.wallet["provider"]["url"]).sign_in(self.wallet["provider"]["login"], handed["directory"]), 200)
        watched = watcher.stop()
        # By the record from before the restore each way is ended, for good; by the one after it some were given back.
        for name, record in (("closed", closed), ("restored", self.record(case))):
            file = self.lab.root / "engine" / f"record-{name}.json"
            file.write_text(json.dumps(record))
            code, verdict = story.judge(self.lab, adversary, file, watched)
            self.assertEqual((code, verdict["words"]), (0, {}), name)
        tries = [json.loads(line) for line in (adversary.folder / "log.jsonl").read_text().splitlines()]
        since = [t for t in tries if t.get("outcome") == "refused" and t["system"] in GIVEN and t["kind"] == "account"
                 and instant(t["begun"]).timestamp() > restored]
        self.assertEqual(sorted({t["system"] for t in since}), list(GIVEN), "she tried her old password on each after it was restored")
        print(f"restore: {verdict['ways']} ways, {verdict['tries']} tries, {len(since)} of old passwords after the restore, none admitted",
              file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
