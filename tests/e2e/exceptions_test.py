"""Exceptions with the real binary: a way in stays until a time by a signature, every bad request and approval, and what its end brings."""
import datetime
import json
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import jsonschema  # noqa: E402
from simulated_company import APPROVER, HEIR, OPERATOR, OTHER, ROOT, SUBJECT, CompanyTest, wait_for  # noqa: E402

SPACE = "exeunt-exception"


def instant(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def kinds(record):
    return [e["leaf"]["kind"] for e in record["entries"]]


class Case(CompanyTest):
    def setUp(self):
        super().setUp()
        self.company.make_signer(OTHER)
        self.company.write("allowed_signers", "".join(f'{p} namespaces="exeunt-approval,{SPACE}" {k}\n' for p, k in self.company.signers.items()
                                                      if p != "E1099"))

    def path(self, case, system, kind):
        record = self.company.record(case)
        return next(f"{p['system']}/{p['kind']}/{p['id']}" for p in record["paths"] if (p["system"], p["kind"]) == (system, kind))

    def account(self, case):
        """A way in that can stay by itself: the account on the warehouse; its sessions and memberships end all the same."""
        return self.path(case, "warehouse", "account")

    def ask(self, case, *paths, until=None, reason="moves on Friday"):
        out = self.company.must("exception", "ask", case, *paths, "--until", until or instant(3600), "--reason", reason, "--json")
        return json.loads(out)["exceptions"][0]["id"]

    def signed(self, ident, signer=APPROVER, name_space=SPACE, document=None):
        return self.company.sign(document or self.company.must("exception", "show", ident), signer, name_space)

    def approve(self, ident):
        out = json.loads(self.company.must("exception", "approve", ident, "--signature", self.signed(ident), "--json"))
        jsonschema.validate(out, json.loads((ROOT / "schemas" / "exceptions.schema.json").read_text()))
        self.assertEqual((out["exceptions"][0]["id"], out["exceptions"][0]["state"]), (ident, "approved"))

    def later(self, seconds):
        """The environment of a process whose wall clock is this far ahead."""
        shim = self.company.folder / "clock_shim.so"
        if not shim.exists():
            subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", shim, ROOT / "tests" / "crash" / "clock_shim.c", "-ldl"], check=True)
        return {"LD_PRELOAD": str(shim), "CLOCK_SHIFT": str(seconds)}

    def cuts(self, account):
        """When the account on the warehouse was shut."""
        return [e["t"] for e in self.company.effects("warehouse") if e["action"] in ("lock_and_replace", "disable_account") and
                e["target"]["id"] == account]

    def of(self, case, ident):
        return next(p for p in self.company.record(case)["paths"] if f"{p['system']}/{p['kind']}/{p['id']}" == ident)


class GoodWay(Case):
    def test_it_stays_and_is_shown_and_the_case_closes_without_it(self):
        case, _ = self.company.planned_and_approved()
        path, until = self.account(case), instant(3600)
        ident = self.ask(case, path, until=until)
        self.assertEqual(self.of(case, path)["state"], "live", "asking spares nothing")
        self.approve(ident)
        run = json.loads(self.company.must("run", case, "--json"))
        self.assertEqual((run["waived"], run["open"], run["unknown"]), (1, 0, 0))
        record = self.company.record(case)
        self.assertEqual(record["exit"], 0)
        kept = self.of(case, path)
        self.assertEqual((kept["state"], kept["grade"], kept["until"]), ("waived", "waived", until))
        self.assertTrue(all(p["state"] == "ended" for p in record["paths"] if p["required"] and p["state"] != "waived"))
        account = self.company.state("warehouse")["accounts"][kept["id"]]
        self.assertTrue(account["enabled"], "it was not cut")
        self.assertEqual(self.cuts(kept["id"]), [])
        (shown,) = record["exceptions"]
        self.assertEqual((shown["state"], shown["approver"], shown["asked_by"], shown["reason"]), ("approved", APPROVER, OPERATOR, "moves on Friday"))
        self.assertIn("SSH SIGNATURE", shown["signature"])
        status = self.company.must("status", case)
        self.assertIn("waived", status)
        self.assertIn(ident[:12], status)
        listed = json.loads(self.company.must("exception", "list", "--json"))
        jsonschema.validate(listed, json.loads((ROOT / "schemas" / "exceptions.schema.json").read_text()))
        self.assertIn(ident[:12], self.company.must("exception", "list", case))
        # A second run changes nothing of it.
        self.company.exeunt("run", case)
        self.assertEqual(self.of(case, path)["state"], "waived")
        self.assertEqual(json.loads(self.company.must("doctor", "--json"))["findings"], [])


class Marks(Case):
    """Wherever a way in is named, an exception that keeps it is said with its end; one that has expired, or was only asked for, is not."""

    def mark(self, path, environment=None):
        shown = json.loads(self.company.must("map", SUBJECT, "--json", environment=environment))
        return next(p["exception"] for p in shown["paths"] if f"{p['system']}/{p['kind']}/{p['id']}" == path)

    def test_map_and_plan(self):
        case, digest = self.company.planned_and_approved()
        path, until = self.account(case), instant(3600)
        ident = self.ask(case, path, until=until)
        self.assertIsNone(self.mark(path), "asked for is not granted")
        self.approve(ident)
        self.assertEqual(self.mark(path), {"id": ident, "case": case, "until": until})
        words = f"stays until {until} by exception {ident[:12]} of case {case[:12]}"
        self.assertIn(words, " ".join(self.company.must("map", SUBJECT).split()))
        for more in ([], ["--explain"], ["--runbook"]):
            with self.subTest(plan=more):
                self.assertIn(f"stays until {until} by an exception", " ".join(self.company.must("plan", "--digest", digest, *more).split()))
        plan = json.loads(self.company.must("plan", "--digest", digest, "--json"))
        jsonschema.validate(plan, json.loads((ROOT / "schemas" / "plan.schema.json").read_text()))
        self.assertEqual(plan["exceptions"], [{"path": path, "id": ident, "until": until}])
        shown = json.loads(self.company.must("map", SUBJECT, "--json"))
        jsonschema.validate(shown, json.loads((ROOT / "schemas" / "map.schema.json").read_text()))
        self.assertIsNone(self.mark(path, self.later(7200)), "past its end it keeps nothing")
        self.assertNotIn("by an exception", self.company.must("plan", "--digest", digest, environment=self.later(7200)))

    def test_another_case_of_the_same_person_is_told(self):
        text = (self.company.home / "exeunt.yaml").read_text()
        self.company.write("exeunt.yaml", "".join(line for line in text.splitlines(True) if "kind: attest" not in line))
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        self.approve(self.ask(case, path))
        self.company.must("run", case)
        self.assertEqual(self.company.record(case)["state"], "closed")
        self.assertIn("does not hold in this one", " ".join(self.company.must("plan", SUBJECT).split()))

    def test_past_its_end_it_is_shown_as_open(self):
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        self.approve(self.ask(case, path))
        run = json.loads(self.company.must("run", case, "--json"))
        self.assertIsNone(run["zero"], "what stays by decision is not over")
        self.assertIn("1 stay by an exception", self.company.must("probe", case))
        later = self.later(7200)
        code, out, _ = self.company.exeunt("record", case, environment=later)
        record = json.loads(out)
        kept = next(p for p in record["paths"] if f"{p['system']}/{p['kind']}/{p['id']}" == path)
        self.assertEqual((code, record["exit"], kept["state"], kept["grade"], kept["until"]), (3, 3, "live", "unknown", None))
        (exception,) = record["exceptions"]
        self.assertEqual((exception["state"], exception["paths"][0]["state"]), ("expired", "live"))
        code, out, _ = self.company.exeunt("status", case, environment=later)
        self.assertEqual(code, 3)
        self.assertNotIn("waived", out)

    def test_a_probe_knows_when_it_is_over(self):
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        self.approve(self.ask(case, path))
        self.company.must("run", case)
        before = self.company.effects("warehouse")
        later = self.later(3700)
        code, out, error = self.company.exeunt("probe", case, "--json", environment=later)
        self.assertEqual(code, 3, error)
        found = json.loads(out)
        self.assertEqual((found["waived"], found["open"]), (0, 1))
        self.assertEqual(self.of(case, path)["state"], "live")
        self.assertEqual(self.company.effects("warehouse"), before, "a probe changes nothing")
        # The work is still known to be due: whoever watches next ends it.
        code, out, error = self.company.exeunt("watch", "--once", environment=later)
        self.assertEqual(code, 0, out + error)
        self.assertEqual(self.of(case, path)["state"], "ended")


class HostileText(Case):
    def test_what_others_wrote_moves_no_cursor(self):
        case, _ = self.company.planned_and_approved()
        reason = "moves \x1b[2J\x1b]0;owned\x07\r\nroot: ok \u202egnp.exe"
        ident = self.ask(case, self.account(case), reason=reason)
        _, document, words = self.company.exeunt("exception", "show", ident)
        listed = self.company.must("exception", "list")
        self.approve(ident)
        for name, text in {"show": words, "document": document, "list": listed, "status": self.company.exeunt("status", case)[1],
                           "again": self.company.must("exception", "list", case)}.items():
            with self.subTest(printed=name):
                self.assertFalse([c for c in text if c in "\x1b\x07\r\u202e"])
                self.assertFalse([line for line in text.splitlines() if line.startswith("root:")])
        told = json.loads(self.company.must("exception", "list", "--json"))["exceptions"][0]
        self.assertEqual(told["reason"], reason, "programs get it as it was written")
        for words in ("\x1b[2J", "x" * 3000):
            code, _, error = self.company.exeunt("exception", "ask", case, words, "--until", instant(60), "--reason", "x")
            self.assertEqual(code, 2)
            self.assertNotIn("\x1b", error)
            self.assertLess(len(error), 1000)
        code, _, error = self.company.exeunt("exception", "ask", case, self.account(case), "--until", instant(60), "--reason", "x" * 2001)
        self.assertEqual(code, 2, error)


class Asking(Case):
    def refused(self, code, words, case, *paths, until=None, reason="moves on Friday"):
        got, _, error = self.company.exeunt("exception", "ask", case, *paths, "--until", until or instant(3600), "--reason", reason)
        self.assertEqual(got, code, error)
        self.assertIn(words, error)
        self.assertIn("next:", error)

    def test_bad_requests(self):
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        before = len(self.company.record(case)["entries"])
        self.refused(2, "needs a reason", case, path, reason="  ")
        self.refused(2, "has passed", case, path, until=instant(-60))
        for words in ("tomorrow", "2026-13-01T00:00:00Z", "2026-12-01", ""):
            self.refused(2, "is no instant", case, path, until=words or "x")
        self.refused(5, "longer than the policy", case, path, until=instant(31 * 86400))
        self.refused(2, "knows no way in", case, "warehouse/account/99999")
        self.refused(2, "knows no way in", case, path, "warehouse/account/99999")
        self.refused(5, "cannot leave one out", case, path, self.path(case, "warehouse", "session"))
        self.refused(5, "cannot spare one of its sessions", case, self.path(case, "warehouse", "session"))
        self.assertEqual(len(self.company.record(case)["entries"]), before, "nothing is journalled")
        self.company.must("run", case)
        self.refused(5, "has ended already", case, path)

    def test_the_subject_does_not_ask(self):
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        text = (self.company.home / "exeunt.yaml").read_text()
        self.company.write("exeunt.yaml", text.replace(f": {OPERATOR}", f": {SUBJECT}"))
        self.refused(5, "their own departure", case, path)


class NoneAtAll(Case):
    policy = "exception_max: 0s\n"

    def test_a_policy_without_exceptions(self):
        case, _ = self.company.planned_and_approved()
        code, _, error = self.company.exeunt("exception", "ask", case, self.account(case), "--until", instant(60), "--reason", "x")
        self.assertEqual(code, 5)
        self.assertIn("has no exceptions", error)


class Approving(Case):
    def refused(self, ident, signature, words):
        code, _, error = self.company.exeunt("exception", "approve", ident, "--signature", signature)
        self.assertEqual(code, 5, error)
        self.assertIn(words, error)

    def test_bad_approvals(self):
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        ident = self.ask(case, path)
        document = self.company.must("exception", "show", ident)
        for signer, words in (("E1099", "not by a key"), (SUBJECT, "the subject"), (OPERATOR, "who asked"), (HEIR, "an heir")):
            with self.subTest(signer=signer):
                self.refused(ident, self.signed(ident, signer), words)
        said = json.loads(document)
        other_until = document.replace(said["until"], instant(7200))
        other_path = document.replace(path, "warehouse/account/1")
        other_case = document.replace(case, "c_" + "0" * 26)
        for altered in (other_until, other_path, other_case, document + " "):
            self.assertNotEqual(altered, document)
            self.refused(ident, self.signed(ident, document=altered), "not over this document")
        self.refused(ident, self.signed(ident, name_space="exeunt-approval"), "not over this document")
        # Of another request for the same, and twice.
        second = self.ask(case, path)
        self.refused(second, self.signed(ident), "not over this document")
        self.assertEqual(self.of(case, path)["state"], "live")
        signature = self.signed(ident).read_bytes()
        self.approve(ident)
        replayed = self.company.folder / "replayed.sig"
        replayed.write_bytes(signature)
        self.refused(ident, replayed, "already approved")
        self.assertEqual(kinds(self.company.record(case)).count("exception_approved"), 1)

    def test_the_operator_of_the_moment_does_not_approve(self):
        case, _ = self.company.planned_and_approved()
        ident = self.ask(case, self.account(case))
        text = (self.company.home / "exeunt.yaml").read_text()
        self.company.write("exeunt.yaml", text.replace(f": {OPERATOR}", f": {APPROVER}"))
        self.refused(ident, self.signed(ident, OPERATOR), "who asked")
        self.refused(ident, self.signed(ident, APPROVER), "the operator")
        self.company.must("exception", "approve", ident, "--signature", self.signed(ident, OTHER))

    def test_expired_before_it_began(self):
        case, _ = self.company.planned_and_approved()
        ident = self.ask(case, self.account(case), until=instant(2))
        signature = self.signed(ident)
        time.sleep(2.2)
        self.refused(ident, signature, "before it began")
        self.assertEqual(json.loads(self.company.must("exception", "list", case, "--json"))["exceptions"][0]["state"], "expired")


class Expiry(Case):
    policy = "watch: {every: 1h, for: 1d}\n"

    def kept(self):
        """A case that is over but for one way in, and the environment of a process that comes after its end."""
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        self.approve(self.ask(case, path))
        self.company.must("run", case)
        self.assertEqual(self.of(case, path)["state"], "waived")
        return case, path, self.later(3700)

    def ended(self, case, path):
        record = self.company.record(case)
        kept = self.of(case, path)
        self.assertEqual((kept["state"], kept["grade"], kept["control"]), ("ended", "refused", "held"))
        self.assertIn(record["state"], ("closed", "waiting_person"))
        self.assertEqual(kinds(record).count("exception_expired"), 1)
        self.assertEqual(record["exceptions"][0]["state"], "expired")
        self.assertFalse(self.company.state("warehouse")["accounts"][kept["id"]]["enabled"])

    def is_over(self, case, path):
        """By `status`, which only reads: `record` signs, and would hold the store when the watch wants it."""
        told = json.loads(self.company.exeunt("status", case, "--json")[1])
        return told["state"] in ("closed", "waiting_person") and any(
            f"{p['system']}/{p['kind']}/{p['id']}" == path and p["state"] == "ended" for p in told["paths"])

    def test_the_watch_makes_it_work(self):
        case, path, later = self.kept()
        code, out, error = self.company.exeunt("watch", "--once")
        self.assertNotIn("expired", out + error, "not before its end")
        self.assertEqual(self.company.exeunt("status", case, environment=later)[0], 3, "past its end it covers nothing")
        code, out, error = self.company.exeunt("watch", "--once", environment=later)
        self.assertEqual(code, 0, out + error)
        self.assertIn("an exception expired", out)
        self.ended(case, path)
        states = [e["leaf"]["state"] for e in self.company.record(case)["entries"] if e["leaf"]["kind"] == "state_changed"]
        self.assertIn("reopened" if "closed" in states[:-1] else "running", states)

    def test_a_run_makes_it_work(self):
        case, path, later = self.kept()
        self.company.must("run", case, environment=later)
        self.ended(case, path)
        self.assertEqual(self.company.exeunt("watch", "--once", environment=later)[0], 0)
        self.assertEqual(kinds(self.company.record(case)).count("exception_expired"), 1)

    def test_a_run_that_is_under_way_then_ends_it(self):
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        self.approve(self.ask(case, path))
        self.company.faults("warehouse", slow_ms=100)
        passed = self.company.folder / "its end has come"
        run = subprocess.Popen(self.company.argv("run", case), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={"PATH": os.environ["PATH"], **self.later(3700), "CLOCK_SHIFT_WHEN": str(passed)})
        self.addCleanup(run.kill)
        # By `status`, which only reads: `record` signs, and would hold the store when the run wants it.
        self.assertTrue(wait_for(lambda: "about to act on" in self.company.exeunt("status", case, "--json")[1], 180))
        passed.touch()
        self.company.faults("warehouse", slow_ms=0)
        self.assertEqual(run.wait(180), 0)
        self.ended(case, path)
        self.assertEqual(kinds(self.company.record(case)).count("case_opened"), 1)

    def test_a_watch_that_stays_sees_it_come(self):
        """In real time, over two processes: what the first one's exception kept is ended by the second when its instant has come."""
        case, _ = self.company.planned_and_approved()
        path, until = self.account(case), time.time() + 20
        self.approve(self.ask(case, path, until=instant(20)))
        self.company.must("run", case)
        self.assertEqual(self.of(case, path)["state"], "waived", "the machine was too slow for this test's 20 s")
        watch = subprocess.Popen(self.company.argv("watch"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.assertTrue(wait_for(lambda: self.is_over(case, path), 180))
        finally:
            watch.terminate()
            watch.wait(60)
        self.ended(case, path)
        cuts = self.cuts(self.of(case, path)["id"])
        self.assertTrue(cuts and all(t >= until for t in cuts), "never before its end")

    def test_a_system_that_is_down_is_tried_again(self):
        case, path, later = self.kept()
        self.company.faults("warehouse", down=True)
        code, out, error = self.company.exeunt("watch", "--once", environment=later)
        self.assertIn(code, (3, 4, 6), out + error)
        self.assertNotEqual(self.of(case, path)["state"], "ended")
        self.company.faults("warehouse", down=False)
        after = self.later(3700 + 2 * 3600)
        code, out, error = self.company.exeunt("watch", "--once", environment=after)
        self.assertEqual(self.of(case, path)["state"], "ended", out + error)

    def test_an_end_that_comes_before_the_run_starts_nothing(self):
        case, _ = self.company.planned_and_approved()
        path = self.account(case)
        self.approve(self.ask(case, path))
        before = self.company.effects("warehouse")
        self.assertEqual(self.company.exeunt("watch", "--once", environment=self.later(3700))[0], 0)
        self.assertEqual(self.company.effects("warehouse"), before, "only an operator begins a case")
        self.company.must("run", case, environment=self.later(3700))
        self.assertEqual(self.of(case, path)["state"], "ended")

    def test_one_that_follows_another_keeps_it(self):
        case, path, later = self.kept()
        self.approve(self.ask(case, path, until=instant(3 * 3600), reason="the move is late"))
        self.company.exeunt("watch", "--once", environment=later)
        self.assertEqual(self.of(case, path)["state"], "waived")
        self.assertEqual([e["state"] for e in self.company.record(case)["exceptions"]], ["expired", "approved"])
        code, out, error = self.company.exeunt("watch", "--once", environment=self.later(4 * 3600))
        self.assertEqual(self.of(case, path)["state"], "ended", out + error)


if __name__ == "__main__":
    unittest.main()
