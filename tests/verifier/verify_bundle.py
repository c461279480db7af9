#!/usr/bin/python3
"""A second verifier of a record's folder, written from docs/evidence-format.md alone. Exit 0: it holds; 7: it does not, and why; 2: not asked rightly."""
import argparse
import json
import os
import re
import stat
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import derived  # noqa: E402
from fold import Case  # noqa: E402
from formats import (LEAF_MAX, NOTE_MAX, PAYLOAD_MAX, PROOF_MAX, Key, Refused, canonical, first_root, follow, hexdigest, leaf_hash,  # noqa: E402
                     milliseconds, open_checkpoint, parse_json, read_leaf, read_proof, signed_by, ssh_signature_holds)

CHECKS = ("sums", "key", "inclusion", "prev", "commit", "issued", "derived", "approvals", "since")
SALT = 32
FILE_MAX, BYTES_MAX, FILES_MAX = 64 * 1024 ** 2, 512 * 1024 ** 2, 250_000
DERIVED = ("timeline.csv", "case.json", "requirements.json")
ALWAYS_NAMED = ("README.txt", "log.vkey", "report.html", *DERIVED)
NEVER_NAMED = ("SHA256SUMS", "checkpoint")
PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
ENTRY = re.compile(r"(0|[1-9][0-9]{0,9})\.(json|tlog-proof)")


def size_limit(path):
    """How large the file may be; None where a record has none of that name."""
    folder, _, name = path.rpartition("/")
    if not PLAIN.fullmatch(name) or (folder and not PLAIN.fullmatch(folder)):
        return None
    if folder == "entries":
        match = ENTRY.fullmatch(name)
        return None if match is None else LEAF_MAX if match.group(2) == "json" else PROOF_MAX
    return SALT + PAYLOAD_MAX if folder == "payload" else NOTE_MAX if path == "checkpoint" else FILE_MAX


def shown(path):
    return ascii(path)[1:-1][:120]


def load(folder):
    """path -> bytes. Follows no link, reads nothing but the table's files, and no more of them than their limits."""
    files, total = {}, 0

    def walk(descriptor, prefix):
        nonlocal total
        with os.scandir(descriptor) as entries:
            for entry in entries:
                path = prefix + entry.name
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode) and not prefix and PLAIN.fullmatch(entry.name):
                    below = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY, dir_fd=descriptor)
                    try:
                        walk(below, path + "/")
                    finally:
                        os.close(below)
                    continue
                if not stat.S_ISREG(mode):
                    raise Refused(f"{shown(path)}: no regular file", "a record holds files and no links; ask for another copy")
                limit = size_limit(path)
                if limit is None:
                    raise Refused(f"{shown(path)}: no file of a record", "take it out of the folder, and ask where it came from")
                file = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
                with os.fdopen(file, "rb") as stream:
                    data = stream.read(limit + 1)
                total += len(data)
                if len(data) > limit or total > BYTES_MAX or len(files) >= FILES_MAX:
                    raise Refused(f"{shown(path)}: larger than a file of a record may be")
                files[path] = data

    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            walk(root, "")
        finally:
            os.close(root)
    except OSError as error:
        raise Refused(f"{shown(str(error.filename or folder))}: {error.strerror}", "name a folder that can be read") from None
    return files


