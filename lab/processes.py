"""Real server processes of the lab: slots (ports and uids), starting, stopping by own pid, waiting.

Come here when two labs clash, when a server does not start, or when one does not stop.
"""
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

SLOT_DIR = Path("/tmp/exeunt-lab-slots")
SLOT_COUNT = 180
UID_FIRST, UIDS_PER_SLOT = 20000, 200
PORT_FIRST, PORTS_PER_SLOT = 20000, 20  # below the kernel's ephemeral range, so a restart finds its port free


class LabError(Exception):
    """Something the person who starts the lab can act on."""


def _is_held(slot_file):
    """Held while its lab's folder says so (also with all servers stopped), or while the lab is being started."""
    try:
        held = json.loads(slot_file.read_text())
        lab_dir = Path(held["dir"])
        if _start_time(held["pid"]) == held["started"]:
            return True
        facts = json.loads((lab_dir / "lab.json").read_text())
        return f"slot-{facts['slot']}" == slot_file.name
    except (OSError, ValueError, KeyError):
        return False


def _port_is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def claim_slot(lab_dir):
    """Takes one slot for lab_dir: a range of uids and of ports that no other lab uses."""
    SLOT_DIR.mkdir(mode=0o755, exist_ok=True)
    with open(SLOT_DIR / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for slot in range(SLOT_COUNT):
            slot_file = SLOT_DIR / f"slot-{slot}"
            if slot_file.exists() and _is_held(slot_file):
                continue
            first = PORT_FIRST + slot * PORTS_PER_SLOT
            ports = [p for p in range(first, first + PORTS_PER_SLOT) if _port_is_free(p)]
            if len(ports) < 12:
                continue
            slot_file.write_text(json.dumps({"dir": str(lab_dir), "pid": os.getpid(),
                                             "started": _start_time(os.getpid())}))
            return {"slot": slot, "uid_first": UID_FIRST + slot * UIDS_PER_SLOT, "ports": ports}
    raise LabError(f"no free slot among {SLOT_COUNT}; stop old labs (lab.py down) or remove {SLOT_DIR}")


def release_slot(slot):
    (SLOT_DIR / f"slot-{slot}").unlink(missing_ok=True)


def running_pid(pid_file):
    """The pid in pid_file if that very process still runs (same start time), else None."""
    try:
        pid, started = Path(pid_file).read_text().split()[:2]
        return int(pid) if _start_time(int(pid)) == started else None
    except (OSError, ValueError):
        return None


def _start_time(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2:].split()
    return None if fields[0] == "Z" else fields[19]


def start(argv, pid_file, log_file, uid=None, gid=None, env=None, cwd="/"):
    """Starts a server in its own session; remembers pid and start time, so that stop() never hits another process."""
    pid_file = Path(pid_file)
    if running_pid(pid_file):
        raise LabError(f"{pid_file.stem} already runs with pid {running_pid(pid_file)}")
    identity = {} if uid is None else {"user": uid, "group": gid, "extra_groups": []}
    with open(log_file, "ab") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
                                   env=clean_env() if env is None else env, start_new_session=True, **identity)
    pid_file.write_text(f"{process.pid} {_start_time(process.pid)}\n")
    return process


def stop(pid_file, sign=signal.SIGTERM, seconds=8.0):
    """Stops the process that pid_file names; escalates to SIGKILL; true when one was running."""
    pid = running_pid(pid_file)
    if pid is None:
        Path(pid_file).unlink(missing_ok=True)
        return False
    os.kill(pid, sign)
    deadline = time.monotonic() + seconds
    while running_pid(pid_file):
        _reap(pid)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += seconds
        time.sleep(0.02)
    Path(pid_file).unlink(missing_ok=True)
    return True


def _reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def wait_until(is_ready, what, pid_file=None, log_file=None, seconds=20.0):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if is_ready():
                return
            reason = "not ready"
        except Exception as problem:  # any refusal while starting is a reason to try again
            reason = str(problem).strip()
        if time.monotonic() > deadline or (pid_file and running_pid(pid_file) is None):
            tail = ""
            if log_file and Path(log_file).exists():
                tail = "\n" + Path(log_file).read_text(errors="replace")[-1500:]
            raise LabError(f"{what} did not become ready: {reason}{tail}")
        time.sleep(0.03)


def port_answers(port):
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


def run(argv, **options):
    """Runs a tool to its end; raises LabError with its words when it fails."""
    done = subprocess.run(argv, stdin=options.pop("stdin", subprocess.DEVNULL), capture_output=True, text=True,
                          env=options.pop("env", clean_env()), **options)
    if done.returncode != 0:
        raise LabError(f"{argv[0]} failed ({done.returncode}): {(done.stderr or done.stdout).strip()}")
    return done.stdout


def clean_env(**more):
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
            "HOME": "/nonexistent", **more}


def write(path, text, mode=0o644, uid=0, gid=0):
    """Writes a file that never had a wider mode than asked for."""
    path = Path(path)
    data = text if isinstance(text, bytes) else text.encode()
    temporary = path.with_name(f".{path.name}.new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)
    os.chown(temporary, uid, gid)
    os.chmod(temporary, mode)
    os.replace(temporary, path)
    return path


def make_dir(path, mode=0o755, uid=0, gid=0):
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, uid, gid)
    os.chmod(path, mode)
    return path
