"""Giving back with the real binary: what comes back and what cannot, who may approve it, what others changed since, and old ways that revive."""
import hashlib
import json
import stat
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import jsonschema  # noqa: E402
from simulated_company import HEIR, OPERATOR, ROOT, SUBJECT, Company, intents_without_outcome  # noqa: E402

WAREHOUSE, BASTION = "16400", "2001"  # her accounts there


def schema(name):
    return json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text())


class Case(unittest.TestCase):
    more = ""

    def setUp(self):
        self.company = Company()
        self.addCleanup(self.company.close)
        self.company.init()
        self.company.write_policy(self.more)
        # Without the desk a case has no tasks and closes by itself.
        text = (self.company.home / "exeunt.yaml").read_text()
        self.company.write("exeunt.yaml", "".join(line for line in text.splitlines(True) if "kind: attest" not in line))
        self.directory = next(i for i, a in self.company.state("directory")["accounts"].items() if a["hr_id"] == SUBJECT)

    def closed(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        self.assertEqual(self.company.record(case)["state"], "closed")
        return case

    def planned(self, case, *more):
        out = json.loads(self.company.must("restore", case, "--json", *more))
        jsonschema.validate(out, schema("restore"))
        return out

    def approved(self, case, *more):
        planned = self.planned(case, *more)
        if not planned["approved"]:
            self.company.approve(planned["digest"])
        return planned

    def run_it(self, case, code=0):
        got, out, error = self.company.exeunt("restore", case, "--run", "--json")
        self.assertEqual(got, code, out + error)
        run = json.loads(out)
        jsonschema.validate(run, schema("run"))
        return run

    def refused(self, code, words, *arguments):
        got, out, error = self.company.exeunt(*arguments)
        self.assertEqual(got, code, out + error)
        self.assertIn(words, error)
        self.assertIn("next:", error)

    def account(self, system, ident):
        return self.company.state(system)["accounts"][ident]

    def usable(self, system, ident):
        account = self.account(system, ident)
        return account["enabled"] and not account["locked"]

    def open_accounts(self):
        return [s for s, i in (("directory", self.directory), ("warehouse", WAREHOUSE), ("bastion", BASTION)) if self.usable(s, i)]

    def path(self, case, system, kind, ident):
        return next(p for p in self.company.record(case)["paths"] if (p["system"], p["kind"], p["id"]) == (system, kind, ident))

    def memberships(self):
        return sorted(k for s, i in (("directory", self.directory), ("warehouse", WAREHOUSE)) for k, item in self.company.state(s)["items"].items()
                      if item["kind"] == "membership" and item["account"] == i)

    def person(self, system, act, **more):
        self.company.ask(system, op="person", act=act, **more)


class GoodWay(Case):
    def test_what_was_taken_comes_back_by_new_credentials_only(self):
        before, passwords = self.memberships(), {s: self.account(s, i)["password"] for s, i in (("directory", self.directory), ("warehouse", WAREHOUSE))}
        others = self.company.outside()
        case = self.closed()
        self.assertEqual((self.open_accounts(), self.memberships()), ([], []))
        effects = {s: self.company.effects(s) for s in self.company.sockets}
        planned = self.planned(case)
        self.assertEqual({s: self.company.effects(s) for s in self.company.sockets}, effects, "a plan changes nothing")
        self.assertEqual(planned["hand_to"], "E1006")
        self.assertFalse(planned["approved"])
        order = [(s["system"], s["action"]) for s in planned["comes_back"]]
        self.assertEqual(order[-1], ("directory", "restore_account"), "the identity last")
        rights = [i for i, (_, action) in enumerate(order) if action != "restore_account"]
        self.assertEqual(rights, list(range(len(rights))), "rights first")
        never = " ".join(planned["cannot_come_back"])
        for words in ("end every session", "revoke every key", "rotate the shared secret", "replaced", "certificates stay revoked"):
            self.assertIn(words, never)
        self.assertTrue(any("/session/" in way for way in planned["old_ways"]))
        self.assertEqual(self.planned(case)["digest"], planned["digest"], "asked again, the same bytes")
        shown = self.company.must("restore", case)
        for words in ("Comes back", "Cannot come back", "exeunt approval show"):
            self.assertIn(words, shown)
        _, document, words = self.company.exeunt("approval", "show", planned["digest"])
        self.assertIn("Cannot come back", words, "the approver reads it before signing")
        self.assertEqual(json.loads(document)["plan"], planned["digest"])
        self.company.approve(planned["digest"])
        run = self.run_it(case)
        self.assertEqual((run["state"], run["exit"]), ("restored", 0))
        self.assertEqual(self.memberships(), before)
        self.assertEqual(self.open_accounts(), ["directory", "warehouse", "bastion"])
        after = self.company.outside()
        for system, state in others.items():
            for ident, account in state["accounts"].items():
                if account["hr_id"] not in ("", SUBJECT):
                    self.assertEqual(after[system]["accounts"][ident], account, "somebody else's is as it was")
        record = self.company.record(case)
        jsonschema.validate(record, schema("record"))
        states = {(p["system"], p["kind"], p["id"]): p["state"] for p in record["paths"] if p["required"]}
        self.assertEqual(states.pop(("directory", "account", self.directory)), "restored")
        self.assertEqual({s for (_, kind, _), s in states.items() if kind in ("session", "key", "certificate", "secret")}, {"ended"})
        self.assertEqual(intents_without_outcome(record), {})
        self.assertEqual(json.loads(self.company.must("doctor", "--json"))["findings"], [])
        self.hand_over(case, passwords)
        self.refused(5, "given back already", "restore", case)
        # Whoever ends it again begins a new case.
        self.company.must("plan", SUBJECT)

    def hand_over(self, case, old):
        file = self.company.folder / "handed.txt"
        self.company.must("restore", case, "--hand-over", file)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        rows = [line.split("\t") for line in file.read_text().splitlines()]
        self.assertEqual(sorted(r[0] for r in rows)[:1], ["bastion"])
        for system, ident in (("directory", self.directory), ("warehouse", WAREHOUSE)):
            value = next(r[3] for r in rows if r[0] == system and r[1] == ident)
            self.assertEqual(self.account(system, ident)["password"], hashlib.sha256(value.encode()).hexdigest())
            self.assertNotEqual(self.account(system, ident)["password"], old[system], "never the old one")
        # What was handed over is nowhere in what Exeunt keeps or shows.
        kept = b"".join(f.read_bytes() for f in self.company.home.rglob("*") if f.is_file()) + json.dumps(self.company.record(case)).encode()
        for row in rows:
            self.assertNotIn(row[3].encode(), kept)
        self.refused(5, "exists", "restore", case, "--hand-over", file)
        self.refused(5, "no new password", "restore", case, "--hand-over", self.company.folder / "again.txt")

    def test_the_before_image_holds_no_secret(self):
        passwords = [a["password"] for s in self.company.sockets for a in self.company.state(s)["accounts"].values() if a["password"]]
        case = self.closed()
        intents = [e["payload"]["details"] for e in self.company.record(case)["entries"] if e["leaf"]["kind"] == "step_intended"]
        images = [d["before"] for d in intents if "before" in d]
        self.assertTrue(any(images))
        for secret in passwords:
            self.assertNotIn(secret, json.dumps(images))


class Refusals(Case):
    def test_a_case_that_is_not_over(self):
        case, _ = self.company.plan()
        self.refused(5, "waiting_approval", "restore", case)
        self.company.must("cancel", case, "--reason", "next")
        self.refused(5, "no plan of this case is approved", "restore", case)
        case, _ = self.company.planned_and_approved()
        self.company.faults("warehouse", down=True)
        self.company.exeunt("run", case)
        self.assertEqual(self.company.record(case)["state"], "running")
        self.refused(5, "is running", "restore", case)
        self.refused(5, "is running", "restore", case, "--run")

    def test_a_case_that_drains_or_is_halted(self):
        case, _ = self.company.planned_and_approved()
        self.company.faults("warehouse", drain_ms=3_600_000)
        self.company.exeunt("run", case)
        self.assertEqual(self.company.record(case)["state"], "waiting_draining")
        self.refused(5, "waiting_draining", "restore", case)
        self.company.must("cancel", case, "--reason", "a mistake")
        self.refused(5, "drains until", "restore", case)

    def test_halted(self):
        case = self.closed()
        self.approved(case)
        self.company.must("halt", "--reason", "stop")
        self.refused(5, "halted", "restore", case, "--run")
        self.assertEqual(self.open_accounts(), [])

    def test_who_may_approve_it(self):
        case = self.closed()
        planned = self.planned(case)
        self.refused(5, "no restore of this case is approved", "restore", case, "--run")
        document = self.company.document(planned["digest"])
        for signer, words in (("E1099", "not by a key"), (SUBJECT, "the subject"), (OPERATOR, "the operator"), (HEIR, "an heir")):
            with self.subTest(signer=signer):
                self.refused(5, words, "approve", planned["digest"], "--signature", self.company.sign(document, signer))
        self.refused(5, "not over this document", "approve", planned["digest"], "--signature", self.company.sign(document + " "))
        signature = self.company.sign(document)
        self.company.must("approve", planned["digest"], "--signature", signature)
        self.refused(5, "already approved", "approve", planned["digest"], "--signature", signature)
        # Another reason is another plan: the approval of the first is void.
        other = self.planned(case, "--reason", "another reason")
        self.assertNotEqual(other["digest"], planned["digest"])
        self.refused(5, "no restore of this case is approved", "restore", case, "--run")
        self.refused(5, "not over this document", "approve", other["digest"], "--signature", signature)
        self.assertEqual(self.open_accounts(), [])

    def test_the_subject_gives_herself_nothing_back(self):
        case = self.closed()
        text = (self.company.home / "exeunt.yaml").read_text()
        self.company.write("exeunt.yaml", text.replace(f": {OPERATOR}", f": {SUBJECT}"))
        self.refused(5, "their own access", "restore", case)
        self.refused(5, "their own access", "restore", case, "--run")
        self.refused(5, "their own access", "restore", case, "--hand-over", self.company.folder / "x.txt")

    def test_beside_another_case_of_the_same_person(self):
        case = self.closed()
        self.approved(case)
        self.company.plan()
        self.refused(5, "also has case", "restore", case)
        self.refused(5, "also has case", "restore", case, "--run")

    def test_passwords_are_not_handed_over_before_it_is_restored(self):
        case = self.closed()
        self.approved(case)
        self.refused(5, "not handed over yet", "restore", case, "--hand-over", self.company.folder / "x.txt")
        self.refused(2, "in the people list", "restore", case, "--hand-to", "E4711")


class Expired(Case):
    more = "approval_valid: 1h\n"

    def test_an_approval_that_expired(self):
        case = self.closed()
        first = self.approved(case)
        shim = self.company.folder / "clock_shim.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", shim, ROOT / "tests" / "crash" / "clock_shim.c", "-ldl"], check=True)
        later = {"LD_PRELOAD": str(shim), "CLOCK_SHIFT": "3700"}
        code, _, error = self.company.exeunt("restore", case, "--run", environment=later)
        self.assertEqual(code, 5, error)
        self.assertIn("expired", error)
        again = json.loads(self.company.must("restore", case, "--json", environment=later))
        self.assertNotEqual(again["digest"], first["digest"], "a new plan, to be approved anew")
        self.assertFalse(again["approved"])
        self.assertEqual(self.open_accounts(), [])


