"""The lab itself, on real servers: two at once, secrets where they belong, every kind of way open, and the traps that
the connectors are built against. Needs root; says so loudly when it is skipped."""
import glob
import json
import os
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import ldap  # noqa: E402
import psycopg2  # noqa: E402

import adversary_realm  # noqa: E402
import adversary_tickets  # noqa: E402
import broker  # noqa: E402
import cache  # noqa: E402
import company  # noqa: E402
import directory  # noqa: E402
import processes  # noqa: E402
import realm  # noqa: E402
import story  # noqa: E402
import warehouse  # noqa: E402
from judge import forms, read_secrets  # noqa: E402
from layout import SYSTEMS, Layout  # noqa: E402

LOCK = [(ldap.MOD_REPLACE, "pwdAccountLockedTime", [b"000001010000Z"])]


def reset(password):
    return [(ldap.MOD_REPLACE, "userPassword", [password.encode()])]


class Company(unittest.TestCase):
    def test_same_seed_gives_the_same_company_and_another_seed_another(self):
        one, again, other = company.generate(7), company.generate(7), company.generate(8)
        self.assertEqual(one, again)
        self.assertNotEqual([p.name for p in one.people], [p.name for p in other.people])

    def test_every_seed_has_two_full_leavers_and_two_people_of_one_name(self):
        for seed in range(300):
            c = company.generate(seed)
            self.assertEqual(len({p.uid for p in c.people}), company.PEOPLE_COUNT, seed)
            leavers = [c.person(h) for h in (c.usual_way, c.by_exeunt, *c.other_leavers)]
            self.assertTrue(all(p.full and p.role and p.unix and p.shared_roles for p in leavers), seed)
            self.assertEqual(len({p.hr_id for p in leavers}), 6, seed)
            self.assertEqual(sum(p.name == "Alex Kim" for p in c.people), 2, seed)
            self.assertFalse({p.hr_id for p in leavers} & {company.OPERATOR, company.HEIR, *company.APPROVERS}, seed)


