"""The real binary is ended with SIGKILL at the commit points of a restore. After every one it is run again: what was taken is back, once, by the
same new credentials; every intent has an outcome; no old way in is open.

EXEUNT_KILLS=N sets how many (default 40 for CI, spread evenly over all commit points, before and after each in turn; 220 takes every point).
"""
import hashlib
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from simulated_company import Company, intents_without_outcome  # noqa: E402

KILLS = int(os.environ.get("EXEUNT_KILLS", "40"))


class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.company = Company()
        cls.addClassCleanup(cls.company.close)
        cls.company.init()
        text = (cls.company.home / "exeunt.yaml").read_text()
        cls.company.write("exeunt.yaml", "".join(line for line in text.splitlines(True) if "kind: attest" not in line))
        source = Path(__file__).resolve().parent / "sync_killer.c"
        cls.shim = cls.company.folder / "sync_killer.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", cls.shim, source, "-ldl"], check=True)
        cls.count = cls.company.folder / "count"

    def ready(self):
        """A closed case whose restore is approved."""
        self.company.reset()
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        self.company.approve(json.loads(self.company.must("restore", case, "--json"))["digest"])
        return case

    def shimmed(self, **environment):
        return {"LD_PRELOAD": str(self.shim), "SYNC_KILLER_COUNT": str(self.count), **{k: str(v) for k, v in environment.items()}}

    def states(self, case):
        record = self.company.record(case)
        self.assertEqual(intents_without_outcome(record), {})
        self.assertEqual(record["state"], "restored")
        return {(p["system"], p["kind"], p["id"]): p["state"] for p in record["paths"] if p["required"] and not p["ours"]}

    def test_ended_at_every_commit_point(self):
        case = self.ready()
        self.company.must("restore", case, "--run", environment=self.shimmed())
        points = int(self.count.read_text())
        self.assertGreater(points, 10)
        expected, outside = self.states(case), self.company.outside()
        self.assertIn("restored", expected.values())
        ended = 0
        for i in range(KILLS):
            at, when = 1 + i * points // KILLS, ("before", "after")[i % 2]
            with self.subTest(commit_point=at, when=when):
                case = self.ready()
                self.count.unlink(missing_ok=True)
                code, _, _ = self.company.exeunt("restore", case, "--run", environment=self.shimmed(SYNC_KILLER_AT=at, SYNC_KILLER_WHEN=when))
                ended += code == -9
                if self.company.record(case)["state"] != "restored":
                    self.company.must("restore", case, "--run")
                found = self.states(case)
                self.assertEqual(self.company.outside(), outside)
                self.assertEqual({k: v for k, v in found.items() if k in expected}, expected)
                self.assertEqual({v for k, v in found.items() if k not in expected} - {"ended"}, set())
                # The password that was set is the one that is handed over, whichever process made it.
                handed = self.company.folder / f"handed-{i}.txt"
                self.company.must("restore", case, "--hand-over", handed)
                self.check_passwords(handed)
        self.company.must("doctor")
        print(f"{ended} of {KILLS} restores were ended by SIGKILL, over {points} commit points", file=sys.stderr)
        self.assertGreater(ended, KILLS // 2)

    def check_passwords(self, handed):
        for line in handed.read_text().splitlines():
            system, ident, label, value = line.split("\t")
            account = self.company.state(system)["accounts"][ident]
            self.assertEqual(account["password"], hashlib.sha256(value.encode()).hexdigest(), f"{system} {label}")


if __name__ == "__main__":
    unittest.main()
