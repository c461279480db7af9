"""The record as a folder, checked as an auditor would: with public tools and a few lines of Python, and nothing of ours."""
import base64
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import unittest
from html.parser import HTMLParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import jsonschema  # noqa: E402

from simulated_company import APPROVER, ROOT, Company  # noqa: E402

VOID = {"meta", "br", "img", "link", "hr", "line", "path"}


def schema(name):
    return json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text())


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def note_parts(note):
    """text (ending in a newline), signature lines."""
    text, _, signatures = note.rpartition("\n\n")
    return text + "\n", signatures.splitlines()


def root_from_proof(index, size, leaf, hashes):
    """RFC 9162 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    for p in hashes:
        if sn == 0:
            raise ValueError("too long")
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ValueError("too short")
    return r


class Bundle:
    def __init__(self, folder):
        self.folder = folder
        self.files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        self.entries = [self.files[f"entries/{seq}.json"] for seq in range(sum(f.startswith("entries/") and f.endswith(".json") for f in self.files))]
        self.leaves = [json.loads(entry) for entry in self.entries]

    def proof(self, seq):
        head, _, checkpoint = self.files[f"entries/{seq}.tlog-proof"].decode().partition("\n\n")
        magic, index, *hashes = head.splitlines()
        assert magic == "c2sp.org/tlog-proof@v1"
        return int(index.removeprefix("index ")), [base64.b64decode(h, validate=True) for h in hashes], checkpoint

    def faults(self):
        """What does not hold, without any key: names of the checks that fail."""
        found = []
        prev = "0" * 64
        for seq, (entry, leaf) in enumerate(zip(self.entries, self.leaves)):
            if leaf["prev"] != prev or leaf["case_seq"] != seq:
                found.append(f"prev of entry {seq}")
            prev = leaf_hash(entry).hex()
            payload = self.files.get(f"payload/{leaf['commit']}")
            if payload is not None and sha256(payload) != leaf["commit"]:
                found.append(f"payload of entry {seq}")
            if f"entries/{seq}.tlog-proof" in self.files:
                index, hashes, checkpoint = self.proof(seq)
                _, size, root = note_parts(checkpoint)[0].splitlines()
                if checkpoint.encode() != self.files["checkpoint"]:
                    found.append(f"checkpoint of entry {seq}")
                if base64.b64encode(root_from_proof(index, int(size), leaf_hash(entry), hashes)).decode() != root:
                    found.append(f"inclusion of entry {seq}")
        issued = json.loads(self.files[f"payload/{self.leaves[-1]['commit']}"][32:])
        covered = set(issued["files"]) | {"SHA256SUMS", "checkpoint", f"payload/{self.leaves[-1]['commit']}"}
        found += [f"{path} is not what was issued" for path, digest in issued["files"].items() if sha256(self.files.get(path, b"")) != digest]
        found += [f"{path} was not issued" for path in self.files if path not in covered and not path.startswith("entries/")]
        return found


class Page(HTMLParser):
    """Whether a page is well-formed, and what an assistive program relies on."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.headings, self.faults = [], [], [], []
        self.feed(text)
        if self.open:
            self.faults.append(f"never closed: {self.open}")

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag in ("script", "iframe", "img", "link", "object", "form") or any(a.startswith("on") or a in ("src", "style") for a in attributes):
            self.faults.append(f"<{tag} {attributes}>")
        if tag == "a" and not attributes.get("href", "").startswith("#"):
            self.faults.append(f"leads out: {attributes}")
        if tag == "th" and "scope" not in attributes:
            self.faults.append("th without scope")
        if tag[0] == "h" and tag[1:].isdigit():
            self.headings.append(int(tag[1:]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")


class BundleOfACase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.company = Company()
        cls.addClassCleanup(cls.company.close)
        cls.company.init()
        cls.case, cls.digest = cls.company.planned_and_approved()
        cls.company.exeunt("run", cls.case)
        cls.out = cls.company.folder / "record"
        code, printed, error = cls.company.exeunt("record", cls.case, "-o", f"{cls.out}/", "--json")
        assert printed, (code, error)
        cls.code, cls.printed = code, json.loads(printed)
        cls.bundle = Bundle(cls.out)

    def test_what_is_printed_and_the_files_are_what_their_schemas_say(self):
        jsonschema.validate(self.printed, schema("record-folder"))
        self.assertEqual(self.code, self.printed["exit"])
        for name in ("case", "requirements"):
            jsonschema.validate(json.loads(self.bundle.files[f"{name}.json"]), schema(f"record-{name}"))
        self.assertEqual(len(self.bundle.files), self.printed["files"])

    def test_sums_hold_and_name_every_file(self):
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], cwd=self.out, check=True)
        named = {line[66:] for line in self.bundle.files["SHA256SUMS"].decode().splitlines()}
        self.assertEqual(named, set(self.bundle.files) - {"SHA256SUMS"})

    def test_files_are_for_their_owner_alone(self):
        for path in [self.out, *self.out.rglob("*")]:
            self.assertEqual(path.stat().st_mode & 0o777, 0o700 if path.is_dir() else 0o600, path)

    def test_the_checkpoint_holds_by_openssl(self):
        name, _, key = self.bundle.files["log.vkey"].decode().strip().split("+", 2)
        text, signatures = note_parts(self.bundle.files["checkpoint"].decode())
        signature = next(base64.b64decode(s.split(" ")[2]) for s in signatures if s.startswith(f"\u2014 {name} "))
        folder = self.company.folder
        (folder / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + base64.b64decode(key)[1:])
        (folder / "sig").write_bytes(signature[4:])

        def verified(words):
            (folder / "text").write_text(words)
            return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", folder / "key.der", "-keyform", "DER", "-rawin", "-in",
                                   folder / "text", "-sigfile", folder / "sig"], capture_output=True).returncode == 0
        self.assertTrue(verified(text))
        self.assertFalse(verified(text.replace("\n", "0\n", 1)))

    def test_the_commands_of_the_readme_work_as_they_stand(self):
        readme = self.bundle.files["README.txt"].decode()
        step = readme[readme.index("2. The checkpoint"):readme.index("3. The last entry")]
        commands = "\n".join(line.strip() for line in step.splitlines()[1:]).replace("the line that you were given", self.bundle.files["log.vkey"].decode().strip())
        done = subprocess.run(["bash", "-euc", commands.replace("/tmp/", f"{self.company.folder}/readme-")], cwd=self.out, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Verified Successfully", done.stdout)
        done = subprocess.run(["bash", "-euc", '(cd payload && for f in *; do echo "$f  $f"; done | sha256sum --quiet -c) && echo payloads whole'],
                              cwd=self.out, capture_output=True, text=True)
        self.assertEqual(done.stdout, "payloads whole\n")

    def test_public_scripts_accept_it(self):
        vectors = os.environ.get("EXEUNT_VECTORS")
        if not vectors:
            self.skipTest("EXEUNT_VECTORS names no folder with verify_note.sh and verify_tlog_proof.sh")
        key = self.bundle.files["log.vkey"].decode().strip()
        subprocess.run([f"{vectors}/verify_note.sh", key, self.out / "checkpoint"], check=True, capture_output=True)
        last = len(self.bundle.entries) - 1
        for seq in (0, last // 2, last):
            subprocess.run([f"{vectors}/verify_tlog_proof.sh", key, self.out / f"entries/{seq}.json", self.out / f"entries/{seq}.tlog-proof"],
                           check=True, capture_output=True)
        refused = subprocess.run([f"{vectors}/verify_tlog_proof.sh", key, self.out / "entries/0.json", self.out / "entries/1.tlog-proof"],
                                 capture_output=True)
        self.assertNotEqual(refused.returncode, 0)

    def test_the_approval_holds_by_ssh_keygen_and_is_of_this_plan(self):
        def verified(document):
            return subprocess.run(["ssh-keygen", "-Y", "verify", "-n", "exeunt-approval", "-f", self.company.home / "allowed_signers", "-I", APPROVER,
                                   "-s", self.out / "approvals/1.sig"], input=document, capture_output=True).returncode == 0
        document = self.bundle.files["approvals/1.json"]
        self.assertTrue(verified(document))
        self.assertFalse(verified(document.replace(b"default", b"another")))
        self.assertIn(self.digest, document.decode())
        self.assertEqual(sha256(self.bundle.files[f"plan/{self.digest}.json"]), self.digest)

    def test_chain_inclusion_payloads_and_issue_hold(self):
        self.assertEqual(self.bundle.faults(), [])
        last = self.bundle.leaves[-1]
        self.assertEqual((last["kind"], last["count"]), ("record_issued", self.printed["through"]))
        self.assertEqual(self.printed["through"] + 2, len(self.bundle.entries))
        self.assertEqual(sum(f.endswith(".tlog-proof") for f in self.bundle.files), len(self.bundle.entries))

    def test_each_of_these_checks_finds_its_edit(self):
        def edited(change):
            copy = self.company.folder / "edited"
            shutil.copytree(self.out, copy)
            self.addCleanup(shutil.rmtree, copy, ignore_errors=True)
            change(copy)
            faults = Bundle(copy).faults()
            shutil.rmtree(copy)
            return " ".join(faults)

        def replace(path, old, new):
            def change(folder):
                data = (folder / path).read_bytes()
                self.assertIn(old, data)
                (folder / path).write_bytes(data.replace(old, new, 1))
            return change
        self.assertIn("report.html is not what was issued", edited(replace("report.html", b"Departure", b"Arrival")))
        self.assertIn("case.json is not what was issued", edited(replace("case.json", b'"refused"', b'"waived"')))
        self.assertIn("prev of entry 4", edited(replace("entries/3.json", b'"v":1', b'"v":2')))
        self.assertIn("inclusion of entry 3", edited(replace("entries/3.json", b'"v":1', b'"v":2')))
        payload = f"payload/{self.bundle.leaves[2]['commit']}"
        self.assertIn("payload of entry 2", edited(replace(payload, b"{", b"[")))
        self.assertIn("is not what was issued", edited(lambda folder: (folder / payload).unlink()))
        self.assertIn("more.txt was not issued", edited(lambda folder: (folder / "more.txt").write_text("x")))

    def test_the_timeline_has_a_row_for_each_entry(self):
        rows = list(csv.reader(io.StringIO(self.bundle.files["timeline.csv"].decode(), newline="")))
        self.assertEqual([int(r[0]) for r in rows[1:]], list(range(self.printed["through"] + 1)))
        self.assertEqual({len(r) for r in rows}, {len(rows[0])})
        self.assertEqual([c for r in rows for c in r if c[:1] in tuple("=+-@\t\r") and c], [])

    def test_case_json_agrees_with_the_record(self):
        case, record = json.loads(self.bundle.files["case.json"]), self.company.record(self.case)
        self.assertEqual((case["state"], case["exit"]), (record["state"], record["exit"]))

        def told(paths):
            return sorted((p["system"], p["kind"], p["state"], p["grade"], p["control"]) for p in paths)
        self.assertEqual(told(case["paths"]), told(record["paths"]))

    def test_the_page_is_well_formed_and_leads_nowhere(self):
        text = self.bundle.files["report.html"].decode()
        page = Page(text)
        self.assertEqual(page.faults, [])
        self.assertEqual(page.headings[0], 1)
        self.assertEqual([(a, b) for a, b in zip(page.headings, page.headings[1:]) if b > a + 1], [])
        self.assertEqual(page.headings.count(1), 1)
        tags = [t for t, _ in page.tags]
        self.assertEqual([tags.count(t) for t in ("main", "header", "footer")], [1, 1, 1])
        self.assertIn(("html", {"lang": "en"}), page.tags)
        ids = {a["id"] for _, a in page.tags if "id" in a}
        self.assertEqual({a["href"][1:] for t, a in page.tags if t == "a"} - ids, set())
        self.assertIn("Simulated:", text)
        self.assertIn("known ways in", text)
        self.assertNotIn("same person", text)

    def test_a_second_record_says_so_and_a_full_folder_is_left_alone(self):
        before = {p: p.stat().st_mtime_ns for p in self.out.rglob("*")}
        code, _, error = self.company.exeunt("record", self.case, "-o", self.out)
        self.assertNotEqual(code, 0)
        self.assertIn("not empty", error)
        self.assertIn("next:", error)
        self.assertEqual(before, {p: p.stat().st_mtime_ns for p in self.out.rglob("*")})
        self.assertEqual(len(self.company.record(self.case)["entries"]), len(self.bundle.entries), "nothing was journalled")
        second = self.company.folder / "second"
        second.mkdir()
        self.company.exeunt("record", self.case, "-o", second)
        again = Bundle(second)
        self.assertEqual(again.faults(), [])
        self.assertEqual([leaf["kind"] for leaf in again.leaves].count("record_issued"), 2)
        self.assertEqual(again.entries[:len(self.bundle.entries)], self.bundle.entries)
        shutil.rmtree(second)
        self.assertEqual(json.loads(self.company.must("doctor", "--json"))["findings"], [])

    def test_a_file_is_still_the_one_json(self):
        file = self.company.folder / "record.json"
        self.company.exeunt("record", self.case, "-o", file)
        jsonschema.validate(json.loads(file.read_text()), schema("record"))


if __name__ == "__main__":
    unittest.main()
