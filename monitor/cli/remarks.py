"""How the remarks on lines are shown: every one as NDJSON, or the first of them for people."""

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.bulk.seen import Place
from monitor.bulk.validation import Checked, Level, Remark, Tally
from monitor.cli.lines import name_of
from monitor.cli.words import show

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

INDENT = 4
STYLES = {Level.REFUSED: "bold red", Level.WARNING: "yellow", Level.NOTE: "dim"}


class Format(StrEnum):
    """How remarks are written."""

    TABLE = "table"
    NDJSON = "ndjson"


class Shown:
    """Writes remarks as they come; for people not more lines than `limit` (0: all)."""

    def __init__(self, files: Sequence[Path], format_: Format, limit: int, out: "Console") -> None:
        self._files = files
        self._format = format_
        self._left = limit or sys.maxsize
        self._out = out
        self.held_back = 0

    def show(self, checked: Checked) -> None:
        """Write what is to be said of a line."""
        if self._format is Format.NDJSON:
            sys.stdout.writelines(self._row(checked, one) for one in checked.remarks)
        elif checked.remarks and self._left:
            self._left -= 1
            self._print(checked)
        else:
            self.held_back += bool(checked.remarks)

    def place(self, place: Place) -> str:
        """A line as messages name it."""
        return f"{name_of(self._files[place.file - 1])}:{place.line}"

    def _print(self, checked: Checked) -> None:
        from rich.padding import Padding
        from rich.text import Text

        parts: list[RenderableType] = [Text(self.place(checked.place), "bold")]
        for remark in checked.remarks:
            said = Text(f"{remark.level}, {remark.reason}: ", STYLES[remark.level])
            said.append(remark.message, "none")
            said.append(self._earlier(checked.place, remark), "none")
            said.append(f"; {remark.hint}" if remark.hint else "", "none")
            parts.append(Padding(said, (0, 0, 0, INDENT)))
        show(self._out, *parts)

    def _earlier(self, place: Place, remark: Remark) -> str:
        if remark.earlier is None:
            return ""
        same = remark.earlier.file == place.file
        return f"; see line {remark.earlier.line}" + (
            "" if same else f" of {name_of(self._files[remark.earlier.file - 1])}"
        )

    def _row(self, checked: Checked, remark: Remark) -> str:
        row: dict[str, Any] = {
            "file": str(self._files[checked.place.file - 1]),
            "line": checked.place.line,
            "type": checked.type,
            "level": remark.level,
            "reason": remark.reason,
            "field": remark.field,
            "message": remark.message,
            "hint": remark.hint,
            "earlier": None,
        }
        if remark.earlier is not None:
            file = str(self._files[remark.earlier.file - 1])
            row["earlier"] = {"file": file, "line": remark.earlier.line}
        return json.dumps(row, ensure_ascii=False) + "\n"


def summary(tally: Tally) -> dict[str, Any]:
    """The counts as a document: lines by type, and lines by what was said of them."""
    return {
        "lines": tally.lines.total(),
        "refused": tally.refused.total(),
        "types": {
            kind: {"lines": number, "refused": tally.refused[kind]}
            for kind, number in sorted(tally.lines.items())
        },
        "remarks": [
            {"level": level, "reason": reason, "field": field or None, "lines": number}
            for (level, reason, field), number in _ordered(tally)
        ],
    }


def summary_tables(tally: Tally) -> "list[Table]":
    """The counts for people; what was said only where something was."""
    from rich import box
    from rich.table import Table

    types = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    types.add_column("type")
    for name in ("lines", "refused"):
        types.add_column(name, justify="right")
    for kind, number in sorted(tally.lines.items()):
        types.add_row(kind, f"{number:,}", f"{tally.refused[kind]:,}")
    said = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "reason", "field"):
        said.add_column(name)
    said.add_column("lines", justify="right")
    for (level, reason, field), number in _ordered(tally):
        said.add_row(level.value, reason, field, f"{number:,}", style=STYLES[level])
    return [types, said] if tally.remarks else [types]


def _ordered(tally: Tally) -> list[tuple[tuple[Level, str, str], int]]:
    """Refusals first, the most frequent of each level first."""
    levels = list(Level)
    return sorted(
        tally.remarks.items(), key=lambda item: (levels.index(item[0][0]), -item[1], item[0])
    )
