"""What was used since the departure was seen, with the real binary and simulated systems: told once, on the right side of the cut, and never in silence."""
import json
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simulated_company import SUBJECT, SYSTEMS, Company, seconds, wait_for  # noqa: E402

OFFSET = 90_000


class Case(unittest.TestCase):
    every, settle_ms = 3, 20

    def setUp(self):
        self.company = Company(settle_ms=self.settle_ms)
        self.addCleanup(self.company.close)
        self.company.init()
        self.company.write_policy(f"watch: {{every: {self.every}s, for: 1d}}\n")

    def account(self, system):
        accounts = self.company.outside()[system]["accounts"]
        return {"warehouse": "16400", "bastion": "2001"}.get(system) or next(i for i, a in accounts.items() if a["hr_id"] == SUBJECT)

    def sign_in(self, system, account=None, **more):
        self.company.ask(system, op="person", act="sign_in", account=account or self.account(system), **more)

    def ended_case(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        self.assertIn(self.company.record(case)["state"], ("closed", "waiting_person"))
        return case

    def look(self):
        time.sleep(self.every + 0.2)
        code, out, error = self.company.exeunt("watch", "--once")
        return code, out + error

    def used(self, case):
        return self.company.record(case)["used"]

    def source(self, case, system):
        return next(s for s in self.used(case)["sources"] if s["system"] == system)

    def gaps(self, case, system):
        return [g["words"] for g in self.company.record(case)["gaps"] if g["system"] == system]


class SignIns(Case):
    def test_nobody_signed_in_and_every_source_says_that_it_told_all(self):
        case = self.ended_case()
        used = self.used(case)
        self.assertEqual([used[m] for m in ("before_cut", "after_cut", "undecided")], [[], [], []], "a witness is no sign-in of hers")
        self.assertEqual([(s["system"], s["completeness"]) for s in used["sources"]], [(s, "full") for s in sorted(SYSTEMS)])

    def test_what_was_used_before_the_cut_is_told_with_where_from_and_changes_nothing(self):
        case, _ = self.company.planned_and_approved()
        self.sign_in("warehouse", words="scram", **{"from": "192.0.2.7"})
        self.sign_in("bastion", kind="key", id=next(i.split("/")[1] for i in self.company.outside()["bastion"]["items"] if i.startswith("key/2001:")))
        self.sign_in("warehouse", account="16500")  # a shared role: nobody could tell who it was
        self.sign_in("warehouse", account="16401")  # somebody else's
        self.sign_in("directory", ago_ms=3_600_000)  # long before the departure was seen
        self.company.must("run", case)
        used = self.used(case)
        self.assertEqual(sorted((u["system"], u["kind"], u["from"], u["words"]) for u in used["before_cut"]),
                         [("bastion", "key", "10.0.0.7", "password"), ("warehouse", "account", "192.0.2.7", "scram")])
        self.assertEqual(used["after_cut"] + used["undecided"], [])
        self.assertIn(self.company.record(case)["state"], ("closed", "waiting_person"))
        code, out, _ = self.company.exeunt("status", case)
        self.assertIn("2 sign-ins since the departure was seen, 0 after the cut", out)
        self.look()
        self.assertEqual(self.used(case), used, "read again they are the same two")

    def test_a_success_after_the_cut_reopens_the_case_once(self):
        case = self.ended_case()
        self.sign_in("warehouse")
        code, said = self.look()
        self.assertIn("REOPENED", said)
        self.assertEqual(code, 0, said)
        record = self.company.record(case)
        self.assertEqual([(u["system"], u["way_in"]) for u in record["used"]["after_cut"]], [("warehouse", "warehouse/account/16400")])
        path = next(p for p in record["paths"] if (p["system"], p["kind"], p["id"]) == ("warehouse", "account", "16400"))
        self.assertEqual((path["state"], path["grade"]), ("ended", "refused"))
        self.assertGreater(path["ended_since"]["first_refused"], record["used"]["after_cut"][0]["at"], "shown ended anew, after it was used")
        self.assertIn(record["state"], ("closed", "waiting_person"))
        states = [e["leaf"]["state"] for e in record["entries"] if e["leaf"]["kind"] == "used" and "state" in e["leaf"]]
        self.assertEqual(states, ["live"])
        entries = len(record["entries"])
        code, said = self.look()
        self.assertNotIn("REOPENED", said)
        self.assertEqual(len(self.company.record(case)["entries"]), entries, "the same line read again is no entry")

    def test_two_in_one_instant_are_two(self):
        case, _ = self.company.planned_and_approved()
        self.sign_in("warehouse")
        state = self.company.systems_folder / "warehouse.state.json"
        at = json.loads(state.read_text())["sign_ins"][-1]["at"]
        for _ in range(200):  # until the clock was read twice in one millisecond
            self.sign_in("warehouse")
        self.company.must("run", case)
        told = [u["at"] for u in self.used(case)["before_cut"]]
        self.assertEqual(len(told), 201)
        self.assertAlmostEqual(seconds(min(told)) * 1000, at, delta=1)

    def test_a_clock_that_is_wrong_puts_nothing_on_the_wrong_side(self):
        for offset in (OFFSET, -OFFSET):
            with self.subTest(offset=offset):
                self.company.reset()
                self.company.faults("warehouse", clock_ms=offset)
                case, _ = self.company.planned_and_approved()
                self.sign_in("warehouse")
                self.company.must("run", case)
                used = self.used(case)
                self.assertEqual([len(used[m]) for m in ("before_cut", "after_cut", "undecided")], [1, 0, 0])
                self.assertAlmostEqual(used["before_cut"][0]["clock_offset_ms"], offset, delta=500)
                self.sign_in("warehouse")
                code, said = self.look()
                self.assertIn("REOPENED", said)
                self.assertEqual([len(self.used(case)[m]) for m in ("before_cut", "after_cut", "undecided")], [1, 1, 0])
                self.company.must("cancel", case, "--reason", "next", codes=(0, 4, 5))

    def test_where_the_clocks_do_not_tell_the_way_in_is_tried_at_once_and_nothing_is_claimed(self):
        case = self.ended_case()
        self.sign_in("warehouse")
        self.company.faults("warehouse", clock_ms=OFFSET)  # set meanwhile: what was written before has another offset
        code, said = self.look()
        self.assertNotIn("REOPENED", said)
        record = self.company.record(case)
        self.assertEqual([len(record["used"][m]) for m in ("before_cut", "after_cut", "undecided")], [0, 0, 1])
        leaves = [e["leaf"] for e in record["entries"]]
        at = next(i for i, leaf in enumerate(leaves) if leaf["kind"] == "used")
        self.assertEqual((leaves[at + 1]["kind"], leaves[at + 1]["target"], leaves[at + 1]["answer"]), ("probed", leaves[at]["target"], "refused"))
        self.company.faults("warehouse", clock_ms=0)
        self.look()
        self.assertEqual(self.used(case)["undecided"], record["used"]["undecided"])

    def test_the_same_and_the_way_in_is_open(self):
        case = self.ended_case()
        self.sign_in("warehouse")
        self.company.ask("warehouse", op="person", act="enable", account="16400")
        self.company.faults("warehouse", clock_ms=OFFSET)
        _, said = self.look()
        self.assertIn("REOPENED", said)

    def test_a_log_that_begins_too_late_is_partial_and_a_gap(self):
        case, _ = self.company.planned_and_approved()
        for _ in range(3):
            self.sign_in("warehouse")
        self.company.faults("warehouse", sign_ins="cut")
        self.company.must("run", case)
        self.assertEqual(self.source(case, "warehouse"), {"system": "warehouse", "completeness": "partial",
                                                          "reason": "the log begins later than the departure"})
        self.assertEqual(len(self.used(case)["before_cut"]), 1)
        self.assertIn("successful sign-ins are not all seen: the log begins later than the departure", self.gaps(case, "warehouse"))

    def test_a_source_that_cannot_be_read_is_no_empty_one_and_holds_nothing_up(self):
        for fault, reason in (("unreadable", "Permission denied"), ("fails", "the log is not for us")):
            with self.subTest(fault):
                self.company.reset()
                case, _ = self.company.planned_and_approved()
                self.sign_in("warehouse")
                self.company.faults("warehouse", sign_ins=fault)
                self.company.must("run", case)
                self.assertEqual(self.used(case)["before_cut"], [])
                self.assertEqual(self.source(case, "warehouse")["completeness"], "none")
                self.assertIn(reason, self.source(case, "warehouse")["reason"])
                self.assertTrue(any(reason in words for words in self.gaps(case, "warehouse")))
                self.assertIn("not all of warehouse", self.company.exeunt("status", case)[1])
                # Readable again: what it held is told, on its side of the cut.
                self.company.faults("warehouse", sign_ins="")
                self.look()
                self.assertEqual(len(self.used(case)["before_cut"]), 1)
                self.assertEqual(self.source(case, "warehouse")["completeness"], "full")
                self.company.must("cancel", case, "--reason", "next", codes=(0, 4, 5))

    def test_hostile_lines_come_out_escaped(self):
        case, _ = self.company.planned_and_approved()
        hostile = "\x1b[2J\u202egnp.exe\x00\n" + "x" * 5_000
        self.sign_in("warehouse", words=hostile, **{"from": hostile})
        self.company.must("run", case)
        use = self.used(case)["before_cut"][0]
        for text in (use["words"], use["from"], self.company.exeunt("status", case)[1], json.dumps(self.company.record(case)["timeline"])):
            self.assertNotRegex(text.replace("\n", ""), "[\x00-\x1f\u202e]")
        self.assertLessEqual(len(use["words"]), 250)

    def test_a_silent_no_op_reads_refused_by_none_of_it(self):
        case, _ = self.company.planned_and_approved()
        self.sign_in("warehouse")
        self.company.faults("warehouse", silent_noop=True)
        code, _, _ = self.company.exeunt("run", case, timeout=300)
        self.assertEqual(code, 3)
        self.sign_in("warehouse")
        self.company.exeunt("run", case, timeout=300)
        record = self.company.record(case)
        hers = [p for p in record["paths"] if p["system"] == "warehouse" and p["required"]]
        self.assertEqual([p for p in hers if p["state"] == "ended" and p["grade"] in ("refused", "witnessed")], [])
        self.assertEqual([len(record["used"][m]) for m in ("before_cut", "after_cut", "undecided")], [2, 0, 0], "a way in that is not ended has no cut")

    def test_a_key_that_nobody_knew_counts_for_the_account_that_it_opened(self):
        case = self.ended_case()
        self.sign_in("bastion", kind="key", id="2001:SHA256:" + "z" * 43)
        _, said = self.look()
        self.assertIn("REOPENED", said)
        use = self.used(case)["after_cut"][0]
        self.assertEqual((use["way_in"], use["used"]), ("bastion/account/2001", "bastion/key/2001:SHA256:" + "z" * 43))


class WhileTheRunSettles(Case):
    settle_ms = 8_000

    def test_what_was_used_is_ended_again_by_the_same_run(self):
        case, _ = self.company.planned_and_approved()
        run = subprocess.Popen(self.company.argv("run", case), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        # The system is asked, not the case: whoever reads the store may keep the run from opening it.
        self.assertTrue(wait_for(lambda: not self.company.state("warehouse")["accounts"]["16400"]["enabled"], 60))
        time.sleep(3)  # it is tried, and within its settle window
        self.sign_in("warehouse")
        self.assertEqual(run.wait(120), 0)
        record = self.company.record(case)
        self.assertEqual([len(record["used"][m]) for m in ("before_cut", "after_cut", "undecided")], [0, 1, 0])
        path = next(p for p in record["paths"] if (p["system"], p["kind"], p["id"]) == ("warehouse", "account", "16400"))
        self.assertEqual(path["state"], "ended")
        self.assertGreater(path["ended_since"]["first_refused"], record["used"]["after_cut"][0]["at"])


if __name__ == "__main__":
    unittest.main()
