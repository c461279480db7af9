"""A company of three simulated systems and the real binary around it: for tests that end processes, lose answers and sign badly.

Everything lives in one temporary folder; the systems' effects live in another process (lab/simulated_systems.py).
"""
import datetime
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = Path(os.environ.get("EXEUNT_BUILD_DIR", ROOT / "build" / "debug")) / "exeunt"
PYTHON = "/usr/bin/python3"
SYSTEMS = {"directory": "openldap", "warehouse": "postgresql", "bastion": "openssh"}
GRADES = """required_grade: {account: refused, key: refused, certificate: refused, secret: refused, session: read_back, membership: read_back}
required_grade_on: {bastion: {account: read_back}}
"""
SUBJECT, OPERATOR, APPROVER, HEIR, OTHER = "E1001", "E1003", "E1002", "E1004", "E1005"


class Company:
    def __init__(self, settle_ms=20, people=6, seed="company"):
        self.folder = Path(tempfile.mkdtemp(prefix="exeunt-e2e-"))
        self.home, self.keys, self.systems_folder = self.folder / "home", self.folder / "keys", self.folder / "systems"
        self.settle_ms = settle_ms
        self.server = subprocess.Popen(
            [PYTHON, ROOT / "lab" / "simulated_systems.py", "--dir", self.systems_folder, "--people", str(people), "--seed", seed,
             "--until-stdin-closes", *[part for name, model in SYSTEMS.items() for part in ("--system", f"{name}={model}")]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.sockets = json.loads(self.server.stdout.readline())["ready"]
        self.home.mkdir(mode=0o700)
        self.write_home(people)

    def close(self):
        self.server.stdin.close()
        self.server.wait(10)
        self.server.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- what an administrator writes -------------------------------------------------------------------------------------------
    def write_home(self, people):
        rows = ["hr_id,name,email,manager_hr_id,login,status"]
        links = ["system,kind,native_id,hr_id"]
        for i in range(people):
            rows.append(f"E{1001 + i},Person {i},person{i}@example.org,E1006,person{i},active")
            links += [f"warehouse,account,{16400 + i},E{1001 + i}", f"bastion,account,{2001 + i},E{1001 + i}"]
        self.write("people.csv", "\r\n".join(rows) + "\r\n")
        self.write("links.csv", "\r\n".join(links) + "\r\n")
        systems = "".join(
            f"  - {{id: {name}, kind: simulated, model: {model}, tier: {'identity' if model == 'openldap' else 'downstream'}, "
            f"socket: {self.sockets[name]}, settle_ms: {self.settle_ms}}}\n" for name, model in SYSTEMS.items())
        self.write("exeunt.yaml", f"tenant: default\nkeys: {self.keys}\ncheckpoint_copy: {self.keys}/checkpoint\n"
                   f"operators: {{root: {OPERATOR}, '{os.getuid()}': {OPERATOR}}}\nsystems:\n{systems}"
                   f"  - {{id: desk, kind: attest, tier: downstream, tasks_dir: {self.folder}/tasks}}\n")
        (self.folder / "tasks").mkdir(exist_ok=True)
        self.write_policy()
        self.signers = {}
        for person in (SUBJECT, OPERATOR, APPROVER, HEIR):
            self.make_signer(person)
        self.write("allowed_signers", "".join(f'{p} namespaces="exeunt-approval" {k}\n' for p, k in self.signers.items()))
        self.make_signer("E1099")  # a key that nobody listed

    def write_policy(self, more=""):
        self.write("policy.yaml", f"version: 1\nidentity_systems: [directory]\nheir: {HEIR}\n{GRADES}blast_radius: {{subjects_max: 5, destructive_calls_max: 100000}}\n"
                   f"secrets:\n  - {{id: report-rw, system: warehouse, account: report_rw, known_to: [{SUBJECT}, {OTHER}], "
                   f"vault_file: \"file:{self.systems_folder}/warehouse.report_rw.secret\"}}\n{more}")

    def write(self, name, text):
        with open(os.open(self.home / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline="") as file:
            file.write(text)

    def make_signer(self, person):
        key = self.folder / f"signer-{person}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f", key], check=True, stdin=subprocess.DEVNULL)
        self.signers[person] = " ".join(Path(f"{key}.pub").read_text().split()[:2])

    # --- the binary --------------------------------------------------------------------------------------------------------------
    def argv(self, *arguments):
        return [str(BINARY), "--home", str(self.home), *map(str, arguments)]

    def exeunt(self, *arguments, environment=None, timeout=120):
        """(exit code, standard output, standard error)"""
        done = subprocess.run(self.argv(*arguments), capture_output=True, text=True, errors="replace", timeout=timeout, stdin=subprocess.DEVNULL,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **(environment or {})})
        return done.returncode, done.stdout, done.stderr

    def must(self, *arguments, codes=(0,), environment=None):
        code, out, error = self.exeunt(*arguments, environment=environment)
        if code not in codes:
            raise AssertionError(f"exeunt {' '.join(map(str, arguments))} ended with {code}, not {codes}:\n{out[-2000:]}\n{error[-2000:]}")
        return out

    def init(self):
        return self.must("init", "--keys", self.keys)

    def plan(self, *more, subject=SUBJECT):
        out = json.loads(self.must("plan", subject, "--json", *more))
        return out["case"], out["digest"]

    def document(self, digest):
        return self.must("approval", "show", digest)

    def sign(self, document, signer=APPROVER, name_space="exeunt-approval"):
        file = self.folder / f"approval-{signer}.txt"
        file.write_text(document)
        signature = Path(f"{file}.sig")
        signature.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", name_space, "-f", self.folder / f"signer-{signer}", file], check=True,
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return signature

    def approve(self, digest, signer=APPROVER):
        return self.must("approve", digest, "--signature", self.sign(self.document(digest), signer))

    def planned_and_approved(self, *more):
        case, digest = self.plan(*more)
        self.approve(digest)
        return case, digest

    def record(self, case):
        code, out, error = self.exeunt("record", case)
        if not out:
            raise AssertionError(f"no record ({code}): {error}")
        return json.loads(out)

    # --- the systems ------------------------------------------------------------------------------------------------------------
    def ask(self, system, **request):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.sockets[system])
            file = connection.makefile("rw")
            file.readline()
            file.write(json.dumps(request) + "\n")
            file.flush()
            return json.loads(file.readline())

    def faults(self, system, **faults):
        return self.ask(system, op="control", set=faults)

    def state(self, system):
        return self.ask(system, op="control")["state"]

    def shared_value(self):
        """Of the secret that several know on the warehouse, what the vault holds."""
        return (self.systems_folder / "warehouse.report_rw.secret").read_text().strip()

    def shared_value_in_use(self):
        """The digest of it that the system keeps."""
        return next(a["password"] for a in self.state("warehouse")["accounts"].values() if a["login"] == "report_rw")

    def reset(self):
        for system in SYSTEMS:
            self.ask(system, op="control", reset=True)

    def outside(self):
        """What the systems hold, without what is random by design (new secrets) and without counters."""
        out = {}
        for system in SYSTEMS:
            state = self.state(system)
            accounts = {i: {k: ("set" if k == "password" and v else v) for k, v in a.items()} for i, a in state["accounts"].items()}
            # A certificate whose key's hash is in the KRL is shut, whether or not its own row was cleared as well.
            revoked = set(state.get("krl") or [])
            items = [k for k, i in state["items"].items() if i["kind"] != "certificate" or i["facts"].get("fingerprint") not in revoked]
            out[system] = {"accounts": accounts, "items": sorted(items), "krl": state.get("krl")}
        return out

    def effects(self, system):
        file = self.systems_folder / f"{system}.effects.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


