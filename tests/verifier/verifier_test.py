"""The second verifier: it agrees with exeunt-verify on genuine and hostile folders, and each of its checks is there for an edit that passes without it."""
import base64
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bundles  # noqa: E402
import edits_beside  # noqa: E402
import formats  # noqa: E402
import mutations  # noqa: E402
from edits import World, leaf_of, leaves  # noqa: E402
from formats import Key, canonical, hexdigest  # noqa: E402
from verify_bundle import CHECKS, load, verify, verify_folder  # noqa: E402

PROGRAM = bundles.simulated_company.BINARY.with_name("exeunt-verify")
VERIFIER = Path(__file__).resolve().parent / "verify_bundle.py"


def setUpModule():
    global SAMPLES, KEY, FOLDER
    temporary = tempfile.TemporaryDirectory(prefix="exeunt-verifier-")
    unittest.addModuleCleanup(temporary.cleanup)
    FOLDER = Path(temporary.name)
    SAMPLES = bundles.from_the_binary(FOLDER)
    KEY = Key(SAMPLES["newer"]["log.vkey"].decode())


def why(verdict):
    return verdict["refused"][0]["what"] if verdict["refused"] else "holds"


class Genuine(unittest.TestCase):
    def test_every_record_holds_with_its_signers_and_after_the_earlier_checkpoint(self):
        for name, files in SAMPLES.items():
            verdict = verify(files, KEY, since=SAMPLES["first"]["checkpoint"], signers=str(FOLDER / "allowed_signers"))
            self.assertEqual(why(verdict), "holds", name)
            self.assertTrue(all(a["key_is_approvers"] for a in verdict["approvals"]), name)
        self.assertEqual([a["of"] for a in verify(SAMPLES["newer"], KEY)["approvals"]], ["plan", "exception"])
        self.assertEqual(verify(SAMPLES["newer"], KEY)["earlier_records"], 2)

    def test_both_verifiers_say_the_same(self):
        if not PROGRAM.exists():
            self.skipTest(f"{PROGRAM} was not built")
        for name in SAMPLES:
            for since in SAMPLES:
                arguments = [FOLDER / name, "--key", KEY.text, "--since", FOLDER / since / "checkpoint", "--signers", FOLDER / "allowed_signers", "--json"]
                ours, theirs = (subprocess.run([*map(str, command), *map(str, arguments)], capture_output=True, text=True)
                                for command in (["/usr/bin/python3", VERIFIER], [PROGRAM]))
                self.assertEqual(ours.returncode, theirs.returncode, (name, since))
                ours, theirs = json.loads(ours.stdout), json.loads(theirs.stdout)
                if ours["holds"]:
                    for words in (ours, theirs):
                        words.pop("not_shown")
                    self.assertEqual(ours, theirs, (name, since))

    def test_a_smaller_log_than_was_seen_and_another_history_are_refused(self):
        self.assertIn("older than", why(verify(SAMPLES["older"], KEY, since=SAMPLES["newer"]["checkpoint"])))
        issuer = bundles.LogKey("one")
        one, two = dict(bundles.issued_by(SAMPLES["first"], issuer)), bundles.issued_by(SAMPLES["first"], issuer)
        bundles.relog(two, issuer.sign, "one", before=7)
        self.assertEqual(verify(one, issuer.verifier, since=one["checkpoint"])["since"], "contained")
        bundles.relog(one, issuer.sign, "one", before=4)
        seen = bundles.issued_by(SAMPLES["first"], issuer)
        text = seen["checkpoint"].split(b"\n")
        forged = issuer.sign("one\n%d\n%s\n" % (int(text[1]), base64.b64encode(bytes(32)).decode()))
        self.assertIn("another history", why(verify(seen, issuer.verifier, since=forged)))
        self.assertIn("another history", why(verify(two, issuer.verifier, since=seen["checkpoint"])))

    def test_what_it_knows_of_a_tree_from_paths_is_the_tree(self):
        rng = random.Random(4)
        for size in range(1, 40):
            hashes = [rng.randbytes(32) for _ in range(size)]
            root, known = formats.root_of(hashes), {}
            for index, path in enumerate(bundles.paths_of(hashes)):
                self.assertEqual(formats.follow(index, size, hashes[index], path, known), root)
                for bad in (path[:-1], path + [bytes(32)], [bytes(32)] + path[1:]):
                    if bad != path:
                        try:
                            self.assertNotEqual(formats.follow(index, size, hashes[index], bad), root)
                        except ValueError:
                            pass
            for (level, place), hashed in known.items():
                self.assertEqual(hashed, formats.root_of(hashes[place << level:place + 1 << level]), (size, level, place))
            for first in range(1, size + 1):
                self.assertEqual(formats.first_root(first, known), formats.root_of(hashes[:first]))
            some = {}
            index = rng.randrange(size)
            formats.follow(index, size, hashes[index], bundles.paths_of(hashes)[index], some)
            self.assertEqual(formats.first_root(index + 1, some), formats.root_of(hashes[:index + 1]), "the path of the last entry tells it")


