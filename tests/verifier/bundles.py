"""Bundles to verify: from the real binary on simulated systems, and made anew by whoever owns everything but the log's key."""
import base64
import datetime
import hashlib
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import derived
from fold import Case
from formats import EM_DASH, Key, Refused, canonical, hexdigest, leaf_hash, read_leaf, root_of
from verify_bundle import load

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import simulated_company  # noqa: E402


# --- from the binary --------------------------------------------------------------------------------------------------------------
def from_the_binary(folder, people=6):
    """Two cases of one log: `older` and `newer` records of the first, which has an exception, and `other`, of the second."""
    with simulated_company.Company(people=people) as company:
        company.init()
        company.make_signer(simulated_company.OTHER)
        company.write("allowed_signers", "".join(f'{p} namespaces="exeunt-approval,exeunt-exception" {k}\n' for p, k in company.signers.items() if p != "E1099"))
        (folder / "allowed_signers").write_bytes((company.home / "allowed_signers").read_bytes())

        def record(case, name):
            code, out, error = company.exeunt("record", case, "-o", f"{folder}/{name}/", "--json")
            if not out:
                raise AssertionError(f"no record ({code}): {error}")

        case, _ = company.planned_and_approved()
        path = next(p for p in company.record(case)["paths"] if (p["system"], p["kind"]) == ("warehouse", "account"))
        until = in_five_hours()
        asked = json.loads(company.must("exception", "ask", case, f"warehouse/account/{path['id']}", "--until", until, "--reason", "moves on Friday", "--json"))
        ident = asked["exceptions"][0]["id"]
        company.must("exception", "approve", ident, "--signature",
                     company.sign(company.must("exception", "show", ident), simulated_company.APPROVER, "exeunt-exception"))
        record(case, "first")
        company.exeunt("run", case)
        record(case, "older")
        second, digest = company.plan(subject=simulated_company.OTHER)
        company.approve(digest)
        company.exeunt("run", second)
        record(second, "other")
        record(case, "newer")
    return {name: load(folder / name) for name in ("first", "older", "newer", "other")}


def in_five_hours():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


# --- a log of one's own -----------------------------------------------------------------------------------------------------------
class LogKey:
    """A log's key of one's own: an attacker's, or an issuer's who lies."""

    def __init__(self, name, seed=bytes(32)):
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        public = b"\1" + self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.id = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
        self.verifier = Key(f"{name}+{self.id.hex()}+{base64.b64encode(public).decode()}")

    def line(self, text):
        return f"{EM_DASH} {self.verifier.name} {base64.b64encode(self.id + self.private.sign(text.encode())).decode()}\n"

    def sign(self, text):
        return (text + "\n" + self.line(text)).encode()


def paths_of(hashes):
    """The inclusion path of every leaf."""
    if len(hashes) == 1:
        return [[]]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    left, right = root_of(hashes[:k]), root_of(hashes[k:])
    return [p + [right] for p in paths_of(hashes[:k])] + [p + [left] for p in paths_of(hashes[k:])]


def proof_text(index, path, checkpoint):
    return ("c2sp.org/tlog-proof@v1\n" + f"index {index}\n" + "".join(base64.b64encode(p).decode() + "\n" for p in path) + "\n").encode() + checkpoint


# --- what hashes name -------------------------------------------------------------------------------------------------------------
def sums(files):
    files["SHA256SUMS"] = "".join(f"{hexdigest(files[path])}  {path}\n" for path in sorted(files) if path != "SHA256SUMS").encode()


def count_entries(files):
    count = 0
    while f"entries/{count}.json" in files:
        count += 1
    return count


def parsed(data):
    try:
        leaf = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return leaf if isinstance(leaf, dict) else None


def rechain(files):
    """Each entry's place and `prev`; an entry that can no longer be read stays as it is."""
    prev = "0" * 64
    for seq in range(count_entries(files)):
        data = files[f"entries/{seq}.json"]
        leaf = parsed(data)
        if leaf is not None and (leaf.get("prev"), leaf.get("case_seq")) != (prev, seq):
            leaf["prev"], leaf["case_seq"] = prev, seq
            try:
                data = files[f"entries/{seq}.json"] = canonical(leaf)
            except (TypeError, ValueError, RecursionError):
                pass
        prev = leaf_hash(data).hex()


def recommit(files):
    """Payloads get the name of what they hold, and their entries commit to that."""
    renamed = {}
    for path in [p for p in files if p.startswith("payload/")]:
        digest = hexdigest(files[path])
        if path[8:] != digest:
            renamed[path[8:]] = digest
            files[f"payload/{digest}"] = files.pop(path)
    for seq in range(count_entries(files)) if renamed else ():
        data = files[f"entries/{seq}.json"]
        leaf = parsed(data)
        if leaf is not None and leaf.get("commit") in renamed:
            leaf["commit"] = renamed[leaf["commit"]]
            files[f"entries/{seq}.json"] = canonical(leaf)


