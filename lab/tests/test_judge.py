"""The judge sees every fault that we plant, and says nothing on a clean story. Run: python3 -m unittest discover lab/tests"""
import base64
import hashlib
import io
import json
import sqlite3
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import judge  # noqa: E402
from judge_compare import changed_for_others  # noqa: E402

SECRET = b"Lab-\xc3\xa9 secret/+value 0123456789"


def at(second):
    return f"2026-01-01T10:00:{second:02d}.000Z"


def tried(second, outcome, kind="account", native_id="a1", words=""):
    return {"way": "directory login", "system": "directory", "kind": kind, "id": native_id, "begun": at(second),
            "ended": at(second), "outcome": outcome, "words": words}


def story():
    log = [{"seed": 1, "person": "E0008"}, tried(1, "admitted"), tried(20, "refused"),
           tried(2, "admitted", "session", "127.0.0.1:5"), tried(21, "error", "session", "127.0.0.1:5", "ended: EOF")]
    path = {"system": "directory", "state": "ended", "ended_since": {"last_admitted": at(9), "first_refused": at(10)}}
    record = {"intervals": {"approved": at(5)}, "gaps": [],
              "paths": [{**path, "kind": "account", "id": "a1"}, {**path, "kind": "session", "id": "127.0.0.1:5"}]}
    return log, record


