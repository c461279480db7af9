"""The tables of docs/evidence-format.md, read out of the page: what the page does not say, this verifier does not know."""
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "evidence-format.md"
TEXT = PAGE.read_text(encoding="utf-8")


def table(header):
    """Rows below the header line that begins with these cells, as lists of cells."""
    lines = iter(TEXT.splitlines())
    start = "| " + " | ".join(header) + " |"
    for line in lines:
        if line.startswith(start):
            break
    else:
        raise ValueError(f"{PAGE.name}: no table `{start}`; the page and this verifier belong together")
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return rows


def words(cell):
    return re.findall(r"`([a-z_0-9]+)`", cell)


def transitions(what):
    return {words(row[0])[0]: frozenset(words(row[1]) if len(row) > 1 else ()) for row in table([f"{what} from", "to"])}


def sentence(start):
    """The words after `start` up to the full stop, split at commas."""
    found = re.search(re.escape(start) + r" ([^.]*)\.", TEXT)
    if not found:
        raise ValueError(f"{PAGE.name}: no words after `{start}`; the page and this verifier belong together")
    return tuple(word.strip() for word in found.group(1).replace("\n", " ").split(","))


CASE, STEP, PATH = transitions("case"), transitions("step"), transitions("path")
NODE_KINDS = sentence("Kinds of node:")
GRADES = sentence("Grades, the best first:")
COMPLETENESS = sentence("Completeness:")
ANSWERS = sentence("Answers:")
MOMENTS, USE_MOMENTS = (tuple(w.strip() for w in part.split(",")) for part in
                        re.search(r"Moments of `probed`: ([^;]*); of `used`: ([^.]*)\.", TEXT).groups())
LEAF_KINDS = frozenset(word for row in table(["kind", "says"]) for word in words(row[0]))
TIMELINE_HEADER = re.search(r"after the header `([a-z_,]+)`", TEXT).group(1)
REQUIREMENTS_NOTE = " ".join(re.search(r"`note` is `([^`]+)`", TEXT).group(1).split())
REQUIREMENTS = [dict(zip(("framework", "id", "title", "paraphrase", "reach", "left", "all_of", "any_of"), row))
                for row in table(["framework", "id", "title"])]
