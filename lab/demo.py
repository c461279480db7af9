#!/usr/bin/python3
"""The demo: one person ended the usual way, another by Exeunt, with an adversary watching and a judge counting.

  demo.py --exeunt build/release/exeunt [--seed N] [--leaver HR_ID] [--dir DIR] [--keep]

Last line: demo: paths=N refused=R … case=ID. Exit 0 only when every figure is as it must be.
"""
import argparse
import datetime
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import ldap  # noqa: E402

import directory  # noqa: E402
import story  # noqa: E402
from layout import SYSTEMS, Layout  # noqa: E402
from showing import coloured, say, table, title  # noqa: E402
from story import StoryError  # noqa: E402

USUAL_WAY_WAIT_S = 8     # how long we look on after the usual way
AFTER_RUN_S = 5          # the adversary goes on this long after the run, and again after every server's restart
DRAIN_WAIT = "10min"
UNTIL_RIGHT_S = 5        # the end of what drains is right when her last success began at most so long before it …
DRAINED_RIGHT_MIN = 1    # … for so many ways in
GRADES = ("refused", "witnessed", "observed", "read_back")


def person_of(lab, hr_id):
    wallet = json.loads((lab.adversary / "wallets" / f"{hr_id}.json").read_text())
    connection = directory.connect(lab, directory.ROOT_DN, json.loads((lab.root / "root-secrets.json").read_text())
                                   ["ldap-root"])
    entry = connection.search_s(wallet["directory"]["dn"], ldap.SCOPE_BASE)[0][1]
    return wallet["directory"]["dn"], entry["cn"][0].decode(), connection


def usual_way(lab):
    """Leaver A: account disabled, password reset. Returns how many ways still admit."""
    dn, name, root = person_of(lab, lab.facts["usual_way"])
    title(f"1. The usual way: {lab.facts['usual_way']} {name}")
    adversary = story.Adversary(lab, lab.facts["usual_way"])
    try:
        held = adversary.tell("status")["ways"]
        say(f"   before: {sum(w['last_outcome'] == 'admitted' for w in held)} ways in, all tried and admitted")
        adversary.tell("mark the usual way begins")
        root.modify_s(dn, [(ldap.MOD_REPLACE, "pwdAccountLockedTime", [b"000001010000Z"])])
        root.modify_s(dn, [(ldap.MOD_REPLACE, "userPassword", [os.urandom(18).hex().encode()])])
        adversary.tell("mark account disabled, password reset")
        time.sleep(USUAL_WAY_WAIT_S)
    finally:
        ways = _stopped(adversary)
    admitting = [w for w in ways if w["last_outcome"] == "admitted"]
    say(f"   done: directory account disabled, password reset. {USUAL_WAY_WAIT_S} s later:")
    table(("way", "system", "kind", "answer"),
          [(w["way"], w["system"], w["kind"], _answer(w)) for w in ways], (44, 9, 11, 48),
          lambda row: "red" if row[3].startswith("admitted") else "green")
    say(f"   still admitting: {len(admitting)} of {len(ways)}")
    return len(admitting)


def _answer(way):
    if way["last_outcome"] == "error":
        return way["last_words"]
    return f"{way['last_outcome']}: {way['last_words']}"


def _stopped(adversary):
    try:
        return adversary.stop()["ways"]
    finally:
        adversary.abandon()


def by_exeunt(lab, engine, hr_id):
    """Leaver B: the real binary from init to record; returns (case, record, verdict, what drained, judge's exit code)."""
    _, name, _ = person_of(lab, hr_id)
    title(f"2. By Exeunt: {hr_id} {name}")
    before, after = lab.judge / "before.json", lab.judge / "after.json"
    story.lab_command("snapshot", "--dir", lab.root, "-o", before)
    watcher, adversary = story.Watcher(lab), story.Adversary(lab, hr_id)
    try:
        held = adversary.tell("status")["ways"]
        say(f"   before: {sum(w['last_outcome'] == 'admitted' for w in held)} ways in, all tried and admitted")
        case, record_file = _end_access(lab, engine, hr_id, adversary)
        _go_on(lab, adversary)
        ways = _stopped(adversary)
        watched = watcher.stop()
    finally:
        adversary.abandon()
        watcher.abandon()
    story.lab_command("snapshot", "--dir", lab.root, "-o", after)
    code, verdict = story.judge(lab, adversary, record_file, watched, before, after)
    record = json.loads(record_file.read_text())
    _show_paths(record)
    ends = drained(record, adversary.folder / "log.jsonl")
    _show_drained(ends)
    _show_verdict(verdict, ways)
    return case, record, verdict, ends, code


