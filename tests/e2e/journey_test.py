"""The life of a case on simulated systems, with the real binary: the good way, every bad approval, every fault of a system."""
import json
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simulated_company import APPROVER, HEIR, OPERATOR, SUBJECT, CompanyTest, effects_outside_their_intent, graded, intents_without_outcome, wait_for  # noqa: E402


class GoodWay(CompanyTest):
    def test_everything_known_ends_at_its_grade(self):
        case, _ = self.company.planned_and_approved()
        before = self.company.outside()
        self.company.must("run", case)
        record = self.company.record(case)
        self.assertEqual(record["state"], "waiting_person" if record["tasks"] else "closed")
        self.assertTrue(all(p["state"] == "ended" for p in record["paths"] if p["required"]))
        self.assertGreaterEqual(len(graded(record, "refused")), 5)
        self.assertTrue(all(p["control"] == "held" for p in graded(record, "refused")))
        self.assertEqual(intents_without_outcome(record), {})
        after = self.company.outside()
        for system, state in before.items():
            for ident, account in state["accounts"].items():
                if account["hr_id"] not in ("", SUBJECT):
                    self.assertEqual(after[system]["accounts"][ident], account, f"{system} {ident} belongs to somebody else")
        self.assertTrue(all(s["simulated"] for s in record["systems"] if s["kind"] != "attest"))

    def test_every_effect_lies_between_its_intent_and_its_outcome(self):
        case, _ = self.company.planned_and_approved()
        for system in self.company.sockets:
            self.company.faults(system, slow_ms=20)
        self.company.must("run", case)
        record = self.company.record(case)
        for system in self.company.sockets:
            effects = self.company.effects(system)
            self.assertTrue(effects)
            self.assertEqual(effects_outside_their_intent(record, system, effects), [])
        # The check itself: an outcome that was written before the call, and an effect without an intent, are found.
        early = {"entries": [{"leaf": {"kind": k, "step": "s01", "system": "x", "t": t}} for k, t in
                             (("step_intended", "2026-01-01T00:00:00.000Z"), ("step_outcome", "2026-01-01T00:00:00.100Z"))]}
        late_effect = [{"t": 1767225600.5, "action": "planted"}]
        self.assertEqual(effects_outside_their_intent(early, "x", late_effect), late_effect)
        self.assertEqual(effects_outside_their_intent({"entries": []}, "x", late_effect), late_effect)

    def test_a_second_run_of_an_ended_case_changes_nothing(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        effects = {s: len(self.company.effects(s)) for s in self.company.sockets}
        self.company.exeunt("run", case)
        self.company.must("probe", case)
        self.assertEqual(effects, {s: len(self.company.effects(s)) for s in self.company.sockets})

    def test_doctor_and_status_agree(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        self.assertEqual(json.loads(self.company.must("doctor", "--json"))["findings"], [])
        self.assertIn("ended", self.company.must("status", case))

    def test_map_only_disable_account_names_what_survives(self):
        out = json.loads(self.company.must("map", SUBJECT, "--only", "disable_account", "--json"))
        kinds = {(p["system"], p["kind"]) for p in out["paths"] if p["survives"]}
        self.assertIn(("directory", "session"), kinds)
        self.assertIn(("bastion", "key"), kinds)
        self.assertIn(("warehouse", "secret"), kinds)


class Approvals(CompanyTest):
    def refused(self, digest, signature, words):
        code, _, error = self.company.exeunt("approve", digest, "--signature", signature)
        self.assertEqual(code, 5, error)
        self.assertIn(words, error)

    def test_without_an_approval_nothing_runs(self):
        case, _ = self.company.plan()
        code, _, error = self.company.exeunt("run", case)
        self.assertEqual(code, 5)
        self.assertIn("approved", error)
        self.assertEqual([self.company.effects(s) for s in self.company.sockets], [[], [], []])

    def test_keys_and_persons_that_may_not_approve(self):
        _, digest = self.company.plan()
        document = self.company.document(digest)
        for signer, words in (("E1099", "not by a key"), (SUBJECT, "the subject"), (OPERATOR, "the operator"), (HEIR, "heir")):
            with self.subTest(signer=signer):
                self.refused(digest, self.company.sign(document, signer), words)

    def test_signature_over_another_document(self):
        _, digest = self.company.plan()
        document = self.company.document(digest)
        altered = document.replace(digest, "0" * 64)
        self.assertNotEqual(altered, document)
        self.refused(digest, self.company.sign(altered), "not over this document")
        self.refused(digest, self.company.sign(document, name_space="file"), "not over this document")

    def test_signature_of_another_case_is_a_replay(self):
        case, digest = self.company.plan()
        signature = self.company.sign(self.company.document(digest)).read_bytes()
        self.company.must("cancel", case, "--reason", "planned anew")
        _, second = self.company.plan()
        replayed = self.company.folder / "replayed.sig"
        replayed.write_bytes(signature)
        self.refused(second, replayed, "not over this document")

    def test_signature_counts_once(self):
        _, digest = self.company.plan()
        signature = self.company.sign(self.company.document(digest))
        self.company.must("approve", digest, "--signature", signature)
        self.refused(digest, signature, "already approved")

    def test_altered_signature(self):
        _, digest = self.company.plan()
        signature = self.company.sign(self.company.document(digest))
        text = signature.read_text().splitlines()
        text[3] = text[3][:10] + ("A" if text[3][10] != "A" else "B") + text[3][11:]
        signature.write_text("\n".join(text) + "\n")
        code, _, _ = self.company.exeunt("approve", digest, "--signature", signature)
        self.assertEqual(code, 5)

    def test_expired_approval(self):
        self.company.write_policy("approval_valid: 1s\n")
        _, digest = self.company.plan()
        signature = self.company.sign(self.company.document(digest))
        time.sleep(1.2)
        self.refused(digest, signature, "expired")


class BadInput(CompanyTest):
    def test_unknown_subject(self):
        for command in ("map", "plan"):
            code, _, error = self.company.exeunt(command, "nobody")
            self.assertEqual(code, 2)
            self.assertIn("no person", error)
            self.assertIn("next:", error)

    def test_policy_with_an_unknown_key_names_its_line(self):
        self.company.write_policy("colour: red\n")
        code, _, error = self.company.exeunt("map", SUBJECT)
        self.assertEqual(code, 2)
        self.assertRegex(error, r"policy\.yaml:\d+: .*colour")

    def test_protected_person_is_refused(self):
        self.company.write_policy(f"protected_people: [{SUBJECT}]\n")
        code, _, error = self.company.exeunt("plan", SUBJECT)
        self.assertEqual(code, 5, error)
        self.assertIn("protected", error)

    def test_person_protected_after_the_approval_is_not_touched(self):
        case, _ = self.company.planned_and_approved()
        self.company.write_policy(f"protected_people: [{SUBJECT}]\n")
        code, _, error = self.company.exeunt("run", case)
        self.assertEqual(code, 3, error)
        self.assertEqual([self.company.effects(s) for s in self.company.sockets], [[], [], []])

    def test_catalogue_changed_since_the_approval(self):
        case, _ = self.company.planned_and_approved()
        text = (self.company.home / "exeunt.yaml").read_text()
        self.company.write("exeunt.yaml", text.replace("settle_ms: 20", "settle_ms: 21"))
        code, _, error = self.company.exeunt("run", case)
        self.assertEqual(code, 5)
        self.assertIn("changed since", error)

    def test_second_process_is_refused_and_the_first_goes_on(self):
        case, _ = self.company.planned_and_approved()
        self.company.faults("warehouse", slow_ms=150)
        first = subprocess.Popen(self.company.argv("run", case), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.7)
            code, _, error = self.company.exeunt("plan", "E1005")
            self.assertEqual(code, 5, error)
            self.assertIn("another process", error)
            self.assertIn(self.company.exeunt("status")[0], (0, 3, 4, 5))
        finally:
            self.assertEqual(first.wait(60), 0)


class Interruptions(CompanyTest):
    def started(self, case, **faults):
        for system in self.company.sockets:
            self.company.faults(system, **(faults or {"slow_ms": 100}))
        return subprocess.Popen(self.company.argv("run", case), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_halt_stops_within_a_second_and_two_persons_lift_it(self):
        case, _ = self.company.planned_and_approved()
        running = self.started(case)
        self.assertTrue(wait_for(lambda: self.company.effects("directory")))
        self.company.must("halt", "--reason", "looks wrong")
        halted = time.time()
        running.wait(60)
        late = [e for s in self.company.sockets for e in self.company.effects(s) if e["t"] > halted + 1.0]
        self.assertEqual(late, [])
        code, _, error = self.company.exeunt("run", case)
        self.assertEqual(code, 5)
        self.assertIn("halted", error)
        document = self.company.must("halt", "--show")
        code, _, _ = self.company.exeunt("halt", "--lift", "--signature", self.company.sign(document, OPERATOR))
        self.assertEqual(code, 5)
        self.company.must("halt", "--lift", "--signature", self.company.sign(document, APPROVER))
        for system in self.company.sockets:
            self.company.faults(system, slow_ms=0)
        self.company.must("run", case)

    def test_cancel_of_a_running_case(self):
        case, _ = self.company.planned_and_approved()
        running = self.started(case)
        self.assertTrue(wait_for(lambda: self.company.effects("directory")))
        self.company.must("cancel", case, "--reason", "wrong person")
        running.wait(60)
        self.assertEqual(self.company.record(case)["state"], "cancelled")

    def test_sigterm_leaves_a_case_that_goes_on(self):
        case, _ = self.company.planned_and_approved()
        running = self.started(case)
        self.assertTrue(wait_for(lambda: self.company.effects("directory")))
        running.send_signal(signal.SIGTERM)
        running.wait(60)
        for system in self.company.sockets:
            self.company.faults(system, slow_ms=0)
        self.company.must("run", case)
        self.assertEqual(intents_without_outcome(self.company.record(case)), {})

    def test_scheduled_run_waits_for_its_time(self):
        case, _ = self.company.planned_and_approved()
        soon = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 3))
        began = time.monotonic()
        self.company.must("run", case, "--at", soon, "UTC")
        self.assertGreater(time.monotonic() - began, 1.5)
        self.assertTrue(any(e["leaf"].get("state") == "scheduled" for e in self.company.record(case)["entries"]))


class Faults(CompanyTest):
    def test_silent_no_op_never_reads_refused(self):
        for system in self.company.sockets:
            for blind in (False, True):
                with self.subTest(system=system, prober_broken=blind):
                    self.company.reset()
                    case, digest = self.company.plan()
                    self.company.approve(digest)
                    self.company.faults(system, silent_noop=True, prober_broken=blind)
                    code, _, _ = self.company.exeunt("run", case, timeout=300)
                    record = self.company.record(case)
                    shut = [p for p in record["paths"] if p["system"] == system and p["grade"] in ("refused", "witnessed")]
                    self.assertEqual(shut, [])
                    self.assertIn(code, (3, 4, 6))
                    if not blind:
                        self.assertEqual(code, 3)
                    self.company.must("cancel", case, "--reason", "test over")

    def test_probe_with_broken_credentials_is_unknown(self):
        case, _ = self.company.planned_and_approved()
        self.company.faults("directory", prober_broken=True)
        code, _, _ = self.company.exeunt("run", case)
        record = self.company.record(case)
        self.assertEqual([p for p in record["paths"] if p["system"] == "directory" and p["grade"] == "refused"], [])
        self.assertIn(code, (3, 4, 6))

    def test_answer_lost_after_the_effect_is_looked_at_and_repeated(self):
        case, _ = self.company.planned_and_approved()
        for system in self.company.sockets:
            self.company.faults(system, answer_lost_after=1)
        self.company.must("run", case)
        record = self.company.record(case)
        self.assertTrue(any(e["leaf"].get("outcome") == "outcome_unknown" for e in record["entries"]))
        self.assertEqual(intents_without_outcome(record), {})

    def test_listing_cut_at_its_first_page_is_listed_again_until_nothing_is_left(self):
        case, _ = self.company.planned_and_approved()
        self.company.faults("directory", cut_listing="said")
        self.company.must("run", case)
        entries = [e["leaf"] for e in self.company.record(case)["entries"]]
        self.assertTrue(any(leaf["kind"] == "listed" and leaf["completeness"] == "partial" for leaf in entries))
        account = next(i for i, a in self.company.state("directory")["accounts"].items() if a["hr_id"] == SUBJECT)
        left = [i for i in self.company.state("directory")["items"].values() if i["account"] == account]
        self.assertEqual(left, [])

    def test_system_down_during_the_run_and_back_later(self):
        case, _ = self.company.planned_and_approved()
        self.company.faults("warehouse", down=True)
        code, _, _ = self.company.exeunt("run", case, timeout=300)
        record = self.company.record(case)
        self.assertIn(code, (3, 4, 6))
        self.assertTrue(all(p["state"] == "ended" for p in record["paths"] if p["system"] == "bastion" and p["required"]), "downstream goes on")
        self.company.faults("warehouse", down=False)
        self.company.must("run", case)

    def test_system_down_before_the_plan_is_said(self):
        self.company.faults("bastion", down=True)
        code, _, error = self.company.exeunt("plan", SUBJECT)
        self.assertEqual(code, 6)
        self.assertIn("bastion", error)

    def test_session_and_key_that_appear_after_the_approval_end_all_the_same(self):
        case, _ = self.company.planned_and_approved()
        self.company.ask("warehouse", op="person", act="open_session", id="127.0.0.1:49999", account="16400")
        self.company.ask("bastion", op="person", act="add_key", account="2001", fingerprint="SHA256:" + "x" * 43)
        self.company.must("run", case)
        ended = {(p["system"], p["kind"], p["id"]) for p in self.company.record(case)["paths"] if p["state"] == "ended"}
        self.assertIn(("warehouse", "session", "127.0.0.1:49999"), ended)
        self.assertIn(("bastion", "key", "2001:SHA256:" + "x" * 43), ended)

    def test_session_that_is_over_after_the_listing_of_another_step_is_in_the_record(self):
        # The rotation of a shared secret lists the warehouse first; the session's own step never sees it.
        case, _ = self.company.planned_and_approved()
        self.company.ask("warehouse", op="person", act="open_session", id="127.0.0.1:49998", account="16400", closes_when_listed=True)
        self.company.must("run", case)
        record = self.company.record(case)
        paths = [p for p in record["paths"] if p["id"] == "127.0.0.1:49998"]
        self.assertEqual([(p["system"], p["kind"], p["state"]) for p in paths], [("warehouse", "session", "ended")])
        doctor = self.company.must("doctor")
        self.assertNotIn("broken", doctor)

    def test_account_that_appears_after_the_approval_becomes_a_delta_plan(self):
        case, digest = self.company.planned_and_approved()
        self.company.ask("warehouse", op="person", act="create_role", id="16999", account="16400")
        code, _, _ = self.company.exeunt("run", case)
        self.assertEqual(code, 3)
        record = self.company.record(case)
        delta = [a for a in record["approvals"] if a["digest"] != digest]
        self.assertEqual(len(delta), 1)
        first = [p for p in record["paths"] if p["id"] != "16999" and p["required"]]
        self.assertTrue(all(p["state"] == "ended" for p in first), "what was approved runs on")
        self.company.approve(delta[0]["digest"])
        self.company.must("run", case)
        self.assertTrue(all(p["state"] == "ended" for p in self.company.record(case)["paths"] if p["required"]))


if __name__ == "__main__":
    unittest.main()
