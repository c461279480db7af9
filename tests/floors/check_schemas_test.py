"""tools/check_schemas, seen failing once on each fault that it is there for."""

import importlib.util
import json
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def run(text):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "a.schema.json").write_text(text)
        ran = subprocess.run(["/usr/bin/python3", str(ROOT / "tools/check_schemas"), folder], capture_output=True, text=True)
        return ran.returncode, ran.stdout


@unittest.skipIf(importlib.util.find_spec("jsonschema") is None, "python3-jsonschema is not installed (./dev setup check)")
class CheckSchemas(unittest.TestCase):
    def test_each_planted_fault_is_named(self):
        rows = (
            ("{", "is not JSON"),
            (json.dumps({"$schema": DRAFT, "title": "t", "type": "strnig"}), "is not a JSON Schema"),
            (json.dumps({"$schema": DRAFT, "type": "string"}), "has no title"),
            (json.dumps({"title": "t", "type": "string"}), "has no $schema"),
            (json.dumps({"$schema": DRAFT, "title": "t", "properties": {"a": {"$ref": "#/$defs/gone"}}}), "#/$defs/gone"),
            (json.dumps({"$schema": DRAFT, "title": "t", "properties": {"a": {"$ref": "gone.schema.json"}}}), "gone.schema.json"),
        )
        for text, words in rows:
            with self.subTest(words):
                status, output = run(text)
                self.assertEqual(status, 1)
                self.assertIn(words, output)

    def test_a_schema_passes(self):
        good = {"$schema": DRAFT, "title": "t", "$defs": {"b": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/b"}}}
        self.assertEqual(run(json.dumps(good)), (0, "schemas: 1 valid\n"))


if __name__ == "__main__":
    unittest.main()
