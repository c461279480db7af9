"""Edits of a record's folder, as edits.py has them: of derived files, proofs, checkpoint, approvals, other genuine records; and the repairs after all."""
import base64
import copy
import json
import re

import page
from bundles import LogKey, count_entries, make_right, reissue, relog, sums
from edits import KINDS, NAMESPACES, WORDS, NotHere, covered, edit_json, kind, leaf_of, leaves, moved, other_word, payload_of, pick, put_leaf, put_payload
from formats import EM_DASH, canonical, hexdigest, milliseconds

__all__ = ("KINDS", "REPAIRS")


# --- derived files ----------------------------------------------------------------------------------------------------------------
@kind("a path left out of case.json")
def _(random, files, world):
    return edit_json(files, "case.json", lambda case: case["paths"].remove(pick(random, case["paths"])))


@kind("a verdict swapped in case.json")
def _(random, files, world):
    def change(case):
        if random.randrange(4) == 0:
            case["exit"] = other_word(random, (0, 3, 4, 5, 8), case["exit"])
            return
        path = pick(random, case["paths"])
        name = random.choice(("state", "grade", "grade_required", "control"))
        path[name] = other_word(random, page.GRADES if "grade" in name else WORDS["control"] if name == "control" else tuple(page.PATH), path[name])
    return edit_json(files, "case.json", change)


@kind("a time moved in case.json")
def _(random, files, world):
    def change(case):
        place = random.choice((case["intervals"], case, *case["paths"], *case["approvals"], *case["exceptions"]))
        name = pick(random, (n for n, v in place.items() if isinstance(v, str) and milliseconds(v) is not None))
        place[name] = moved(random, place[name])
    return edit_json(files, "case.json", change)


@kind("any list of case.json cut or turned")
def _(random, files, world):
    def change(case):
        name = pick(random, (n for n, v in case.items() if isinstance(v, list) and len(v) > 1))
        before = list(case[name])
        random.choice((case[name].reverse, case[name].pop, lambda: case[name].append(copy.deepcopy(case[name][0]))))()
        if case[name] == before:
            raise NotHere
    return edit_json(files, "case.json", change)


@kind("a requirement made to look shown")
def _(random, files, world):
    def change(value):
        row = pick(random, (r for r in value["requirements"] if r["missing"]))
        row["missing"], row["evidence"] = ([], "complete") if random.randrange(2) else (row["missing"][1:], row["evidence"])
    return edit_json(files, "requirements.json", change)


@kind("a row left out of timeline.csv")
def _(random, files, world):
    rows = files["timeline.csv"].split(b"\r\n")
    del rows[random.randrange(1, len(rows) - 1)]
    files["timeline.csv"] = b"\r\n".join(rows)
    return {"timeline.csv"}


@kind("a word of timeline.csv changed")
def _(random, files, world):
    words = [m for m in re.finditer(rb"[a-z_]{4,}", files["timeline.csv"])]
    one, two = random.choice(words), random.choice(words)
    if one.group() == two.group():
        raise NotHere
    files["timeline.csv"] = files["timeline.csv"][:one.start()] + two.group() + files["timeline.csv"][one.end():]
    return {"timeline.csv"}


@kind("a sentence of report.html changed")
def _(random, files, world):
    words = list(re.finditer(rb"(?<=>)[^<>{}]{3,}(?=<)", files["report.html"]))
    one, two = random.choice(words), random.choice(words)
    if one.group() == two.group():
        raise NotHere
    files["report.html"] = files["report.html"][:one.start()] + two.group() + files["report.html"][one.end():]


@kind("derived files of another record")
def _(random, files, world):
    other = world.samples[pick(random, world.samples)]
    paths = random.sample(("case.json", "timeline.csv", "requirements.json", "report.html"), random.randrange(1, 5))
    if all(files[p] == other[p] for p in paths):
        raise NotHere
    files.update({p: other[p] for p in paths})
    return set(paths)


# --- other genuine records --------------------------------------------------------------------------------------------------------
@kind("entries of another case")
def _(random, files, world):
    other = world.samples[pick(random, (n for n, s in world.samples.items() if leaf_of(s, 0)["case"] != leaf_of(files, 0)["case"]))]
    of, at = random.randrange(count_entries(other)), random.randrange(count_entries(files))
    if random.randrange(2):
        of = min(at, count_entries(other) - 1)
    files[f"entries/{at}.json"] = other[f"entries/{of}.json"]
    if random.randrange(2):
        files[f"entries/{at}.tlog-proof"] = other[f"entries/{of}.tlog-proof"]
    commit = leaf_of(other, of)["commit"]
    if f"payload/{commit}" in other and random.randrange(2):
        files[f"payload/{commit}"] = other[f"payload/{commit}"]