class Judged(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)
        self.log, self.record = story()
        self.store = self.dir / "store"
        self.store.mkdir()

    def verdict(self, *more):
        (self.dir / "log").write_text("".join(json.dumps(e) + "\n" for e in self.log))
        (self.dir / "record").write_text(json.dumps(self.record))
        (self.dir / "secrets").write_text(json.dumps({"what": "password", "hex": SECRET.hex()}) + "\n")
        argv = ["judge.py", "judge", "--log", str(self.dir / "log"), "--record", str(self.dir / "record"), "--secrets",
                str(self.dir / "secrets"), "--search", str(self.store), *more]
        out = io.StringIO()
        with mock.patch.object(sys, "argv", argv), redirect_stdout(out):
            code = judge.main()
        return code, json.loads(out.getvalue())

    def drained(self, last_admitted):
        """A path that cannot be revoked: admitted until second 30."""
        self.log += [tried(3, "admitted", "token", "a1:access-tokens"), tried(last_admitted, "admitted", "token", "a1:access-tokens")]
        self.record["paths"].append({"system": "directory", "kind": "token", "id": "a1:access-tokens", "state": "draining", "until": at(30)})

    def test_what_drains_may_be_admitted_until_its_instant(self):
        self.drained(29)
        code, verdict = self.verdict()
        self.assertEqual((code, verdict["admitted_after"]), (0, 0), verdict)

    def test_what_drained_and_is_admitted_later_is_seen(self):
        self.drained(30 + judge.DRAINED_TOLERANCE_S + 1)
        code, verdict = self.verdict()
        self.assertEqual((code, verdict["admitted_after"]), (1, 1), verdict)

    def given_back(self, *more):
        """Her account came back at second 30 by a new password; she tries the old one."""
        self.record["paths"][0].update(state="restored", ended_since={"last_admitted": at(9), "first_refused": None})
        self.record["entries"] = [{"leaf": {"kind": "state_changed", "state": "restoring", "t": at(30)}}]
        self.log += more

    def test_a_way_that_was_given_back_refuses_what_opened_it_before(self):
        self.given_back(tried(40, "refused"))
        code, verdict = self.verdict()
        self.assertEqual((code, verdict["admitted_after"], verdict["untried"]), (0, 0, 0), verdict)

    def test_an_old_credential_that_was_given_back_too_is_seen(self):
        self.given_back(tried(40, "refused"), tried(41, "admitted"))
        code, verdict = self.verdict()
        self.assertEqual((code, verdict["admitted_after"]), (1, 1), verdict)

    def test_a_way_that_was_given_back_and_not_tried_since_proves_nothing(self):
        self.given_back()
        code, verdict = self.verdict()
        self.assertEqual((code, verdict["untried"]), (1, 1), verdict)

    def test_a_way_that_is_said_to_be_given_back_without_a_restore_has_no_verdict(self):
        self.given_back(tried(40, "refused"))
        self.record["entries"] = []
        with self.assertRaises(SystemExit):
            self.verdict()

    def test_clean_story_is_accepted(self):
        code, verdict = self.verdict()
        self.assertEqual((code, [verdict[c] for c in judge.COUNTS]), (0, [0] * len(judge.COUNTS)), verdict)

    def test_path_absent_from_the_record_is_missed(self):
        del self.record["paths"][0]
        code, verdict = self.verdict()
        self.assertEqual((code, verdict["missed"]), (1, 1))

    def test_gap_declared_before_the_run_excuses_and_a_later_one_does_not(self):
        del self.record["paths"][0]
        for declared, missed in ((at(4), 0), (at(6), 1), ("", 1)):
            self.record["gaps"] = [{"system": "directory", "kind": "account", "words": "", "declared_at": declared}]
            verdict = self.verdict()[1]
            self.assertEqual((verdict["missed"], len(verdict["excused"])), (missed, 1 - missed), declared)

    def test_gap_of_another_kind_excuses_nothing(self):
        del self.record["paths"][0]
        self.record["gaps"] = [{"system": "directory", "kind": "session", "words": "", "declared_at": at(4)}]
        self.assertEqual(self.verdict()[1]["missed"], 1)

    def test_session_opened_and_closed_between_two_looks_is_not_missed_and_any_other_is(self):
        def listed(second, completeness="full", node="session"):
            return {"leaf": {"kind": "listed", "system": "directory", "node": node, "completeness": completeness, "t": at(second)}}
        hers = [tried(12, "admitted", "session", "127.0.0.1:6"), tried(14, "admitted", "session", "127.0.0.1:6")]
        closed = [tried(15, "error", "session", "127.0.0.1:6", "ended: EOF")]
        base = list(self.log)
        for name, looks, more, missed in (("between two looks", [listed(3), listed(18)], closed, 0),
                                          ("still there at a look", [listed(3), listed(13), listed(18)], closed, 1),
                                          ("there before the first look", [listed(18)], closed, 1),
                                          ("the next look was cut short", [listed(3), listed(18, "partial")], closed, 1),
                                          ("the next look came while it may have been there", [listed(3), listed(15)], closed, 1),
                                          ("looks at another kind", [listed(3, node="account"), listed(18, node="account")], closed, 1),
                                          ("nobody closed it", [listed(3), listed(18)], [], 1)):
            with self.subTest(name):
                self.log, self.record["entries"] = base + hers + more, looks
                verdict = self.verdict()[1]
                self.assertEqual((verdict["missed"], len(verdict["between_looks"])), (missed, 1 - missed))

    def test_late_admission_is_seen(self):
        self.log.append(tried(11, "admitted"))
        code, verdict = self.verdict()
        self.assertEqual((code, verdict["admitted_after"]), (1, 1))

    def test_admission_just_before_the_first_refusal_is_none(self):
        self.log.insert(2, tried(10, "admitted"))
        self.assertEqual(self.verdict()[1]["admitted_after"], 0)

    def test_ended_path_that_nobody_tried_is_not_proven(self):
        self.log = [e for e in self.log if e.get("outcome") != "refused"]
        code, verdict = self.verdict()
        self.assertEqual((code, verdict["untried"]), (1, 1))

    def test_unreachable_server_is_no_try(self):
        self.log[2] = tried(20, "error", words="connection refused")
        self.assertEqual(self.verdict()[1]["untried"], 1)

    def test_ended_path_without_an_instant_is_not_proven(self):
        self.record["paths"][0]["ended_since"] = None
        self.assertEqual(self.verdict()[1]["untried"], 1)

    def test_adversary_that_held_nothing_proves_nothing(self):
        self.log = self.log[:1]
        self.assertEqual(self.verdict()[0], 1)

    def test_torn_log_gives_no_verdict(self):
        self.verdict()
        (self.dir / "log").write_text('{"way": "x", "sys')
        with self.assertRaises(SystemExit):
            judge.read_log(self.dir / "log")

    def test_secret_is_found_in_every_form(self):
        shapes = {"raw": SECRET, "hex": SECRET.hex().encode(), "HEX": SECRET.hex().upper().encode(),
                  "url": b"Lab-%C3%A9%20secret%2F%2Bvalue%200123456789",
                  **{f"base64 at {n}": base64.b64encode(b"x" * n + SECRET + b"tail") for n in range(7)},
                  **{f"base64url at {n}": base64.urlsafe_b64encode(b"x" * n + SECRET) for n in range(3)}}
        for name, data in shapes.items():
            (self.store / "engine.log").write_bytes(b"before " + data + b" after")
            code, verdict = self.verdict()
            self.assertEqual((code, verdict["secrets_found"]), (1, 1), name)

    def test_secret_split_over_pages_of_the_store_is_found(self):
        store = sqlite3.connect(self.store / "store.db")
        store.execute("CREATE TABLE entry (payload BLOB)")
        store.execute("INSERT INTO entry VALUES (?)", [b"a" * 4050 + SECRET + b"b" * 9000])
        store.commit()
        store.close()
        self.assertGreaterEqual(self.verdict()[1]["secrets_found"], 1)

    def test_secret_in_the_environment_is_found(self):
        watched = self.dir / "watched"
        watched.write_text(json.dumps({"environ of 7": (b"A=1\0P=" + SECRET + b"\0").hex()}))
        self.assertEqual(self.verdict("--watched", str(watched))[1]["secrets_found"], 1)

    def test_secret_in_the_record_is_found(self):
        self.record["timeline"] = [{"t": at(1), "words": SECRET.hex()}]
        self.assertEqual(self.verdict()[1]["secrets_found"], 1)


