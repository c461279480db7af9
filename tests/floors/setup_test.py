"""tools/setup with a pretended dpkg and apt: what it says, and that it leaves the machine's service policy as it was."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SETUP = ROOT / "tools" / "setup"
PACKAGES = ROOT / "tools" / "packages.txt"


def listed():
    for line in PACKAGES.read_text().splitlines():
        if line and not line.startswith("#"):
            need, package, why = line.split(None, 2)
            yield need, package, why


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.policy = self.folder / "policy-rc.d"
        self.calls = self.folder / "calls"
        self.program("dpkg-query", 'case " $MISSING " in *" $3 "*) exit 1;; esac; printf installed')
        self.program("apt-get", f'echo "apt-get $*" >>{self.calls}; sh {self.policy} slapd start; echo "policy $?" >>{self.calls}; exit ${{APT_STATUS:-0}}')
        self.program("systemctl", f'echo "systemctl $*" >>{self.calls}')
        self.program("sudo", 'exec "$@"')

    def program(self, name, body):
        path = self.bin / name
        path.write_text("#!/bin/sh\n" + body + "\n")
        path.chmod(0o755)

    def run_setup(self, missing, *needs, **more):
        environment = dict(os.environ, PATH=f"{self.bin}:{os.environ['PATH']}", MISSING=missing,
                           EXEUNT_SETUP_POLICY=str(self.policy), **more)
        return subprocess.run(["bash", str(SETUP), *needs], env=environment, capture_output=True, text=True)

    def called(self):
        return self.calls.read_text() if self.calls.exists() else ""

    def test_nothing_is_touched_or_said_when_all_is_present(self):
        ran = self.run_setup("")
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr, self.called()), (0, "", "", ""))
        self.assertFalse(self.policy.exists())

    def test_says_what_and_why_and_refuses_starts_while_it_installs(self):
        ran = self.run_setup("slapd cmake")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        for _, package, why in listed():
            if package in ("slapd", "cmake"):
                self.assertIn(package, ran.stdout)
                self.assertIn(why, ran.stdout)
        self.assertIn("install -y -q --no-install-recommends cmake slapd", self.called())
        self.assertIn("policy 101", self.called())
        self.assertNotIn("policy 0", self.called())
        self.assertFalse(self.policy.exists())

    def test_a_server_that_it_installed_does_not_start_at_the_next_boot(self):
        self.run_setup("slapd")
        self.assertIn("systemctl disable --quiet slapd", self.called())
        self.assertNotIn("postgresql", self.called())

    def test_only_the_needs_asked_for_count(self):
        ran = self.run_setup("slapd", "build")
        self.assertEqual((ran.returncode, ran.stdout), (0, ""))

    def test_a_policy_that_was_there_comes_back_also_after_a_failure(self):
        own = "#!/bin/sh\nexit 0\n"
        for status in ("0", "100"):
            self.policy.write_text(own)
            self.policy.chmod(0o755)
            ran = self.run_setup("slapd", APT_STATUS=status)
            self.assertEqual(ran.returncode, int(status))
            self.assertIn("policy 101", self.called())
            self.assertEqual(self.policy.read_text(), own)
            self.assertEqual(sorted(p.name for p in self.folder.glob("policy*")), ["policy-rc.d"])

    def test_a_policy_that_refuses_already_stays(self):
        own = "#!/bin/sh\n# ours\nexit 101\n"
        self.policy.write_text(own)
        self.policy.chmod(0o755)
        self.assertEqual(self.run_setup("slapd").returncode, 0)
        self.assertEqual(self.policy.read_text(), own)

    def test_what_an_interrupted_setup_left_is_put_right(self):
        self.policy.write_text("#!/bin/sh\n# written by the setup of Exeunt; removed when it ends\nexit 101\n")
        saved = self.folder / "policy-rc.d.before-exeunt-setup"
        saved.write_text("#!/bin/sh\nexit 0\n")
        saved.chmod(0o755)
        self.assertEqual(self.run_setup("slapd").returncode, 0)
        self.assertEqual(self.policy.read_text(), "#!/bin/sh\nexit 0\n")
        self.assertFalse(saved.exists())

    def test_every_line_of_the_list_has_a_known_need_and_a_reason(self):
        names = []
        for need, package, why in listed():
            self.assertIn(need, ("build", "lab", "check", "nightly"))
            self.assertGreater(len(why), 5, package)
            names.append(package)
        self.assertEqual(len(names), len(set(names)))


if __name__ == "__main__":
    unittest.main()
