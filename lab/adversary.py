#!/usr/bin/python3
"""The adversary: the departing person's side. Own program, own uid, own secrets; shares nothing with the engine.

  adversary.py run --lab DIR --person E0008      collects every way she has, keeps trying each; ends on `tell stop`
  adversary.py tell --lab DIR --person E0008 status | stop | mark WORDS | create_role | add_key | quiet | fight |
               rest | hurry | password directory|warehouse

Log: DIR/adversary/E0008/log.jsonl, one try a line. Secrets, for the judge's search only: secrets.jsonl beside it.
"""
import argparse
import base64
import datetime
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path

from adversary_bastion import Bastion
from adversary_broker import Broker
from adversary_cache import Cache
from adversary_directory import Directory
from adversary_provider import Provider
from adversary_realm import Realm
from adversary_warehouse import Warehouse
from adversary_ways import ADMITTED, ERROR, REFUSED

PACE_S = 0.2             # least pause between two tries of one way
PACE_SHARE = 2.0         # and at least this many times what the last try took: her tries must not starve the servers
PAUSE_MAX_S = 5.0        # one try that hung for long must not silence a way …
HURRIED_PAUSE_MAX_S = 15.0  # … nor must a costly one (a process each) take the machine from all others, once she hurries
HURRIED_PACE_S = 0.01    # the least pause then; else what a try takes when nothing holds it up (a full machine makes no quick way slow) …
HURRIED_SHARE = 20.0     # … so many times …
QUICK_S = 0.005          # … and more where it takes longer than this: a machine can bear many quick tries and few costly ones
FORGETS = 1.05           # a way that takes longer for good (refused after a second, say) is paced by that after some tries
REOPEN_S = 1.0           # pause between two tries to open an ended session again
ADDED_KEYS_MAX = 3
NSS_WRAPPER = "/usr/lib/x86_64-linux-gnu/libnss_wrapper.so"   # ssh refuses to run under a uid without a name


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Adversary:
    def __init__(self, lab_dir, person):
        self.folder = Path(lab_dir).resolve() / "adversary" / person
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.wallet = json.loads((self.folder.parent / "wallets" / f"{person}.json").read_text())
        self.log_lock, self.states, self.stopping = threading.Lock(), {}, threading.Event()
        self.collected, self.fighting, self.hurrying, self.resting, self.threads = False, True, False, False, []
        self.log = open(self.folder / "log.jsonl", "a", encoding="utf-8", buffering=1)
        self.secret_file = open(self.folder / "secrets.jsonl", "a", encoding="utf-8", buffering=1)
        self._write({"seed": self.wallet["seed"], "person": person})
        passwd = self.folder / "passwd"
        passwd.write_text(f"adversary:*:{os.getuid()}:{os.getgid()}::{self.folder}:/bin/sh\n")
        self.ssh_env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.folder), "LD_PRELOAD": NSS_WRAPPER,
                        "NSS_WRAPPER_PASSWD": str(passwd), "NSS_WRAPPER_GROUP": "/etc/group"}
        os.environ["HOME"] = str(self.folder)   # libpq and libldap look for files of root's otherwise
        self.sides = [Directory(self.wallet, self)]
        self.sides += [Warehouse(self.wallet, self)] if "warehouse" in self.wallet else []
        self.sides += [Bastion(self.wallet, self)] if "bastion" in self.wallet else []
        self.sides += [Cache(self.wallet, self)] if "cache" in self.wallet else []
        self.sides += [Broker(self.wallet, self)] if "broker" in self.wallet else []
        self.sides += [Provider(self.wallet, self)] if "provider" in self.wallet else []
        self.sides += [Realm(self.wallet, self)] if "realm" in self.wallet else []
        self._list_secrets()

    def _list_secrets(self):
        self.keep_secret("directory password", self.wallet["directory"]["password"])
        warehouse, bastion = self.wallet.get("warehouse", {}), self.wallet.get("bastion", {})
        if warehouse:
            self.keep_secret("database password", warehouse["password"])
        for entry in warehouse.get("shared", []) + warehouse.get("created", []):
            self.keep_secret(f"password of role {entry['role']}", entry["password"])
        keys = set(bastion.get("keys", [])) | {s["key"] for s in bastion.get("shared", [])}
        for key in sorted(keys | {c["key"] for c in bastion.get("certificates", [])}):
            self.keep_key(f"private key {Path(key).name}", key)

    def keep_secret(self, what, value):
        self.keep_bytes(what, value.encode())

    def keep_bytes(self, what, value):
        self.secret_file.write(json.dumps({"what": what, "hex": value.hex()}) + "\n")

    def keep_key(self, what, path):
        """The secret 32 bytes of an Ed25519 key in OpenSSH's private format."""
        lines = Path(path).read_text().splitlines()
        blob = base64.b64decode("".join(lines[1:-1]))
        blob = blob[len(b"openssh-key-v1\0"):]

        def take(data):
            size = struct.unpack(">I", data[:4])[0]
            return data[4:4 + size], data[4 + size:]
        for _ in range(3):                      # cipher, key derivation, its options
            _, blob = take(blob)
        _, blob = take(blob[4:])                # count of keys, public key
        private, _ = take(blob)
        _, rest = take(private[8:])             # two check words, key type
        _, rest = take(rest)                    # public key
        secret, _ = take(rest)
        self.keep_bytes(what, secret[:32])

    def _write(self, record):
        with self.log_lock:
            self.log.write(json.dumps(record) + "\n")

    def mark(self, words):
        self._write({"mark": words, "at": now()})

    def add(self, way):
        state = {"way": way.words, "system": way.system, "kind": way.kind, "id": way.id, "tries": 0,
                 "first_admitted": None, "last_admitted": None, "last_outcome": None, "last_words": ""}
        self.states[way.key()] = state
        self._try(way, state)
        thread = threading.Thread(target=self._keep_trying, args=(way, state), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _try(self, way, state):
        begun = now()
        try:
            outcome, words = way.attempt()
        except Exception as problem:            # a fault of ours must never look like an answer of theirs
            outcome, words = ERROR, f"fault: {type(problem).__name__}: {problem}"
        ended = now()
        self._write({"way": way.words, "system": way.system, "kind": way.kind, "id": way.id, "begun": begun,
                     "ended": ended, "outcome": outcome, "words": words})
        state.update(tries=state["tries"] + 1, last_outcome=outcome, last_words=words)
        if outcome == ADMITTED:
            state["first_admitted"] = state["first_admitted"] or begun
            state["last_admitted"] = begun
        return way.held and words.startswith("ended")

    def _keep_trying(self, way, state):
        took = least = 0.0
        while not self.stopping.wait(self._pause(took, least)):
            began = time.monotonic()
            if self._try(way, state):
                return
            took = time.monotonic() - began
            least = min(took, least * FORGETS) if least else took

    def _pause(self, took, least):
        if self.hurrying:
            return max(HURRIED_PACE_S, min(HURRIED_PAUSE_MAX_S, least * HURRIED_SHARE * (1 + least / QUICK_S)))
        return max(PACE_S, min(PAUSE_MAX_S, took * PACE_SHARE))

    def collect(self):
        """Opens what she can open and tries everything once; only then is she ready to be cut."""
        for side in self.sides:
            try:
                for way in side.ways():
                    self.add(way)
            except Exception as problem:
                self.mark(f"fault while collecting {type(side).__name__}: {problem!r}")
        for key in [k for k, s in self.states.items() if s["last_outcome"] != ADMITTED]:
            self.mark(f"not admitted when collecting: {self.states[key]}")
        for words in ("create_role", "add_key"):
            self.act(words)
        self.collected = True
        self.mark("collected")
        for work in (self._reopen, self._add_keys):
            threading.Thread(target=work, daemon=True).start()

    def act(self, what):
        """One deed of hers: a role or a key of her own making."""
        for side in self.sides:
            for way in getattr(side, what, list)():
                self.add(way)
                self.mark(f"{what}: new way {way.system}/{way.kind}/{way.id}")

    def _reopen(self):
        while not self.stopping.wait(REOPEN_S):
            for side in [] if self.resting else self.sides:
                try:
                    for way in side.reopen():
                        self.add(way)
                except Exception as problem:
                    self.mark(f"fault while opening again: {problem!r}")

    def _add_keys(self):
        """Adds a key as soon as one of hers is refused: what a person does who notices."""
        added = 1
        while added < ADDED_KEYS_MAX and not self.stopping.wait(PACE_S):
            if self.fighting and any(s["last_outcome"] == REFUSED for s in self.states.values()):
                self.act("add_key")
                added += 1

    def status(self):
        return {"collected": self.collected, "ways": list(self.states.values())}

    def serve(self):
        """Answers one command a connection on the control socket, until told to stop."""
        os.chdir(self.folder)
        Path("control").unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX)
        server.bind("control")
        server.listen()
        threading.Thread(target=self._collect_or_stop, daemon=True).start()
        while not self.stopping.is_set():
            client, _ = server.accept()
            with client:
                command = client.makefile().readline().split(maxsplit=1)
                client.sendall((json.dumps(self._obey(command)) + "\n").encode())

    def _collect_or_stop(self):
        try:
            self.collect()
        except Exception as problem:
            self.mark(f"fault while collecting: {problem!r}")
            raise

    def _obey(self, command):
        match command:
            case ["stop"]:
                self.stopping.set()
                for thread in self.threads:
                    thread.join(15)
                self.mark("stopped")
            case ["mark", words]:
                self.mark(words.strip())
            case [("create_role" | "add_key") as deed]:
                self.act(deed)
            case [("quiet" | "fight") as mood]:
                self.fighting = mood == "fight"
            case ["rest"]:                          # goes on with what she has, and opens nothing again
                self.resting = True
            case ["hurry"]:
                self.hurrying = True
            case ["password", side]:                # the one that she uses now: what a restored backup would have
                return {"password": next(s.password for s in self.sides if type(s).__name__.lower() == side.strip())}
            case ["status"]:
                pass
            case _:
                return {"error": f"unknown command {command}"}
        return self.status()


def tell(lab_dir, person, command):
    os.chdir(Path(lab_dir) / "adversary" / person)     # a socket's path may have 107 bytes only
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect("control")
        client.sendall((command + "\n").encode())
        return json.loads(client.makefile().read())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("run", "tell"))
    parser.add_argument("--lab", required=True)
    parser.add_argument("--person", required=True)
    parser.add_argument("words", nargs="*")
    options = parser.parse_intermixed_args()
    if options.command == "tell":
        print(json.dumps(tell(options.lab, options.person, " ".join(options.words)), indent=1))
        return 0
    if os.getuid() == 0:
        uid = (Path(options.lab) / "adversary").stat().st_uid
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    Adversary(options.lab, options.person).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
