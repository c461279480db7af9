"""What happens to a case when its store, its clock or its links are not what they should be: real binary, simulated systems."""
import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simulated_company import ROOT, SUBJECT, CompanyTest, intents_without_outcome, wait_for  # noqa: E402

HOUR, MONTH = 3600, 30 * 24 * 3600


class Case(CompanyTest):
    def store_files(self):
        return sorted(self.company.home.glob("store.db*"))

    def clock_shim(self):
        shim = self.company.folder / "clock_shim.so"
        if not shim.exists():
            subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", shim, ROOT / "tests/crash/clock_shim.c", "-ldl"], check=True)
        return str(shim)


class Store(Case):
    def test_store_restored_from_a_copy_taken_mid_case_neither_runs_nor_signs(self):
        case, _ = self.company.planned_and_approved()
        copy = self.company.folder / "copy"
        copy.mkdir()
        for file in self.store_files():
            shutil.copy2(file, copy)
        self.company.must("run", case)
        for file in self.store_files():
            file.unlink()
        for file in copy.iterdir():
            shutil.copy2(file, self.company.home)
        effects = len(self.company.effects("directory"))
        code, _, error = self.company.exeunt("run", case)
        self.assertEqual(code, 7, error)
        self.assertIn("log succeed", error)
        self.assertEqual(len(self.company.effects("directory")), effects)
        self.company.must("log", "succeed", "--reason", "store restored from a backup")
        self.company.must("doctor")
        # What had ended before the restored store knows of it was never seen admitted in this log: it is not claimed refused again.
        self.company.must("run", case, codes=(0, 4))
        self.assertTrue(all(p["state"] == "ended" for p in self.company.record(case)["paths"] if p["required"]))

    def test_doubled_store_is_refused(self):
        self.company.planned_and_approved()
        doubled = self.company.folder / "doubled"
        shutil.copytree(self.company.home, doubled)
        done = subprocess.run([*self.company.argv("status")[:1], "--home", doubled, "plan", "E1005"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 7, done.stderr)

    def test_corrupt_database_is_said_and_nothing_runs(self):
        case, _ = self.company.planned_and_approved()
        database = self.company.home / "store.db"
        content = bytearray(database.read_bytes())
        for page in range(1, len(content) // 4096):
            content[page * 4096:page * 4096 + 64] = b"\xa5" * 64
        database.write_bytes(content)
        code, _, error = self.company.exeunt("run", case)
        self.assertEqual(code, 7, error)
        self.assertIn("next:", error)
        self.assertEqual([self.company.effects(s) for s in self.company.sockets], [[], [], []])

    def test_one_changed_byte_of_an_entry_is_found_by_doctor(self):
        case, _ = self.company.planned_and_approved()
        self.company.must("run", case)
        self.company.must("doctor")
        database = self.company.home / "store.db"
        subprocess.run(["sqlite3", database, "UPDATE entry SET leaf = replace(leaf, 'admitted', 'admitteD') WHERE rowid IN "
                        "(SELECT rowid FROM entry WHERE leaf LIKE '%admitted%' LIMIT 1);"], check=True)
        code, out, error = self.company.exeunt("doctor")
        self.assertEqual(code, 7, out + error)


class Clock(Case):
    def test_clock_stepped_back_an_hour_in_mid_run(self):
        case, _ = self.company.planned_and_approved()
        for system in self.company.sockets:
            self.company.faults(system, slow_ms=300)
        now = self.company.folder / "now"
        running = subprocess.Popen(self.company.argv("run", case), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   env={"PATH": "/usr/bin:/bin", "LD_PRELOAD": self.clock_shim(), "CLOCK_SHIFT": str(-HOUR),
                                        "CLOCK_SHIFT_WHEN": str(now)})
        self.assertTrue(wait_for(lambda: self.company.effects("directory")))
        now.touch()
        _, error = running.communicate(timeout=120)
        self.assertEqual(running.returncode, 0, error)
        record = self.company.record(case)
        self.assertTrue(all(p["state"] == "ended" for p in record["paths"] if p["required"]))
        self.assertEqual([e["leaf"]["case_seq"] for e in record["entries"]], list(range(len(record["entries"]))))
        steps = [e["leaf"] for e in record["entries"] if e["leaf"]["kind"] == "clock_stepped"]
        self.assertEqual([abs(leaf["count"] + HOUR * 1000) < 5000 for leaf in steps], [True])

    def test_case_stopped_for_thirty_days_is_finished(self):
        case, _ = self.company.planned_and_approved()
        for system in self.company.sockets:
            self.company.faults(system, slow_ms=100)
        running = subprocess.Popen(self.company.argv("run", case), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertTrue(wait_for(lambda: self.company.effects("directory")))
        running.kill()
        running.wait()
        for system in self.company.sockets:
            self.company.faults(system, slow_ms=0)
        self.company.must("run", case, environment={"LD_PRELOAD": self.clock_shim(), "CLOCK_SHIFT": str(MONTH)})
        record = self.company.record(case)
        self.assertTrue(all(p["state"] == "ended" for p in record["paths"] if p["required"]))
        self.assertEqual(intents_without_outcome(record), {})


class Links(Case):
    @staticmethod
    def targets(plan):
        return {(s["target"]["system"], s["target"]["native_id"]) for s in plan["steps"]}

    def test_account_of_the_same_login_waits_for_a_person(self):
        text = (self.company.home / "links.csv").read_text()
        self.company.write("links.csv", "\r\n".join(line for line in text.splitlines() if not line.startswith("bastion,account,2001,")) + "\r\n")
        out = json.loads(self.company.must("plan", SUBJECT, "--json"))
        self.assertIn("bastion/account/2001", json.dumps(out["proposed"]))
        self.assertNotIn(("bastion", "2001"), self.targets(out))
        self.company.must("cancel", out["case"], "--reason", "confirm the link")
        confirmed = json.loads(self.company.must("plan", SUBJECT, "--json", "--confirm", "bastion/account/2001"))
        self.assertIn(("bastion", "2001"), self.targets(confirmed))
        self.company.approve(confirmed["digest"])
        self.company.must("run", confirmed["case"])
        self.assertTrue(self.company.state("bastion")["accounts"]["2001"]["locked"])


if __name__ == "__main__":
    unittest.main()