@unittest.skipUnless(os.getuid() == 0, "SKIPPED LOUDLY: the lab's real servers need root")
class RealServers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.labs = []
        for seed in (2, 3):                               # two labs at once
            folder = tempfile.mkdtemp(prefix="exeunt-lab-test-")
            story.lab_command("up", "--seed", seed, "--dir", folder)
            cls.labs.append(Layout.load(folder))
        cls.lab = cls.labs[0]
        cls.secrets = json.loads((cls.lab.root / "root-secrets.json").read_text())

    @classmethod
    def tearDownClass(cls):
        for lab in cls.labs:
            story.lab_command("down", "--dir", lab.root)
            assert not lab.root.exists()

    def wallet(self, hr_id):
        return json.loads((self.lab.adversary / "wallets" / f"{hr_id}.json").read_text())

    def test_two_labs_share_no_port_and_no_uid(self):
        one, two = self.labs
        self.assertFalse(set(one.facts["ports"]) & set(two.facts["ports"]))
        self.assertGreaterEqual(abs(one.engine_uid - two.engine_uid), processes.UIDS_PER_SLOT)

    def test_servers_listen_on_loopback_only(self):
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            for line in Path(table).read_text().splitlines()[1:]:
                local, state = line.split()[1], line.split()[3]
                host, port = local.split(":")
                if state == "0A" and int(port, 16) in self.lab.facts["ports"]:
                    # epmd also listens on ::1, whatever it is told.
                    self.assertIn(host, ("0100007F", "00000000000000000000000001000000"), line)

    def test_a_second_up_in_the_same_folder_is_refused(self):
        with self.assertRaisesRegex(story.StoryError, "not empty"):
            story.lab_command("up", "--seed", 1, "--dir", self.lab.root)

    def test_what_the_engine_may_read_holds_no_persons_secret(self):
        adversary = story.Adversary(self.lab, self.lab.facts["other_leavers"][0])
        adversary.stop()
        shared = (*company.SHARED_ROLES, *cache.SHARED_USERS, *broker.SHARED_USERS)     # their present values are the vault's
        needles = [f for what, s in read_secrets(adversary.folder / "secrets.jsonl")
                   if not any(name in what for name in shared) for f in forms(s)]
        uid = self.lab.engine_uid
        for file in self.lab.root.rglob("*"):
            state = file.lstat()
            if not file.is_file() or not (state.st_mode & 0o004 or (state.st_uid == uid and state.st_mode & 0o400)):
                continue
            if self.lab.adversary in file.parents or self.lab.judge in file.parents:
                continue                                   # closed folders (0700, other uids)
            data = file.read_bytes()
            self.assertFalse([n for n in needles if n in data], file)

    def test_wallets_are_closed_to_the_engine(self):
        done = story.subprocess.run(["cat", *glob.glob(f"{self.lab.adversary}/wallets/*")], capture_output=True,
                                    user=self.lab.engine_uid, group=self.lab.engine_uid, extra_groups=[])
        self.assertEqual((done.returncode, done.stdout), (1, b""))

    def until_admitted(self, adversary, besides=None, seconds=20):
        """All ways, once the last try of each (but of the kind `besides`) was let in; nothing may be refused meanwhile.
        Measured: the provider answers status 500 to one request in some thousands while the machine is busy, which says
        nothing; the next try must be let in."""
        deadline = time.monotonic() + seconds
        while True:
            ways = adversary.tell("status")["ways"]
            shut = [w for w in ways if w["kind"] != besides and w["last_outcome"] != "admitted"]
            self.assertEqual([w for w in shut if w["last_outcome"] != "error"], [])
            if not shut:
                return ways
            self.assertLess(time.monotonic(), deadline, shut)
            time.sleep(0.2)

    def test_adversary_holds_every_kind_of_way_and_survives_restarts(self):
        adversary = story.Adversary(self.lab, self.lab.facts["by_exeunt"])
        try:
            ways = self.until_admitted(adversary)
            self.assertEqual({(w["system"], w["kind"]) for w in ways}, {
                ("directory", "account"), ("directory", "session"), ("directory", "membership"),
                ("warehouse", "account"), ("warehouse", "session"), ("warehouse", "membership"),
                ("warehouse", "secret"), ("cache", "account"), ("cache", "session"),
                ("cache", "secret"), ("broker", "account"), ("broker", "session"), ("broker", "secret"),
                ("bastion", "key"), ("bastion", "certificate"), ("bastion", "session"),
                ("provider", "account"), ("provider", "session"), ("provider", "token"),
                ("realm", "account"), ("realm", "key"), ("realm", "token")})
            self.assertEqual(len([w for w in ways if (w["system"], w["kind"]) == ("realm", "token")]), 3)
            self.assertGreaterEqual(len(ways), 20)
            for system in SYSTEMS:
                story.lab_command("restart", system, "--crash", "--dir", self.lab.root)
            time.sleep(4)                                  # what is held is noticed to have ended
            last = self.until_admitted(adversary, besides="session")
        finally:
            adversary.stop()
        self.assertTrue(any(w["last_words"].startswith("ended") for w in last))

    def _her(self):
        """A directory entry of her own, held open, and the engine's connection."""
        wallet = self.wallet("E0007")["directory"]
        engine = directory.connect(self.lab, directory.ENGINE_DN, self.secrets["ldap-exeunt"])
        root = directory.connect(self.lab, directory.ROOT_DN, self.secrets["ldap-root"])
        root.modify_s(wallet["dn"], [(ldap.MOD_REPLACE, "pwdAccountLockedTime", [])])
        root.modify_s(wallet["dn"], reset("Held-password-1"))
        return engine, directory.connect(self.lab, wallet["dn"], "Held-password-1"), wallet["dn"]

    def _binds(self, dn, password):
        try:
            directory.connect(self.lab, dn, password)
            return True
        except ldap.INVALID_CREDENTIALS:
            return False

    def test_slapd_lock_then_reset_deletes_the_lock(self):
        engine, _, dn = self._her()
        engine.modify_s(dn, LOCK)
        engine.modify_s(dn, reset("Reset-password-1"))
        self.assertTrue(self._binds(dn, "Reset-password-1"))

    def test_slapd_reset_and_lock_in_one_modify_locks_once_and_unlocks_when_repeated(self):
        engine, _, dn = self._her()
        engine.modify_s(dn, reset("Reset-password-2") + LOCK)
        self.assertFalse(self._binds(dn, "Reset-password-2"))
        engine.modify_s(dn, reset("Reset-password-2") + LOCK)
        self.assertTrue(self._binds(dn, "Reset-password-2"))
        engine.modify_s(dn, LOCK)
        self.assertFalse(self._binds(dn, "Reset-password-2"))

    def test_slapd_held_connection_survives_lock_unlocks_itself_and_stops_at_the_switch(self):
        engine, held, dn = self._her()
        engine.modify_s(dn, reset("Reset-password-3") + LOCK)
        held.passwd_s(dn, None, "Her-own-again-1")
        self.assertTrue(self._binds(dn, "Her-own-again-1"))
        engine.modify_s(directory.SWITCH_GROUP, [(ldap.MOD_ADD, "member", [dn.encode()])])
        with self.assertRaises(ldap.NO_SUCH_OBJECT):
            held.search_s(dn, ldap.SCOPE_BASE)
        with self.assertRaises(ldap.INSUFFICIENT_ACCESS):
            held.passwd_s(dn, None, "Her-own-again-2")
        engine.modify_s(directory.SWITCH_GROUP, [(ldap.MOD_DELETE, "member", [dn.encode()])])

    def test_postgres_creator_of_roles_lets_herself_in_again(self):
        wallet = self.wallet(self.lab.facts["other_leavers"][1])["warehouse"]
        held = warehouse.connect(self.lab, wallet["role"], wallet["password"]).cursor()
        name = warehouse.sql.Identifier(wallet["role"])
        engine = warehouse.connect(self.lab, warehouse.ENGINE, self.secrets["pg-exeunt"]).cursor()
        engine.execute(warehouse.sql.SQL("ALTER ROLE {} NOLOGIN").format(name))
        self.assertIn("not permitted to log in", self._gate(wallet["role"]))
        held.execute(warehouse.sql.SQL("ALTER ROLE {} LOGIN").format(name))
        self.assertIn("exeunt_login_gate", self._gate(wallet["role"]))
        engine.execute(warehouse.sql.SQL("ALTER ROLE {} NOLOGIN NOCREATEROLE").format(name))
        with self.assertRaises(psycopg2.errors.InsufficientPrivilege):
            held.execute(warehouse.sql.SQL("ALTER ROLE {} LOGIN").format(name))
        engine.execute(warehouse.sql.SQL("ALTER ROLE {} LOGIN CREATEROLE").format(name))

    def _gate(self, role):
        try:
            warehouse.connect(self.lab, role, "", warehouse.GATE_DATABASE)
        except psycopg2.OperationalError as answer:
            return str(answer)
        self.fail("the gate let somebody in")

    def _tickets(self, leaver, *options):
        """A new ticket-granting ticket of a leaver's, in a cache file; her wallet."""
        wallet = self.wallet(self.lab.facts["other_leavers"][leaver])["realm"]
        file = self.lab.judge / "tickets"
        outcome, words = adversary_realm.ask(["kinit", "-c", f"FILE:{file}", *options, wallet["principal"]], wallet["config"],
                                             wallet["password"] + "\n")
        self.assertEqual(outcome, "admitted", words)
        return file, wallet

    def _ask_with(self, data, wallet):
        file = self.lab.judge / "asked"
        file.write_bytes(data)
        return adversary_realm.ask(["kvno", "-c", f"FILE:{file}", wallet["not_asked_yet"]], wallet["config"])

    def test_kerberos_tickets_in_hand_go_on_behind_the_lock_and_so_does_a_new_password(self):
        file, wallet = self._tickets(3, "-S", "kadmin/admin")
        for_kadmin = self.lab.judge / "tickets-kadmin"
        file.replace(for_kadmin)
        file, _ = self._tickets(3)
        for query in (("cpw", "-randkey"), ("modprinc", "-allow_tix")):
            realm.administer(self.lab, *query, wallet["principal"])
        outcome, words = adversary_realm.ask(["kinit", "-k", "-t", wallet["keytab"], "-c", f"FILE:{file}-new", wallet["principal"]],
                                             wallet["config"])
        self.assertEqual(outcome, "refused", words)
        self.assertEqual(self._ask_with(file.read_bytes(), wallet)[0], "admitted")
        before = realm.snapshot(self.lab)[wallet["principal"]]
        outcome, words = adversary_realm.ask(["kadmin", "-c", f"FILE:{for_kadmin}", "-p", wallet["principal"], "cpw", wallet["principal"]],
                                             wallet["config"], "Her-own-again-3\n" * 2)
        self.assertEqual(outcome, "admitted", words)
        self.assertNotEqual(realm.snapshot(self.lab)[wallet["principal"]], before)
        outcome, words = adversary_realm.ask(["kinit", "-c", f"FILE:{file}-new", wallet["principal"]], wallet["config"], "Her-own-again-3\n")
        self.assertEqual(outcome, "refused", words)

    def test_kerberos_past_a_tickets_end_it_is_the_kdc_that_refuses_and_not_her_own_library(self):
        file, wallet = self._tickets(2, "-l", "1s")
        log = self.lab.realm / "kdc.log"
        hers = adversary_tickets.Cache(file.read_bytes()).with_only(f"krbtgt/{realm.REALM}")
        self.assertEqual(self._ask_with(hers, wallet)[0], "admitted")     # taken SKEW_S past its end
        time.sleep(realm.SKEW_S + 3)
        lines = len(log.read_text().splitlines())
        self.assertEqual(self._ask_with(file.read_bytes(), wallet)[0], "refused")
        self.assertEqual(len(log.read_text().splitlines()), lines)        # her library did not ask
        outcome, words = self._ask_with(hers, wallet)
        self.assertEqual((outcome, "Ticket expired" in words), ("refused", True), words)
        self.assertIn("Ticket expired", "".join(log.read_text().splitlines()[lines:]))

    def test_snapshot_is_the_same_when_nothing_changed(self):
        files = [self.lab.judge / f"{n}.json" for n in "ab"]
        for file in files:
            story.lab_command("snapshot", "--dir", self.labs[1].root, "-o", file)
        self.assertEqual(*(f.read_text() for f in files))


if __name__ == "__main__":
    unittest.main()
