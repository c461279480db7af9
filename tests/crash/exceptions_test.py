"""The real binary is ended with SIGKILL at every commit point of asking for an exception, of approving it, and of the work at its end.

After every one: what was asked for is there once or cannot be approved, an approval counts once or not at all, and the end of an
exception makes its work in whichever process comes next. EXEUNT_KILLS=N bounds how many ends the last of these takes, and the others half of it (default 40 for CI; 220 takes every point).
"""
import datetime
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from simulated_company import APPROVER, OTHER, Company, intents_without_outcome  # noqa: E402

KILLS = int(os.environ.get("EXEUNT_KILLS", "40"))
SPACE = "exeunt-exception"
HERE = Path(__file__).resolve().parent


def in_an_hour():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.company = Company()
        cls.addClassCleanup(cls.company.close)
        cls.company.init()
        cls.company.make_signer(OTHER)
        cls.company.write("allowed_signers", "".join(f'{p} namespaces="exeunt-approval,{SPACE}" {k}\n' for p, k in cls.company.signers.items()))
        for name in ("sync_killer", "clock_shim"):
            subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", cls.company.folder / f"{name}.so", HERE / f"{name}.c", "-ldl"], check=True)
        cls.count = cls.company.folder / "count"

    def shims(self, later=False, at=None, when="before"):
        """A process that counts its commit points or, with `at`, ends there; `later`: its wall clock is past the end."""
        folder = self.company.folder
        out = {"LD_PRELOAD": f"{folder}/sync_killer.so" + (f" {folder}/clock_shim.so" if later else ""), "SYNC_KILLER_COUNT": str(self.count)}
        if later:
            out["CLOCK_SHIFT"] = "3700"
        if at is not None:
            out |= {"SYNC_KILLER_AT": str(at), "SYNC_KILLER_WHEN": when}
        return out

    def ends(self, bound):
        """(commit point, before or after) of the command that was just counted; spread over all points where there are more than `bound`."""
        points = int(self.count.read_text())
        self.assertGreater(points, 0)
        every = [(at, when) for at in range(1, points + 1) for when in ("before", "after")]
        return every if len(every) <= bound else [(1 + i * points // bound, ("before", "after")[i % 2]) for i in range(bound)]

    def fresh_case(self):
        self.company.reset()
        case, _ = self.company.planned_and_approved()
        return case

    def paths(self, case):
        return {f"{p['system']}/{p['kind']}/{p['id']}": p for p in self.company.record(case)["paths"]}

    def two_paths(self, case):
        """Two in one request: asking for it is more than one entry."""
        return sorted(p for p in self.paths(case) if p.split("/")[:2] in (["warehouse", "account"], ["bastion", "account"]))[:2]

    def argv_of_ask(self, case, paths):
        return ["exception", "ask", case, *paths, "--until", in_an_hour(), "--reason", "moves on Friday", "--json"]

    def asked(self, case):
        out = json.loads(self.company.must(*self.argv_of_ask(case, self.two_paths(case))))
        return out["exceptions"][0]["id"]

    def listed(self, case):
        return json.loads(self.company.must("exception", "list", case, "--json"))["exceptions"]

    def signature(self, ident):
        return self.company.sign(self.company.must("exception", "show", ident), APPROVER, SPACE)

    def count_of(self, case, kind):
        return sum(e["leaf"]["kind"] == kind for e in self.company.record(case)["entries"])

    def over(self, case):
        if self.company.record(case)["state"] not in ("closed", "cancelled"):
            self.company.must("cancel", case, "--reason", "next round")

    def test_ended_while_it_is_asked_for(self):
        case = self.fresh_case()
        paths = self.two_paths(case)
        self.assertEqual(len(paths), 2)
        self.company.must(*self.argv_of_ask(case, paths), environment=self.shims())
        self.over(case)
        killed = whole = 0
        for at, when in self.ends(KILLS // 2):
            with self.subTest(commit_point=at, when=when):
                case = self.fresh_case()
                code, _, _ = self.company.exeunt(*self.argv_of_ask(case, paths), environment=self.shims(at=at, when=when))
                killed += code == -9
                for left in self.listed(case):
                    self.assertEqual(left["state"], "asked")
                    if len(left["paths"]) == len(paths):
                        whole += 1
                        continue
                    code, _, error = self.company.exeunt("exception", "approve", left["id"], "--signature", self.signature(left["id"]))
                    self.assertEqual(code, 5, error)
                    self.assertIn("the process ended while", error)
                self.assertEqual([p["state"] for p in self.paths(case).values() if p["state"] == "waived"], [])
                # Asked for once more, it is approved and keeps both.
                ident = self.asked(case)
                self.company.must("exception", "approve", ident, "--signature", self.signature(ident))
                self.assertEqual(sorted(p for p, v in self.paths(case).items() if v["state"] == "waived"), paths)
                self.over(case)
        self.company.must("doctor")
        print(f"{killed} ends while one was asked for; {whole} left a whole request", file=sys.stderr)
        self.assertGreater(killed, 0)

    def test_ended_while_it_is_approved(self):
        case = self.fresh_case()
        ident = self.asked(case)
        self.company.must("exception", "approve", ident, "--signature", self.signature(ident), environment=self.shims())
        self.over(case)
        killed = stood = 0
        for at, when in self.ends(KILLS // 2):
            with self.subTest(commit_point=at, when=when):
                case = self.fresh_case()
                ident = self.asked(case)
                signature = self.signature(ident)
                code, _, _ = self.company.exeunt("exception", "approve", ident, "--signature", signature, environment=self.shims(at=at, when=when))
                killed += code == -9
                (left,) = self.listed(case)
                waived = [p for p, v in self.paths(case).items() if v["state"] == "waived"]
                self.assertEqual(len(waived), 2 if left["state"] == "approved" else 0, "for all paths or for none")
                stood += left["state"] == "approved"
                code, _, error = self.company.exeunt("exception", "approve", ident, "--signature", signature)
                self.assertEqual(code, 5 if left["state"] == "approved" else 0, error)
                self.assertEqual(self.count_of(case, "exception_approved"), 1)
                self.over(case)
        self.company.must("doctor")
        print(f"{killed} ends while one was approved; in {stood} the approval stood", file=sys.stderr)
        self.assertGreater(killed, 0)

    def kept_case(self):
        case = self.fresh_case()
        ident = self.asked(case)
        self.company.must("exception", "approve", ident, "--signature", self.signature(ident))
        self.company.must("run", case)
        self.assertEqual(sum(v["state"] == "waived" for v in self.paths(case).values()), 2)
        return case

    def test_ended_while_its_end_is_worked_off(self):
        case = self.kept_case()
        self.company.must("watch", "--once", environment=self.shims(later=True))
        self.assertEqual([p for p, v in self.paths(case).items() if v["required"] and v["state"] != "ended"], [])
        outside = self.company.outside()
        self.over(case)
        killed = 0
        for at, when in self.ends(KILLS):
            with self.subTest(commit_point=at, when=when):
                case = self.kept_case()
                code, _, _ = self.company.exeunt("watch", "--once", environment=self.shims(later=True, at=at, when=when))
                killed += code == -9
                code, out, error = self.company.exeunt("watch", "--once", environment=self.shims(later=True))
                record = self.company.record(case)
                said = f"{code} {out} {error}"
                self.assertEqual([p for p, v in self.paths(case).items() if v["required"] and v["state"] != "ended"], [], said)
                self.assertEqual(intents_without_outcome(record), {})
                self.assertEqual(self.count_of(case, "exception_expired"), 1, "not lost, not doubled")
                self.assertIn(record["state"], ("closed", "waiting_person"))
                self.assertEqual(self.company.outside(), outside)
                self.over(case)
        self.company.must("doctor")
        print(f"{killed} ends while the end of one was worked off", file=sys.stderr)
        self.assertGreater(killed, KILLS // 2)


if __name__ == "__main__":
    unittest.main()
