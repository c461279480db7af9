"""Edits of a record's folder by somebody who owns everything but keys: of bytes, entries and payloads. edits_beside.py has those of all other files.

A kind is a function (random, files, world) that edits `files`; it returns the paths that the repair leaves as they are, where there are any.
"""
import json
import re
import subprocess
from pathlib import Path

import page
from bundles import LogKey, count_entries, parsed
from formats import canonical, hexdigest, milliseconds, rfc3339

KINDS = {}
WORDS = {"outcome": tuple(page.STEP) + ("required", "watched", "present", "absent", "zero", "identity_cut", "done", "asked", "overdue"), "answer": page.ANSWERS,
         "state": tuple(page.PATH) + tuple(page.CASE), "grade": page.GRADES, "control": ("held", "failed", "missing", "none"),
         "completeness": page.COMPLETENESS, "moment": page.MOMENTS + page.USE_MOMENTS, "kind": tuple(sorted(page.LEAF_KINDS)), "node": page.NODE_KINDS}
NAMESPACES = {"plan": "exeunt-approval", "exception": "exeunt-exception"}


class NotHere(Exception):
    """This record has nothing for this kind of edit."""


def kind(name):
    def register(function):
        KINDS[name] = function
        return function
    return register


class World:
    """What an attacker has: other genuine records of the same log, keys of one's own."""

    def __init__(self, samples, folder):
        self.samples = samples
        self.log_key = LogKey(samples["newer"]["checkpoint"].split(b"\n")[0].decode(), b"attacker".ljust(32))
        self.ssh_key = Path(folder) / "attacker"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "attacker", "-f", self.ssh_key], check=True, stdin=subprocess.DEVNULL)

    def ssh_sign(self, document, namespace):
        return subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", self.ssh_key, "-"], input=document, check=True,
                              capture_output=True).stdout


# --- reading and writing parts ----------------------------------------------------------------------------------------------------
def pick(random, items):
    items = list(items)
    if not items:
        raise NotHere
    return random.choice(items)


def leaf_of(files, seq):
    return json.loads(files[f"entries/{seq}.json"])


def put_leaf(files, seq, leaf):
    files[f"entries/{seq}.json"] = canonical(leaf)


def leaves(files, *kinds):
    return [(seq, leaf) for seq in range(count_entries(files)) for leaf in [leaf_of(files, seq)] if not kinds or leaf["kind"] in kinds]


def payload_of(files, leaf):
    data = files.get(f"payload/{leaf['commit']}")
    if data is None:
        raise NotHere
    return data[:32], json.loads(data[32:]) if len(data) > 32 else {}


def put_payload(files, leaf, salt, payload):
    files[f"payload/{leaf['commit']}"] = salt + canonical(payload)


def covered(files):
    return count_entries(files) - 1


def drop_entries(files, dropped):
    """Takes entries out and closes the gap; proofs move along."""
    kept = [(files.pop(f"entries/{seq}.json"), files.pop(f"entries/{seq}.tlog-proof", None)) for seq in range(count_entries(files))]
    for seq, (leaf, proof) in enumerate(each for seq, each in enumerate(kept) if seq not in dropped):
        files[f"entries/{seq}.json"] = leaf
        if proof is not None:
            files[f"entries/{seq}.tlog-proof"] = proof
    commits = {(parsed(files[f"entries/{seq}.json"]) or {}).get("commit") for seq in range(count_entries(files))}
    for path in [p for p in files if p.startswith("payload/") and p[8:] not in commits]:
        del files[path]


def edit_json(files, path, change):
    value = json.loads(files[path])
    change(value)
    files[path] = canonical(value) + b"\n"
    return {path}


def other_word(random, words, now):
    return pick(random, [word for word in words if word != now])


def moved(random, time):
    return rfc3339(milliseconds(time) + random.choice((-1, 1)) * random.choice((1, 1000, 60_000, 3_600_000, 86_400_000, random.randrange(1, 10 ** 9))))


# --- bytes ------------------------------------------------------------------------------------------------------------------------
FILES_OF = {"entry": "entries/.*json", "proof": ".*proof", "payload": "payload/.*", "signed document": "approvals/.*json", "SSH signature": "approvals/.*sig",
            "plan": "plan/.*", "report.html": "report.html", "README.txt": "README.txt", "timeline.csv": "timeline.csv", "case.json": "case.json",
            "requirements.json": "requirements.json", "checkpoint": "checkpoint", "log.vkey": "log.vkey"}


def change_bytes(random, data):
    at, out = random.randrange(len(data)) if data else 0, bytearray(data)
    end = min(len(data), at + random.randrange(1, 64))
    match random.randrange(8) if data else 2:
        case 0: out[at] ^= 1 << random.randrange(8)
        case 1: out[at] = random.randrange(256)
        case 2: out.insert(at, random.choice(b" \n\r\t0a,{}\0\xff"))
        case 3: del out[at:end]
        case 4: del out[at:]
        case 5: out += data[at:end]
        case 6: out[at:at] = data[at:end]
        case 7: out[at:end] = bytes(reversed(data[at:end]))
    return bytes(out)


