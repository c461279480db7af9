"""A server that starts again from the state of the morning while the case runs, with the real binary and simulated systems: what it had forgotten is
seen and ended anew, and nothing that was said of it before counts."""
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simulated_company import SUBJECT, SYSTEMS, Company, seconds, wait_for  # noqa: E402

HERS = ("16400", "2001")  # on warehouse and bastion, which know no personnel numbers
SETTLE_MS = 3_000        # the server comes back inside the window


class OldState(unittest.TestCase):
    def setUp(self):
        self.company = Company(settle_ms=SETTLE_MS)
        self.addCleanup(self.company.close)
        self.company.init()
        self.company.write_policy()

    def usable(self, system):
        """Whether her own account there is."""
        account = next(a for i, a in self.company.state(system)["accounts"].items() if i in HERS or a["hr_id"] == SUBJECT)
        return account["enabled"] and not account["locked"]

    def restarted_in_mid_case(self, system):
        self.company.reset()
        case, _ = self.company.planned_and_approved()
        run = subprocess.Popen(self.company.argv("run", case), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
        self.addCleanup(run.kill)
        self.assertTrue(wait_for(lambda: not self.usable(system)), "never cut")
        self.company.ask(system, op="control", reset=True)
        self.assertTrue(self.usable(system), "the state of the morning lets her in")
        restarted = time.time()
        said, _ = run.communicate(timeout=120)
        self.assertEqual(run.returncode, 0, said)
        return case, restarted

    def test_in_the_settle_window(self):
        for system in SYSTEMS:
            with self.subTest(system=system):
                case, restarted = self.restarted_in_mid_case(system)
                self.assertFalse(self.usable(system))
                record = self.company.record(case)
                self.assertEqual([p["id"] for p in record["paths"] if p["required"] and p["state"] != "ended"], [])
                accounts = [p for p in record["paths"] if p["system"] == system and p["kind"] == "account" and p["required"]]
                for path in accounts:
                    self.assertGreater(seconds(path["ended_since"]["first_refused"]), restarted, f"{path['id']}: what was shown before does not count")
                self.assertIn("live", [e["leaf"].get("state") for e in record["entries"] if e["payload"].get("node") in
                                       [f"{system}/account/{p['id']}" for p in accounts]], "it was seen to be open again")
                self.company.must("cancel", case, "--reason", "next", codes=range(9))


if __name__ == "__main__":
    unittest.main()
