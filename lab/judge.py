#!/usr/bin/python3
"""The judge: joins the adversary's log with the engine's record by system, kind and immutable id.

  judge.py judge --log LOG --record RECORD --secrets SECRETS [--search PATH ...] [--watched FILE]
                 [--before SNAPSHOT --after SNAPSHOT --subject HR_ID]
  judge.py watch --uid ENGINE_UID -o FILE [--spare DIR ...]    environ, argv and open files of the engine, until SIGTERM

Prints one JSON object; exit 0 only when every count is zero. Shares no code with engine or adversary.
  missed          a way that was admitted, with no path in the record and no gap declared before the run. Not one that was opened after one
                  look of the engine and closed by the server before the next: those are listed as `between_looks`
  admitted_after  an admission that began after the path's first refusal that held; of a path that was given back: after the restore began
  untried         a way that nobody tried after its path was said to be ended: nothing is known, so nothing is proven
  secrets_found   a secret of the adversary's in store, logs, record, environment, argv or open files of the engine
  ours_admitted   a way of the case's own (a witness) that was not refused in the end, or was admitted after its first refusal
  others_changed  something of anybody else's that differs between the two snapshots
"""
import argparse
import base64
import datetime
import json
import os
import signal
import sqlite3
import sys
import time
import urllib.parse
from pathlib import Path

from judge_compare import changed_for_others

COUNTS = ("missed", "admitted_after", "untried", "ours_admitted", "secrets_found", "others_changed")
LOOK_S = 2                  # a listing is journalled at most so long after it was asked for
DRAINED_TOLERANCE_S = 5     # clocks of provider, relying party and engine may differ by this much


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def read_log(path):
    """The tries, by (system, kind, id)."""
    ways = {}
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        try:
            entry = json.loads(line)
        except ValueError:
            raise SystemExit(f"judge: {path}:{number}: not JSON; the log is not whole, so there is no verdict")
        if "outcome" in entry:
            ways.setdefault((entry["system"], entry["kind"], entry["id"]), []).append(entry)
    return ways


def between_looks(key, tries, record):
    """Whether a held way began after a listing of its kind and was closed before the next full one: there was nothing of it to be seen."""
    admitted = [t for t in tries if t["outcome"] == "admitted"]
    if not tries[-1]["words"].startswith("ended"):
        return False
    began, over = instant(admitted[0]["begun"]), instant(admitted[-1]["ended"])
    looks = [(instant(e["leaf"]["t"]), e["leaf"].get("completeness")) for e in record.get("entries", [])
             if e["leaf"]["kind"] == "listed" and (e["leaf"].get("system"), e["leaf"].get("node")) == key[:2]]
    slack = datetime.timedelta(seconds=LOOK_S)
    return (any(at < began for at, _ in looks) and any(at > over + slack and how == "full" for at, how in looks)
            and not any(began <= at <= over + slack for at, _ in looks))


def restoring_since(record):
    """When the restore began, by the entries; with a path that is said to be given back and no such entry there is no verdict."""
    began = [e["leaf"]["t"] for e in record.get("entries", []) if e["leaf"]["kind"] == "state_changed" and e["leaf"].get("state") == "restoring"]
    if not began:
        raise SystemExit("judge: a way in is said to be given back, and no restore began; there is no verdict")
    return began[0]


def judge_ways(ways, record):
    """missed, admitted_after, untried, excused (not in the record, but a gap was declared) and unseen (gone before the next look), each a list of
    words."""
    # What the case opened itself is nobody's way: it neither stands for one of hers nor counts as one.
    paths = {(p["system"], p["kind"], p["id"]): p for p in record["paths"] if not p.get("ours")}
    approved = (record.get("intervals") or {}).get("approved")
    gaps = {(g["system"], g["kind"]) for g in record.get("gaps", []) if _declared_before(g, approved)}
    missed, after, untried, excused, unseen = [], [], [], [], []
    for key, tries in ways.items():
        admitted = [t for t in tries if t["outcome"] == "admitted"]
        if not admitted:
            continue
        path = paths.get(key)
        if path is None:
            words = f"{'/'.join(key)}: {tries[0]['way']}, admitted {len(admitted)} times"
            (excused if key[:2] in gaps else unseen if between_looks(key, tries, record) else missed).append(words)
            continue
        if path.get("until"):
            after += _admitted_after_drained(key, admitted, path["until"])
        first_refused = (path.get("ended_since") or {}).get("first_refused")
        if path.get("state") == "restored":      # given back by a new credential: what the adversary holds is the old one, and stays refused
            first_refused = restoring_since(record)
        if not first_refused:
            if path.get("state") == "ended":
                untried.append(f"{'/'.join(key)}: ended, with no instant of a first refusal")
            continue
        late = [t for t in admitted if instant(t["begun"]) > instant(first_refused)]
        if late:
            after.append(f"{'/'.join(key)}: {tries[0]['way']}, ended since {first_refused}, "
                         f"admitted {len(late)} times after, first {late[0]['begun']}, last {late[-1]['begun']}")
        if not any(_is_answer_after(t, first_refused) for t in tries):
            untried.append(f"{'/'.join(key)}: {tries[0]['way']}, no try after {first_refused}")
    return missed, after, untried, excused, unseen