class EachCheckIsThereForAnEdit(unittest.TestCase):
    """With the check the edit is refused; without it, it gets through; with any other left out it is still refused."""

    def only(self, check, files, key=None, others=()):
        self.assertNotEqual(why(verify(files, key or KEY)), "holds")
        self.assertEqual(why(verify(files, key or KEY, skip=[check, *others])), "holds", f"without {check}")
        for other in set(CHECKS) - {check}:
            self.assertNotEqual(why(verify(files, key or KEY, skip=[other])), "holds", f"without {other}")

    @staticmethod
    def one_verdict_swapped(files):
        seq, leaf = next((s, e) for s, e in leaves(files, "probed") if e["outcome" if "outcome" in e else "answer"] in ("refused", "absent"))
        leaf.update({"outcome": "unknown"} if "outcome" in leaf else {"answer": "unknown"})
        files[f"entries/{seq}.json"] = canonical(leaf)
        bundles.make_right(files)

    def test_key(self):
        """A log of the attacker's own, signed by the attacker."""
        files, attacker = dict(SAMPLES["newer"]), bundles.LogKey(KEY.name, b"attacker".ljust(32))
        self.one_verdict_swapped(files)
        bundles.relog(files, attacker.sign, KEY.name)
        self.only("key", files)

    def test_inclusion(self):
        """The genuine checkpoint beside a chain that was made right after a verdict was swapped."""
        files = dict(SAMPLES["newer"])
        self.one_verdict_swapped(files)
        self.only("inclusion", files)

    def test_prev(self):
        """Of more than 1,000 entries not all have a proof; two that have none exchange what they commit to."""
        issuer = bundles.LogKey("issuer")
        files = bundles.issued_by(SAMPLES["newer"], issuer, more=1000)
        self.assertEqual(why(verify(files, issuer.verifier)), "holds")
        (a, one), (b, two) = leaves(files, "noted")[-2:]
        one["commit"], two["commit"] = two["commit"], one["commit"]
        files.update({f"entries/{a}.json": canonical(one), f"entries/{b}.json": canonical(two)})
        bundles.sums(files)
        self.only("prev", files, issuer.verifier)

    def test_record_issued(self):
        """report.html is held by nothing else."""
        files = dict(SAMPLES["newer"])
        files["report.html"] = files["report.html"].replace(b"Departure", b"Arrival")
        self.assertNotEqual(files["report.html"], SAMPLES["newer"]["report.html"])
        bundles.sums(files)
        self.only("issued", files)

    def test_derived_files(self):
        """An issuer who has the log's key, and leaves a way in out of case.json before it is issued."""
        issuer = bundles.LogKey("issuer")
        for path, change in (("case.json", lambda value: value["paths"].pop()), ("requirements.json", lambda value: value["requirements"][1]["missing"].clear())):
            files = bundles.issued_by(SAMPLES["newer"], issuer, lambda files: edits_beside.edit_json(files, path, change))
            self.only("derived", files, issuer.verifier)
        files = bundles.issued_by(SAMPLES["newer"], issuer, lambda files: files.update({"timeline.csv": files["timeline.csv"].replace(b"refused", b"unknown", 1)}))
        self.only("derived", files, issuer.verifier)

    def test_approvals(self):
        """An issuer who signs an approval that the approver never gave: with a key that allowed_signers does not have, or not at all."""
        issuer, world = bundles.LogKey("issuer"), World(SAMPLES, tempfile.mkdtemp(dir=FOLDER))
        signers = str(FOLDER / "allowed_signers")
        for name, signature in (("another key", None), ("no signature", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n")):
            files = dict(SAMPLES["first"])
            seq, leaf = leaves(files, "approved")[0]
            path = f"payload/{leaf['commit']}"
            payload = json.loads(files[path][32:])
            payload["signature"] = signature or world.ssh_sign(payload["document"].encode(), "exeunt-approval").decode()
            files[path] = files[path][:32] + canonical(payload)
            files["approvals/1.sig"] = payload["signature"].encode()
            files = bundles.issued_by(files, issuer)
            self.assertIn("approvals/1.sig", why(verify(files, issuer.verifier, signers=signers)), name)
            self.assertEqual(why(verify(files, issuer.verifier, signers=signers, skip=["approvals"])), "holds", name)

    def test_sums_and_commit(self):
        """They find accidents: whoever edits on purpose makes them right again, and what they hold is held by other checks too."""
        files = dict(SAMPLES["first"], SHA256SUMS=SAMPLES["older"]["SHA256SUMS"])
        self.only("sums", files)
        path = next(p for p in SAMPLES["first"] if p.startswith("payload/"))
        files = dict(SAMPLES["first"], **{path: SAMPLES["first"][path] + b" "})
        bundles.sums(files)
        self.assertIn("SHA-256", why(verify(files, KEY)))
        self.assertIn("not what was issued", why(verify(files, KEY, skip=["commit"])))

    def test_since(self):
        self.assertEqual(why(verify(SAMPLES["older"], KEY)), "holds")
        self.assertNotEqual(why(verify(SAMPLES["older"], KEY, since=SAMPLES["newer"]["checkpoint"])), "holds")

    def test_a_mutation_run_sees_it_when_a_check_is_gone(self):
        for check, kinds in (("inclusion", ["verdict swapped in an entry", "a time moved in an entry"]), ("issued", ["a sentence of report.html changed"]),
                             ("key", ["a time moved in an entry"])):
            run = mutations.Run(SAMPLES, 1, tempfile.mkdtemp(dir=FOLDER), bases=["first"], skip=[check])
            run.all(60, kinds)
            self.assertTrue(any("changes" in fault for fault in run.faults), check)


class HostileFolders(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir=FOLDER)) / "record"
        bundles.write(SAMPLES["first"], self.folder)
        self.checkpoint = self.folder / "checkpoint"

    def refused(self, words):
        verdict = verify_folder(self.folder, KEY.text)
        self.assertIn(words, why(verdict))
        self.assertTrue(verdict["refused"][0]["next"])
        if PROGRAM.exists():
            done = subprocess.run([PROGRAM, self.folder, "--key", KEY.text], capture_output=True, timeout=30)
            self.assertEqual(done.returncode, 7, f"{words}: {PROGRAM.name} ended with {done.returncode}")

    def test_it_holds_before(self):
        done = subprocess.run(["/usr/bin/python3", VERIFIER, self.folder, "--key", KEY.text], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout[:12]), (0, "holds: case "))

    def test_a_link_to_the_very_same_bytes(self):
        self.checkpoint.rename(self.folder.parent / "elsewhere")
        self.checkpoint.symlink_to(self.folder.parent / "elsewhere")
        self.refused("no regular file")

    def test_a_folder_that_is_a_link(self):
        (self.folder / "plan").rename(self.folder.parent / "plans")
        (self.folder / "plan").symlink_to(self.folder.parent / "plans")
        self.refused("no regular file")

    def test_a_pipe_is_not_waited_for(self):
        self.checkpoint.unlink()
        os.mkfifo(self.checkpoint)
        self.refused("no regular file")

    def test_a_folder_for_a_file(self):
        self.checkpoint.unlink()
        self.checkpoint.mkdir()
        self.refused("checkpoint")

    def test_a_file_of_many_gigabytes_is_not_read(self):
        for path in ("checkpoint", "entries/0.json", "report.html", "entries/1.tlog-proof"):
            before = (self.folder / path).read_bytes()
            os.truncate(self.folder / path, 1 << 40)
            self.refused("larger")
            (self.folder / path).write_bytes(before)

    def test_names_that_are_none(self):
        for name in ("a b", ".hidden", "new\nline", "\u202ereport.html", "x" * 200, "entries/00.json", "entries/x.json", "entries/-1.json"):
            file = self.folder / name
            file.write_bytes(b"x")
            self.refused("no file of a record")
            file.unlink()

    def test_no_folder_and_no_key(self):
        self.assertIn("No such file", why(verify_folder(self.folder / "none", KEY.text)))
        for text in ("", "x", "a+00000000+AAAA", KEY.text + "x", KEY.text.replace("+", "+0", 1), "PRIVATE+KEY+a+00000000+AQ=="):
            self.assertIn("key", why(verify_folder(self.folder, text)), text)

    def test_another_key_and_a_witness_key_are_refused(self):
        other = bundles.LogKey(KEY.name, b"rotated".ljust(32)).verifier
        self.assertIn("no signature by", why(verify_folder(self.folder, other.text)))
        self.assertIn("no signature by", why(verify(bundles.issued_by(SAMPLES["first"], bundles.LogKey("another-log")), KEY)))
        raw = b"\4" + KEY.raw
        ident = formats.sha256(KEY.name.encode() + b"\n" + raw)[:4].hex()
        self.assertIn("type 4", why(verify_folder(self.folder, f"{KEY.name}+{ident}+{base64.b64encode(raw).decode()}")))