@kind("the end of another case's record")
def _(random, files, world):
    other = world.samples[pick(random, (n for n, s in world.samples.items() if leaf_of(s, 0)["case"] != leaf_of(files, 0)["case"]))]
    begin = random.randrange(1, covered(files))
    for seq in range(begin, count_entries(files)):
        for ending in ("json", "tlog-proof"):
            files.pop(f"entries/{seq}.{ending}")
    for seq in range(begin, count_entries(other)):
        for ending in ("json", "tlog-proof"):
            files[f"entries/{seq}.{ending}"] = other[f"entries/{seq}.{ending}"]
    files.update({p: d for p, d in other.items() if p.startswith("payload/")})
    files["checkpoint"] = other["checkpoint"]


def others_of_the_case(files, world):
    return [n for n, s in world.samples.items() if leaf_of(s, 0)["case"] == leaf_of(files, 0)["case"] and s["checkpoint"] != files["checkpoint"]]


@kind("another genuine record, whole")
def _(random, files, world):
    other = world.samples[pick(random, (n for n, s in world.samples.items() if s["checkpoint"] != files["checkpoint"]))]
    files.clear()
    files.update(other)


@kind("files of an older or newer record")
def _(random, files, world):
    other = world.samples[pick(random, others_of_the_case(files, world))]
    differ = sorted(p for p in other if p != "SHA256SUMS" and files.get(p) != other[p])
    chosen = random.sample(differ, random.randrange(1, min(len(differ), 200)))
    files.update({p: other[p] for p in chosen})
    return set(chosen)


@kind("checkpoint and proofs of another record")
def _(random, files, world):
    other = world.samples[pick(random, (n for n, s in world.samples.items() if s["checkpoint"] != files["checkpoint"]))]
    before = files["checkpoint"]
    files["checkpoint"] = other["checkpoint"]
    if random.randrange(2):
        for path in [p for p in files if p.endswith(".tlog-proof")]:
            files[path] = files[path].replace(before, other["checkpoint"])


# --- proofs and checkpoints -------------------------------------------------------------------------------------------------------
@kind("a proof's index or path")
def _(random, files, world):
    path = pick(random, (p for p in files if p.endswith(".tlog-proof")))
    lines = files[path].split(b"\n")
    end = lines.index(b"")
    match random.randrange(7):
        case 0: lines[1] = b"index %d" % (int(lines[1][6:]) + random.choice((-1, 1, 2 ** 32)))
        case 1: lines[random.randrange(2, end)] = base64.b64encode(random.randbytes(32))
        case 2: del lines[random.randrange(2, end)]
        case 3: lines.insert(random.randrange(2, end + 1), base64.b64encode(random.randbytes(32)))
        case 4: lines.insert(1, b"extra " + base64.b64encode(random.randbytes(8)))
        case 5: lines[2:end] = reversed(lines[2:end])
        case 6: lines = files[pick(random, (p for p in files if p.endswith(".tlog-proof") and p != path))].split(b"\n")
    if files[path] == b"\n".join(lines):
        raise NotHere
    files[path] = b"\n".join(lines)


@kind("a proof left out")
def _(random, files, world):
    del files[pick(random, (p for p in files if p.endswith(".tlog-proof")))]


def replace_checkpoint(files, new):
    before, files["checkpoint"] = files["checkpoint"], new
    for path in [p for p in files if p.endswith(".tlog-proof")]:
        files[path] = files[path].replace(before, new)


@kind("the checkpoint's text")
def _(random, files, world):
    text, _, signature = files["checkpoint"].decode().rpartition("\n\n")
    lines = text.split("\n")
    match random.randrange(6):
        case 0: lines[1] = str(int(lines[1]) + random.choice((-1, 1, 100)))
        case 1: lines[2] = base64.b64encode(random.randbytes(32)).decode()
        case 2: lines[0] += random.choice(("x", " ", "/y"))
        case 3: lines.append("an extension")
        case 4: lines[1] = "0" + lines[1]
        case 5: lines.insert(2, "")
    replace_checkpoint(files, ("\n".join(lines) + "\n\n" + signature).encode())


@kind("signature lines of strangers")
def _(random, files, world):
    text, _, signatures = files["checkpoint"].decode().rpartition("\n\n")
    strangers = [LogKey(f"stranger{random.randrange(10 ** 6)}", random.randbytes(32)).line(text + "\n") for _ in range(random.randrange(1, 18))]
    lines = strangers + [signatures] if random.randrange(2) else [signatures] + strangers
    replace_checkpoint(files, (text + "\n\n" + "".join(lines)).encode())


@kind("the log's signature replaced")
def _(random, files, world):
    text, _, signatures = files["checkpoint"].decode().rpartition("\n\n")
    raw, own = base64.b64decode(signatures.split()[-1]), world.log_key.private.sign((text + "\n").encode())
    forged = random.choice((raw[:4] + own, raw[:4] + random.randbytes(64), raw[:-1], raw[:4], world.log_key.id + own, raw[:36] + bytes(32), raw + b"\0"))
    line = f"{EM_DASH} {world.log_key.verifier.name} {base64.b64encode(forged).decode()}\n"
    replace_checkpoint(files, (text + "\n\n" + random.choice((line, line + signatures, signatures + line))).encode())


