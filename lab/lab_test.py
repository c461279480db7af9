"""What a test on the lab's real servers begins with: a lab of its own, and the engine's command line set up in it."""
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import story
from layout import Layout

ROOT = Path(__file__).resolve().parent.parent


class LabTest(unittest.TestCase):
    seed = 1
    preset = "debug"           # which build, where EXEUNT_BUILD_DIR names none
    policy = ""                # more lines for the policy

    def setUp(self):
        if os.getuid() != 0:
            self.skipTest("SKIPPED LOUDLY: the lab's real servers need root")
        self.folder = Path(tempfile.mkdtemp(prefix="exeunt-lab-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        story.lab_command("up", "--seed", self.seed, "--dir", self.folder)
        self.addCleanup(story.lab_command, "down", "--dir", self.folder)
        self.lab = Layout.load(self.folder)
        if self.policy:
            with (self.lab.home / "policy.yaml").open("a") as policy:
                policy.write(self.policy)
        self.engine = story.Engine(self.lab, Path(os.environ.get("EXEUNT_BUILD_DIR", ROOT / "build" / self.preset)) / "exeunt")
        self.addCleanup(self.engine.log.close)
        self.engine.run("init", "--keys", self.lab.keys, accept=range(6))

    def adversary_of(self, person):
        adversary = story.Adversary(self.lab, person)
        self.addCleanup(adversary.abandon)
        return adversary

    def approved(self, person):
        """A case of hers, approved by somebody who may; its id."""
        _, plan = self.engine.json("plan", person, accept=(0, 4))
        story.approve(self.lab, self.engine, story.find(plan, "digest", "plan_digest"), self.lab.facts["approvers"][0])
        return story.find(plan, "case", "case_id")
