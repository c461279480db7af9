"""exeunt-verify on a real record, and on everything that somebody who has all but the keys can make of it."""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import jsonschema  # noqa: E402

from simulated_company import APPROVER, BINARY, HEIR, OTHER, ROOT, Company  # noqa: E402

VERIFY = BINARY.parent / "exeunt-verify"


def ran(*arguments):
    """(exit code, standard output, standard error)"""
    done = subprocess.run([str(VERIFY), *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=60, stdin=subprocess.DEVNULL,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
    return done.returncode, done.stdout, done.stderr


def key_of(name, public):
    """The verifier key of these 32 bytes (c2sp.org/signed-note)."""
    typed = b"\x01" + public
    identity = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    return f"{name}+{identity.hex()}+{base64.b64encode(typed).decode()}"


def sums_made_right(folder):
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder)}\n"
             for p in folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS"]
    (folder / "SHA256SUMS").write_text("".join(sorted(lines, key=lambda line: line[66:])))


class VerifyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.company = Company()
        cls.addClassCleanup(cls.company.close)
        cls.company.init()
        cls.case, cls.digest = cls.company.planned_and_approved()
        cls.company.exeunt("run", cls.case)
        cls.record = cls.written("record", cls.case)
        cls.other = cls.written("other", cls.company.plan(subject=OTHER)[0])
        cls.later = cls.written("later", cls.case)
        cls.key = (cls.record / "log.vkey").read_text().strip()
        cls.last = sum(1 for _ in (cls.record / "entries").glob("*.json")) - 1

    @classmethod
    def written(cls, name, case):
        folder = cls.company.folder / name
        code, _, error = cls.company.exeunt("record", case, "-o", f"{folder}/")
        assert (folder / "checkpoint").exists(), (code, error)
        return folder

    def verdict(self, folder, *more, key=None):
        code, out, error = ran(folder, "--key", key or self.key, "--json", *more)
        self.assertEqual(error, "")
        verdict = json.loads(out)
        self.assertEqual(code, 0 if verdict["holds"] else 7)
        return verdict

    def copied(self, folder=None):
        copy = self.company.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder or self.record, copy)
        self.addCleanup(shutil.rmtree, copy, ignore_errors=True)
        return copy

    def refused(self, folder, *more, key=None):
        """The reasons, each with its next step."""
        verdict = self.verdict(folder, *more, key=key)
        self.assertFalse(verdict["holds"])
        self.assertTrue(verdict["refused"])
        for each in verdict["refused"]:
            self.assertTrue(each["what"] and each["next"], each)
        return "\n".join(each["what"] for each in verdict["refused"])

    def leaf(self, folder, number):
        return json.loads((folder / f"entries/{number}.json").read_text())

    def payload(self, folder, number):
        return folder / "payload" / self.leaf(folder, number)["commit"]

    # --- what holds ---------------------------------------------------------------------------------------------------------------
    def test_a_record_holds_and_says_what_it_is(self):
        verdict = self.verdict(self.record)
        jsonschema.validate(verdict, json.loads((ROOT / "schemas/record-verdict.schema.json").read_text()))
        self.assertTrue(verdict["holds"], verdict["refused"])
        self.assertEqual((verdict["case"], verdict["through"], verdict["entries"]), (self.case, self.last - 1, self.last + 1))
        self.assertEqual((verdict["proofs"], verdict["payloads"], verdict["erased"]), (self.last + 1, self.last + 1, 0))
        self.assertEqual([(a["n"], a["of"], a["digest"], a["approver"]) for a in verdict["approvals"]], [(1, "plan", self.digest, APPROVER)])
        code, words, error = ran(self.record, "--key", self.key)
        self.assertEqual((code, error), (0, ""))
        self.assertIn(f"issued through entry {self.last - 1} at ", words)
        self.assertIn("what happened later is not in here", words)
        for other in (self.other, self.later):
            self.assertTrue(self.verdict(other)["holds"])
        self.assertEqual(self.verdict(self.later)["earlier_records"], 1)

    def test_with_allowed_signers_it_says_whose_the_approval_is(self):
        signers = self.company.home / "allowed_signers"
        self.assertTrue(self.verdict(self.record, "--signers", signers)["approvals"][0]["key_is_approvers"])
        self.assertFalse(self.verdict(self.record)["approvals"][0]["key_is_approvers"])
        lines = signers.read_text().splitlines(keepends=True)
        others = self.company.folder / "others"
        others.write_text("".join(line for line in lines if not line.startswith(APPROVER)))
        self.assertIn("approvals/1.json", self.refused(self.record, "--signers", others))
        others.write_text("".join(line.replace(APPROVER, "X", 1) if line.startswith(APPROVER) else line for line in lines))
        self.assertIn("approvals/1.json", self.refused(self.record, "--signers", others))
        others.write_text(f"{APPROVER} {self.company.signers[HEIR]}\n")
        self.assertIn("approvals/1.json", self.refused(self.record, "--signers", others))

    def test_an_earlier_checkpoint_shows_an_older_record(self):
        self.assertEqual(self.verdict(self.record)["since"], "not_asked")
        self.assertEqual(self.verdict(self.record, "--since", self.record / "checkpoint")["since"], "contained")
        self.assertEqual(self.verdict(self.later, "--since", self.record / "checkpoint")["since"], "contained")
        self.assertIn("older than what was seen", self.refused(self.record, "--since", self.later / "checkpoint"))
        forged = self.company.folder / "forged"
        forged.write_text((self.record / "checkpoint").read_text().replace("\n", "\n1", 1))
        self.assertIn("the earlier checkpoint", self.refused(self.record, "--since", forged))

    def test_a_note_and_a_proof_hold_by_themselves(self):
        code, out, _ = ran("note", self.record / "checkpoint", "--key", self.key)
        self.assertEqual((code, "The note holds" in out), (0, True))
        code, out, _ = ran("proof", self.record / "entries/1.tlog-proof", "--key", self.key)
        self.assertEqual((code, "The proof holds" in out), (0, True))
        self.assertEqual(ran("proof", self.record / "entries/1.tlog-proof", "--key", self.key, "--leaf", self.record / "entries/2.json")[0], 7)
        self.assertEqual(ran("proof", self.record / "entries/1.tlog-proof", "--key", self.key, "--origin", "another.example/log")[0], 7)
        copy = self.copied()
        for name, old in (("checkpoint", b"\n"), ("entries/1.tlog-proof", b"index ")):
            (copy / name).write_bytes((copy / name).read_bytes().replace(old, old + b"1", 1))
        self.assertEqual(ran("note", copy / "checkpoint", "--key", self.key)[0], 7)
        code, out, _ = ran("proof", copy / "entries/1.tlog-proof", "--key", self.key, "--json")
        self.assertEqual((code, json.loads(out)["holds"]), (7, False))

    # --- what is refused ----------------------------------------------------------------------------------------------------------
    def test_every_edit_is_refused_with_its_reason(self):
        def cut(name, keep):
            return lambda f: (f / name).write_bytes((f / name).read_bytes()[:keep])

        def replace(name, old, new):
            def change(folder):
                data = (folder / name).read_bytes()
                self.assertIn(old, data)
                (folder / name).write_bytes(data.replace(old, new, 1))
            return change

        def swap(*names):
            def change(folder):
                for one, another in names:
                    first, second = (folder / one).read_bytes(), (folder / another).read_bytes()
                    (folder / one).write_bytes(second)
                    (folder / another).write_bytes(first)
            return change

        def copy_over(source, target):
            return lambda f: shutil.copyfile(source if Path(source).is_absolute() else f / source, f / target)

        def drop(*names):
            return lambda f: [(f / name).unlink() for name in names]

        def drop_from(first):
            return lambda f: [p.unlink() for p in (f / "entries").iterdir() if int(p.name.split(".")[0]) >= first]

        def write(name, content):
            return lambda f: (f / name).write_bytes(content)
        last, issue = self.last, f"payload/{self.leaf(self.record, self.last)['commit']}"
        one, two = (str(self.payload(self.record, n).relative_to(self.record)) for n in (1, 2))
        rows = [
            ("leaf truncated", cut("entries/3.json", 40), "entries/3.json"),
            ("leaf empty", cut("entries/3.json", 0), "entries/3.json"),
            ("leaf edited", replace("entries/1.json", b'"t":"2', b'"t":"3'), "entry 2|entries/1|entries/2"),
            ("last leaf edited", replace(f"entries/{last}.json", b'"t":"2', b'"t":"3'), f"entries/{last}.tlog-proof"),
            ("leaves reordered", swap(("entries/3.json", "entries/4.json"), ("entries/3.tlog-proof", "entries/4.tlog-proof")), "case_seq|follow"),
            ("leaf duplicated", copy_over("entries/3.json", "entries/4.json"), "case_seq|follow"),
            ("leaf left out", drop("entries/3.json", "entries/3.tlog-proof"), "entries/3.json: it is missing"),
            ("leaf of another case", copy_over(self.other / "entries/2.json", "entries/2.json"), "entr"),
            ("tail of another case", lambda f: [shutil.copyfile(self.other / "entries" / f"2{s}", f / "entries" / f"{last}{s}") for s in (".json", ".tlog-proof")],
             "record_issued"),
            ("tail cut", drop_from(last), "record_issued"),
            ("tail cut short of two", drop_from(1), "at least two"),
            ("no leaf", drop_from(0), "at least two"),
            ("leaf nested deeply", write("entries/2.json", b"[" * 60_000), "entries/2.json"),
            ("leaf nested deeply as an object", write("entries/2.json", b'{"a":' * 12_000), "entries/2.json"),
            ("proof of another entry", copy_over("entries/3.tlog-proof", "entries/4.tlog-proof"), "entries/4.tlog-proof"),
            ("proof missing", drop("entries/3.tlog-proof"), "the proof of this entry is missing"),
            ("proof of an older checkpoint", copy_over(self.later / "entries/3.tlog-proof", "entries/3.tlog-proof"), "another checkpoint"),
            ("proof endless", write("entries/3.tlog-proof", b"c2sp.org/tlog-proof@v1\nindex 1\n" + (b"A" * 43 + b"=\n") * 100_000), "entries/3.tlog-proof"),
            ("checkpoint of a later record", copy_over(self.later / "checkpoint", "checkpoint"), "another checkpoint"),
            ("checkpoint edited", replace("checkpoint", b"\n", b"\n1"), "checkpoint"),
            ("checkpoint with a huge size", replace("checkpoint", b"\n", b"\n99999999999999999999999"), "checkpoint"),
            ("checkpoint missing", drop("checkpoint"), "checkpoint: it is not there"),
            ("checkpoint empty", cut("checkpoint", 0), "checkpoint"),
            ("report edited", replace("report.html", b"Departure", b"Arrival"), "report.html: it is not what was issued"),
            ("report left out", drop("report.html"), "report.html: it was in the record when it was issued, and is missing"),
            ("verdict edited", replace("case.json", b'"refused"', b'"waived"'), "case.json: it does not say what the entries say"),
            ("timeline edited", replace("timeline.csv", b"\r\n", b"\r\n\r\n"), "timeline.csv: it does not say"),
            ("requirements edited", replace("requirements.json", b"{", b"{ "), "requirements.json: it does not say"),
            ("derived files of another case", lambda f: [shutil.copyfile(self.other / n, f / n) for n in ("case.json", "timeline.csv", "requirements.json")],
             "case.json: it does not say"),
            ("payload edited", replace(one, b"{", b"{ "), "payload"),
            ("payloads exchanged", swap((one, two)), "payload"),
            ("payload left out", drop(one), "is missing"),
            ("payload shorter than a salt", cut(one, 20), "shorter than its salt"),
            ("payload of the issue left out", drop(issue), "it is missing, and it is what names"),
            ("payload of the issue edited", replace(issue, b"report.html", b"reporT.html"), "its SHA-256 is not its name"),
            ("payload of nobody", write(f"payload/{'0' * 64}", b"x" * 40), "no entry commits to it"),
            ("approval of another", replace("approvals/1.json", b"default", b"another"), "approvals/1.json: it is not what"),
            ("signature edited", cut("approvals/1.sig", 100), "approvals/1.sig: it is not what"),
            ("plan edited", replace(f"plan/{self.digest}.json", b"{", b"{ "), "it is not the plan that was approved"),
            ("plan left out", drop(f"plan/{self.digest}.json"), "the plan that was approved is missing"),
            ("one file more", write("more.txt", b"x"), "more.txt: it is none of the record's files"),
            ("one entry more", write("entries/0007.json", b"{}"), "no file of a record is called so"),
            ("key of another log", write("log.vkey", key_of("another.example/log", b"k" * 32).encode() + b"\n"), "log.vkey"),
            ("name that hides", write(".report.html", b"x"), "no file of a record is called so"),
            ("name that steers a terminal", write("a\x1b[2Jb", b"x"), "no file of a record is called so"),
            ("folder in a folder", lambda f: (f / "entries/more").mkdir(), "it is a folder"),
            ("huge file", lambda f: os.truncate(f / "report.html", 70 * 1024 * 1024), "larger than what is read"),
        ]
        for name, change, reason in rows:
            with self.subTest(name):
                copy = self.copied()
                change(copy)
                if name != "huge file":
                    sums_made_right(copy)
                self.assertRegex(self.refused(copy), reason)
        copy = self.copied()
        sums_made_right(copy)
        self.assertTrue(self.verdict(copy)["holds"], "the sums made right are those of the record")
        (copy / "SHA256SUMS").write_text("")
        self.assertIn("SHA256SUMS", self.refused(copy))

    def test_what_leads_out_of_the_folder_is_not_followed(self):
        outside = self.company.folder / "outside"
        outside.mkdir()
        self.addCleanup(shutil.rmtree, outside)
        shutil.copyfile(self.record / "report.html", outside / "report.html")
        shutil.copytree(self.record / "entries", outside / "entries")
        for name in ("report.html", "entries"):
            with self.subTest(name):
                copy = self.copied()
                shutil.rmtree(copy / name) if name == "entries" else (copy / name).unlink()
                (copy / name).symlink_to(outside / name)
                self.assertIn(f"{name}: it is a symbolic link", self.refused(copy))
        copy = self.copied()
        (copy / "report.html").unlink()
        os.mkfifo(copy / "report.html")
        self.assertIn("report.html", self.refused(copy))

    def test_another_key_is_refused(self):
        name, _, key = self.key.split("+", 2)
        self.assertIn("checkpoint", self.refused(self.record, key=key_of(name, b"k" * 32)))
        self.assertIn("checkpoint", self.refused(self.record, key=key_of("another.example/log", base64.b64decode(key)[1:])))

    def test_a_wrong_command_line_is_not_a_verdict(self):
        for arguments in ([], [self.record], [self.record, "--key"], [self.record, "--key", "x"], [self.record, "--key", self.key, "--key", self.key],
                          [self.record, "--key", self.key, "--more"], [self.record, self.other, "--key", self.key],
                          [self.record / "missing", "--key", self.key], [self.record, "--key", self.key, "--since", self.record / "missing"],
                          ["note", self.record / "missing", "--key", self.key], ["proof", self.record / "checkpoint", "--key", self.key],
                          ["note", self.record / "checkpoint", "--key", self.key, "--leaf", self.record / "checkpoint"]):
            with self.subTest(arguments):
                code, out, error = ran(*arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertIn("next:", error)
        self.assertEqual(ran("--help")[0], 0)

    def test_the_binary_needs_neither_network_nor_database(self):
        needed = subprocess.run(["ldd", VERIFY], capture_output=True, text=True, check=True).stdout
        for library in ("libcurl", "libsqlite3", "libpq", "libldap", "libssh", "libhiredis", "libkrb5", "libssl"):
            self.assertNotIn(library, needed)


if __name__ == "__main__":
    unittest.main()