@kind("the checkpoint signed by another key")
def _(random, files, world):
    text, _, _ = files["checkpoint"].decode().rpartition("\n\n")
    replace_checkpoint(files, world.log_key.sign(text + "\n"))
    if random.randrange(2):
        files["log.vkey"] = (world.log_key.verifier.text + "\n").encode()


@kind("the key of the folder exchanged")
def _(random, files, world):
    files["log.vkey"] = (world.log_key.verifier.text + "\n").encode()


# --- approvals and plans ----------------------------------------------------------------------------------------------------------
@kind("an approval signed by the attacker")
def _(random, files, world):
    found = leaves(files, "approved", "exception_approved")
    n = random.randrange(len(found))
    _, leaf = found[n]
    salt, payload = payload_of(files, leaf)
    document = json.loads(payload["document"])
    if random.randrange(2):
        name = "expires" if leaf["kind"] == "approved" else "until"
        document[name] = moved(random, document[name])
    data = canonical(document) + b"\n"
    payload["document"] = data.decode()
    payload["signature"] = world.ssh_sign(data, NAMESPACES["plan" if leaf["kind"] == "approved" else "exception"]).decode()
    files[f"approvals/{n + 1}.json"], files[f"approvals/{n + 1}.sig"] = data, payload["signature"].encode()
    put_payload(files, leaf, salt, payload)


@kind("signatures of two approvals exchanged")
def _(random, files, world):
    if "approvals/2.sig" not in files:
        raise NotHere
    for ending in random.choice((("sig",), ("json",), ("json", "sig"))):
        one, two = f"approvals/1.{ending}", f"approvals/2.{ending}"
        files[one], files[two] = files[two], files[one]


@kind("another plan under the approved digest")
def _(random, files, world):
    path = pick(random, (p for p in files if p.startswith("plan/")))
    other = pick(random, (d for s in world.samples.values() for p, d in s.items() if p.startswith("plan/")))
    files[path] = other if other != files[path] else canonical({**json.loads(other), "case": "c_other"})
    if random.randrange(2):
        data = files.pop(path)
        files[f"plan/{hexdigest(data)}.json"] = data


@kind("another approver")
def _(random, files, world):
    seq, leaf = pick(random, leaves(files, "approved", "exception_approved"))
    if random.randrange(2):
        salt, payload = payload_of(files, leaf)
        payload["approver"] = "E1006"
        put_payload(files, leaf, salt, payload)
    else:
        put_leaf(files, seq, {**leaf, "approver": leaf["actor"]})


# --- files ------------------------------------------------------------------------------------------------------------------------
@kind("a file added")
def _(random, files, world):
    n = count_entries(files)
    path = random.choice(("more.txt", "report.pdf", "payload/" + random.randbytes(32).hex(), "approvals/9.sig", "approvals/9.json", "plan/" + random.randbytes(32).hex() + ".json",
                          f"entries/{n + 1}.json", f"entries/{n}.tlog-proof", "entries/00.json", "entries/x", "payload/x", ".hidden", "deep/er/file", "tile/0/000",
                          "checkpoint.sig", "CASE.JSON", "report.html.bak"))
    if path in files:
        raise NotHere
    files[path] = random.randbytes(40)


@kind("a file left out")
def _(random, files, world):
    del files[pick(random, (p for p in files if p != "SHA256SUMS"))]


@kind("a file renamed")
def _(random, files, world):
    path = pick(random, (p for p in files if p != "SHA256SUMS"))
    files[random.choice((path.upper(), path + "~", "x" + path, path.rpartition("/")[2]))] = files.pop(path)


@kind("two files exchanged")
def _(random, files, world):
    one, two = random.sample(sorted(p for p in files if p != "SHA256SUMS"), 2)
    if files[one] == files[two]:
        raise NotHere
    files[one], files[two] = files[two], files[one]


# --- and every hash that no key covers is made right again ------------------------------------------------------------------------
def repair_sums(random, files, world, but):
    sums(files)


def repair_hashes(random, files, world, but):
    if getattr(world, "named_as_they_are", False):  # what record_issued names is the edit
        last = covered(files)
        path = f"payload/{leaf_of(files, last)['commit']}"
        digest = hexdigest(files[path])
        files[f"payload/{digest}"] = files.pop(path)
        put_leaf(files, last, {**leaf_of(files, last), "commit": digest})
        sums(files)
    else:
        make_right(files, but or ())


def repair_log(random, files, world, but):
    """Also the tree, its root and a checkpoint: by a key of one's own, or under the old signature."""
    repair_hashes(random, files, world, but)
    old = files.get("checkpoint", b"").decode("utf-8", "replace").rpartition("\n\n")[2]
    if not count_entries(files):
        return
    if random.randrange(2):
        files["log.vkey"] = (world.log_key.verifier.text + "\n").encode()
        reissue(files)
    relog(files, random.choice((world.log_key.sign, lambda text: (text + "\n" + old).encode())), world.log_key.verifier.name, before=random.randrange(5))


REPAIRS = {"sums": repair_sums, "hashes": repair_hashes, "log": repair_log}
