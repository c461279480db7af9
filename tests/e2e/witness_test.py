"""Witnesses on simulated systems, with the real binary: what they show, and every way in which they show nothing."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "lab"))
import judge  # noqa: E402
from simulated_company import Company, graded, intents_without_outcome  # noqa: E402


class Witnesses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.company = Company()
        cls.addClassCleanup(cls.company.close)
        cls.company.init()

    def run_with(self, **faults):
        """(exit code, record) of a run whose warehouse has these faults."""
        self.company.reset()
        case, digest = self.company.plan()
        self.company.approve(digest)
        self.company.faults("warehouse", **faults)
        code, _, _ = self.company.exeunt("run", case, timeout=300)
        record = self.company.record(case)
        self.company.must("cancel", case, "--reason", "next test")
        return code, record

    def hers(self, record):
        return [p for p in record["paths"] if (p["system"], p["kind"]) == ("warehouse", "session") and not p["ours"]]

    def ours(self, record):
        return [p for p in record["paths"] if p["ours"]]

    def gap_words(self, record):
        return [g["words"] for g in record["gaps"] if g["system"] == "warehouse" and "of ours was held" in g["words"]]

    def test_her_sessions_end_witnessed_and_ours_with_them(self):
        code, record = self.run_with()
        self.assertEqual(code, 0)
        of_her_account = [p for p in self.hers(record) if "report job" not in p["label"]]
        self.assertTrue(of_her_account)
        self.assertEqual({(p["state"], p["grade"], p["means"], p["control"]) for p in of_her_account},
                         {("ended", "witnessed", "witness", "held")})
        self.assertEqual({(p["state"], p["grade"]) for p in self.ours(record)}, {("ended", "witnessed")})
        self.assertEqual(judge.judge_ours(record), [])
        self.assertEqual(intents_without_outcome(record), {})

    def test_a_witness_is_written_before_it_exists_and_used_before_the_sessions_end(self):
        _, record = self.run_with()
        leaves = [e["leaf"] for e in record["entries"]]
        opened = [leaf for leaf in leaves if leaf["kind"] == "path_found" and leaf.get("means") == "witness"]
        self.assertTrue(opened)
        for leaf in opened:
            intents = [i for i in leaves if i["kind"] == "witness_intended" and i["system"] == leaf["system"] and i["case_seq"] < leaf["case_seq"]]
            self.assertTrue(intents)
            uses = [u for u in leaves if u["kind"] == "probed" and u["target"] == leaf["target"]]
            self.assertEqual((uses[0]["moment"], uses[0]["answer"], uses[0]["control"]), ("before", "admitted", "held"))
        steps = {s["id"]: s for s in self.plan_steps()}
        self.assertTrue(all(steps[leaf["step"]].get("witnesses") == ["session"] for leaf in leaves if leaf["kind"] == "witness_intended"))

    def plan_steps(self):
        plan = json.loads(self.company.must("plan", "E1001", "--json"))
        self.company.must("cancel", plan["case"], "--reason", "only looked at")
        return plan["steps"]

    def test_a_silent_no_op_never_reads_witnessed_and_the_witness_is_an_incident(self):
        for noop in (True, "end_sessions"):
            with self.subTest(silent_noop=noop):
                code, record = self.run_with(silent_noop=noop)
                self.assertEqual(code, 3)
                self.assertEqual(graded(record, "witnessed"), [])
                self.assertTrue(all(p["state"] in ("live", "unknown") for p in self.hers(record) if "report job" not in p["label"]))
                self.assertTrue(self.ours(record))
                self.assertTrue(all(p["state"] == "live" for p in self.ours(record)))
                self.assertTrue(judge.judge_ours(record))

    def test_a_silent_no_op_seen_with_wrong_credentials_reads_neither_refused_nor_witnessed(self):
        for noop in (True, "end_sessions"):
            with self.subTest(silent_noop=noop):
                code, record = self.run_with(silent_noop=noop, prober_broken=True)
                self.assertNotEqual(code, 0)
                self.assertTrue(self.hers(record))
                told = [p for p in record["paths"] if p["system"] == "warehouse" and p["grade"] in ("refused", "witnessed")]
                self.assertEqual(told, [])

    def test_what_shows_nothing_falls_back_to_the_listing(self):
        for faults, gap in (({"refuse_witness": True}, "the login was refused"), ({"witness_lost": 5}, "answer"),
                            ({"witness_dies": "at_once"}, None), ({"witness_dies": "at_lock"}, None), ({"control_witness": False}, None)):
            with self.subTest(**faults):
                code, record = self.run_with(**faults)
                self.assertEqual(code, 0)
                self.assertEqual(graded(record, "witnessed"), [])
                self.assertEqual({(p["state"], p["grade"]) for p in self.hers(record)}, {("ended", "observed")})
                self.assertTrue(all(p["state"] == "ended" for p in self.ours(record)))
                self.assertEqual(bool(self.gap_words(record)), gap is not None)
                self.assertTrue(gap is None or any(gap in words for words in self.gap_words(record)))

    def test_what_was_witnessed_stays_so_for_another_process_until_it_is_listed_again(self):
        self.company.reset()
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        witnessed = {(p["system"], p["id"]) for p in graded(self.company.record(case), "witnessed")}
        self.assertTrue(witnessed)
        self.company.must("probe", case)
        self.assertEqual({(p["system"], p["id"]) for p in graded(self.company.record(case), "witnessed")}, witnessed)
        # Another session of hers from an address that one of those had: what was shown of the first says nothing of it.
        again = min(p["id"] for p in self.hers(self.company.record(case)) if ("warehouse", p["id"]) in witnessed)
        self.company.ask("warehouse", op="person", act="open_session", account="16400", id=again)
        self.company.must("run", case)
        record = self.company.record(case)
        self.company.must("cancel", case, "--reason", "next test")
        self.assertEqual([(p["state"], p["grade"]) for p in self.hers(record) if p["id"] == again], [("ended", "observed")])
        self.assertEqual({(p["system"], p["id"]) for p in graded(record, "witnessed")}, witnessed - {("warehouse", again)})

    def test_a_lost_witness_leaves_no_session_of_ours(self):
        self.run_with(witness_lost=5)
        left = [i for i in self.company.state("warehouse")["items"].values() if i["label"] == "exeunt witness"]
        self.assertEqual(left, [])

    def test_a_partial_listing_is_not_witnessed(self):
        _, record = self.run_with(cut_listing="said")
        self.assertEqual([p for p in graded(record, "witnessed") if p["system"] == "warehouse"], [])

    def test_systems_that_cannot_open_one_say_so(self):
        _, record = self.run_with()
        said = {g["system"] for g in record["gaps"] if "cannot open any" in g["words"]}
        self.assertEqual(said, {"directory", "bastion"})


class Judge(unittest.TestCase):
    """The oracle itself, on planted records."""

    def test_a_witness_that_stays_or_comes_back_is_found_and_never_stands_for_hers(self):
        def leaf(kind, **more):
            return {"leaf": {"kind": kind, "system": "w", "target": "n_1", "t": "2026-01-01T00:00:00.000Z", **more}}
        path = {"system": "w", "kind": "session", "id": "1", "ours": True, "state": "ended"}
        opened, refused, admitted = leaf("path_found", means="witness"), leaf("probed", answer="refused"), leaf("probed", answer="admitted")
        self.assertEqual(judge.judge_ours({"paths": [path], "entries": [opened, admitted, refused]}), [])
        self.assertEqual(len(judge.judge_ours({"paths": [path], "entries": [opened, refused, admitted]})), 1)
        self.assertEqual(len(judge.judge_ours({"paths": [{**path, "state": "live"}], "entries": [opened]})), 1)
        self.assertEqual(len(judge.judge_ours({"paths": [], "entries": [opened]})), 1)
        tries = [{"system": "w", "kind": "session", "id": "1", "outcome": "admitted", "way": "x", "begun": "2026-01-01T00:00:00Z",
                  "ended": "2026-01-01T00:00:00Z", "words": ""}]
        missed, *_ = judge.judge_ways({("w", "session", "1"): tries}, {"paths": [path]})
        self.assertEqual(len(missed), 1)


if __name__ == "__main__":
    unittest.main()
