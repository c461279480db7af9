"""What happens after the cut, with the real binary and simulated systems: ways in that end by themselves, and ways in that come back."""
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simulated_company import SUBJECT, CompanyTest, wait_for  # noqa: E402


class Case(CompanyTest):
    every = 5  # seconds: long enough that a busy machine does not make a look late

    @property
    def policy(self):
        return f"watch: {{every: {self.every}s, for: 1d}}\n"

    def ended_case(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        self.assertIn(self.company.record(case)["state"], ("closed", "waiting_person"))
        return case

    def look(self):
        """One round of the watch, when it is due."""
        time.sleep(self.every + 0.2)
        code, out, error = self.company.exeunt("watch", "--once")
        return code, out + error

    def paths(self, case, state):
        return [p for p in self.company.record(case)["paths"] if p["required"] and p["state"] == state]


class Draining(Case):
    def test_what_cannot_be_recalled_drains_until_its_instant(self):
        self.company.faults("warehouse", drain_ms=20_000)
        case, _ = self.company.planned_and_approved()
        code, out, _ = self.company.exeunt("run", case)
        self.assertEqual(code, 8, out)
        self.assertIn("last way in closes at", out)
        record = self.company.record(case)
        self.assertEqual((record["state"], record["exit"]), ("waiting_draining", 8))
        draining = self.paths(case, "draining")
        self.assertTrue(draining and all(p["kind"] == "session" and p["until"] for p in draining))
        self.assertEqual([p for p in record["paths"] if p["required"] and p["state"] not in ("ended", "draining")], [])
        # Once more before its time: still nothing claimed. Then to the end, in another process.
        self.assertEqual(self.company.exeunt("run", case)[0], 8)
        self.company.must("run", case, "--wait-draining", "60s")
        until = {p["id"]: p["until"] for p in draining if not p["ours"]}
        self.assertTrue(until)
        ended = {p["id"]: p for p in self.paths(case, "ended")}
        self.assertTrue(all(p["id"] in ended for p in draining), "a session of ours goes with the run that held it")
        for ident, instant in until.items():
            self.assertGreaterEqual(ended[ident]["ended_since"]["first_refused"], instant, "never before its instant")

    def test_the_watch_finishes_a_case_that_only_drains(self):
        self.company.faults("warehouse", drain_ms=15_000)
        case, _ = self.company.planned_and_approved()
        self.assertEqual(self.company.exeunt("run", case)[0], 8)
        self.assertEqual(self.company.exeunt("watch", "--once")[0], 0, "nothing is due yet")
        self.assertTrue(self.paths(case, "draining"))
        time.sleep(16)
        code, out, error = self.company.exeunt("watch", "--once")
        self.assertEqual(code, 0, out + error)
        self.assertEqual(self.paths(case, "draining"), [])


class Resurrection(Case):
    def test_a_quiet_look_adds_nothing_but_says_so(self):
        case = self.ended_case()
        entries = len(self.company.record(case)["entries"])
        code, said = self.look()
        self.assertEqual(code, 0, said)
        self.assertIn("still ended", said)
        self.assertEqual(len(self.company.record(case)["entries"]), entries, "a look that sees nothing new is no entry")

    def test_what_comes_back_on_each_system_is_ended_again(self):
        case = self.ended_case()
        planted = {
            "directory": {"act": "enable", "account": self.account("directory")},
            "warehouse": {"act": "enable", "account": self.account("warehouse")},
            "bastion": {"act": "add_key", "account": "2001", "fingerprint": "SHA256:" + "y" * 43},
        }
        for system, act in planted.items():
            with self.subTest(system):
                self.company.ask(system, op="person", **act)
                code, said = self.look()
                self.assertEqual(code, 0, said)
                self.assertIn("REOPENED", said)
                self.assertEqual(self.paths(case, "live"), [])
                states = [e["leaf"]["state"] for e in self.company.record(case)["entries"] if e["leaf"]["kind"] == "state_changed"]
                self.assertIn(states[-1], ("closed", "waiting_person"))

    def test_a_new_account_of_hers_waits_for_a_delta_plan(self):
        case = self.ended_case()
        self.company.ask("warehouse", op="person", act="create_role", id="16999", account="16400")
        code, said = self.look()
        self.assertIn(code, (3, 5), said)
        self.assertIn("delta plan", said)
        self.assertEqual(self.company.record(case)["state"], "waiting_approval")

    def test_a_system_that_is_down_reopens_nothing_and_is_named(self):
        case = self.ended_case()
        self.company.faults("warehouse", down=True)
        code, said = self.look()
        self.assertEqual(code, 6, said)
        self.assertIn("warehouse", said)
        self.assertIn(self.company.record(case)["state"], ("closed", "waiting_person"))
        self.company.faults("warehouse", down=False)
        self.assertEqual(self.look()[0], 0)

    def account(self, system):
        accounts = self.company.outside()[system]["accounts"]
        return next(i for i, a in accounts.items() if a["hr_id"] == SUBJECT)


class Killed(Case):
    def test_a_run_that_was_killed_is_found_and_brought_to_its_end(self):
        case, _ = self.company.planned_and_approved()
        self.company.faults("warehouse", slow_ms=300)
        started = []

        def runs():
            # A look of ours may hold the store in the moment in which the run opens it: then it is refused, and begins again.
            if not started or started[-1].poll() is not None:
                started.append(subprocess.Popen(self.company.argv("run", case), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL))
                time.sleep(0.3)
            return self.company.record(case)["state"] == "running"

        self.assertTrue(wait_for(runs, 60))
        started[-1].kill()
        started[-1].wait()
        self.assertEqual(self.company.record(case)["state"], "running")
        self.company.faults("warehouse", slow_ms=0)
        code, said = self.look()
        self.assertEqual(code, 0, said)
        self.assertIn("did not come to an end", said)
        self.assertIn(self.company.record(case)["state"], ("closed", "waiting_person"))


class Late(Case):
    def test_a_watch_that_did_not_run_is_an_alarm(self):
        case = self.ended_case()
        time.sleep(2 * self.every + 0.5)
        _, out, _ = self.company.exeunt("status")
        self.assertIn("ALARM", out)
        self.assertEqual(self.company.exeunt("doctor")[0], 4)
        code, out, _ = self.company.exeunt("watch", "--once")
        self.assertEqual(code, 4)
        self.assertIn("ALARM: not watched since", out)
        self.assertIn("late", [e["leaf"].get("outcome") for e in self.company.record(case)["entries"] if e["leaf"]["kind"] == "watch_summary"])
        self.assertEqual(self.company.exeunt("doctor")[0], 0)


if __name__ == "__main__":
    unittest.main()