def hexed(*values):
    return [v.encode().hex() for v in values]


BLOB = b"\0\0\0\x0bssh-ed25519 one key"
KEY = "ssh-ed25519 " + base64.b64encode(BLOB).decode()
OTHER_KEY = "ssh-ed25519 " + base64.b64encode(BLOB + b"!").decode()
HER, HIM = "uid=her,dc=x", "uid=him,dc=x"


def snapshots():
    passwd = "her:*:500:500::/h/her:/bin/sh\ndeploy:*:600:600::/h/deploy:/bin/sh\n"
    before = {"directory": {HER: {"employeeNumber": hexed("E1"), "userPassword": hexed("old")},
                            HIM: {"employeeNumber": hexed("E2"), "userPassword": hexed("his")},
                            "cn=g,dc=x": {"member": hexed(HER, HIM), "owner": hexed(HER)}},
              "warehouse": {"roles": {"1": '{"rolname": "her", "rolpassword": "a"}', "2": '{"rolname": "him"}'},
                            "members": {"1:9": "m", "2:9": "m"}, "owners": {"sales/class/5": "1", "sales/class/6": "2"}},
              "bastion": {"nss/passwd": passwd.encode().hex(),
                          "homes/deploy/.ssh/authorized_keys": f"{KEY} her\n{OTHER_KEY} him\n".encode().hex()},
              "cache": {"now": {"her": "aa", "him": "bb", "shared": "cc"}, "saved": {"her": "aa", "him": "bb", "shared": "cc"}},
              "broker": {"her": "a", "him": "b"},
              "realm": {"her@X": "a", "him@X": "b", "exeunt/admin@LAB.EXAMPLE": "c"}}
    return before, json.loads(json.dumps(before))


HELD = {("warehouse", "account", "1"), ("cache", "account", "her"), ("cache", "secret", "shared"),
        ("broker", "account", "her"), ("realm", "account", "her@X"), ("realm", "token", "him@X"),
        ("bastion", "key", "600:SHA256:" + base64.b64encode(hashlib.sha256(BLOB).digest()).decode().rstrip("="))}


class Compared(unittest.TestCase):
    def changed(self, change):
        before, after = snapshots()
        change(after)
        return changed_for_others(before, after, "E1", HELD)

    def test_ending_her_access_changes_nobody_else(self):
        def ended(s):
            s["directory"][HER]["userPassword"] = hexed("new")
            s["directory"]["cn=g,dc=x"] = {"member": hexed(HIM), "owner": hexed(HIM)}
            s["warehouse"]["roles"]["1"] = '{"rolcanlogin": false}'
            del s["warehouse"]["members"]["1:9"]
            s["warehouse"]["owners"]["sales/class/5"] = "2"
            s["bastion"]["homes/deploy/.ssh/authorized_keys"] = f"{OTHER_KEY} him\n".encode().hex()
            s["cache"]["now"] |= {"her": "00", "shared": "11"}
            s["cache"]["saved"] |= {"her": "00", "shared": "11"}
            del s["broker"]["her"]
            s["realm"] |= {"her@X": "0", "exeunt/admin@LAB.EXAMPLE": "0"}
        self.assertEqual(self.changed(ended), [])

    def test_each_planted_change_of_another_account_is_seen(self):
        def role(s): s["warehouse"]["roles"]["2"] = "{}"
        def new_role(s): s["warehouse"]["roles"]["3"] = "{}"
        def password(s): s["directory"][HIM]["userPassword"] = hexed("x")
        def entry(s): del s["directory"][HIM]
        def member(s): s["directory"]["cn=g,dc=x"]["member"] = hexed(HER)
        def pair(s): del s["warehouse"]["members"]["2:9"]
        def owner(s): s["warehouse"]["owners"]["sales/class/6"] = "1"
        def key(s): s["bastion"]["homes/deploy/.ssh/authorized_keys"] = f"{KEY} her\n".encode().hex()
        def file(s): del s["bastion"]["homes/deploy/.ssh/authorized_keys"]
        def user(s): s["cache"]["now"]["him"] = "00"
        def saved_user(s): del s["cache"]["saved"]["him"]
        def new_user(s): s["cache"]["now"]["eve"] = "dd"
        def broker_user(s): s["broker"]["him"] = "c"
        def principal(s): s["realm"]["him@X"] = "0"
        def new_principal(s): s["realm"]["eve@X"] = "0"
        for change in (role, new_role, password, entry, member, pair, owner, key, file, user, saved_user, new_user, broker_user,
                       principal, new_principal):
            self.assertEqual(len(self.changed(change)), 1, change.__name__)

    def test_unknown_subject_is_said(self):
        before, after = snapshots()
        self.assertTrue(changed_for_others(before, after, "E9", HELD))


if __name__ == "__main__":
    unittest.main()
