"""Tables and colours for a person's terminal; outside text is made harmless first."""
import os
import sys
import unicodedata

COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


def harmless(text):
    """Text that somebody else chose: no control, no direction change, no line break reaches the terminal."""
    return "".join(c if c.isprintable() and unicodedata.bidirectional(c) not in
                   ("RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDF", "PDI") else f"\\u{ord(c):04x}"
                   for c in str(text))


def coloured(text, colour):
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def title(text):
    print("\n" + coloured(harmless(text), "bold"))


def say(text=""):
    print(harmless(text), flush=True)


def table(head, rows, limits=None, paint=None):
    """Left-aligned columns; a cell longer than its limit ends in an ellipsis; paint(row) may name a colour."""
    limits = limits or [60] * len(head)
    shown = [[_cut(harmless(cell), limit) for cell, limit in zip(row, limits)] for row in rows]
    widths = [max(len(r[i]) for r in [list(head), *shown]) for i in range(len(head))]

    def line(cells):
        return "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()
    print(coloured(line(head), "dim"))
    for row, cells in zip(rows, shown):
        colour = paint(row) if paint else None
        print(coloured(line(cells), colour) if colour else line(cells))
    sys.stdout.flush()


def _cut(text, limit):
    return text if len(text) <= limit else text[: limit - 1] + "…"
