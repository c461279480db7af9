"""Records of cases that went every way a case can go: the page's fold and derived files are, byte for byte, what the binary makes of them."""
import collections
import json
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bundles  # noqa: E402
from edits import leaves  # noqa: E402
from formats import Key  # noqa: E402
from verify_bundle import load, verify  # noqa: E402

from simulated_company import APPROVER, OPERATOR, OTHER, ROOT, Company, wait_for  # noqa: E402

PROGRAM = bundles.simulated_company.BINARY.with_name("exeunt-verify")
WATCH = "watch: {every: 3s, for: 1d}\n"
SEEN = collections.Counter()


def instant(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Life(unittest.TestCase):
    desk, policy = True, WATCH

    def setUp(self):
        self.company = Company()
        self.addCleanup(self.company.close)
        self.company.init()
        self.company.make_signer(OTHER)
        self.company.write("allowed_signers", "".join(f'{p} namespaces="exeunt-approval,exeunt-exception" {k}\n'
                                                      for p, k in self.company.signers.items() if p != "E1099"))
        self.company.write_policy(self.policy)
        if not self.desk:
            text = (self.company.home / "exeunt.yaml").read_text()
            self.company.write("exeunt.yaml", "".join(line for line in text.splitlines(True) if "kind: attest" not in line))

    def later(self, seconds):
        """The environment of a process whose wall clock is this far ahead."""
        shim = self.company.folder / "clock_shim.so"
        if not shim.exists():
            subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", shim, ROOT / "tests" / "crash" / "clock_shim.c", "-ldl"], check=True)
        return {"LD_PRELOAD": str(shim), "CLOCK_SHIFT": str(seconds)}

    def both(self, case, environment=None):
        """The case.json of a record of this case as it is now, which both verifiers accept."""
        folder = Path(tempfile.mkdtemp(dir=self.company.folder)) / "record"
        _, out, error = self.company.exeunt("record", case, "-o", f"{folder}/", "--json", environment=environment)
        self.assertTrue(out, error)
        files = load(folder)
        key = Key(files["log.vkey"].decode())
        self.assertEqual(verify(files, key, signers=str(self.company.home / "allowed_signers"))["refused"], [])
        if PROGRAM.exists():
            done = subprocess.run([PROGRAM, folder, "--key", key.text, "--signers", self.company.home / "allowed_signers"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
        SEEN.update(leaf["kind"] for _, leaf in leaves(files))
        return json.loads(files["case.json"])

    def path(self, case, system, kind):
        return next(f"{p['system']}/{p['kind']}/{p['id']}" for p in self.company.record(case)["paths"] if (p["system"], p["kind"]) == (system, kind))

    def excepted(self, case, path, until, reason="moves on Friday"):
        asked = json.loads(self.company.must("exception", "ask", case, path, "--until", until, "--reason", reason, "--json"))
        return asked["exceptions"][0]["id"]

    def grant(self, ident):
        self.company.must("exception", "approve", ident, "--signature",
                          self.company.sign(self.company.must("exception", "show", ident), APPROVER, "exeunt-exception"))

    def person(self, system, **more):
        self.company.ask(system, op="person", **more)


class Lives(Life):
    def test_planned_and_cancelled(self):
        case, _ = self.company.plan()
        self.assertEqual(self.both(case)["exit"], 3, "nothing was done yet")
        self.company.must("cancel", case, "--reason", "=stays; +here, \u202e\"after\" all")
        self.assertEqual(self.both(case)["state"], "cancelled")
        links = (self.company.home / "links.csv").read_text()
        self.company.write("links.csv", "\r\n".join(line for line in links.splitlines() if not line.startswith("bastion,account,2001,")) + "\r\n")
        self.both(self.company.plan("--confirm", "bastion/account/2001")[0])

    def test_an_exception_that_is_asked_for_granted_over_and_worked_off(self):
        case, _ = self.company.planned_and_approved()
        path = self.path(case, "warehouse", "account")
        ident = self.excepted(case, path, instant(3600), "moves \x1b[2J\r\n@root: ok, \u202egnp.exe; =1+1 \uff1d\U000e0001")
        self.assertEqual(self.both(case)["exceptions"][0]["approver"], None)
        self.grant(ident)
        longer = self.excepted(case, path, instant(7000))
        self.grant(longer)
        self.company.exeunt("run", case)
        standing = self.both(case)
        self.assertIn("waived", {p["state"] for p in standing["paths"]})
        over = self.both(case, environment=self.later(7200))
        self.assertNotIn("waived", {p["state"] for p in over["paths"]}, "its end was not journalled, and counts")
        self.assertEqual(over["exit"], 3)
        self.company.exeunt("probe", case, environment=self.later(3700))
        self.both(case, environment=self.later(3800))
        self.company.exeunt("watch", "--once", environment=self.later(7300))
        ended = self.both(case, environment=self.later(7400))
        self.assertEqual({e["expired_at"] is None for e in ended["exceptions"]}, {False})

    def test_what_drains_and_is_used(self):
        self.company.faults("warehouse", drain_ms=8_000)
        case, _ = self.company.planned_and_approved()
        self.person("warehouse", act="sign_in", account="16400")
        self.assertEqual(self.company.exeunt("run", case)[0], 8)
        self.assertIn("draining", {p["state"] for p in self.both(case)["paths"]})
        self.company.exeunt("run", case, "--wait-draining", "60s")
        self.assertTrue(self.both(case)["used"])

    def test_halted_and_let_go_on(self):
        case, _ = self.company.planned_and_approved()
        for system in self.company.sockets:
            self.company.faults(system, slow_ms=100)
        running = subprocess.Popen(self.company.argv("run", case), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(wait_for(lambda: self.company.effects("directory")))
        self.company.must("halt", "--reason", "looks wrong")
        running.wait(60)
        self.assertEqual(self.both(case)["exit"] in (3, 4, 5), True)
        document = self.company.must("halt", "--show")
        for signer in (OPERATOR, APPROVER):
            self.company.exeunt("halt", "--lift", "--signature", self.company.sign(document, signer))
        for system in self.company.sockets:
            self.company.faults(system, slow_ms=0)
        self.company.exeunt("run", case)
        self.both(case)

    def test_what_fails(self):
        for fault in ({"silent_noop": True}, {"cut_listing": "said"}, {"refuse_apply": "unavailable"}, {"witness_dies": "at_once", "clock_ms": 90_000}):
            with self.subTest(**fault):
                self.company.reset()
                case, digest = self.company.plan()
                self.company.approve(digest)
                self.company.faults("warehouse", **fault)
                self.company.exeunt("run", case, timeout=300)
                self.both(case)
                self.company.faults("warehouse", **{name: False if value is True else "" if isinstance(value, str) else 0 for name, value in fault.items()})
                self.company.exeunt("cancel", case, "--reason", "next")


class WithoutADesk(Life):
    desk = False

    def test_closed_reopened_and_waiting_for_a_delta_plan(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        closed = self.both(case)
        self.assertEqual((closed["state"], closed["exit"]), ("closed", 0))
        time.sleep(3.2)
        self.person("warehouse", act="enable", account="16400")
        self.person("warehouse", act="sign_in", account="16400")
        self.company.exeunt("watch", "--once")
        self.both(case)
        time.sleep(3.2)
        self.person("warehouse", act="create_role", id="16999", account="16400")
        self.company.exeunt("watch", "--once")
        self.assertEqual(self.both(case)["state"], "waiting_approval")

    def test_given_back(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        planned = json.loads(self.company.must("restore", case, "--json"))
        self.both(case)
        self.company.approve(planned["digest"])
        self.company.exeunt("restore", case, "--run", "--json")
        self.assertEqual(self.both(case)["state"], "restored")
        self.company.must("restore", case, "--hand-over", self.company.folder / "handed.txt")
        self.both(case)


class Zzz(unittest.TestCase):
    """Runs last: which kinds of entries were in them."""

    def test_what_was_seen(self):
        print(f"\nkinds of entries in the records: {dict(sorted(SEEN.items()))}")
        self.assertLessEqual({"case_opened", "plan_compiled", "approved", "state_changed", "path_found", "listed", "gap_declared", "step_intended", "step_outcome",
                              "probed", "milestone", "witness_intended", "exception_asked", "exception_approved", "exception_expired", "used", "sign_ins_listed",
                              "record_issued", "task_changed", "halted", "gate_refused", "noted", "link_confirmed"}, SEEN.keys())


if __name__ == "__main__":
    unittest.main()
