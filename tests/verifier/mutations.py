#!/usr/bin/python3
"""Edits genuine records as somebody would who owns everything but keys, and counts which of the edits a verifier accepts.

After each edit SHA256SUMS and every hash that no key covers is made right again. What an accepted folder says is compared by the rule of
docs/evidence-format.md ("What a record says"): the same record, another genuine record of this log, or a claim that nobody signed: then it exits 1.
"""
import argparse
import collections
import os
import random as randomness
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bundles  # noqa: E402
from edits import NotHere, World  # noqa: E402
from edits_beside import KINDS, REPAIRS  # noqa: E402
from formats import Key, hexdigest, read_proof  # noqa: E402
from verify_bundle import load, verify  # noqa: E402


def says(files):
    """What a record says, by the page: entries, payloads, named files, the checkpoint's text, index and path of each proof."""
    said = {path: hexdigest(data) for path, data in files.items() if path not in ("SHA256SUMS", "checkpoint") and not path.endswith(".tlog-proof")}
    said["checkpoint"] = files["checkpoint"].rpartition(b"\n\n")[0]
    for path, data in files.items():
        if path.endswith(".tlog-proof"):
            index, hashes, _ = read_proof(data)
            said[path] = (index, tuple(hashes))
    return said


class Program:
    """exeunt-verify on the same folders, one for each sample: only what changed is written."""

    def __init__(self, program, folder, key):
        self.program, self.folder, self.key, self.there = program, Path(folder), key.text, {}

    def holds(self, base, files):
        folder, there = self.folder / base, self.there.get(base, {})
        gone = there.keys() - files.keys()
        for path in gone:
            (folder / path).unlink()
        for parent in {(folder / path).parent for path in gone} - {folder}:
            if not any(parent.iterdir()):
                parent.rmdir()
        bundles.write({path: data for path, data in files.items() if there.get(path) != data}, folder)
        self.there[base] = dict(files)
        done = subprocess.run([self.program, folder, "--key", self.key], capture_output=True, text=True, errors="replace", timeout=60)
        if done.returncode not in (0, 7):
            raise AssertionError(f"{self.program}: ended with {done.returncode}: {done.stderr[-500:]}")
        return done.returncode == 0, done.stdout


class Run:
    def __init__(self, samples, seed, folder, program=None, every=1, bases=None, skip=()):
        self.random, self.samples = randomness.Random(seed), samples
        self.world = World(samples, folder)
        self.key = Key(samples["newer"]["log.vkey"].decode())
        self.genuine = {name: says(files) for name, files in samples.items()}
        self.program, self.every = Program(program, folder, self.key) if program else None, every
        self.counts = {name: collections.Counter() for name in KINDS}
        self.bases, self.skip, self.faults, self.asked = bases or sorted(samples), skip, [], 0

    def edited(self, name):
        """(sample, repair, files) of one edit that changed something."""
        while True:
            base = self.random.choice(self.bases)
            files = dict(self.samples[base])
            self.world.named_as_they_are = False
            try:
                but = KINDS[name](self.random, files, self.world)
            except NotHere:
                continue
            repair = self.random.choice(sorted(REPAIRS))
            try:
                REPAIRS[repair](self.random, files, self.world, but)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # what cannot be read cannot be repaired
                bundles.sums(files)
            if files != self.samples[base]:
                return base, repair, files

    def one(self, name):
        base, repair, files = self.edited(name)
        verdict, counts = verify(files, self.key, skip=self.skip), self.counts[name]
        counts["edits"] += 1
        counts[repair] += 1
        if not verdict["holds"]:
            counts["refused"] += 1
        else:
            self.accepted(name, base, repair, files, counts)
        if self.program and counts["edits"] % self.every == 0:
            self.asked += 1
            holds, words = self.program.holds(base, files)
            if holds != verdict["holds"]:
                self.faults.append(f"{name} ({repair}) of {base}: the program says {holds}: {words[:300]!r}; this verifier: {verdict['refused']}")

    def accepted(self, name, base, repair, files, counts):
        said = says(files)
        if said == self.genuine[base]:
            counts["the same record"] += 1
        elif said in self.genuine.values():
            counts["another genuine record"] += 1
            # Only an earlier checkpoint can tell: with that of the newest record every older one is refused.
            if said != self.genuine["newer"] and verify(files, self.key, since=self.samples["newer"]["checkpoint"])["holds"]:
                self.faults.append(f"{name} of {base}: an older record is accepted although a newer checkpoint was given")
        else:
            counts["changes a claim"] += 1
            changed = sorted(p for p in said.keys() | self.genuine[base].keys() if said.get(p) != self.genuine[base].get(p))
            self.faults.append(f"{name} ({repair}) of {base}: accepted, and it changes {', '.join(changed[:5])}")

    def all(self, edits, names=None):
        names = names or sorted(KINDS)
        for i in range(edits):
            self.one(names[i % len(names)])

    def table(self):
        columns = ("edits", *sorted(REPAIRS), "refused", "the same record", "another genuine record", "changes a claim")
        rows = [["kind of edit", *columns]] + [[name, *(counts[c] for c in columns)] for name, counts in self.counts.items()]
        rows.append(["all", *(sum(counts[c] for counts in self.counts.values()) for c in columns)])
        widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
        return "\n".join("  ".join(str(cell).ljust(widths[i]) if i == 0 else str(cell).rjust(widths[i]) for i, cell in enumerate(row)) for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--edits", type=int, default=10_500)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--samples", type=Path, help="a folder with records first, older, newer, other; made from the binary where it is absent or empty")
    parser.add_argument("--program", help="exeunt-verify: has to agree on every edit")
    parser.add_argument("--every", type=int, default=1, help="ask the program for every n-th edit of a kind only")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else int.from_bytes(os.urandom(4), "big")
    with tempfile.TemporaryDirectory(prefix="exeunt-mutations-") as folder:
        place = arguments.samples or Path(folder) / "samples"
        place.mkdir(exist_ok=True)
        if not any(place.iterdir()):
            bundles.from_the_binary(place)
        samples = {name: load(place / name) for name in ("first", "older", "newer", "other")}
        run = Run(samples, seed, folder, arguments.program, arguments.every)
        for name, files in samples.items():
            verdict = verify(files, run.key)
            if not verdict["holds"]:
                print(f"{name}: the genuine record is refused: {verdict['refused']}", file=sys.stderr)
                return 1
        begun = time.monotonic()
        run.all(arguments.edits)
        print(run.table())
        print(f"seed {seed}, {time.monotonic() - begun:.0f} s" + (f", {run.asked} edits also by {Path(arguments.program).name}" if run.program else ""))
        for fault in run.faults[:40]:
            print(f"FAULT: {fault}")
        print(f"{len(run.faults)} faults")
        return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main())