def bytes_of(what):
    @kind(f"bytes of {what}")
    def edit(random, files, world):
        path = pick(random, (p for p in files if re.fullmatch(FILES_OF[what], p)))
        files[path] = change_bytes(random, files[path])
        return {path}


for each in FILES_OF:
    bytes_of(each)


# --- what entries say -------------------------------------------------------------------------------------------------------------
@kind("verdict swapped in an entry")
def _(random, files, world):
    seq, leaf = pick(random, leaves(files, "probed", "path_changed", "step_outcome", "state_changed", "milestone", "listed", "path_found", "task_changed"))
    name = pick(random, leaf.keys() & WORDS.keys() - {"kind", "node"})
    leaf[name] = other_word(random, WORDS[name], leaf[name])
    put_leaf(files, seq, leaf)


@kind("verdicts of two entries exchanged")
def _(random, files, world):
    of = random.choice(("probed", "step_outcome", "listed", "path_found"))
    (a, one), (b, two) = pick(random, leaves(files, of)), pick(random, leaves(files, of))
    names = ("outcome", "answer", "state", "grade", "control", "completeness", "count", "means")
    left, right = ({n: leaf[n] for n in names if n in leaf} for leaf in (one, two))
    if left == right:
        raise NotHere
    put_leaf(files, a, {**{n: v for n, v in one.items() if n not in names}, **right})
    put_leaf(files, b, {**{n: v for n, v in two.items() if n not in names}, **left})


@kind("any member of an entry")
def _(random, files, world):
    seq, leaf = pick(random, leaves(files))
    name = pick(random, leaf)
    match leaf[name]:
        case int(): leaf[name] += random.choice((-1, 1, 2 ** 40))
        case _ if name in WORDS: leaf[name] = other_word(random, WORDS[name], leaf[name])
        case _ if random.randrange(2): del leaf[name]
        case _: leaf[name] = leaf_of(files, random.randrange(count_entries(files))).get(name, "x")
    if leaf == leaf_of(files, seq):
        raise NotHere
    put_leaf(files, seq, leaf)


@kind("a time moved in an entry")
def _(random, files, world):
    seq, leaf = pick(random, leaves(files))
    name = pick(random, leaf.keys() & {"t", "until"})
    leaf[name] = moved(random, leaf[name])
    put_leaf(files, seq, leaf)


@kind("the instant of issue moved")
def _(random, files, world):
    leaf = leaf_of(files, covered(files))
    leaf["t"] = moved(random, leaf["t"])
    put_leaf(files, covered(files), leaf)


@kind("the end of an approval or exception moved")
def _(random, files, world):
    seq, leaf = pick(random, leaves(files, "approved", "exception_approved", "exception_asked"))
    leaf["until"] = moved(random, leaf["until"])
    put_leaf(files, seq, leaf)
    if leaf["kind"] != "exception_asked" and random.randrange(2):
        salt, payload = payload_of(files, leaf)
        document = json.loads(payload["document"])
        document["expires" if leaf["kind"] == "approved" else "until"] = leaf["until"]
        n = 1 + sum(s < seq for s, _ in leaves(files, "approved", "exception_approved"))
        payload["document"] = (files.setdefault(f"approvals/{n}.json", b"") and canonical(document) + b"\n").decode()
        files[f"approvals/{n}.json"] = payload["document"].encode()
        put_payload(files, leaf, salt, payload)


@kind("the tail dropped")
def _(random, files, world):
    last = covered(files)
    drop_entries(files, set(range(last - random.randrange(1, min(last, 40)), last)))


@kind("the tail dropped with the issue")
def _(random, files, world):
    drop_entries(files, set(range(count_entries(files) - random.randrange(1, min(covered(files), 40)), count_entries(files))))


@kind("an entry dropped")
def _(random, files, world):
    drop_entries(files, {random.randrange(covered(files))})


@kind("two entries exchanged")
def _(random, files, world):
    a, b = random.sample(range(covered(files)), 2)
    for ending in ("json", "tlog-proof")[:random.randrange(1, 3)]:
        one, two = f"entries/{a}.{ending}", f"entries/{b}.{ending}"
        files[one], files[two] = files[two], files[one]


@kind("an entry twice")
def _(random, files, world):
    last, of, at = covered(files), random.randrange(covered(files)), random.randrange(covered(files))
    twice = [files[f"entries/{of}.{ending}"] for ending in ("json", "tlog-proof")]
    for seq in range(last, at, -1):
        for ending in ("json", "tlog-proof"):
            files[f"entries/{seq + 1}.{ending}"] = files[f"entries/{seq}.{ending}"]
    files[f"entries/{at + 1}.json"], files[f"entries/{at + 1}.tlog-proof"] = twice


