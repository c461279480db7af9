#!/usr/bin/python3
"""What `exeunt map --json` and `exeunt plan --json` print is what their schemas say, and the schemas say no to the rest."""
import copy
import json
import pathlib
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(path):
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def validator(name):
    schema = load(f"schemas/{name}.schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class Printed(unittest.TestCase):
    def accepted(self, name, document):
        errors = [f"/{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator(name).iter_errors(document)]
        self.assertEqual(errors, [])

    def refused(self, name, document, change):
        broken = copy.deepcopy(document)
        change(broken)
        self.assertTrue(list(validator(name).iter_errors(broken)), "the schema accepts what it must refuse")

    def test_a_map_is_what_its_schema_says(self):
        self.accepted("map", load("tests/golden/service/map.json"))

    def test_a_plan_is_what_its_schema_says_as_printed_and_as_kept(self):
        self.accepted("plan", load("tests/golden/service/plan.json"))
        self.accepted("plan", load("tests/golden/plan/plan.json"))

    def test_the_schemas_refuse_what_no_program_prints(self):
        a_map, a_plan = load("tests/golden/service/map.json"), load("tests/golden/service/plan.json")
        for change in (lambda d: d.pop("paths"), lambda d: d.update(extra=1), lambda d: d["paths"][0].update(kind="sesion"),
                       lambda d: d["paths"][0].pop("survives"), lambda d: d["paths"][0]["witness"].append("no id"),
                       lambda d: d["proposed"][0].update(strength="sure"), lambda d: d["listings"][0].update(count=-1)):
            self.refused("map", a_map, change)
        for change in (lambda d: d.pop("steps"), lambda d: d.update(extra=1), lambda d: d["steps"][0].update(action="lock"),
                       lambda d: d["steps"][0].update(stage="1"), lambda d: d["steps"][0]["target"].pop("native_id"),
                       lambda d: d["paths"][0].update(required="good"), lambda d: d.update(digest="x"), lambda d: d["steps"][0].update(due_ms=-1)):
            self.refused("plan", a_plan, change)


if __name__ == "__main__":
    unittest.main()
