"""What the demonstration shows: how far it is, every notice in words, and a summary."""

import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from monitor.cli import words
from monitor.clinical.findings import CATALOGUE
from monitor.ledger.entries import Counts, QuarantineRow

ACTIONS = ("raised", "amended", "withdrawn")
PATIENT_TO_SHOW = "NCT06778382/SDCH-019"

Notice = Mapping[str, Any]


class Screen:
    """Bars at the foot of a terminal while entered; in a pipe plain lines alone."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
            expand=True,
        )
        self._sent = self._bars.add_task("events sent", total=total)
        self._recorded = self._bars.add_task("recorded", total=total)
        self.said: Counter[tuple[str, str]] = Counter()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def moved(self, sent: int, recorded: int) -> None:
        """Show how many events the broker has, and how many the ledger."""
        self._bars.update(self._sent, completed=sent)
        self._bars.update(self._recorded, completed=recorded)

    def notice(self, notice: Notice) -> None:
        """Show a notice and count it."""
        self.said[notice["finding"], notice["action"]] += 1
        words.show(self._console, words.notice_text(notice))


def summary(
    console: Console,
    outcomes: Iterable[Counts],
    refused: Sequence[QuarantineRow],
    said: Counter[tuple[str, str]],
) -> None:
    """What went in, what was refused and why, and what came out."""
    kinds = ("applied", "duplicate", "stale", "rejected")
    total = {kind: sum(getattr(one, kind) for one in outcomes) for kind in kinds}
    told = ", ".join(f"{count} {kind}" for kind, count in total.items())
    words.show(console, "", f"Events in: {sum(total.values())} ({told})")
    for row in refused:
        why = f"refused and kept in quarantine: {row.topic}, {row.reason}. {row.message}"
        words.show(console, Padding(Text(why), (0, 0, 0, 2)))
    table = Table("Notices by finding", box=box.SIMPLE_HEAD, pad_edge=False)
    for action in ACTIONS:
        table.add_column(action, justify="right")
    heard = {name for name, _ in said}
    for finding in (name for name in CATALOGUE if name in heard):
        counts = (str(said[finding, action] or "") for action in ACTIONS)
        table.add_row(words.finding_words(finding), *counts)
    words.show(console, table)


def next_steps(console: Console, database: Path, variables: Mapping[str, str]) -> None:
    """Command lines that work as printed."""
    console.print("The database stays:", style="bold")
    console.print(f"  {database}", soft_wrap=True)
    console.print("What to try next:", style="bold")
    program = _program()
    for line in (
        *(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
        f"{program} timeline {PATIENT_TO_SHOW}",
        f"{program} notices --open",
        f"{program} notices --patient {PATIENT_TO_SHOW} --format json",
    ):
        console.print(f"  {line}", soft_wrap=True)


def goes_on(console: Console, bootstrap_servers: str) -> None:
    """That nothing has ended yet, and how to speak to what runs."""
    console.print()
    console.print(
        f"The worker goes on: its broker listens at {bootstrap_servers} and takes events on the "
        "input topics. Ctrl-C ends both."
    )


def _program() -> str:
    """How this program was called: by its name where the shell finds it, else by its path."""
    called = Path(sys.argv[0])
    found = shutil.which("monitor")
    if found and Path(found).resolve() == called.resolve():
        return "monitor"
    try:
        called = called.absolute().relative_to(Path.cwd())
    except ValueError:
        called = called.absolute()
    return shlex.quote(str(called))
