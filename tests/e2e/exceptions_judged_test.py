"""An exception on the lab's real servers, with the person at every way: what it keeps is open until its end, everything else is shut meanwhile, and
after its end that is shut too. The judge decides. Needs root; says so loudly when it is skipped."""
import datetime
import json
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "lab"))
import story  # noqa: E402
from judge import instant  # noqa: E402
from lab_test import LabTest  # noqa: E402

STAYS_S = 150            # longer than the run takes


class ExceptionJudged(LabTest):
    seed = 9

    def record(self, case):
        return self.engine.json("record", case, accept=range(9))[1]

    def her_role(self, case, adversary):
        """Her own role on the warehouse, as the record names it and as she uses it."""
        hers = {(w["system"], w["kind"], w["id"]) for w in adversary.tell("status")["ways"] if w["way"].startswith("database")}
        return next(p for p in self.record(case)["paths"] if (p["system"], p["kind"], p["id"]) in hers)

    def tries_of(self, adversary, path):
        lines = [json.loads(line) for line in (adversary.folder / "log.jsonl").read_text().splitlines()]
        return [t for t in lines if "outcome" in t and (t["system"], t["kind"], t["id"]) == (path["system"], path["kind"], path["id"])]

    def test_what_it_keeps_is_open_until_its_end_and_nothing_else(self):
        watcher = story.Watcher(self.lab)
        self.addCleanup(watcher.abandon)
        adversary = self.adversary_of(self.lab.facts["by_exeunt"])
        adversary.tell("rest")                  # whoever may stay has no reason to fight; her sessions end all the same
        case = self.approved(adversary.person)
        role = self.her_role(case, adversary)
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=STAYS_S)
        _, asked = self.engine.json("exception", "ask", case, f"{role['system']}/{role['kind']}/{role['id']}", "--until",
                                    until.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "--reason", "hands over until tonight")
        story.approve_exception(self.lab, self.engine, asked["exceptions"][0]["id"], self.lab.facts["approvers"][0])
        code, _ = self.engine.json("run", case, accept=(0, 8))
        ran = datetime.datetime.now(datetime.timezone.utc)
        self.assertLess(ran, until, "the run took longer than the exception stands: raise STAYS_S")
        paths = {(p["system"], p["kind"], p["id"]): p for p in self.record(case)["paths"]}
        kept = [p for p in paths.values() if p["state"] == "waived"]
        self.assertEqual([(p["system"], p["kind"], p["id"]) for p in kept], [(role["system"], role["kind"], role["id"])])
        self.assertEqual([p for p in paths.values() if p["required"] and p["state"] not in ("ended", "draining", "waived")], [])
        time.sleep(max(0.0, (until - datetime.datetime.now(datetime.timezone.utc)).total_seconds()))
        meanwhile = [t for t in self.tries_of(adversary, role) if ran < instant(t["begun"]) < until]
        self.assertGreater(len(meanwhile), 0)
        self.assertEqual([t for t in meanwhile if t["outcome"] != "admitted"], [], "what an exception keeps is hers until its end")
        # Its end is work by itself: no new plan, no new approval.
        self.engine.run("run", case, "--wait-draining", "10min", accept=(0, 8))
        record = self.record(case)
        (ended,) = [p for p in record["paths"] if (p["system"], p["kind"], p["id"]) == (role["system"], role["kind"], role["id"])]
        self.assertEqual(ended["state"], "ended")
        self.assertGreater(instant(ended["ended_since"]["first_refused"]), until)
        time.sleep(10)                          # she goes on for a while
        adversary.stop()
        file = self.lab.root / "engine" / "record-judged.json"
        file.write_text(json.dumps(record))
        code, verdict = story.judge(self.lab, adversary, file, watcher.stop())
        self.assertEqual((code, verdict["words"]), (0, {}))
        self.assertEqual([t for t in self.tries_of(adversary, role) if instant(t["begun"]) > instant(ended["ended_since"]["first_refused"])
                          and t["outcome"] == "admitted"], [])
        print(f"exception: {verdict['ways']} ways, {verdict['tries']} tries; {len(meanwhile)} of what stayed, all admitted until its end, none after",
              file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
