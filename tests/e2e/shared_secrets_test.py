"""One secret, known to two people who leave one after another: real binary, simulated systems."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "lab"))
from simulated_company import OTHER, SUBJECT, CompanyTest  # noqa: E402
from simulated_systems import digest  # noqa: E402


class TwoWhoKnowIt(CompanyTest):
    def leaves(self, person):
        case, digest = self.company.plan(subject=person)
        self.company.approve(digest)
        self.company.must("run", case)
        return case

    def secret(self, case):
        return next(p for p in self.company.record(case)["paths"] if p["kind"] == "secret")

    def rotations(self):
        return [e for e in self.company.effects("warehouse") if e["action"] == "rotate_secret"]

    def test_the_older_case_does_not_bring_back_what_the_second_leaver_knew(self):
        at_first = self.company.shared_value()
        first = self.leaves(SUBJECT)
        known_to_the_second = self.company.shared_value()
        self.leaves(OTHER)
        self.assertEqual(len({at_first, known_to_the_second, self.company.shared_value()}), 3)
        for again in range(2):
            with self.subTest(again=again):
                self.company.must("run", first)      # it still waits for a person, and looks at everything anew
                self.assertEqual(self.company.shared_value_in_use(), digest(self.company.shared_value()))
                self.assertNotIn(self.company.shared_value(), (at_first, known_to_the_second))
                path = self.secret(first)
                self.assertEqual((path["state"], path["grade"], path["control"]), ("ended", "refused", "held"))
        self.assertEqual(len(self.rotations()), 3, "once more, since nobody could tell who had set it; then it stands")

    def test_a_value_that_she_put_there_herself_does_not_stay(self):
        first = self.leaves(SUBJECT)
        hers = "one that she chose, there and in the vault"
        (self.company.systems_folder / "warehouse.report_rw.secret").write_text(hers + "\n")
        self.company.ask("warehouse", op="control", passwords={"report_rw": hers})
        self.company.must("run", first)
        self.assertNotEqual(self.company.shared_value(), hers)
        self.assertEqual(self.company.shared_value_in_use(), digest(self.company.shared_value()))
        self.assertEqual(self.secret(first)["state"], "ended")

    def test_where_it_has_to_be_set_again_it_becomes_one_that_nobody_knew(self):
        at_first = self.company.shared_value()
        first = self.leaves(SUBJECT)
        known_to_the_second = self.company.shared_value()
        self.leaves(OTHER)
        self.company.ask("warehouse", op="control", passwords={"report_rw": at_first})    # a restored backup
        self.company.must("run", first)
        self.assertEqual(self.company.shared_value_in_use(), digest(self.company.shared_value()))
        self.assertNotIn(self.company.shared_value(), (at_first, known_to_the_second))
        self.assertEqual(self.secret(first)["state"], "ended")


if __name__ == "__main__":
    unittest.main()