class Verifier:
    """One check a method; each raises Refused. `skip` leaves checks out: for the tests that show what each is there for."""

    def __init__(self, files, key, since=None, signers=None, skip=()):
        self.files, self.key, self.since_note, self.signers, self.skip = files, key, since, signers, frozenset(skip)
        self.since, self.not_shown, self.approvals, self.seen = "not_asked", [], [], {}

    def does(self, check):
        return check not in self.skip

    def file(self, path):
        if path not in self.files:
            raise Refused(f"{path}: it is not there")
        return self.files[path]

    def run(self):
        for path in self.files:
            if size_limit(path) is None or len(self.files[path]) > size_limit(path):
                raise Refused(f"{shown(path)}: no file of a record, or larger than one may be")
        self.size, self.root = open_checkpoint(self.file("checkpoint"), self.key, self.does("key"))
        self.read_entries()
        self.check_proofs()
        self.read_payloads()
        if self.does("issued"):
            self.check_issued()
        if self.does("derived"):
            self.check_derived()
        if self.does("approvals"):
            self.check_approvals()
        if self.does("sums"):
            self.check_sums()
        if self.since_note is not None and self.does("since"):
            self.check_since()

    def check_sums(self):
        lines = "".join(f"{hexdigest(self.files[path])}  {path}\n" for path in sorted(self.files) if path != "SHA256SUMS")
        if self.file("SHA256SUMS") != lines.encode():
            raise Refused("SHA256SUMS: not the sums of the other files, sorted by path")

    def read_entries(self):
        count = sum(path.startswith("entries/") and path.endswith(".json") for path in self.files)
        self.case, self.leaves, prev = Case(), [], "0" * 64
        if count < 2:
            raise Refused("entries: fewer than two")
        for seq in range(count):
            data = self.file(f"entries/{seq}.json")
            try:
                leaf = read_leaf(data)
            except (ValueError, RecursionError) as error:
                raise Refused(f"entry {seq}: it is no leaf: {error}") from None
            if seq == count - 1:
                self.check_last(leaf, seq)
                self.chain_end = prev
                if leaf["case_seq"] != seq or (self.does("prev") and leaf["prev"] != prev) or (leaf["tenant"], leaf["case"]) != (self.case.tenant, self.case.case):
                    raise Refused(f"entry {seq}: it does not follow the entry before it")
            else:
                self.case.apply(leaf, prev, self.does("prev"))
            prev = leaf_hash(data).hex()
            self.leaves.append(leaf)
        self.last = self.leaves[-1]

    @staticmethod
    def check_last(leaf, seq):
        if leaf["kind"] != "record_issued":
            raise Refused(f"entry {seq}: the last one is {leaf['kind']}, not record_issued; the tail is missing")
        if leaf.get("count") != leaf["case_seq"] - 1:
            raise Refused(f"entry {seq}: record_issued covers another entry than the one before it")

    def check_proofs(self):
        self.proofs, before, many = 0, -1, len(self.leaves) > 1000
        at_milestones = ("case_opened", "approved", "exception_approved", "milestone", "record_issued")
        for seq, leaf in enumerate(self.leaves):
            path = f"entries/{seq}.tlog-proof"
            if path not in self.files and many and leaf["kind"] not in at_milestones:
                continue
            try:
                index, hashes, checkpoint = read_proof(self.file(path))
                if checkpoint != self.files["checkpoint"]:
                    raise ValueError("it is of another checkpoint")
                if index <= before:
                    raise ValueError("its place in the log is not behind the entry before it")
                before = index
                if self.does("inclusion") and follow(index, self.size, leaf_hash(self.files[f"entries/{seq}.json"]), hashes, self.seen) != self.root:
                    raise ValueError("the entry is not in the log of the checkpoint")
            except ValueError as error:
                raise Refused(f"{path}: {error}") from None
            self.proofs += 1
        beyond = [p for p in self.files if p.startswith("entries/") and int(p[8:].split(".")[0]) >= len(self.leaves)]
        if beyond:
            raise Refused(f"{min(beyond)}: no entry of that number is here")

    def read_payloads(self):
        commits = {leaf["commit"] for leaf in self.leaves}
        for path, data in self.files.items():
            if path.startswith("payload/"):
                if path[8:] not in commits:
                    raise Refused(f"{path}: no entry commits to it")
                if self.does("commit") and hexdigest(data) != path[8:]:
                    raise Refused(f"{path}: its SHA-256 is another")
        self.payloads = []
        for seq, leaf in enumerate(self.leaves):
            data = self.files.get(f"payload/{leaf['commit']}")
            payload = {}
            if data is not None and len(data) != SALT:
                try:
                    payload = parse_json(data[SALT:]) if len(data) > SALT else None
                except (ValueError, RecursionError):
                    payload = None
                if not isinstance(payload, dict):
                    raise Refused(f"entry {seq}: its payload is no JSON object behind a salt of {SALT} bytes")
            self.payloads.append(payload if data is not None else None)
        if self.payloads[-1] is None:
            raise Refused(f"entry {len(self.leaves) - 1}: the payload of record_issued is missing; it names the files")
        self.entries = [(leaf, payload or {}) for leaf, payload in zip(self.leaves[:-1], self.payloads)]

    def check_issued(self):
        named = self.payloads[-1].get("files")
        if not isinstance(named, dict):
            raise Refused("record_issued: its payload names no files")
        own = {*NEVER_NAMED, f"payload/{self.last['commit']}"}
        for path, digest in named.items():
            if size_limit(path) is None or path in own or path.startswith("entries/"):
                raise Refused(f"record_issued: {shown(path)} is no file that it may name")
            if path not in self.files:
                raise Refused(f"{path}: record_issued names it, and it is not there")
            if hexdigest(self.files[path]) != digest:
                raise Refused(f"{path}: it is not what was issued")
        if self.files["log.vkey"].decode("utf-8", "replace") != f"{self.key.text}\n":
            raise Refused("log.vkey: it is not the key that was given")
        for path in ALWAYS_NAMED:
            if path not in named:
                raise Refused(f"{path}: record_issued does not name it")
        for path in self.files:
            if path not in named and path not in own and not path.startswith("entries/"):
                raise Refused(f"{path}: record_issued does not name it, so it is none of the record's")

    def check_derived(self):
        names, issued_at = derived.Names(self.entries), self.last["t"]
        for path, made in (("case.json", lambda: derived.case_json(self.entries, names, self.case, issued_at)),
                           ("timeline.csv", lambda: derived.timeline_csv(self.entries, names)),
                           ("requirements.json", lambda: derived.requirements_json(self.entries, self.case, issued_at))):
            if self.file(path) != made():
                raise Refused(f"{path}: it is not what the entries make", "the entries hold; do not believe this file")

    def check_approvals(self):
        n = 0
        for leaf, payload in self.entries:
            if leaf["kind"] not in ("approved", "exception_approved"):
                continue
            n += 1
            document, signature = (derived.told(payload, name).encode() for name in ("document", "signature"))
            for path, data in ((f"approvals/{n}.json", document), (f"approvals/{n}.sig", signature)):
                if self.files.get(path, b"") != data:
                    raise Refused(f"{path}: it is not what the payload of entry {leaf['case_seq']} holds")
            of = "plan" if leaf["kind"] == "approved" else "exception"
            if of == "plan":
                path = f"plan/{leaf['digest']}.json"
                if hexdigest(self.file(path)) != leaf["digest"]:
                    raise Refused(f"{path}: its SHA-256 is another")
            key, known = None, False
            if self.payloads[leaf["case_seq"]] is not None:
                key, known = self.check_signature(n, of, leaf, payload, document, signature)
            else:
                self.not_shown.append(f"approval {n}: document and signature were erased")
            self.approvals.append({"n": n, "of": of, "digest": leaf["digest"], "approver": derived.told(payload, "approver") or leaf["approver"], "key": key,
                                   "key_is_approvers": known, "same_person": leaf["approver"] == leaf.get("actor")})

    def check_signature(self, n, of, leaf, payload, document, signature):
        where, end = f"approvals/{n}.json", "expires" if of == "plan" else "until"
        try:
            said = parse_json(document)
            good = isinstance(said, dict) and canonical(said) + b"\n" == document and said["v"] == 1
            good = good and (said["tenant"], said["case"], said[end]) == (leaf["tenant"], leaf["case"], leaf.get("until"))
            good = good and (said["plan"] if of == "plan" else hexdigest(document)) == leaf["digest"]
        except (ValueError, KeyError, RecursionError):
            good = False
        if not good:
            raise Refused(f"{where}: it is not what entry {leaf['case_seq']} says was signed")
        namespace = f"exeunt-{'approval' if of == 'plan' else 'exception'}"
        key, known = ssh_signature_holds(document, signature, namespace), False
        if key is None:
            raise Refused(f"approvals/{n}.sig: it does not hold")
        if self.signers is None:
            self.not_shown.append(f"approval {n}: whether the key is the approver's (no allowed_signers given)")
        else:
            known = signed_by(document, signature, namespace, derived.told(payload, "approver"), self.signers, leaf["t"])
            if not known:
                raise Refused(f"approvals/{n}.sig: the key is not one of the approver's in allowed_signers")
        return key, known

    def check_since(self):
        size, root = open_checkpoint(self.since_note, self.key)
        if size > self.size:
            raise Refused(f"checkpoint: of {self.size} entries, older than the one of {size} that was seen", "ask for the newer record")
        if size == 0:
            raise Refused("earlier checkpoint: of an empty log; every log contains it", "give a later one")
        found = self.root if size == self.size else first_root(size, self.seen)
        if found is not None and found != root:
            raise Refused("checkpoint: of another history than the earlier one; the log was rewritten", "keep both: they prove it")
        self.since = "contained" if found is not None else "not_shown"
        if found is None:
            self.not_shown.append("whether the log contains the earlier checkpoint (no path here leads to it)")

    def verdict(self):
        """As schemas/verdict.schema.json has it."""
        payloads = sum(payload is not None for payload in self.payloads)
        subject = derived.Names(self.entries).people.get(self.case.subject, self.case.subject)
        if self.since == "not_asked":
            self.not_shown.append("that nothing was changed before this checkpoint left its operator's hands: give an earlier one with --since")
        return {"holds": True, "refused": [], "not_shown": self.not_shown, "origin": self.key.name, "tree_size": self.size, "tenant": self.case.tenant,
                "case": self.case.case, "subject": subject, "entries": len(self.leaves), "proofs": self.proofs, "payloads": payloads,
                "erased": len(self.leaves) - payloads, "earlier_records": sum(leaf["kind"] == "record_issued" for leaf in self.leaves[:-1]),
                "through": self.last["count"], "issued_at": self.last["t"], "approvals": self.approvals, "since": self.since}


