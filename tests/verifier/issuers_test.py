"""What entries mean is decided alike by both verifiers, also where an issuer with the log's key made every hash right."""
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bundles  # noqa: E402
from issuers import Issuers  # noqa: E402

PROGRAM = bundles.simulated_company.BINARY.with_name("exeunt-verify")


class Alike(unittest.TestCase):
    def test_edited_entries_are_held_or_refused_by_both(self):
        if not PROGRAM.exists():
            self.skipTest(f"{PROGRAM} was not built")
        seed = int(os.environ.get("EXEUNT_SEED", "0")) or int.from_bytes(os.urandom(4), "big")
        with tempfile.TemporaryDirectory(prefix="exeunt-issuers-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
            place = Path(folder)
            run = Issuers(bundles.from_the_binary(place), seed, place, PROGRAM)
            while run.counts["edits"] < 120:
                run.one(["first"] * 6 + ["newer"])
        print(f"\n{dict(run.counts)}, seed {seed}")
        self.assertEqual(run.faults, [])
        self.assertGreater(min(run.counts["held"], run.counts["refused"]), 20)


if __name__ == "__main__":
    unittest.main()
