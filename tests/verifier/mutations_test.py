"""A small mutation run on every change; tests/verifier/mutations.py does the 10,000."""
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bundles  # noqa: E402
import mutations  # noqa: E402
from edits_beside import KINDS  # noqa: E402
from formats import Key  # noqa: E402
from verify_bundle import verify  # noqa: E402

PROGRAM = bundles.simulated_company.BINARY.with_name("exeunt-verify")


class EverythingButKeys(unittest.TestCase):
    def test_no_edit_is_accepted_that_changes_a_claim(self):
        seed = int(os.environ.get("EXEUNT_SEED", "0")) or int.from_bytes(os.urandom(4), "big")
        with tempfile.TemporaryDirectory(prefix="exeunt-mutations-") as folder:
            samples = bundles.from_the_binary(Path(folder))
            for name, files in samples.items():
                self.assertEqual(verify(files, Key(files["log.vkey"].decode()))["refused"], [], name)
            # In memory where there is such a folder: many small files are written.
            with tempfile.TemporaryDirectory(prefix="exeunt-mutations-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as work:
                run = mutations.Run(samples, seed, work, PROGRAM if PROGRAM.exists() else None, bases=["first"] * 5 + ["newer", "other"])
                run.all(5 * len(KINDS))
        print(f"\n{run.table()}\nseed {seed}, {run.asked} edits also by {PROGRAM.name}")
        self.assertEqual(run.faults, [])
        self.assertTrue(all(counts["edits"] == 5 for counts in run.counts.values()))
        self.assertGreater(sum(counts["refused"] for counts in run.counts.values()), 4 * len(KINDS))
        self.assertGreater(run.counts["signature lines of strangers"]["the same record"] + run.counts["another genuine record, whole"]["another genuine record"], 0)


if __name__ == "__main__":
    unittest.main()