class CompanyTest(unittest.TestCase):
    """A test with a company of its own."""

    policy = ""              # more lines for it

    def setUp(self):
        self.company = Company()
        self.addCleanup(self.company.close)
        self.company.init()
        self.company.write_policy(self.policy)


def graded(record, grade):
    return [p for p in record["paths"] if p["grade"] == grade]


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


def seconds(rfc3339):
    return datetime.datetime.fromisoformat(rfc3339.replace("Z", "+00:00")).timestamp()


def effects_outside_their_intent(record, system, effects):
    """Effects on a system that no intent of the journal stands before, or whose outcome was written before they happened.

    The journal's times are whole milliseconds; both clocks are this machine's.
    """
    spans, last = [], {}
    for entry in record["entries"]:
        leaf = entry["leaf"]
        if leaf["kind"] == "step_intended" and leaf["system"] == system:
            last[leaf["step"]] = leaf["t"]
        elif leaf["kind"] == "step_outcome" and leaf["step"] in last:
            spans.append((seconds(last.pop(leaf["step"])), seconds(leaf["t"])))
    spans += [(seconds(t), float("inf")) for t in last.values()]
    return [e for e in effects if not any(begun <= e["t"] + 0.001 and e["t"] <= ended + 0.001 for begun, ended in spans)]


def intents_without_outcome(record):
    """(step, attempt) whose intent is followed by no outcome of the same attempt."""
    open_ones = {}
    for entry in record["entries"]:
        leaf = entry["leaf"]
        key = (leaf.get("step"), leaf.get("attempt"))
        if leaf["kind"] == "step_intended":
            open_ones[key] = leaf["case_seq"]
        elif leaf["kind"] == "step_outcome":
            open_ones.pop(key, None)
    return open_ones
