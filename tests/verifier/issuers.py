#!/usr/bin/python3
"""Records that an issuer with the log's key makes of edited entries: no hash is wrong, so that only what entries mean decides. Both verifiers decide alike."""
import argparse
import collections
import os
import random as randomness
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bundles  # noqa: E402
import page  # noqa: E402
from edits import WORDS, NotHere, World, covered, leaf_of, leaves, moved, pick, put_leaf  # noqa: E402
from edits_beside import KINDS  # noqa: E402
from formats import canonical, hexdigest  # noqa: E402
from mutations import Program  # noqa: E402
from verify_bundle import load, verify  # noqa: E402

OF_ENTRIES = ("verdict swapped in an entry", "verdicts of two entries exchanged", "any member of an entry", "a time moved in an entry", "an entry dropped",
              "two entries exchanged", "an entry twice", "the tail dropped", "a way in left out of the entries", "a name in a payload changed",
              "payloads and salts of two entries exchanged", "another approver", "an approval left out", "a payload left out")
TEXTS = ("", "=1+1", "a;@b", "\"-x", "tab\there", "\u202eturned\u2069", "\U000e0041", "\x7f\x00", "\uff1d1", "a, \"b\"", "plain", "\u00e9\u4e2d\U0001f600")


def entry_of_any_kind(random, files, world):
    """Puts in one that could be real: members of its kind, words of the page, targets and digests that are there."""
    there = leaves(files)
    at = random.randrange(1, covered(files) + 1)
    leaf = {name: value for name, value in pick(random, there)[1].items() if name not in ("commit", "prev")}
    if random.randrange(3):
        leaf = {**{n: leaf[n] for n in ("tenant", "case", "t", "v")}, "kind": random.choice(sorted(page.LEAF_KINDS - {"record_issued"}))}
        known = [each for _, each in there if each["kind"] in ("path_found", "exception_asked", "plan_compiled", leaf["kind"])]
        for name in ("actor", "approver", "target", "system", "node", "step", "attempt", "outcome", "answer", "means", "moment", "control", "state", "grade",
                     "completeness", "count", "until", "digest"):
            values = [each[name] for each in known if name in each]
            if random.randrange(4) == 0 or (values and leaf["kind"] == known[-1]["kind"] and random.randrange(4)):
                value = random.choice(WORDS[name]) if name in WORDS and random.randrange(2) else random.choice(values) if values else None
                if value is not None:
                    leaf[name] = value
    payload = {name: random.choice(TEXTS) for name in ("node", "label", "words", "reason", "why", "task", "account") if random.randrange(4) == 0}
    data = random.randbytes(32) + canonical(payload)
    files[f"payload/{hexdigest(data)}"] = data
    for seq in range(covered(files), at - 1, -1):
        files[f"entries/{seq + 1}.json"] = files[f"entries/{seq}.json"]
    put_leaf(files, at, {**leaf, "prev": "0" * 64, "commit": hexdigest(data)})


def chosen_path_changes(random, files, world):
    """The state of a way in, changed often and mostly as the table allows."""
    for _ in range(random.randrange(1, 4)):
        entry_of_any_kind(random, files, world)
        seq, leaf = pick(random, leaves(files, "path_found"))
        put_leaf(files, covered(files), leaf_of(files, covered(files)))
        at = next(s for s, each in reversed(leaves(files)) if each["kind"] != "record_issued")
        change = {n: leaf[n] for n in ("tenant", "case", "t", "v", "target", "system", "node")}
        change.update(kind=random.choice(("path_changed", "probed")), state=random.choice(tuple(page.PATH)), grade=random.choice(page.GRADES),
                      answer=random.choice(page.ANSWERS), moment=random.choice(page.MOMENTS), control=random.choice(WORDS["control"]),
                      outcome=random.choice(("present", "absent", "unknown")))
        if random.randrange(2):
            change["until"] = moved(random, leaf["t"])
        put_leaf(files, at, {**change, "prev": "0" * 64, "commit": leaf_of(files, at)["commit"], "case_seq": at})


class Issuers:
    def __init__(self, samples, seed, folder, program):
        self.random, self.samples, self.world = randomness.Random(seed), samples, World(samples, folder)
        self.key = bundles.LogKey("issuer", bytes(range(32)))
        work = Path(folder) / "work"
        work.mkdir()
        self.program = Program(program, work, self.key.verifier)
        self.counts, self.faults = collections.Counter(), []

    def one(self, bases):
        base = self.random.choice(bases)
        files = dict(self.samples[base])
        kinds = []
        for _ in range(self.random.randrange(1, 3)):
            kind = self.random.choice((*OF_ENTRIES, *(["put in"] * 10), *(["path changes"] * 6)))
            edit = {"put in": entry_of_any_kind, "path changes": chosen_path_changes}.get(kind) or KINDS[kind]
            kinds.append(kind)
            try:
                edit(self.random, files, self.world)
            except (NotHere, KeyError, ValueError, StopIteration):
                return
        files = bundles.issued_by(files, self.key)
        verdict = verify(files, self.key.verifier)
        holds, words = self.program.holds(base, files)
        self.counts["edits"] += 1
        self.counts["held" if verdict["holds"] else "refused"] += 1
        if not verdict["holds"]:
            what = verdict["refused"][0]["what"]
            self.counts["refused by derived files"] += ": it is not what the entries make" in what
        if holds != verdict["holds"]:
            self.faults.append(f"{' + '.join(kinds)} of {base}: the program says {holds}: {words[:400]!r}; this verifier: {verdict['refused']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="exeunt-verify")
    parser.add_argument("--edits", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--samples", type=Path, required=True, help="a folder with records first, older, newer, other")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else int.from_bytes(os.urandom(4), "big")
    samples = {name: load(arguments.samples / name) for name in ("first", "older", "newer", "other")}
    with tempfile.TemporaryDirectory(prefix="exeunt-issuers-") as folder:
        run = Issuers(samples, seed, folder, arguments.program)
        while run.counts["edits"] < arguments.edits:
            run.one(sorted(samples))
    print(f"{dict(run.counts)}, seed {seed}, {len(run.faults)} faults")
    for fault in run.faults[:20]:
        print(f"FAULT: {fault}")
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