def refusal(refused):
    return {"holds": False, "refused": [{"what": refused.what, "next": refused.next}], "not_shown": [], "origin": "", "tree_size": 0, "tenant": "", "case": "",
            "subject": "", "entries": 0, "proofs": 0, "payloads": 0, "erased": 0, "earlier_records": 0, "through": None, "issued_at": None, "approvals": [],
            "since": "not_asked"}


def verify(files, key, since=None, signers=None, skip=()):
    """The verdict on files in memory; never raises."""
    try:
        verifier = Verifier(files, key, since, signers, skip)
        verifier.run()
        return verifier.verdict()
    except Refused as refused:
        return refusal(refused)


def verify_folder(folder, key_text, since=None, signers=None):
    try:
        key = Key(key_text)
        note = None
        if since is not None:
            with open(since, "rb") as file:
                note = file.read(NOTE_MAX + 1)
        return verify(load(folder), key, note, signers)
    except Refused as refused:
        return refusal(refused)
    except OSError as error:
        return refusal(Refused(f"{error.filename}: {error.strerror}", "name a file that can be read"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--key", required=True, metavar="VKEY", help="the log's verifier key, NAME+ID+BASE64, from somewhere else than the folder")
    parser.add_argument("--since", metavar="CHECKPOINT", help="an earlier checkpoint of this log: refuses a record that is older")
    parser.add_argument("--signers", metavar="FILE", help="allowed_signers: also whose the approving keys are")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    verdict = verify_folder(arguments.folder, arguments.key, arguments.since, arguments.signers)
    if arguments.json:
        print(json.dumps(verdict, indent=2))
    elif verdict["holds"]:
        print(f"holds: case {verdict['case']} ({verdict['subject']}), issued through entry {verdict['through']} at {verdict['issued_at']}; "
              "what happened later is not in here")
        for line in verdict["not_shown"]:
            print(f"not shown: {line}")
    else:
        for refused in verdict["refused"]:
            print(f"refused: {refused['what']}\n  next: {refused['next']}")
    return 0 if verdict["holds"] else 7


if __name__ == "__main__":
    sys.exit(main())
