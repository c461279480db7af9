"""`map PERSON --only disable_account` against the adversary: every account of one person on the lab's real servers is disabled as its own
administrators do it, nothing else; then every way that the map says survives lets her in, and no other does. What only drains is over at its
instant. Needs root; says so loudly when it is skipped."""
import datetime
import json
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "lab"))
from lab_test import LabTest  # noqa: E402

AT_WORK_S = 15           # how long she works at what was disabled: lifts what she can lift, tries the rest again
WAYS_MIN = 40


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class MapAgainstAdversary(LabTest):
    seed = 3

    def setUp(self):
        super().setUp()
        self.person = self.lab.facts["usual_way"]
        self.adversary = self.adversary_of(self.person)
        self.adversary.tell("quiet")         # no new keys: the map is from before
        self.wallet = json.loads((self.lab.adversary / "wallets" / f"{self.person}.json").read_text())

    def disable_every_account(self):
        """By the systems' own administrators. The provider reads the directory's lock; sshd's host keeps no shadow entry; cache and broker know
        no disabling apart from the password, and the catalogues say so."""
        import ldap

        import directory
        import realm
        import warehouse
        from psycopg2 import sql
        secrets = json.loads((self.lab.root / "root-secrets.json").read_text())
        directory.connect(self.lab, directory.ROOT_DN, secrets["ldap-root"]).modify_s(
            self.wallet["directory"]["dn"], [(ldap.MOD_REPLACE, "pwdAccountLockedTime", [b"000001010000Z"])])
        with warehouse.connect(self.lab, warehouse.ENGINE, secrets["pg-exeunt"]).cursor() as admin:
            admin.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(self.wallet["warehouse"]["role"])))
        realm.administer(self.lab, "modprinc", "-allow_tix", self.wallet["realm"]["principal"])

    def compared(self, paths, ways):
        """[(way, what the map says, what she got)] where they differ."""
        wrong = []
        for way in ways:
            path = paths.get((way["system"], way["kind"], way["id"]))
            admitted = way["last_outcome"] == "admitted"
            if path is None or path["survives"] != admitted:
                said = "not in the map" if path is None else "survives" if path["survives"] else "ends"
                wrong.append((f"{way['system']}/{way['kind']}/{way['id']}: {way['way']}", said, f"{way['last_outcome']}: {way['last_words']}"))
        return wrong

    def test_each_line_is_what_she_finds(self):
        # What she opens later leads over what is left: no map from before can name it.
        before = {(w["system"], w["kind"], w["id"]) for w in self.adversary.tell("status")["ways"]}
        listed = time.time()
        _, out = self.engine.json("map", self.person, "--only", "disable_account", accept=(0, 3, 4))
        paths = {(p["system"], p["kind"], p["id"]): p for p in out["paths"]}
        self.assertTrue(all(p["witness_words"] for p in out["paths"]))
        self.disable_every_account()
        disabled = time.time()
        time.sleep(AT_WORK_S)
        ways = [w for w in self.adversary.tell("status")["ways"] if (w["system"], w["kind"], w["id"]) in before]
        self.assertGreaterEqual(len(ways), WAYS_MIN)
        self.assertEqual(self.compared(paths, ways), [])
        # She got back in where the map says that a session of hers lifts the lock, and was kept out somewhere else.
        self.assertTrue(paths["directory", "account", self.way(ways, "directory", "account")["id"]]["survives"])
        self.assertTrue(any(w["last_outcome"] == "refused" for w in ways))
        draining = {key: instant(p["until"]) for key, p in paths.items() if p["drains"]}
        self.assertTrue(draining)
        time.sleep(max(0.0, max(draining.values()) + (disabled - listed) + 5 - time.time()))
        after = self.adversary.stop()["ways"]
        for way in after:
            if (way["system"], way["kind"], way["id"]) in draining:
                self.assertEqual(way["last_outcome"], "refused", way)
        admitted = sum(w["last_outcome"] == "admitted" for w in ways)
        print(f"{len(ways)} ways, {admitted} admitted, {len(paths)} paths, {len(draining)} draining: every line agrees", file=sys.stderr)

    @staticmethod
    def way(ways, system, kind):
        return next(w for w in ways if (w["system"], w["kind"]) == (system, kind))


if __name__ == "__main__":
    unittest.main()