def judge_ours(record):
    """Each witness that the case opened: ended, and by the entries themselves never admitted after its first refusal or absence."""
    words = []
    ours = {e["leaf"]["target"] for e in record.get("entries", []) if _opens_ours(e["leaf"])}
    claimed = [p for p in record["paths"] if p.get("ours")]
    if len(ours) != len(claimed):
        words.append(f"{len(ours)} witnesses were opened by the entries, the paths show {len(claimed)}")
    words += [f"{p['system']}/{p['kind']}/{p['id']}: a witness of the case is {p['state']}" for p in claimed if p["state"] != "ended"]
    over = set()
    for entry in record.get("entries", []):
        leaf = entry["leaf"]
        if leaf["kind"] != "probed" or leaf.get("target") not in ours:
            continue
        if leaf.get("answer") == "refused" or leaf.get("outcome") == "absent":
            over.add(leaf["target"])
        elif leaf["target"] in over and (leaf.get("answer") == "admitted" or leaf.get("outcome") == "present"):
            words.append(f"{leaf['system']}: a witness of the case was admitted at {leaf['t']}, after it had been refused")
    return words


def _opens_ours(leaf):
    return leaf["kind"] == "path_found" and leaf.get("means") == "witness"


def _admitted_after_drained(key, admitted, until):
    """What cannot be revoked may be admitted until the record's `until`, and never after."""
    end = instant(until) + datetime.timedelta(seconds=DRAINED_TOLERANCE_S)
    late = [t for t in admitted if instant(t["begun"]) > end]
    return [f"{'/'.join(key)}: {late[0]['way']}, drained until {until}, admitted {len(late)} times after, "
            f"last {late[-1]['begun']}"] if late else []


def _declared_before(gap, approved):
    declared = gap.get("declared_at")
    return bool(declared) and (not approved or instant(declared) <= instant(approved))


def _is_answer_after(entry, first_refused):
    """A refusal, an admission, or the end of a held connection, seen after; an unreachable server says nothing."""
    said = entry["outcome"] != "error" or entry["words"].startswith("ended")
    return said and (instant(entry["ended"]) > instant(first_refused) or entry["words"].startswith("ended"))