def read(files):
    """[(leaf, payload)] but the last, and their fold. ValueError, KeyError or Refused where they cannot be read."""
    case, entries = Case(), []
    for seq in range(count_entries(files) - 1):
        leaf = read_leaf(files[f"entries/{seq}.json"])
        case.apply(leaf, "", check_prev=False)
        data = files.get(f"payload/{leaf['commit']}")
        entries.append((leaf, json.loads(data[32:]) if data is not None and len(data) > 32 else {}))
    return entries, case


def rederive(files, but=()):
    """The derived files anew, where the entries still say something."""
    try:
        entries, case = read(files)
        issued_at = json.loads(files[f"entries/{count_entries(files) - 1}.json"])["t"]
        names = derived.Names(entries)
        made = {"case.json": derived.case_json(entries, names, case, issued_at), "timeline.csv": derived.timeline_csv(entries, names),
                "requirements.json": derived.requirements_json(entries, case, issued_at)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Refused):
        return
    files.update({path: data for path, data in made.items() if path not in but and path in files})


def reissue(files, change=None):
    """The last entry names the files as they are; `change` may alter what it names."""
    last = count_entries(files) - 1
    leaf = parsed(files.get(f"entries/{last}.json", b""))
    if leaf is None or f"payload/{leaf.get('commit')}" not in files:
        return
    own = f"payload/{leaf['commit']}"
    salt = files[own][:32]
    del files[own]
    named = {path: hexdigest(data) for path, data in files.items() if path not in ("SHA256SUMS", "checkpoint") and not path.startswith("entries/")}
    if change:
        change(named)
    data = salt + canonical({"files": named})
    leaf["commit"] = hexdigest(data)
    if leaf.get("kind") == "record_issued":
        leaf["count"] = last - 1
    files[f"payload/{leaf['commit']}"] = data
    try:
        files[f"entries/{last}.json"] = canonical(leaf)
    except (TypeError, ValueError, RecursionError):
        pass


def make_right(files, but=()):
    """Every hash that no key covers."""
    recommit(files)
    rechain(files)
    rederive(files, but)
    reissue(files)
    sums(files)


def relog(files, sign, origin, before=3, with_proof=lambda seq: True):
    """A log of one's own around the entries: root, proofs and a checkpoint as `sign` writes it."""
    count = count_entries(files)
    hashes = [hashlib.sha256(b"\0other %d" % i).digest() for i in range(before)] + [leaf_hash(files[f"entries/{seq}.json"]) for seq in range(count)]
    checkpoint = sign(f"{origin}\n{len(hashes)}\n{base64.b64encode(root_of(hashes)).decode()}\n")
    for path in [p for p in files if p.endswith(".tlog-proof")]:
        del files[path]
    files["checkpoint"] = checkpoint
    for seq, path in enumerate(paths_of(hashes)[before:]):
        if with_proof(seq):
            files[f"entries/{seq}.tlog-proof"] = proof_text(before + seq, path, checkpoint)
    sums(files)


def issued_by(files, key, change=None, more=0):
    """The same record in a log of `key`'s own: what an issuer makes. `change(files)` comes last before the issue: how one lies. `more` entries are added."""
    files = dict(files)
    files["log.vkey"] = (key.verifier.text + "\n").encode()
    last = count_entries(files) - 1
    issue, template = files.pop(f"entries/{last}.json"), json.loads(files[f"entries/{last - 1}.json"])
    for i in range(more):
        payload = hashlib.sha256(b"salt %d" % i).digest() + canonical({"note": f"number {i}"})
        files[f"payload/{hexdigest(payload)}"] = payload
        files[f"entries/{last + i}.json"] = canonical({"v": 1, "tenant": template["tenant"], "case": template["case"], "case_seq": last + i, "prev": "0" * 64,
                                                       "kind": "noted", "t": template["t"], "commit": hexdigest(payload)})
    files[f"entries/{last + more}.json"] = issue
    make_right(files)
    if change:
        change(files)
        reissue(files)
    kinds = ("case_opened", "approved", "exception_approved", "milestone", "record_issued")
    many = count_entries(files) > 1000
    relog(files, key.sign, key.verifier.name, with_proof=lambda seq: not many or json.loads(files[f"entries/{seq}.json"])["kind"] in kinds)
    return files


def write(files, folder):
    for path, data in files.items():
        file = Path(folder) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
