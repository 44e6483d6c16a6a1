"""The table of which catcher noticed which bug, as it is kept beside the bugs."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.planted.bug import ROOT
from tests.planted.catalogue import TOPICS
from tests.planted.catchers import ENDLESS, Catch

CAUGHT = Path(__file__).with_name("caught.md")
COLUMNS = ("static", "auditor", "simulation", "bench")
_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \|[^|]*\|(?P<cells>.*)\|$", re.MULTILINE)
Rows = Mapping[str, Mapping[str, str]]  # bug -> column -> cell

_HEAD = """\
# Planted bugs and what notices them

Written by `make planted` (`python -m tests.planted`) from its runs, the last of them against
{product}.
Each bug is an edit of the product with which its static checks still pass. Auditor, simulation and
at last the bench on real servers look at it until one notices: the seed at which it did, and the
seconds that it had looked; `no`, and at how much it looked, where it did not. Empty: not asked.
Auditor and simulation keep their ledger in memory: where a bug is planted in the memory ledger and
in that of SQL, what they notice proves the half in memory alone.
"""


def cell(catch: Catch, tried: str) -> str:
    """One catch as the table shows it."""
    if not catch.noticed:
        return f"no ({tried}, {catch.seconds:.0f} s)"
    if catch.said == ENDLESS:
        return f"{ENDLESS} ({catch.seconds:.0f} s)"
    return f"seed {catch.seed} ({catch.seconds:.1f} s)"


def noticed(cells: Mapping[str, str]) -> str | None:
    """The catcher that noticed, by a row's cells."""
    for name in COLUMNS[1:]:
        if cells.get(name, "").startswith(("seed", ENDLESS)):
            return name
    return None


def read_table(path: Path = CAUGHT) -> dict[str, dict[str, str]]:
    """The cells of a table that was written before; none when there is none."""
    text = path.read_text() if path.exists() else ""
    return {
        row["name"]: dict(zip(COLUMNS, map(str.strip, row["cells"].split("|")), strict=True))
        for row in _ROW.finditer(text)
    }


def write_table(rows: Rows, path: Path = CAUGHT) -> None:
    """Write the table, bugs in the order of the lists, with how many each catcher noticed."""
    lines = [_HEAD.format(product=_product()), _summary(rows)]
    for topic, bugs in TOPICS.items():
        lines += ["", f"## {topic.capitalize()}", ""]
        lines += [f"| bug | what it puts out of force | {' | '.join(COLUMNS)} |", "|---" * 6 + "|"]
        for one in bugs:
            cells = rows.get(one.name, {})
            shown = " | ".join(cells.get(name, "") for name in COLUMNS)
            lines.append(f"| `{one.name}` | {one.says} | {shown} |")
    path.write_text("\n".join(lines) + "\n")


def _summary(rows: Rows) -> str:
    every = [one.name for bugs in TOPICS.values() for one in bugs]
    by = [noticed(rows.get(name, {})) for name in every]
    counts = ", ".join(f"{name} {by.count(name)}" for name in COLUMNS[1:])
    return f"{len(every)} bugs, noticed by {counts}, by none {by.count(None)}."


def _product() -> str:
    """The commit of the product, and whether it was changed since."""
    commit, changed = (
        subprocess.run(
            ("git", *words), cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        for words in (("rev-parse", "--short", "HEAD"), ("status", "--short", "monitor"))
    )
    return f"commit {commit}" + (" with changes that are not committed" if changed else "")
