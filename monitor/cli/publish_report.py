"""What `monitor publish` says at its end: what Kafka has, what was refused, where to go on."""

import json
import shlex
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.lines import name_of

if TYPE_CHECKING:
    from monitor.bulk.validation import Tally
    from monitor.stream.publishing import Publishing


class Format(StrEnum):
    """How the report is written."""

    TABLE = "table"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Report:
    """A run that is over; `left_out` lines were refused and not sent."""

    run: "Publishing"
    tally: "Tally"
    left_out: int
    files: list[Path]
    from_line: int

    def show(self, format_: Format) -> None:
        """Write the report to standard output, and its words to standard error."""
        if format_ is Format.JSON:
            sys.stdout.write(json.dumps(self._document(), ensure_ascii=False) + "\n")
        elif self.run.acknowledged:
            self._show_table()
        if not self.tally.lines:
            typer.echo("There is no line to send: an event is one line of JSON.", err=True)
        refused = self.tally.refused.total()
        words = f"{self.run.total:,} acknowledged, {refused:,} refused"
        if refused:
            words += f" ({self.left_out:,} not sent; `monitor validate` shows every fault)"
        typer.echo(words, err=True)
        if (resume := self._resume()) is not None:
            file, line = resume
            rest = " ".join(shlex.quote(str(path)) for path in self.files[file - 1 :])
            if self.run.total:
                name = name_of(self.files[file - 1])
                typer.echo(f"Kafka has what was sent before line {line} of {name}.", err=True)
            typer.echo(f"To go on: monitor publish {rest} --from-line {line}", err=True)

    def _resume(self) -> tuple[int, int] | None:
        if self.run.resume_at is None:
            return None
        file, line = self.run.resume_at
        return file, max(line, self.from_line) if file == 1 else line

    def _document(self) -> dict[str, Any]:
        resume = self._resume()
        return {
            "acknowledged": {
                topic: {"count": one.count, "last_offsets": dict(sorted(one.last_offsets.items()))}
                for topic, one in sorted(self.run.acknowledged.items())
            },
            "refused": self.tally.refused.total(),
            "not_sent": self.left_out,
            "resume_at": resume and {"file": str(self.files[resume[0] - 1]), "line": resume[1]},
        }

    def _show_table(self) -> None:
        from rich import box
        from rich.table import Table

        from monitor.cli.words import console, show

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("topic", no_wrap=True)
        table.add_column("acknowledged", justify="right")
        table.add_column("last offset of each partition", overflow="fold")
        for topic, one in sorted(self.run.acknowledged.items()):
            offsets = "  ".join(f"{at}: {last}" for at, last in sorted(one.last_offsets.items()))
            table.add_row(topic, f"{one.count:,}", offsets)
        show(console(), table)
