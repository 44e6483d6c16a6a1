"""`monitor evaluate`: files of events through the same intake and rules as the worker."""

import asyncio
import datetime
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from monitor.cli.lines import STREAM, Files, Rules, reading
from monitor.exits import Exit

if TYPE_CHECKING:
    from monitor.bulk.evaluation import Evaluation, Outputs
    from monitor.rulesets import Rulesets

YEARS = range(1900, 2101)  # contract 2, "Values"

app = typer.Typer(add_completion=False)

Notices = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write notices here, as structured CloudEvents.")
]
Timelines = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write timelines here, one per patient.")
]
Rejections = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write why lines were refused here.")
]


def _given_day(day: datetime.datetime | None) -> datetime.datetime | None:
    if day is not None and day.year not in YEARS:
        raise typer.BadParameter("the year is outside 1900 to 2100")
    return day


AsOf = Annotated[
    datetime.datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="Close this day for every patient at the end; without it there is no clock.",
        callback=_given_day,
    ),
]


@app.command()
def evaluate(
    files: Files,
    rules: Rules = None,
    as_of: AsOf = None,
    notices: Notices = None,
    timelines: Timelines = None,
    rejections: Rejections = None,
) -> None:
    """Evaluate files of events without broker and database; lines are arrivals, in order.

    In place of a FILE, - is standard input or output. Line numbers run on from file to file.

    Exit code 0; 1 when a line was refused; 2 usage; 3 configuration; 4 anything else.
    """
    from monitor.cli.ruling import rulesets_of

    day = as_of.date() if as_of else None
    outputs_given = [path for path in (notices, timelines, rejections) if path is not None]
    _check_apart([*files, *([rules] if rules else [])], outputs_given)
    _check_beside(rules, outputs_given)
    with reading(files, "evaluating") as source, ExitStack() as stack:
        outputs = _outputs(stack, notices, timelines, rejections)
        lines = (line.content for line in source.lines())
        run = _run(rulesets_of(rules), outputs, lines, day)
    typer.echo(
        f"{run.accepted} accepted, {run.refused} refused, {run.told} notices", file=sys.stderr
    )
    if run.refused:
        raise typer.Exit(Exit.REFUSED)


def _check_apart(inputs: list[Path], outputs: list[Path]) -> None:
    """Raise BadParameter when an output would overwrite an input or another output."""
    taken = {path.resolve() for path in inputs if path != STREAM}
    for path in outputs:
        place = path if path == STREAM else path.resolve()
        if place in taken:
            raise typer.BadParameter(f"{path} is given twice: it would be overwritten")
        taken.add(place)


def _check_beside(rules: Path | None, outputs: list[Path]) -> None:
    """Raise BadParameter when an output would be a file of the folder of rules."""
    if rules is None or not rules.is_dir():
        return
    held = {file.resolve() for file in rules.glob("*.toml")}
    for path in outputs:
        place = path.resolve()
        if place in held or (place.parent == rules.resolve() and place.suffix == ".toml"):
            raise typer.BadParameter(f"{path} would be a rules file of the folder given")


def _run(
    rulesets: "Rulesets", outputs: "Outputs", lines: Iterable[bytes], day: datetime.date | None
) -> "Evaluation":
    from monitor.bulk.evaluation import Evaluation

    run = Evaluation(rulesets, outputs)
    asyncio.run(run.go(lines, day))
    return run


def _outputs(stack: ExitStack, *paths: Path | None) -> "Outputs":
    from monitor.bulk.evaluation import Outputs

    def opened(path: Path | None) -> BinaryIO | None:
        if path is None:
            return None
        return sys.stdout.buffer if path == STREAM else stack.enter_context(path.open("wb"))

    return Outputs(*map(opened, paths))