class Page(unittest.TestCase):
    def test_its_tables_were_read(self):
        import page
        self.assertEqual((len(page.CASE), len(page.STEP), len(page.PATH)), (15, 9, 7))
        for table in (page.CASE, page.STEP, page.PATH):
            self.assertLessEqual(set().union(*table.values()), table.keys())
        self.assertEqual((len(page.NODE_KINDS), len(page.GRADES), len(page.COMPLETENESS)), (17, 8, 4))
        self.assertGreaterEqual(len(page.LEAF_KINDS), 28)
        self.assertTrue(all(row["any_of"] or row["all_of"] for row in page.REQUIREMENTS))

    def test_json_is_bounded(self):
        for data in (b'{"a":' * 33 + b"1" + b"}" * 33, b"[" * 10 ** 6, b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1}x', b'{"a":"\xff"}', b'\\"' * 10 ** 6 + b"\\", b"9" * 10 ** 5):
            with self.assertRaises(ValueError):
                formats.parse_json(data)
        self.assertEqual(formats.parse_json(b'{"a":["[[[[[\\"", {}]}'), {"a": ['[[[[["', {}]})
        self.assertEqual(formats.canonical({"b": "\n\x1f\u20ac", "a": [1, None, True]}), '{"a":[1,null,true],"b":"\\n\\u001f\u20ac"}'.encode())

    def test_times_go_both_ways(self):
        for text in ("1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z", "2000-12-31T00:00:00.001Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z"):
            self.assertEqual(formats.rfc3339(formats.milliseconds(text)), text)
        self.assertEqual(formats.milliseconds("2026-11-28T04:01:02.743Z"), 1795838462743)
        for text in ("2023-02-29T00:00:00.000Z", "2026-11-28T24:00:00.000Z", "2026-11-28T04:01:02.743z", "2026-11-28T04:01:02Z", "2026-13-01T00:00:00.000Z"):
            self.assertIsNone(formats.milliseconds(text))


if __name__ == "__main__":
    unittest.main()
