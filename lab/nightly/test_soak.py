"""Half an hour of departures on the lab's real servers: three people leave one after another, each fights back, servers are restarted, frozen and
killed and the engine is killed while it runs; then they return with everything that they had, as from a backup of the morning, and leave again.
The judge decides each departure: missed, admitted_after and secrets_found are 0. EXEUNT_SOAK_S and EXEUNT_SEED change length and seed. Needs root."""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import processes  # noqa: E402
import story  # noqa: E402
from lab import MODULES  # noqa: E402
from lab_test import ROOT, LabTest  # noqa: E402

SECONDS = float(os.environ.get("EXEUNT_SOAK_S", "1800"))
LEAVERS = 3
TROUBLE_EVERY_S = (4, 12)
FROZEN_S = 3
TROUBLED_RUNS = 4        # of one case: the engine is killed in some, and a system that is down leaves a case open; then nothing more goes wrong
RUNS_MAX = 8             # until it has ended
DRAIN_WAIT = "5min"
ZEROS = ("missed", "admitted_after", "secrets_found")


class Trouble:
    """What goes wrong while cases run, in an order that the seed gives: one thing every few seconds."""

    def __init__(self, lab, seed):
        self.lab, self.dice, self.done = lab, random.Random(seed), {}
        self.engine, self.calm, self.stopping, self.faults = None, False, threading.Event(), []
        self.thread = threading.Thread(target=self._go_on, daemon=True)
        self.thread.start()

    def _go_on(self):
        while not self.stopping.wait(self.dice.uniform(*TROUBLE_EVERY_S)):
            what = self.dice.choice((self.restart, self.crash, self.freeze, self.kill_the_engine))
            system = self.dice.choice(sorted(MODULES))
            if self.calm:
                continue
            try:
                what(system)
            except (processes.LabError, story.StoryError) as problem:
                self.faults.append(f"{what.__name__} {system}: {problem}")   # the lab's own fault: the test says so and fails
                return
            self.done[what.__name__] = self.done.get(what.__name__, 0) + 1

    def restart(self, system):
        story.lab_command("restart", system, "--dir", self.lab.root)

    def crash(self, system):
        story.lab_command("restart", system, "--crash", "--dir", self.lab.root)

    def freeze(self, system):
        """Connections stay, nothing answers: what was asked for may have happened."""
        pid = processes.running_pid(self.lab.run / f"{system}.pid")
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(FROZEN_S)
        finally:
            os.kill(pid, signal.SIGCONT)

    def kill_the_engine(self, _):
        if self.engine is not None and self.engine.poll() is None:
            self.engine.kill()

    def stop(self):
        self.stopping.set()
        self.thread.join(120)


class Backup:
    """Every server as it was in the morning, and the vault of its shared secrets: what a person who returns finds again."""

    def __init__(self, lab):
        self.lab, self.folder = lab, lab.root / "backup"
        self.folder.mkdir(mode=0o700)
        for system in MODULES:
            self._while_stopped(system, lambda place, kept: self._copy(place, kept))
        self._copy(lab.vault, self.folder / "vault")

    def restore(self):
        for system in MODULES:
            self._while_stopped(system, lambda place, kept: (self._empty(place), self._copy(kept, place)))
        self._empty(self.lab.vault)
        self._copy(self.folder / "vault", self.lab.vault)

    def _while_stopped(self, system, work):
        MODULES[system].stop(self.lab)
        work(self.lab.root / system, self.folder / system)
        MODULES[system].start(self.lab)

    @staticmethod
    def _copy(here, there):
        there.mkdir(exist_ok=True)
        subprocess.run(["cp", "-a", f"{here}/.", there], check=True)

    @staticmethod
    def _empty(place):
        for entry in place.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