class ChangedSince(Case):
    def test_what_another_hand_gave_is_said_and_left_alone(self):
        case = self.closed()
        self.approved(case)
        self.person("warehouse", "give_membership", id=f"{WAREHOUSE}:16600", account=WAREHOUSE, label="by another hand")
        run = self.run_it(case, 3)
        self.assertIn("another hand", " ".join(run["words"]))
        self.assertEqual(self.company.state("warehouse")["items"][f"membership/{WAREHOUSE}:16600"]["label"], "by another hand")
        self.assertEqual(run["state"], "restored")

    def test_an_account_that_is_open_already_keeps_its_password(self):
        case = self.closed()
        self.approved(case)
        self.person("directory", "enable", account=self.directory)
        password = self.account("directory", self.directory)["password"]
        run = self.run_it(case, 3)
        self.assertIn("another hand", " ".join(run["words"]))
        self.assertEqual(self.account("directory", self.directory)["password"], password)
        self.assertEqual(self.path(case, "directory", "account", self.directory)["state"], "live", "let in by nobody of this case")

    def test_a_group_that_was_deleted_since(self):
        before = self.memberships()
        case = self.closed()
        self.approved(case)
        lost = next(m for m in before if m.endswith(":16600")).removeprefix("membership/")
        self.person("warehouse", "delete_group", membership=lost)
        run = self.run_it(case)
        self.assertIn("deleted since", " ".join(run["words"]))
        self.assertEqual(run["state"], "restored")
        self.assertEqual(self.memberships(), [m for m in before if not m.endswith(lost)])
        self.assertEqual(self.path(case, "warehouse", "membership", lost)["state"], "ended")

    def test_what_came_to_be_after_the_cut_does_not_come_back(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        planned = self.planned(case)
        given = [n["native_id"] for s in planned["comes_back"] for n in s["gives"]]
        self.assertNotIn(f"{WAREHOUSE}:99999", given)
        self.assertIn(f"{WAREHOUSE}:16600", given)


class OnlyWhatTheCaseRemoved(Case):
    def test_what_was_shut_before_stays_shut(self):
        self.company.ask("directory", op="apply", action="disable_account", target={"kind": "account", "id": self.directory}, new_secret=None)
        case = self.closed_at_read_back()
        planned = self.approved(case)
        self.assertNotIn(("directory", "restore_account"), [(s["system"], s["action"]) for s in planned["comes_back"]])
        self.run_it(case)
        self.assertFalse(self.usable("directory", self.directory))
        self.assertTrue(self.usable("warehouse", WAREHOUSE))

    def closed_at_read_back(self):
        case, _ = self.company.planned_and_approved()
        self.company.exeunt("run", case)
        if self.company.record(case)["state"] != "closed":
            self.company.must("cancel", case, "--reason", "a mistake")
        return case

    def test_a_cancelled_case_gives_back_what_had_an_effect(self):
        case, _ = self.company.planned_and_approved()
        self.company.faults("bastion", down=True)
        self.company.exeunt("run", case)
        self.company.must("cancel", case, "--reason", "a mistake")
        self.company.faults("bastion", down=False)
        planned = self.approved(case)
        self.assertEqual({s["system"] for s in planned["comes_back"]}, {"directory", "warehouse"})
        got, out, error = self.company.exeunt("restore", case, "--run", "--json")
        self.assertEqual(json.loads(out)["state"], "restored", out + error)
        self.assertTrue(self.usable("directory", self.directory))

    def test_without_a_before_image_nothing_is_held_back_and_nothing_comes_back(self):
        self.company.faults("warehouse", no_before=True)
        case = self.closed()
        self.company.faults("warehouse", no_before=False)
        planned = self.planned(case)
        self.assertNotIn("warehouse", {s["system"] for s in planned["comes_back"]})
        self.assertIn("was not kept", " ".join(planned["cannot_come_back"]))


class Faults(Case):
    def test_a_silent_no_op_is_not_restored(self):
        case = self.closed()
        self.approved(case)
        self.company.faults("warehouse", silent_noop="restore_account")
        run = self.run_it(case, 4)
        self.assertEqual(run["state"], "restoring")
        self.assertIn("not there", " ".join(run["words"]))
        self.assertFalse(self.usable("directory", self.directory), "what follows waits")
        self.refused(5, "being restored", "run", case)
        self.company.faults("warehouse", silent_noop=False)
        self.assertEqual(self.run_it(case)["state"], "restored")

    def test_lost_answers(self):
        before = self.memberships()
        case = self.closed()
        self.approved(case)
        for system in self.company.sockets:
            self.company.faults(system, answer_lost_after=1)
        self.company.faults("directory", answer_lost_before=1)
        run = self.run_it(case)
        self.assertEqual(run["state"], "restored")
        self.assertEqual(self.memberships(), before)
        self.assertEqual(intents_without_outcome(self.company.record(case)), {})

    def test_a_system_that_is_down(self):
        case = self.closed()
        self.approved(case)
        self.company.faults("directory", down=True)
        got, out, _ = self.company.exeunt("restore", case, "--run", "--json")
        self.assertIn(got, (4, 6))
        self.assertFalse(self.usable("warehouse", WAREHOUSE), "old ways that cannot be tried hold everything")
        self.company.faults("directory", down=False)
        self.assertEqual(self.run_it(case)["state"], "restored")


class Revivals(Case):
    def test_an_old_password_that_revives_shuts_the_account_again(self):
        case = self.closed()
        self.approved(case)
        self.company.faults("warehouse", revives="password")
        run = self.run_it(case, 3)
        self.assertEqual(run["state"], "restoring")
        self.assertIn("shut again", " ".join(run["words"]))
        self.assertEqual(self.open_accounts(), [], "nothing that was opened stays open, nothing further is given")
        self.assertEqual(self.path(case, "warehouse", "account", WAREHOUSE)["state"], "ended")
        self.company.faults("warehouse", revives="")
        self.assertEqual(self.run_it(case)["state"], "restored")

    def test_an_old_session_that_revives_shuts_the_account_again(self):
        case = self.closed()
        self.approved(case)
        self.company.faults("directory", revives="session")
        run = self.run_it(case, 3)
        self.assertIn("an old way in is let in again", " ".join(run["words"]))
        self.assertEqual(self.open_accounts(), [])
        self.assertEqual(run["state"], "restoring")
        # It is still there: nothing is given at the next try either.
        run = self.run_it(case, 3)
        self.assertEqual(self.open_accounts(), [])

    def test_an_old_way_that_is_open_before_anything_is_given(self):
        session = next(i for i, item in self.company.state("directory")["items"].items() if item["kind"] == "session" and item["account"] == self.directory)
        case = self.closed()
        self.approved(case)
        self.person("directory", "open_session", id=session.removeprefix("session/"), account=self.directory)
        run = self.run_it(case, 3)
        self.assertEqual((run["state"], self.open_accounts(), self.memberships()), ("reopened", [], []))
        self.assertIn("nothing was given back", " ".join(run["words"]))
        # The departure goes on, and then it can be given back.
        self.company.must("run", case)
        self.approved(case)
        self.assertEqual(self.run_it(case)["state"], "restored")


if __name__ == "__main__":
    unittest.main()
