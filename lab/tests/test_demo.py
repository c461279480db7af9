"""The demo from end to end on the real servers with a stand-in for the binary (a cut made by hand), so that the demo's own
figures, approval by signature and exit code are seen right, and seen wrong. Needs root; says so loudly when it is skipped."""
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import demo  # noqa: E402
import story  # noqa: E402
from test_story import HandCut, drains, later, now  # noqa: E402

LAST_LINE = re.compile(r"demo: paths=\d+ refused=\d+ witnessed=\d+ observed=\d+ read_back=\d+ draining=\d+ open=\d+ "
                       r"unknown=\d+ missed=\d+ usual_way_admitted=\d+ admitted_after=\d+ secrets_found=\d+ "
                       r"identity_cut_ms=\d+ time_to_zero_ms=\d+ case=\S+")
REFUSED = ("account", "key", "certificate", "secret")


class StandIn:
    """Answers like the binary; what it does, it does by hand. `faults` names what it does wrong."""

    faults = frozenset()

    def __init__(self, lab, _binary):
        self.lab, self.approved = lab, None
        (lab.judge / "exeunt.out").touch()
        lab.keys.mkdir()

    def json(self, *arguments, **_):
        return 0, {"data": {"case": "c1", "plan": {"digest": "ab" * 32}}}

    def run(self, *arguments, **_):
        deed = getattr(self, "do_" + arguments[0], None)
        return 0, deed(*arguments[1:]) if deed else ""

    def do_approval(self, _show, digest):
        return f"case c1 digest {digest}\n"

    def do_approve(self, digest, _option, signature):
        done = subprocess.run(
            ["ssh-keygen", "-Y", "verify", "-f", self.lab.home / "allowed_signers", "-I", "E0002", "-n",
             "exeunt-approval", "-s", signature], input=self.do_approval("", digest), capture_output=True, text=True)
        if done.returncode != 0:
            raise story.StoryError(done.stderr)
        self.approved = now()
        return ""

    def do_run(self, _case):
        person = self.lab.facts["by_exeunt"]
        hand = HandCut(self.lab, person, without=("shared_roles",) if "cut" in self.faults else ())
        for _ in range(3):
            self.ways = self._ways(person)
            hand.cut(self.ways)
            time.sleep(1.5)
        self.ended = now()
        return ""

    def _ways(self, person):
        done = subprocess.run([story.PYTHON, story.HERE / "adversary.py", "tell", "--lab", self.lab.root, "--person",
                               person, "status"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["ways"]

    def do_record(self, *_):
        ways = self._ways(self.lab.facts["by_exeunt"])
        paths = [{"system": w["system"], "kind": w["kind"], "id": w["id"], "label": w["way"], "required": True,
                  "state": "ended", "grade": "refused" if w["kind"] in REFUSED else "read_back", "means": "own",
                  "control": "held", "action": "by hand", "ended_since": {"first_refused": self.ended}} for w in ways]
        for path in paths:
            if drains(path["id"]) is not None:   # beyond recall: nothing that is done by hand ends them earlier
                path |= {"state": "draining", "until": later(self.ended, drains(path["id"])), "ended_since": {}}
        if "secret" in self.faults:
            wallet = json.loads((self.lab.adversary / "wallets" / f"{self.lab.facts['by_exeunt']}.json").read_text())
            paths[-1]["action"] = wallet["directory"]["password"]
        return json.dumps({"exit": 0, "paths": paths[1:] if "path" in self.faults else paths, "gaps": [],
                           "intervals": {"approved": self.approved, "identity_cut_ms": 1, "time_to_zero_ms": 2}})


@unittest.skipUnless(os.getuid() == 0, "SKIPPED LOUDLY: the lab's real servers need root")
class Demo(unittest.TestCase):
    def play(self, seed, faults=frozenset()):
        StandIn.faults = faults
        out = io.StringIO()
        argv = ["demo.py", "--exeunt", "stand-in", "--seed", str(seed)]
        with mock.patch.object(story, "Engine", StandIn), mock.patch.object(sys, "argv", argv), \
                mock.patch.object(demo, "DRAINED_RIGHT_MIN", 0), contextlib.redirect_stdout(out):   # by hand nothing is waited for
            code = demo.main()
        lines = out.getvalue().splitlines()
        self.assertRegex(lines[-1], f"^{LAST_LINE.pattern}$", out.getvalue())
        return code, dict(word.split("=") for word in lines[-1].split()[1:]), out.getvalue()

    def test_a_whole_cut_ends_with_zero_and_no_outside_text_reaches_the_terminal_raw(self):
        code, figures, text = self.play(8)
        self.assertEqual(code, 0, text)
        self.assertGreaterEqual(int(figures["usual_way_admitted"]), 4)
        print(text, file=sys.__stdout__) if os.environ.get("SHOW") else None
        self.assertFalse([c for c in text if ord(c) < 32 and c != "\n"])

    def test_every_planted_fault_is_counted_and_ends_with_one(self):
        code, figures, text = self.play(9, {"cut", "path", "secret"})
        self.assertEqual(code, 1, text)
        self.assertGreater(int(figures["missed"]), 0, text)
        self.assertGreater(int(figures["admitted_after"]), 0, text)
        self.assertGreater(int(figures["secrets_found"]), 0, text)


class Drained(unittest.TestCase):
    """What the demo says of ways in that end by themselves, from a record and her log."""

    def ends(self, until, tries):
        entry = {"leaf": {"kind": "probed", "state": "draining", "system": "realm", "until": until},
                 "payload": {"node": "realm/token/e@LAB tickets"}}
        log = [{"mark": "x"}] + [{"system": "realm", "id": "e@LAB tickets", "outcome": outcome, "begun": begun} for begun, outcome in tries]
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write("\n".join(map(json.dumps, log)))
            file.flush()
            return demo.drained({"entries": [entry]}, Path(file.name))

    def complaints(self, ends):
        figures = {name: 0 for name in ("open", "unknown", "missed", "admitted_after", "secrets_found", "observed", "draining")}
        figures |= {"paths": 30, "refused": 10, "witnessed": 8, "read_back": 12, "usual_way_admitted": 40, "identity_cut_ms": 1}
        figures["time_to_zero_ms"] = 2
        return demo.complaints(figures, 0, {"exit": 0}, ends)

    def test_an_end_that_was_right_is_accepted(self):
        ends = self.ends("2026-01-01T10:00:30.000Z", [("2026-01-01T10:00:27.500Z", "admitted"), ("2026-01-01T10:00:31.000Z", "refused")])
        self.assertEqual(demo.late_by(*ends["realm", "e@LAB tickets"]), 2.5)
        self.assertEqual(self.complaints(ends), [])

    def test_an_end_said_too_early_or_much_too_late_or_none_is_not(self):
        early = self.ends("2026-01-01T10:00:30.000Z", [("2026-01-01T10:00:30.100Z", "admitted")])
        self.assertEqual(len(self.complaints(early)), 2)
        for ends in (self.ends("2026-01-01T10:00:30.000Z", [("2026-01-01T10:00:20.000Z", "admitted")]),
                     self.ends("2026-01-01T10:00:30.000Z", [("2026-01-01T10:00:29.000Z", "refused")]), {}):
            self.assertEqual(len(self.complaints(ends)), 1)


if __name__ == "__main__":
    unittest.main()