class Soak(LabTest):
    seed = int(os.environ.get("EXEUNT_SEED", "11"))
    preset = "release"
    policy = "blast_radius: {subjects_max: 1000, destructive_calls_max: 1000000}\n"

    def setUp(self):
        super().setUp()
        facts = self.lab.facts
        self.people = [facts["by_exeunt"], facts["usual_way"], *facts["other_leavers"]][:LEAVERS]
        self.backup = Backup(self.lab)
        self.totals = {"departures": 0, "tries": 0, "ways": 0, "runs": 0, **dict.fromkeys(ZEROS, 0)}
        self.dice = random.Random(self.seed)

    def run_once(self, case, trouble, *more):
        """The exit code; None: it was killed."""
        self.totals["runs"] += 1
        process = trouble.engine = self.engine.begin("run", case, "--json", *more)
        code, _, _ = self.engine.end(process)
        return None if code == -signal.SIGKILL else code

    def ended(self, case, trouble, *more):
        """Run, and run again, until nothing but draining is left (8), or nothing (0)."""
        codes, trouble.calm = [], False
        while len(codes) < RUNS_MAX:
            codes.append(self.run_once(case, trouble, *more))
            trouble.calm = len(codes) >= TROUBLED_RUNS
            if codes[-1] == 0 or (codes[-1] == 8 and not more):
                return codes[-1]
        self.fail(f"case {case} did not end: {codes}; see {self.engine.log.name}")

    def judged(self, adversary, case, watched):
        record = self.lab.root / "engine" / f"record-{case}.json"
        record.write_text(self.engine.run("record", case, "--json", accept=range(9))[1])
        code, verdict = story.judge(self.lab, adversary, record, watched)
        self.assertGreater(verdict["ways"], 0)
        self.totals["departures"] += 1
        for name in ("tries", "ways", *ZEROS):
            self.totals[name] += verdict[name]
        print(f"   {adversary.person}: {verdict['ways']} ways, {verdict['tries']} tries; {case}"
              + "".join(f"; {name}={verdict[name]}" for name in ZEROS) + f"; over between two looks: {len(verdict['between_looks'])}",
              file=sys.stderr, flush=True)
        if code:
            self.keep(adversary, record)
        self.assertEqual((code, verdict["words"]), (0, {}), f"{adversary.person}, case {case}")

    @staticmethod
    def keep(adversary, record):
        """What the judge saw, for whoever has to find out."""
        folder = ROOT / "build" / "soak"
        folder.mkdir(parents=True, exist_ok=True)
        for file in (record, adversary.folder / "log.jsonl"):
            shutil.copy2(file, folder / f"{adversary.person}-{file.name}")
        print(f"   kept for looking at: {folder}", file=sys.stderr)

    def one_round(self, number):
        watcher = story.Watcher(self.lab)
        self.addCleanup(watcher.abandon)
        adversaries = [self.adversary_of(person) for person in self.people]
        for adversary in adversaries:
            adversary.tell("hurry")
        cases = [self.approved(person) for person in self.people]
        trouble = Trouble(self.lab, self.seed * 1000 + number)
        try:
            for case in cases:
                self.ended(case, trouble)
            for case in cases:
                self.ended(case, trouble, "--wait-draining", DRAIN_WAIT)
            time.sleep(10)       # they go on for a while
        finally:
            trouble.stop()
        for adversary in adversaries:
            adversary.stop()
        self.assertEqual(trouble.faults, [])
        watched = watcher.stop()
        for adversary, case in zip(adversaries, cases):
            self.judged(adversary, case, watched)
            (adversary.folder / "log.jsonl").rename(adversary.folder / f"log-{number}.jsonl")
            # What people still have to do for it is not waited for: she is back before that.
            if json.loads(self.engine.run("record", case, "--json", accept=range(9))[1])["state"] == "waiting_person":
                self.engine.run("cancel", case, "--reason", "she is back", accept=range(9))
        return trouble.done

    def test_people_leave_and_return_and_leave_again(self):
        until, number, troubles = time.monotonic() + SECONDS, 0, {}
        while time.monotonic() < until or number < 2:
            number += 1
            for what, count in self.one_round(number).items():
                troubles[what] = troubles.get(what, 0) + count
            self.backup.restore()
        t = self.totals
        words = ", ".join(f"{what.replace('_', ' ')} {count}" for what, count in sorted(troubles.items()))
        print(f"soak: rounds={number} departures={t['departures']} runs={t['runs']} ways={t['ways']} tries={t['tries']} "
              + " ".join(f"{name}={t[name]}" for name in ZEROS) + f" trouble: {words}", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
