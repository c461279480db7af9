"""Pieces of the demo's story: the lab, an adversary, the engine's command line, an approver; each a process of its own."""
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import bastion
import processes

HERE = Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"


class StoryError(Exception):
    """The demo cannot go on; the words say why."""


def lab_command(*arguments):
    done = subprocess.run([PYTHON, HERE / "lab.py", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise StoryError(f"lab.py {arguments[0]}: {done.stderr.strip()}")
    return done


class Adversary:
    """One running adversary: the departing person's side."""

    def __init__(self, lab, person):
        self.lab, self.person, self.folder = lab, person, lab.adversary / person
        with open(lab.judge / f"adversary-{person}.out", "wb") as out:
            self.process = subprocess.Popen([PYTHON, HERE / "adversary.py", "run", "--lab", lab.root, "--person",
                                             person], stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/")
        try:
            self._wait_until_collected()
        except BaseException:
            self.abandon()
            raise

    def _wait_until_collected(self, seconds=180):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                if self.tell("status")["collected"]:
                    return
            except (OSError, ValueError, StoryError):
                pass
            time.sleep(0.1)
        raise StoryError(f"the adversary did not get ready; see {self.lab.judge}/adversary-{self.person}.out and "
                         f"{self.folder}/log.jsonl")

    def tell(self, command):
        done = subprocess.run([PYTHON, HERE / "adversary.py", "tell", "--lab", self.lab.root, "--person", self.person,
                               *command.split()], capture_output=True, text=True)
        if done.returncode != 0:
            raise StoryError(f"adversary {self.person} does not answer: {done.stderr.strip()[-300:]}")
        return json.loads(done.stdout)

    def stop(self):
        """Ends it in order; its last status."""
        if self.process.poll() is not None:
            raise StoryError(f"the adversary ended by itself; see {self.lab.judge}/adversary-{self.person}.out")
        last = self.tell("stop")
        self.process.wait(30)
        return last

    def abandon(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Engine:
    """The real binary, under its own uid, with an environment that holds nothing but what ssh tools need."""

    def __init__(self, lab, binary):
        self.lab, source = lab, Path(binary).resolve()
        if not os.access(source, os.X_OK):
            raise StoryError(f"{source} is not there; build it first: ./dev build")
        # A copy: the engine's uid need not be able to walk into somebody's checkout.
        self.binary = Path(shutil.copy2(source, lab.root / "engine" / "exeunt"))
        self.binary.chmod(0o755)
        self.env = processes.clean_env(EXEUNT_HOME=str(lab.home))
        self.env["PATH"] = f"{self._named_tools(lab)}:{self.env['PATH']}"
        self.log = open(lab.judge / "exeunt.out", "a", encoding="utf-8")

    @staticmethod
    def _named_tools(lab):
        """ssh-keygen wants a name for its uid; the engine starts programs with PATH alone, so PATH brings the name."""
        folder = processes.make_dir(lab.root / "engine" / "bin")
        names = " ".join(f"{k}='{v}'" for k, v in bastion.nss_env(lab).items() if "NSS" in k or "LD_" in k)
        processes.write(folder / "ssh-keygen", f'#!/bin/sh\n{names} exec /usr/bin/ssh-keygen "$@"\n', 0o755)
        return folder

    def run(self, *arguments, accept=(0,), timeout=900):
        """Runs one command; returns (exit code, standard output). Its words are kept for the judge's search."""
        code, out, error = self.end(self.begin(*arguments), timeout)
        if code not in accept:
            raise StoryError(f"exeunt {' '.join(map(str, arguments))} ended with {code}: {(error or out).strip()[-1500:]}")
        return code, out

    def begin(self, *arguments):
        """Starts one command, for whoever means to disturb it; `end` belongs to it."""
        argv = [str(self.binary), *map(str, arguments)]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", user=self.lab.engine_uid,
                                group=self.lab.engine_uid, extra_groups=[], cwd="/", stdin=subprocess.DEVNULL, env=self.env)

    def end(self, process, timeout=900):
        """Waits; (exit code, standard output, standard error)."""
        try:
            out, error = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        self.log.write(f"$ exeunt {' '.join(process.args[1:])}\n{out}{error}[exit {process.returncode}]\n")
        self.log.flush()
        return process.returncode, out, error

    def json(self, *arguments, accept=(0,), **more):
        code, out = self.run(*arguments, "--json", accept=accept, **more)
        try:
            return code, json.loads(out)
        except ValueError:
            raise StoryError(f"exeunt {' '.join(map(str, arguments))} --json did not print JSON: {out[:300]!r}")


def find(value, *names):
    """The first value under one of these names, anywhere in a JSON document."""
    if isinstance(value, dict):
        for name in names:
            if isinstance(value.get(name), str) and value[name]:
                return value[name]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        found = find(inner, *names)
        if found:
            return found
    return None


def approve(lab, engine, digest, approver):
    """The approver signs what `approval show` prints; the engine checks the signature."""
    _, message = engine.run("approval", "show", digest)
    engine.run("approve", digest, "--signature", _signed(lab, digest, message, approver, "exeunt-approval"))


def approve_exception(lab, engine, ident, approver):
    """The same for what `exception show` prints."""
    _, message = engine.run("exception", "show", ident)
    engine.run("exception", "approve", ident, "--signature", _signed(lab, ident, message, approver, "exeunt-exception"))


def _signed(lab, name, message, approver, name_space):
    """The signature's file, made under the approver's uid with a key that nobody else can read."""
    folder = processes.make_dir(lab.root / "handover", 0o755, lab.approver_uid, lab.approver_uid)
    file = processes.write(folder / f"{name[:16]}.txt", message, 0o644, lab.approver_uid, lab.approver_uid)
    signature = Path(f"{file}.sig")
    signature.unlink(missing_ok=True)
    done = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", lab.approver / approver, "-n", name_space, file],
                          capture_output=True, text=True, user=lab.approver_uid, group=lab.approver_uid,
                          extra_groups=[], env=bastion.nss_env(lab), stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise StoryError(f"the approver could not sign: {done.stderr.strip()}")
    os.chmod(signature, 0o644)
    return signature


class Watcher:
    """The judge's look at the engine's processes while they run. Vault and credentials may hold secrets; home and keys
    folder are searched whole at the end, so that reading every version of the store meanwhile is spared."""

    def __init__(self, lab):
        self.file = lab.judge / "watched.json"
        self.process = subprocess.Popen(
            [PYTHON, HERE / "judge.py", "watch", "--uid", str(lab.engine_uid), "-o", self.file, "--spare",
             lab.vault, lab.credentials, lab.home, lab.keys], stdin=subprocess.DEVNULL, cwd="/")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(30) != 0:
            raise StoryError("the judge's watch of the engine's processes failed")
        return self.file

    def abandon(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def judge(lab, adversary, record, watched, before=None, after=None):
    """The verdict: (exit code, JSON). With two snapshots also about everybody else's accounts."""
    compared = ["--before", before, "--after", after, "--subject", adversary.person] if before else []
    done = subprocess.run(
        [PYTHON, HERE / "judge.py", "judge", "--log", adversary.folder / "log.jsonl", "--record", record, "--secrets",
         adversary.folder / "secrets.jsonl", "--watched", watched, *compared, "--search", lab.home, lab.keys, lab.root / "outside",
         lab.judge / "exeunt.out", lab.root / "handover"], capture_output=True, text=True)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        raise StoryError(f"the judge gave no verdict: {(done.stderr or done.stdout).strip()[-500:]}")
