"""What the `convert` commands share: files in, events out, and a report of what was kept back."""

import datetime
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from monitor.exits import Exit, ExpectedError
from monitor.wire.adapters.conversion import FILE_LIMITS, Conversion, Held, Refusal

STREAM: Final = Path("-")
SHOWN: Final = 20
YEARS: Final = range(1900, 2101)  # contract 2, "Values"
HELD_WORDS: Final = "in the previous snapshot is no longer there; its record stays as it was"
HELD_HINT: Final = (
    "Held records were not sent. Put their rows back, or, when the source confirms that they were "
    "taken out on purpose, run this again with --confirm-vanished."
)
NOT_ALL_HINT: Final = (
    "Not everything was sent. Until a run refuses and holds nothing, keep giving as --previous the "
    "last snapshot of which everything was sent, not this one: what was sent since is sent again "
    "with a higher version, which does no harm."
)


def _given_day(day: datetime.datetime | None) -> datetime.datetime | None:
    if day is not None and day.year not in YEARS:
        raise typer.BadParameter("the year is outside 1900 to 2100")
    return day


AsOf = Annotated[
    datetime.datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="The day of this snapshot; it becomes the records' version, such as 20260131.",
        callback=_given_day,
    ),
]
Out = Annotated[
    Path, typer.Option(metavar="FILE", help="Write the events here; - is standard output.")
]
Rejections = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write all that was refused or held here, as NDJSON."),
]
ConfirmVanished = Annotated[
    bool,
    typer.Option(
        "--confirm-vanished",
        help="What vanished since --previous was taken out on purpose: send records without those "
        "rows, and whole records as entered in error.",
    ),
]


def version_of(day: datetime.date) -> int:
    """The record version that a snapshot's day is: yyyymmdd."""
    return int(day.strftime("%Y%m%d"))


def content_of(path: Path) -> bytes:
    """A file's bytes; of one that is too large so much that the adapter refuses it."""
    with _in_words(path), path.open("rb") as file:
        return file.read(FILE_LIMITS.bytes + 1)


def readable(previous: Conversion, path: Path) -> Conversion:
    """The previous snapshot. Raises BadParameter where a table of it cannot be read."""
    if not previous.readable:
        problem = previous.refusals[0]
        words = f"{path}: {problem.place}: {problem.message}"
        raise typer.BadParameter(words, param_hint="--previous")
    return previous


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Raise ExpectedError where a file cannot be read or written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as problem:
        why = (problem.strerror or "cannot be read or written").lower()
        raise ExpectedError(f"{path}: {why}") from None


def check_apart(inputs: Iterable[Path], outputs: Iterable[Path | None]) -> None:
    """Raise BadParameter when an output would overwrite an input or another output."""
    taken = {path.resolve() for path in inputs}
    for path in outputs:
        if path is None:
            continue
        place = path if path == STREAM else path.resolve()
        if place in taken:
            raise typer.BadParameter(f"{path} is given twice: it would be overwritten")
        taken.add(place)


@contextmanager
def progress(words: str) -> Iterator[None]:
    """Show on a terminal that something goes on."""
    from rich.console import Console

    terminal = Console(stderr=True)
    if not terminal.is_terminal:
        yield
        return
    with terminal.status(words):
        yield


def answer(found: Conversion, out: Path, rejections: Path | None) -> None:
    """Write events and rejections, report on standard error; exit code 1 if not all was sent."""
    _write(out, (event.line for event in found.events))
    if rejections is not None:
        rows = [*map(_refusal_row, found.refusals), *map(_held_row, found.held)]
        _write(rejections, (json.dumps(row).encode() for row in rows))
    for line in report(found, rejections):
        typer.echo(line, err=True)
    if found.refusals or found.held:
        raise typer.Exit(Exit.REFUSED)


def report(found: Conversion, rejections: Path | None) -> Iterator[str]:
    """What was kept back and why, and the counts; names places, never what stands there."""
    for refusal in found.refusals[:SHOWN]:
        yield f"refused: {refusal.place}: {refusal.message} ({refusal.reason})"
    for held in found.held[:SHOWN]:
        yield f"held: {_held_words(held)}"
    hidden = max(0, len(found.refusals) - SHOWN) + max(0, len(found.held) - SHOWN)
    if hidden:
        where = rejections or "a file that --rejections names"
        yield f"and {hidden} more: see {where}"
    for words, count in sorted(found.left_out.items()):
        yield f"left out: {_rows(count)} {words}"
    yield from _notes(found)
    if found.held:
        yield HELD_HINT
    if found.compared and (found.held or found.refusals):
        yield NOT_ALL_HINT
    if not (found.events or found.refusals or found.held):
        yield "Nothing to send: no row gives a new or changed record."
    counts = f"{len(found.events)} events, {len(found.refusals)} refused, {len(found.held)} held"
    yield f"{counts}, {found.unchanged} unchanged"


def _notes(found: Conversion) -> Iterator[str]:
    """What else the counts at the end do not say."""
    if found.no_baseline:
        yield (
            f"no baseline: {found.no_baseline} readers' series of measurements have none; "
            "--baseline-visit names it"
        )
    if found.spared:
        yield (
            f"left as they are: {found.spared} records of the previous snapshot that lack rows "
            "now, because a refused row may be theirs"
        )
    if found.again:
        yield f"sent again: {found.again} of the events, which options (a day for a month) decide"
    if found.unread:
        yield f"previous snapshot: {found.unread} refusals; nothing is compared with what they hide"


def _held_words(held: Held) -> str:
    more = f" and {held.rows - 1} more of its record" if held.rows > 1 else ""
    return f"{held.place}{more}: {HELD_WORDS}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _refusal_row(refusal: Refusal) -> dict[str, object]:
    place = refusal.place
    return {
        "held": False,
        "file": place.file,
        "row": place.row,
        "column": place.column,
        "reason": refusal.reason,
        "message": refusal.message,
    }


def _held_row(held: Held) -> dict[str, object]:
    return {
        "held": True,
        "file": held.place.file,
        "row": held.place.row,
        "column": None,
        "reason": None,
        "message": _held_words(held),
    }


def _write(path: Path, lines: Iterable[bytes]) -> None:
    content = (line + b"\n" for line in lines)
    if path == STREAM:
        sys.stdout.buffer.writelines(content)
        sys.stdout.buffer.flush()
        return
    with _in_words(path), path.open("wb") as file:
        file.writelines(content)