def _end_access(lab, engine, hr_id, adversary):
    engine.run("init", "--home", lab.home, "--keys", lab.keys)
    engine.run("systems", "check", accept=(0, 4))
    engine.run("map", hr_id, accept=(0, 3, 4))
    _, plan = engine.json("plan", hr_id, accept=(0, 4))
    case, digest = story.find(plan, "case", "case_id"), story.find(plan, "digest", "plan_digest")
    if not case or not digest:
        raise StoryError(f"`exeunt plan {hr_id} --json` names no case or no digest: {str(plan)[:300]}")
    say(f"   planned: case {case}, digest {digest[:16]}…; approver {lab.facts['approvers'][0]} signs")
    story.approve(lab, engine, digest, lab.facts["approvers"][0])
    adversary.tell("mark approved; the run begins")
    began = time.monotonic()
    code, _ = engine.run("run", case, accept=range(9))
    adversary.tell(f"mark the run ended with {code}")
    say(f"   run: exit {code} after {time.monotonic() - began:.1f} s")
    if code == 8:
        say("   only draining is left: waiting for the instant that the case names")
        code, _ = engine.run("run", case, "--wait-draining", DRAIN_WAIT, accept=range(9))
        adversary.tell(f"mark what drained is over; the case ended with {code}")
        say(f"   run --wait-draining: exit {code} after {time.monotonic() - began:.1f} s in all")
    record_file = lab.home.parent / "record.json"
    out = engine.run("record", case, "--json", accept=range(9))[1]
    record_file.write_text(out)
    try:
        json.loads(out)
    except ValueError:
        raise StoryError(f"`exeunt record {case}` did not print JSON: {out[:300]!r}")
    return case, record_file


def _go_on(lab, adversary):
    """The adversary goes on after the run, and after a restart of each server."""
    time.sleep(AFTER_RUN_S)
    for system in SYSTEMS:
        story.lab_command("restart", system, "--dir", lab.root)
    adversary.tell("mark every server was restarted")
    say(f"   the adversary went on for {AFTER_RUN_S} s, then all {len(SYSTEMS)} servers were restarted, and again {AFTER_RUN_S} s")
    time.sleep(AFTER_RUN_S)


def _is_attested(path):
    return path["grade"] == "attested" or path["system"] == "desk"


def _show_paths(record):
    say("   path by path:")
    rows = []
    for path in record["paths"]:
        since = path.get("ended_since") or {}
        state = path["state"] if path["state"] == "ended" else path["state"].upper()
        rows.append((path["system"], path["kind"], path.get("label") or path["id"], path.get("action") or "",
                     (since.get("first_refused") or state)[11:23] if since.get("first_refused") else state,
                     f"{path['grade']} ({path['means']})" if path.get("means") else path["grade"],
                     path.get("control") or ""))
    table(("system", "kind", "what it was", "what was done", "ended since", "grade", "control"), rows,
          (9, 11, 40, 22, 12, 24, 8), lambda row: "green" if ":" in row[4] else "red")
    for gap in record.get("gaps", []):
        say(f"   gap: {gap['system']}/{gap['kind']}: {gap['words']}")
    for task in record.get("tasks", []):
        say(f"   task for a person, {task['state']}: {task['task'].split('/', 2)[-1]}")


def drained(record, log):
    """Each way in that had to end by itself: {(system, id): (the instant that the case gave, when the adversary's last success on it began)}."""
    until, admitted = {}, {}
    for entry in record.get("entries", []):
        leaf = entry["leaf"]
        if leaf["kind"] in ("probed", "path_changed") and leaf.get("state") == "draining":
            until[(leaf["system"], (entry["payload"] or {}).get("node", "").split("/", 2)[-1])] = leaf["until"]
    for line in log.read_text().splitlines() if until else []:
        row = json.loads(line)
        if row.get("outcome") == "admitted":
            admitted[(row["system"], row["id"])] = max(admitted.get((row["system"], row["id"]), ""), row["begun"])
    return {key: (instant, admitted.get(key)) for key, instant in sorted(until.items())}


def late_by(instant, last):
    """Seconds from her last success to the instant that the case gave; negative: it was said too early; None: she never got in."""
    return None if last is None else (_time(instant) - _time(last)).total_seconds()


def _time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _show_drained(ends):
    for (system, native_id), (instant, last) in ends.items():
        late = late_by(instant, last)
        words = "which never was one" if late is None else f"which began {last[11:23]}, {late:.1f} s before"
        say(f"   drained: {system} {native_id} until {instant[11:23]}; the adversary's last success on it, {words}")


def _show_verdict(verdict, ways):
    say(f"   the adversary held {verdict['ways']} ways and tried them {verdict['tries']} times; "
        f"{sum(w['last_outcome'] == 'admitted' for w in ways)} admit at the end")
    say(f"   the judge searched {verdict['places_searched']} places for {verdict['secrets']} secrets")
    for line in verdict["excused"]:
        say(f"   not in the record, but declared as a gap: {line}")
    for line in verdict["between_looks"]:
        say(f"   not in the record: opened and over between two looks: {line}")
    for name, lines in verdict["words"].items():
        print(coloured(f"   {name}:", "red"))
        for line in lines:
            say(f"     {line}")


