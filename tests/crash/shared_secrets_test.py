"""Two who know one secret have left, one after another; the older case goes on and is ended with SIGKILL at its commit points. After every one it is
run again: vault and system hold one value, neither of those that a leaver knew, and what was refused was refused.

EXEUNT_KILLS=N: a quarter of it is how many (default 40 for CI), spread evenly over all commit points, before and after each in turn.
"""
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "lab"))
from simulated_company import OTHER, SUBJECT, CompanyTest, intents_without_outcome  # noqa: E402
from simulated_systems import digest  # noqa: E402

KILLS = int(os.environ.get("EXEUNT_KILLS", "40")) // 4


class Kills(CompanyTest):
    def setUp(self):
        super().setUp()
        self.shim, self.count = self.company.folder / "sync_killer.so", self.company.folder / "count"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", self.shim, Path(__file__).resolve().parent / "sync_killer.c", "-ldl"], check=True)

    def shimmed(self, **environment):
        self.count.unlink(missing_ok=True)
        return {"LD_PRELOAD": str(self.shim), "SYNC_KILLER_COUNT": str(self.count), **{k: str(v) for k, v in environment.items()}}

    def leaves(self, person):
        """The case, and what its person knew."""
        known = self.company.shared_value()
        case, plan = self.company.plan(subject=person)
        self.company.approve(plan)
        self.company.must("run", case)
        return case, known

    def both_left(self):
        self.company.reset()
        left = [self.leaves(SUBJECT), self.leaves(OTHER)]
        return [case for case, _ in left], [known for _, known in left]

    def check(self, cases, known):
        self.assertEqual(self.company.shared_value_in_use(), digest(self.company.shared_value()))
        self.assertNotIn(self.company.shared_value(), known)
        record = self.company.record(cases[0])
        self.assertEqual(intents_without_outcome(record), {})
        secret = next(p for p in record["paths"] if p["kind"] == "secret")
        self.assertEqual((secret["state"], secret["grade"], secret["control"]), ("ended", "refused", "held"))

    def test_ended_at_every_commit_point(self):
        cases, known = self.both_left()
        self.company.must("run", cases[0], environment=self.shimmed())
        points, ended = int(self.count.read_text()), 0
        self.assertGreater(points, 5)
        self.check(cases, known)
        for i in range(KILLS):
            at, when = 1 + i * points // KILLS, ("before", "after")[i % 2]
            with self.subTest(commit_point=at, when=when):
                for case in cases:
                    self.company.must("cancel", case, "--reason", "next round", codes=(0, 5))   # 5: it is closed
                cases, known = self.both_left()
                code, _, _ = self.company.exeunt("run", cases[0], environment=self.shimmed(SYNC_KILLER_AT=at, SYNC_KILLER_WHEN=when))
                ended += code == -9
                self.company.must("run", cases[0])
                self.check(cases, known)
        self.company.must("doctor")
        print(f"{ended} of {KILLS} runs were ended by SIGKILL, over {points} commit points", file=sys.stderr)
        self.assertGreater(ended, KILLS // 2)


if __name__ == "__main__":
    unittest.main()
