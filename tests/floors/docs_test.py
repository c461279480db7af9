"""The documents speak of what is there: links, paths, ./dev commands, words of the vocabulary, the binary's own commands."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = sorted({*ROOT.glob("*.md"), *(page for folder in ("docs", "lab", "src", "tests", "tools") for page in (ROOT / folder).rglob("*.md"))})
FOLDERS = "src|docs|tests|tools|lab|cmake|schemas"


def broken_links(page, text):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not (page.parent / target).exists():
            yield f"{page.name}: link to {target}"


def missing_paths(page, text, root=ROOT):
    """Paths in backticks; `<x>` and a name that stands for any (`x.hpp`) are not looked for."""
    for path in re.findall(rf"`((?:{FOLDERS})/[^`\s]*)`", text):
        pattern = re.sub(r"<[^>]+>|NNNN", "*", path).rstrip("/")
        if re.search(r"(?:^|/)x(?:_\w+)?(?:\.|/|$)", pattern):
            continue
        if not any(root.glob(pattern)):
            yield f"{page.name}: {path}"


def unknown_dev_commands(page, text, known):
    for command in re.findall(r"\./dev ([a-z]+)", text):
        if command not in known:
            yield f"{page.name}: ./dev {command}"


def dev_commands():
    return set(re.findall(r"^  ([a-z]+)(?: \||\))", (ROOT / "dev").read_text(), re.M))


def vocabulary():
    """Words of the enums that people see in plans and records."""
    text = (ROOT / "src/model/vocabulary.hpp").read_text()
    for enum in ("NodeKind", "EdgeKind", "ProbeAnswer", "ProbeMeans", "Grade", "Completeness", "PathState"):
        body = re.search(rf"enum class {enum}\b[^{{]*{{(.*?)}};", text, re.S).group(1)
        yield enum, re.findall(r"(\w+) = \d+", body)


def binary():
    for folder in (os.environ.get("EXEUNT_BUILD_DIR"), ROOT / "build/debug", ROOT / "build/release"):
        if folder and (pathlib.Path(folder) / "exeunt").exists():
            return pathlib.Path(folder) / "exeunt"
    return None


def documented_commands(text):
    """`exeunt a b …` at the start of a line of a block, or in backticks: up to two words that can be commands."""
    for line in re.findall(r"(?:^|`)exeunt ((?:[a-z]+(?: |`|$|\n))+)", text, re.M):
        yield tuple(re.findall(r"[a-z]+", line)[:2])


class Documents(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        self.assertEqual([fault for page in PAGES for fault in broken_links(page, page.read_text())], [])

    def test_every_path_that_is_named_exists(self):
        self.assertEqual([fault for page in PAGES for fault in missing_paths(page, page.read_text())], [])

    def test_every_dev_command_that_is_named_exists(self):
        known = dev_commands()
        self.assertIn("demo", known)
        self.assertEqual([fault for page in PAGES for fault in unknown_dev_commands(page, page.read_text(), known)], [])

    def test_the_glossary_has_every_word_of_the_vocabulary(self):
        glossary = (ROOT / "docs/glossary.md").read_text()
        for enum, words in vocabulary():
            self.assertGreater(len(words), 2, enum)
            for word in words:
                if word != "none":
                    with self.subTest(enum=enum, word=word):
                        self.assertRegex(glossary, rf"\b{word}\b")

    def test_the_evidence_format_has_every_kind_of_leaf(self):
        header = (ROOT / "src/evidence/leaf.hpp").read_text()
        kinds = re.findall(r"^  (\w+) = \d+,", re.search(r"enum class LeafKind.*?};", header, re.S).group(0), re.M)
        self.assertGreater(len(kinds), 10)
        page = (ROOT / "docs/evidence-format.md").read_text()
        self.assertEqual([kind for kind in kinds if f"`{kind}`" not in page], [])

    def test_every_setting_of_the_example_is_one(self):
        example = re.search(r"```yaml\n(.*?)```", (ROOT / "docs/operations.md").read_text(), re.S).group(1)
        kinds = re.split(r"^  - id: ", example, flags=re.M)
        self.assertEqual(len(kinds), 9)
        for text in kinds[1:]:
            kind = re.search(r"kind: (\w+)", text).group(1)
            source = "".join(path.read_text() for path in (ROOT / "src/connect" / kind).glob("*.cpp"))
            for key in re.findall(r"^    (\w+):", text, re.M):
                with self.subTest(kind=kind, key=key):
                    self.assertTrue(key in ("kind", "tier") or f'"{key}"' in source)
        source = (ROOT / "src/service/config.cpp").read_text()
        for key in re.findall(r"^(\w+):", kinds[0], re.M):
            with self.subTest(key):
                self.assertIn(f'"{key}"', source)

    def test_every_command_of_the_binary_that_is_named_exists(self):
        program = binary()
        if program is None:
            self.skipTest("exeunt is not built")
        named = {words for page in (ROOT / "README.md", ROOT / "docs/operations.md", ROOT / "docs/threat-model.md")
                 for words in documented_commands(page.read_text())}
        self.assertGreater(len(named), 5)
        for words in sorted(named):
            with self.subTest(words):
                ran = subprocess.run([program, words[0], "--help"], capture_output=True, text=True)
                self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_faults_are_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            self.assertEqual(len(list(broken_links(page, "[a](gone.md) [b](https://example.org/x)"))), 1)
            self.assertEqual(list(missing_paths(page, "`src/nowhere/a.hpp` `src/model/ids.hpp` `tests/fuzz/x_fuzz.cpp` `docs/adr/`")),
                             ["page.md: src/nowhere/a.hpp"])
            self.assertEqual(list(unknown_dev_commands(page, "./dev demo ./dev fly", {"demo"})), ["page.md: ./dev fly"])
            self.assertEqual(list(documented_commands("`exeunt log succeed`\nexeunt map E0017  what\n")), [("log", "succeed"), ("map",)])


if __name__ == "__main__":
    unittest.main()