def figures(record, verdict, admitting, case):
    """The figures of the last line, in its order."""
    paths = [p for p in record["paths"] if p.get("required", True) and not _is_attested(p) and p["grade"] != "waived"]
    count = {grade: sum(p["state"] == "ended" and p["grade"] == grade for p in paths) for grade in GRADES}
    draining = sum(p["state"] == "draining" for p in paths)
    unknown = sum(p["state"] == "unknown" or (p["state"] == "ended" and p["grade"] not in GRADES) for p in paths)
    times = record.get("intervals", {})
    waived = sum(p["grade"] == "waived" for p in record["paths"])
    return {**({"waived": waived} if waived else {}), "paths": len(paths), "refused": count["refused"], "witnessed": count["witnessed"],
            "observed": count["observed"], "read_back": count["read_back"], "draining": draining,
            "open": len(paths) - sum(count.values()) - draining - unknown, "unknown": unknown,
            "missed": verdict["missed"], "usual_way_admitted": admitting, "admitted_after": verdict["admitted_after"],
            "secrets_found": verdict["secrets_found"], "identity_cut_ms": times.get("identity_cut_ms"),
            "time_to_zero_ms": times.get("time_to_zero_ms"), "case": case}


def complaints(f, judge_code, record, ends):
    """What is not as it must be, in words."""
    late = [late_by(*end) for end in ends.values()]
    right = sum(x is not None and 0 <= x <= UNTIL_RIGHT_S for x in late)
    ended = f["refused"] + f["witnessed"] + f["observed"] + f["read_back"] + f["draining"]
    checks = [(f["paths"] == ended, f"paths={f['paths']} but {ended} ended or draining"),
              (f["paths"] >= 24, "fewer than 24 paths"),
              (f["refused"] + f["witnessed"] >= 18, "fewer than 18 refused or witnessed"),
              (right >= DRAINED_RIGHT_MIN, f"no path was seen draining whose end was right within {UNTIL_RIGHT_S} s"),
              (not any(x is not None and x < 0 for x in late), "a way in was open after the instant that the case gave for its end"),
              (f["usual_way_admitted"] >= 4, "the usual way left fewer than 4 ways"),
              *((f[name] == 0, f"{name}={f[name]}") for name in ("open", "unknown", "missed", "admitted_after",
                                                                  "secrets_found")),
              (isinstance(f["identity_cut_ms"], int), "no identity_cut_ms"),
              (isinstance(f["time_to_zero_ms"], int), "no time_to_zero_ms"),
              (judge_code == 0, "the judge is not content"),
              (record.get("exit") in (0, 8), f"the record says exit {record.get('exit')}")]
    return [words for holds, words in checks if not holds]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exeunt", required=True, help="the exeunt binary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--leaver", metavar="HR_ID", help="whom Exeunt ends; default: the seed's choice")
    parser.add_argument("--dir", help="where the lab lies (a new folder); default: below /tmp")
    parser.add_argument("--keep", action="store_true", help="leave lab and folder as they are at the end")
    options = parser.parse_args()
    if os.getuid() != 0:
        if shutil.which("sudo") and os.system("sudo -n true 2>/dev/null") == 0:
            os.execvp("sudo", ["sudo", "-n", "/usr/bin/python3", *sys.argv])
        print("demo: needs root, or sudo without a password: sshd switches uids, and engine, adversary and judge are "
              "kept apart by theirs", file=sys.stderr)
        return 6
    folder = Path(options.dir or tempfile.mkdtemp(prefix="exeunt-demo-"))
    try:
        return _tell_the_story(options, folder)
    except (StoryError, ldap.LDAPError) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            say(f"lab kept in {folder}; end it with: lab/lab.py down --dir {folder}")
        elif (folder / "lab.json").exists():
            story.lab_command("down", "--dir", folder)


def _tell_the_story(options, folder):
    began = story.lab_command("up", "--seed", options.seed, "--dir", folder)
    lab = Layout.load(folder)
    engine = story.Engine(lab, options.exeunt)
    title("A small company of real servers on loopback: slapd, PostgreSQL, sshd, Redis, RabbitMQ, Glewlwyd, MIT Kerberos (and two that take tokens and tickets, simulated)")
    say(f"   {began.stderr.splitlines()[0]}")
    admitting = usual_way(lab)
    case, record, verdict, ends, judge_code = by_exeunt(lab, engine, options.leaver or lab.facts["by_exeunt"])
    result = figures(record, verdict, admitting, case)
    wrong = complaints(result, judge_code, record, ends)
    for words in wrong:
        print(coloured(f"   off: {words}", "red"))
    print("demo: " + " ".join(f"{name}={value}" for name, value in result.items()), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
