"""tools/run_tests counts what ran; a test that failed, crashed or skipped itself is never counted as passed."""

import importlib.machinery
import importlib.util
import pathlib
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
loader = importlib.machinery.SourceFileLoader("run_tests", str(ROOT / "tools" / "run_tests"))
run_tests = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
loader.exec_module(run_tests)

PASSED = "[doctest] test cases:  5 |  5 passed | 0 failed | 2 skipped\n"
FAILED = "[doctest] test cases: 3 | 2 passed | 1 failed | 0 skipped\n"


def counts(tally):
    return tally.passed, tally.failed, tally.skipped


class Tally(unittest.TestCase):
    def test_doctest_summaries_are_added(self):
        tally = run_tests.Tally()
        tally.add_doctest(PASSED + "other\n" + FAILED)
        self.assertEqual(counts(tally), (7, 1, 0))

    def test_a_case_that_skips_itself_is_not_passed(self):
        tally = run_tests.Tally()
        tally.add_doctest("SKIPPED: store: disk full: needs a mount\n" + PASSED)
        self.assertEqual(counts(tally), (4, 0, 1))
        self.assertIn("disk full", tally.skips[0])

    def test_an_executable_that_crashed_counts_as_failed(self):
        tally = run_tests.Tally()
        log = "1/2 Test: exeunt_a_test\nboom\n2/2 Test: exeunt_b_test\n" + PASSED
        tally.add_doctest(log)
        tally.add_ctest_failures("1/2 Test #1: exeunt_a_test ....***Exception: SegFault  0.10 sec\n", log)
        self.assertEqual(counts(tally), (5, 1, 0))
        self.assertEqual(tally.failures, ["exeunt_a_test: Exception: SegFault"])

    def test_a_failed_case_is_counted_once(self):
        tally = run_tests.Tally()
        log = "1/1 Test: exeunt_a_test\n" + FAILED
        tally.add_doctest(log)
        tally.add_ctest_failures("1/1 Test #1: exeunt_a_test ....***Failed    0.10 sec\n", log)
        self.assertEqual(counts(tally), (2, 1, 0))

    def test_an_executable_that_passed_all_cases_and_still_ended_badly_counts_as_failed(self):
        tally = run_tests.Tally()
        log = "1/1 Test: exeunt_a_test\n" + PASSED
        tally.add_doctest(log)
        tally.add_ctest_failures("1/1 Test #1: exeunt_a_test ....***Failed    0.10 sec\n", log)
        self.assertEqual(tally.failed, 1)

    def test_python_results(self):
        rows = (
            ("Ran 4 tests in 0.1s\n\nOK\n", 0, (4, 0, 0)),
            ("x ... skipped 'why'\nRan 4 tests in 0.1s\n\nOK (skipped=1)\n", 0, (3, 0, 1)),
            ("Ran 4 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=1)\n", 1, (1, 2, 1)),
            ("Traceback\n", 1, (0, 1, 0)),
            ("Ran 0 tests in 0.0s\n\nOK\n", 0, (0, 1, 0)),
        )
        for output, status, expected in rows:
            with self.subTest(output):
                tally = run_tests.Tally()
                tally.add_unittest("t.py", output, status)
                self.assertEqual(counts(tally), expected)


if __name__ == "__main__":
    unittest.main()
