"""The real binary is ended with SIGKILL at its commit points, while systems in another process keep their effects.

EXEUNT_KILLS=N sets how many (default 40 for CI, spread evenly over all commit points of a run, before and after each in turn;
./dev nightly takes 220). After every one: the case is run again, every intent has an outcome, the outside equals that of a run that was not
ended, and no way in has another answer.
"""
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from simulated_company import Company, intents_without_outcome  # noqa: E402

KILLS = int(os.environ.get("EXEUNT_KILLS", "40"))


def answers(record):
    """Of her ways in; the witnesses are the case's own, and each run opens others."""
    return {(p["system"], p["kind"], p["id"]): (p["state"], p["grade"], p["control"]) for p in record["paths"] if p["required"] and not p["ours"]}


def without_witness(answer):
    """What is left of an answer when the session that showed it went with the process that held it."""
    return ("ended", "observed", "none") if answer == ("ended", "witnessed", "held") else answer


def is_of_a_witness(label):
    return label == "exeunt witness" or (" of ours on " in label and label.endswith(", opened by this case"))


def left_of_witnesses(record, expected):
    """Sessions of ours that the ended process had opened and not yet written down: afterwards sessions on her account like any other.

    Each has an intent before it that no path followed. It is called as the system lists it, or as the ended process called it when its
    name was written (a commit of its own) and the path was not.
    """
    leaves = [e["leaf"] for e in record["entries"]]
    lost = sum(leaf["kind"] == "witness_intended" for leaf in leaves)
    lost -= sum(leaf["kind"] == "path_found" and leaf.get("means") == "witness" for leaf in leaves)
    left = [p for p in record["paths"] if not p["ours"] and is_of_a_witness(p["label"]) and (p["system"], p["kind"], p["id"]) not in expected]
    assert len(left) <= lost, (left, lost)
    assert all(p["state"] == "ended" for p in left), left
    return {(p["system"], p["kind"], p["id"]) for p in left}


class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.company = Company()
        cls.addClassCleanup(cls.company.close)
        cls.company.init()
        source = Path(__file__).resolve().parent / "sync_killer.c"
        cls.shim = cls.company.folder / "sync_killer.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", cls.shim, source, "-ldl"], check=True)

    def fresh_case(self):
        self.company.reset()
        case, _ = self.company.planned_and_approved()
        return case

    def shimmed(self, **environment):
        return {"LD_PRELOAD": str(self.shim), **{k: str(v) for k, v in environment.items()}}

    def finish(self, case):
        record = self.company.record(case)
        self.company.must("cancel", case, "--reason", "next round")
        return record

    def test_ended_at_every_commit_point(self):
        case = self.fresh_case()
        count = self.company.folder / "count"
        self.company.must("run", case, environment=self.shimmed(SYNC_KILLER_COUNT=count))
        points = int(count.read_text())
        self.assertGreater(points, 10)
        expected, outside = answers(self.finish(case)), self.company.outside()
        self.assertGreater(sum(v[1] == "witnessed" for v in expected.values()), 0)
        ended = runs = fell_back = 0
        while ended < KILLS and runs < 2 * KILLS:
            at, when = 1 + ended * points // KILLS, ("before", "after")[ended % 2]
            runs += 1
            with self.subTest(commit_point=at, when=when):
                case = self.fresh_case()
                count.unlink(missing_ok=True)
                code, _, _ = self.company.exeunt(
                    "run", case, environment=self.shimmed(SYNC_KILLER_AT=at, SYNC_KILLER_WHEN=when, SYNC_KILLER_COUNT=count))
                if code == -9:
                    ended += 1
                else:
                    # What is written together depends on the machine's load: this run had fewer commit points, so the next ones aim lower.
                    points = min(points, int(count.read_text()))
                self.company.must("run", case)
                record = self.finish(case)
                self.assertEqual(intents_without_outcome(record), {})
                self.assertEqual(self.company.outside(), outside)
                left = left_of_witnesses(record, expected)
                found = {k: v for k, v in answers(record).items() if k not in left}
                self.assertEqual({k: without_witness(v) for k, v in found.items()}, {k: without_witness(v) for k, v in expected.items()})
                self.assertEqual([k for k, v in found.items() if v[1] == "witnessed" and expected[k][1] != "witnessed"], [])
                self.assertEqual([p for p in record["paths"] if p["ours"] and p["state"] != "ended"], [])
                fell_back += any(found[k] != v for k, v in expected.items())
        self.company.must("doctor")
        print(
            f"{ended} of {runs} runs were ended by SIGKILL, over {points} commit points; in {fell_back} the witness went with the process",
            file=sys.stderr)
        self.assertGreater(fell_back, 0)
        self.assertEqual(ended, KILLS)

    def test_the_check_sees_an_outcome_that_is_missing(self):
        """The oracle itself: an intent without an outcome is found."""
        record = {"entries": [{"leaf": {"kind": "step_intended", "step": "s01", "attempt": 1, "case_seq": 3}}]}
        self.assertEqual(intents_without_outcome(record), {("s01", 1): 3})


if __name__ == "__main__":
    unittest.main()
