"""What `--json` prints is what schemas/ says, for every command that prints JSON."""
import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import jsonschema  # noqa: E402

from simulated_company import ROOT, SUBJECT, Company  # noqa: E402


def schema(name):
    return json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text())


class Schemas(unittest.TestCase):
    def test_every_command_prints_what_its_schema_says(self):
        with Company() as company:
            company.init()
            plan = json.loads(company.must("plan", SUBJECT, "--json"))
            company.approve(plan["digest"])
            printed = {"systems-check": company.must("systems", "check", "--json"),
                       "map": company.must("map", SUBJECT, "--json"),
                       "run": company.must("run", plan["case"], "--json"),
                       "record": company.must("record", plan["case"]),
                       "error": company.exeunt("map", "nobody", "--json")[1]}
            jsonschema.validate(plan, schema("plan"))
            for name, text in printed.items():
                with self.subTest(command=name):
                    jsonschema.validate(json.loads(text), schema(name))
            # The schema can fail: a refusal without a control is not a record of ours.
            record = json.loads(printed["record"])
            next(p for p in record["paths"] if p["grade"] == "refused")["control"] = "missing"
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(record, schema("record"))


if __name__ == "__main__":
    unittest.main()