def forms(secret):
    """The byte strings under which a secret could lie somewhere."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode(), urllib.parse.quote_from_bytes(
        secret, safe="").encode(), json.dumps(secret.decode("latin-1"))[1:-1].encode()}
    found.add("".join(f"%{b:02x}" for b in secret).encode())
    found.add(secret.decode("latin-1").encode("utf-16-le"))
    for shift in range(3):                       # base64 at any alignment, without the edges that neighbours change
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(shift) + secret)
            uncut = (len(secret) + shift) % 3 == 0
            found.add(text[(0, 2, 3)[shift]:len(text) if uncut else -4])
    return {form for form in found if len(form) >= 8}


def read_secrets(path):
    return [(s["what"], bytes.fromhex(s["hex"])) for s in map(json.loads, Path(path).read_text().splitlines())]


def haystacks(places):
    """(name, bytes) of every file below the places; SQLite files also value by value, since pages split values."""
    for place in map(Path, places):
        if not place.exists():
            raise SystemExit(f"judge: {place} does not exist; nothing searched there is not the same as nothing found")
        for file in [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file()):
            data = file.read_bytes()
            yield str(file), data
            if data.startswith(b"SQLite format 3\0"):
                yield from _values(file)


def _values(file):
    store = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    store.text_factory = bytes
    try:
        tables = [r[0].decode() for r in store.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in tables:
            rows = store.execute(f'SELECT * FROM "{table}"')
            data = b"\n".join(v if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)
            yield f"{file} table {table}", data
    except sqlite3.DatabaseError as problem:
        raise SystemExit(f"judge: cannot read {file}: {problem}")
    finally:
        store.close()


def find_secrets(secrets, places, watched=None):
    """Where any form of any secret lies, in words."""
    piles = list(haystacks(places))
    if watched:
        seen = json.loads(Path(watched).read_text())
        piles += [(name, bytes.fromhex(data)) for name, data in seen.items()]
    found = []
    for what, secret in secrets:
        needles = forms(secret)
        found += [f"{what} in {name}" for name, data in piles if any(n in data for n in needles)]
    return found, len(piles)


class Watch:
    """Keeps what processes of one uid show in /proc: argv, environment, content of open regular files."""

    FILE_MAX = 8 << 20

    def __init__(self, uid, spare):
        self.uid, self.spare, self.seen, self.stamps = uid, tuple(spare), {}, {}

    def look(self):
        for proc in Path("/proc").glob("[0-9]*"):
            try:
                if proc.stat().st_uid != self.uid:
                    continue
                for name in ("cmdline", "environ"):
                    data = (proc / name).read_bytes()
                    self.seen.setdefault(f"{name} of {proc.name} {hash(data) & 0xffffff:x}", data)
                self._open_files(proc)
            except OSError:
                continue                          # the process ended meanwhile

    def _open_files(self, proc):
        for link in (proc / "fd").iterdir():
            try:
                target, state = os.readlink(link), os.stat(link)
                stamp = (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_size)
                if (state.st_mode & 0o170000) != 0o100000 or target.startswith(self.spare) or stamp in self.stamps:
                    continue
                self.stamps[stamp] = True
                with open(link, "rb") as file:
                    self.seen[f"open file {target} {len(self.seen)}"] = file.read(self.FILE_MAX)
            except OSError:
                continue


def watch(options):
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    watcher = Watch(options.uid, [*options.spare, "/usr/", "/lib", "/etc/"])
    while not stopping:
        watcher.look()
        time.sleep(0.03)
    with open(os.open(options.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump({name: data.hex() for name, data in watcher.seen.items()}, out)
    return 0


def judge(options):
    ways = read_log(options.log)
    record = json.loads(Path(options.record).read_text(encoding="utf-8"))
    missed, after, untried, excused, unseen = judge_ways(ways, record)
    secrets = read_secrets(options.secrets)
    found, searched = find_secrets(secrets, [options.record, *options.search], options.watched)
    changed = []
    if options.before:
        before, after_all = (json.loads(Path(p).read_text()) for p in (options.before, options.after))
        changed = changed_for_others(before, after_all, options.subject, set(ways))
    lists = dict(zip(COUNTS, (missed, after, untried, judge_ours(record), found, changed)))
    verdict = {name: len(items) for name, items in lists.items()}
    verdict["excused"], verdict["between_looks"] = excused, unseen
    verdict["ways"] = sum(any(t["outcome"] == "admitted" for t in tries) for tries in ways.values())
    verdict["tries"] = sum(len(tries) for tries in ways.values())
    verdict["secrets"], verdict["places_searched"] = len(secrets), searched
    verdict["words"] = {name: items[:50] for name, items in lists.items() if items}
    if not verdict["ways"] or not secrets:
        verdict["words"]["empty"] = ["the adversary held nothing or listed no secret: that proves nothing"]
    print(json.dumps(verdict, indent=1))
    return 1 if verdict["words"] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    sub = commands.add_parser("judge")
    for name in ("--log", "--record", "--secrets"):
        sub.add_argument(name, required=True)
    for name in ("--watched", "--before", "--after", "--subject"):
        sub.add_argument(name)
    sub.add_argument("--search", nargs="*", default=[])
    sub.set_defaults(does=judge)
    sub = commands.add_parser("watch")
    sub.add_argument("--uid", type=int, required=True)
    sub.add_argument("-o", "--output", required=True)
    sub.add_argument("--spare", nargs="*", default=[], help="folders whose open files are not read: those that may hold secrets or are searched anyway")
    sub.set_defaults(does=watch)
    options = parser.parse_args()
    return options.does(options)


if __name__ == "__main__":
    sys.exit(main())
