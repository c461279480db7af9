"""Ten SIGKILLs at commit points of one run against real slapd, PostgreSQL and sshd; then the run is finished and everything is ended."""
import json
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "lab"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from lab_test import LabTest  # noqa: E402

POINTS = (3, 9, 17, 25, 12, 6, 20, 8, 15, 10)


class RealServers(LabTest):
    seed = 4

    def setUp(self):
        super().setUp()
        self.shim = self.folder / "sync_killer.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", self.shim, ROOT / "tests/crash/sync_killer.c", "-ldl"], check=True)
        self.shim.chmod(0o755)
        self.folder.chmod(0o755)

    def killed(self, case, at, when):
        import processes
        done = subprocess.run([str(self.engine.binary), "run", case], capture_output=True, user=self.lab.engine_uid, group=self.lab.engine_uid,
                              extra_groups=[], cwd="/", stdin=subprocess.DEVNULL, timeout=300,
                              env=processes.clean_env(EXEUNT_HOME=str(self.lab.home), LD_PRELOAD=str(self.shim), SYNC_KILLER_AT=str(at), SYNC_KILLER_WHEN=when))
        return done.returncode == -9

    def test_ten_kills_then_the_end(self):
        from simulated_company import intents_without_outcome
        case = self.approved(self.lab.facts["by_exeunt"])
        kills = sum(self.killed(case, at, ("before", "after")[i % 2]) for i, at in enumerate(POINTS))
        self.assertEqual(kills, len(POINTS))
        for _ in range(3):  # a connection that is just authenticating may leave a listing short: that run says 4, the next one sees
            code, _ = self.engine.run("run", case, "--wait-draining", "10min", accept=(0, 4))
            if code == 0:
                break
        record = json.loads(self.engine.run("record", case, accept=range(9))[1])
        self.assertEqual(intents_without_outcome(record), {})
        self.assertEqual([p for p in record["paths"] if p["required"] and p["state"] != "ended"], [])
        self.assertEqual(record["exit"], 0)
        refused = [p for p in record["paths"] if p["grade"] == "refused"]
        self.assertTrue(refused and all(p["control"] == "held" for p in refused))
        self.engine.run("doctor")
        print(f"{kills} kills against real servers; {len(record['paths'])} paths, {len(refused)} refused", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