@kind("an entry of one's own put in")
def _(random, files, world):
    last, at = covered(files), random.randrange(1, covered(files))
    leaf = leaf_of(files, random.randrange(covered(files)))
    salt = random.randbytes(32)
    files[f"payload/{hexdigest(salt + b'{}')}"] = salt + b"{}"
    for seq in range(last, at - 1, -1):
        for ending in ("json", "tlog-proof"):
            files[f"entries/{seq + 1}.{ending}"] = files[f"entries/{seq}.{ending}"]
    put_leaf(files, at, {**leaf, "kind": random.choice(("noted", leaf["kind"])), "commit": hexdigest(salt + b"{}")})


@kind("a way in left out of the entries")
def _(random, files, world):
    target = pick(random, {leaf["target"] for _, leaf in leaves(files, "path_found")})
    drop_entries(files, {seq for seq, leaf in leaves(files) if leaf.get("target") == target})


@kind("tenant or case renamed throughout")
def _(random, files, world):
    name = random.choice(("tenant", "case"))
    value = leaf_of(files, 0)[name] + "x"
    for seq, leaf in leaves(files):
        put_leaf(files, seq, {**leaf, name: value})


@kind("an approval left out")
def _(random, files, world):
    found = leaves(files, "approved", "exception_approved")
    n = random.randrange(len(found))
    drop_entries(files, {found[n][0]})
    for ending in ("json", "sig"):
        for later in range(n + 1, len(found)):
            files[f"approvals/{later}.{ending}"] = files[f"approvals/{later + 1}.{ending}"]
        del files[f"approvals/{len(found)}.{ending}"]


@kind("an entry in another form")
def _(random, files, world):
    path = f"entries/{random.randrange(count_entries(files))}.json"
    leaf = json.loads(files[path])
    files[path] = random.choice((lambda: json.dumps(leaf).encode(), lambda: files[path] + b"\n", lambda: b"\xef\xbb\xbf" + files[path],
                                 lambda: canonical(leaf)[:-1] + b',"v":1}', lambda: files[path].replace(b'"v":1', b'"v":1.0'),
                                 lambda: files[path].replace(b'"v":1', b'"v":1e0'), lambda: files[path].replace(b"default", b"\\u0064efault"),
                                 lambda: canonical({**leaf, "zz": "x"}), lambda: canonical({**leaf, "node": ""}), lambda: canonical({**leaf, "t": leaf["t"][:-1] + "+00:00"}),
                                 lambda: b"[" * 60_000, lambda: b'{"a":' * 10_000, lambda: canonical({**leaf, "attempt": 10 ** 30})))()


# --- what payloads say ------------------------------------------------------------------------------------------------------------
@kind("payloads and salts of two entries exchanged")
def _(random, files, world):
    (a, one), (b, two) = random.sample(leaves(files)[:-1], 2)
    if random.randrange(2):
        one["commit"], two["commit"] = two["commit"], one["commit"]
        put_leaf(files, a, one)
        put_leaf(files, b, two)
    else:
        left, right = f"payload/{one['commit']}", f"payload/{two['commit']}"
        files[left], files[right] = files[right], files[left]


@kind("salts of two payloads exchanged")
def _(random, files, world):
    one, two = random.sample([p for p in files if p.startswith("payload/")], 2)
    files[one], files[two] = files[two][:32] + files[one][32:], files[one][:32] + files[two][32:]


@kind("a payload left out")
def _(random, files, world):
    del files[pick(random, (p for p in files if p.startswith("payload/")))]


@kind("a name in a payload changed")
def _(random, files, world):
    _, leaf = pick(random, leaves(files)[:-1])
    salt, payload = payload_of(files, leaf)
    name = pick(random, (n for n, v in payload.items() if isinstance(v, str)))
    payload[name] += "x"
    put_payload(files, leaf, salt, payload)


@kind("another person is the subject")
def _(random, files, world):
    leaf = leaf_of(files, 0)
    salt, payload = payload_of(files, leaf)
    payload["subject"] = "E1006"
    put_payload(files, leaf, salt, payload)
    if random.randrange(2):
        put_leaf(files, 0, {**leaf, "subject": "p_1njwbbjdy847h65crn604f0r63"})


@kind("what record_issued names")
def _(random, files, world):
    last = covered(files)
    leaf = leaf_of(files, last)
    salt, payload = payload_of(files, leaf)
    named, victim = payload["files"], pick(random, payload["files"])
    match random.randrange(8):
        case 0: del named[victim]
        case 1: named[victim] = hexdigest(random.randbytes(8))
        case 2: named["../" * random.randrange(1, 9) + "etc/passwd"] = hexdigest(b"")
        case 3: named["/etc/passwd"] = named[victim]
        case 4: named["entries/0.json"] = hexdigest(files["entries/0.json"])
        case 5: named[f"payload/{leaf['commit']}"] = leaf["commit"]
        case 6: payload["files"] = list(named)
        case 7: payload["files"] = {}
    files[f"payload/{leaf['commit']}"] = salt + canonical(payload)
    world.named_as_they_are = True


@kind("a payload nested deeply")
def _(random, files, world):
    path = pick(random, (p for p in files if p.startswith("payload/")))
    files[path] = files[path][:32] + random.choice((b'{"a":' * 5000 + b"1" + b"}" * 5000, b"[" * 100_000, b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"))
