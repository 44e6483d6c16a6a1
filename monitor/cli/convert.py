"""`monitor convert`: tables of others become events, one a line, ready to validate and publish."""

import re
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.converting import (
    STREAM,
    AsOf,
    ConfirmVanished,
    Out,
    Rejections,
    answer,
    check_apart,
    progress,
)
from monitor.wire.adapters.conversion import SOURCE_PATTERN

app = typer.Typer(
    help="Make events of tables: SDTM of an imaging core lab, or a laboratory's spreadsheet.",
    no_args_is_help=True,
    add_completion=False,
)


class PartialDate(StrEnum):
    """What to do with a month that has no day."""

    REFUSE = "refuse"
    FIRST = "first"
    LAST = "last"


Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER",
        help="Holds dm, tu, tr and rs, those that there are, as .csv, or as Dataset-JSON 1.1 "
        "(.json, .ndjson).",
        exists=True,
        file_okay=False,
    ),
]
Previous = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="The snapshot that was sent before: only what is new or changed since is written, and "
        "what vanished is held. After changing --source or --baseline-visit send once without it.",
        exists=True,
        file_okay=False,
    ),
]
PreviousFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The export that was sent before: only what is new or changed since is written. "
        "After changing the map send once without it, with --as-of.",
        exists=True,
        dir_okay=False,
    ),
]


def _given_source(source: str | None) -> str | None:
    if source is not None and not re.fullmatch(SOURCE_PATTERN, source):
        raise typer.BadParameter("write a URI without spaces, such as https://core.example/imaging")
    return source


Source = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="Whose records these are; without it /sdtm/ and STUDYID.",
        callback=_given_source,
    ),
]
BaselineVisit = Annotated[
    list[str] | None,
    typer.Option(
        metavar="VISIT",
        help="A visit (VISITNUM or VISIT) that is a baseline; may be given again. Without it: "
        "TRLOBXFL or TRBLFL, else the visits at which TU identifies target or non-target lesions.",
    ),
]


Partial = Annotated[PartialDate, typer.Option(help="The day to take where a date is only a month.")]
Exports = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILE...", help="Exports as CSV.", exists=True, dir_okay=False),
]
MapFile = Annotated[
    Path | None,
    typer.Option(
        "--map", metavar="MAP.toml", help="What the columns mean.", exists=True, dir_okay=False
    ),
]
Check = Annotated[
    bool, typer.Option("--check", help="Only check the map, and FILE's columns; write nothing.")
]
Example = Annotated[bool, typer.Option("--example", help="Print a map to begin with, and end.")]


@app.command()
def sdtm(
    folder: Folder,
    partial_date: Partial = PartialDate.REFUSE,
    previous: Previous = None,
    as_of: AsOf = None,
    source: Source = None,
    baseline_visit: BaselineVisit = None,
    *,
    confirm_vanished: ConfirmVanished = False,
    out: Out = STREAM,
    rejections: Rejections = None,
) -> None:
    """Make enrolments and imaging reads of SDTM tables.

    Every reader's series is kept. Lesions that split (T04.1) or merged (T02/T03) count once.
    Nodes count by their perpendicular diameter.
    A read of which one row cannot be read is not written.

    Exit code 0; 1 when something was refused or held; 2 usage; 4 anything else.
    """
    from monitor.cli import converting_sdtm as tables

    day = as_of.date() if as_of else None
    folders = [folder, previous] if previous else [folder]
    check_apart(chain.from_iterable(map(tables.paths_of, folders)), [out, rejections])
    baselines = frozenset(baseline_visit or ())
    with progress("converting"):
        given = tables.Given(folder, previous, day)
        options = tables.Options(partial_date.value, source, baselines, confirm_vanished)
        found = tables.converted(given, options)
    answer(found, out, rejections)


@app.command("csv")
def spreadsheet(
    files: Exports = None,
    map_: MapFile = None,
    *,
    check: Check = False,
    example: Example = False,
    previous: PreviousFile = None,
    as_of: AsOf = None,
    confirm_vanished: ConfirmVanished = False,
    out: Out = STREAM,
    rejections: Rejections = None,
) -> None:
    """Make ctDNA results of a spreadsheet's export, by a map of its columns.

    Exit code 0; 1 when something was refused or held; 2 usage; 3 a wrong map; 4 anything else.
    """
    from monitor.cli import converting_csv as tables

    if example:
        typer.echo(tables.example(), nl=False)
        return
    if map_ is None:
        raise typer.BadParameter("give a map; --example prints one", param_hint="--map")
    given = files or []
    check_apart([map_, *given, *([previous] if previous else [])], [out, rejections])
    if check:
        typer.echo(tables.checked(map_, given))
        return
    if not given:
        raise typer.BadParameter("give a CSV file, or --check to look at the map alone")
    day = as_of.date() if as_of else None
    with progress("converting"):
        found = tables.converted(map_, given, previous, day, confirmed=confirm_vanished)
    answer(found, out, rejections)
