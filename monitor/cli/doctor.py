"""`monitor doctor`: says of everything that the worker needs whether it is there."""

import dataclasses
import enum
import json
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


class Format(enum.StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


@app.command()
def doctor(
    format_: Annotated[
        Format, typer.Option("--format", help="JSON: an array of {name, ok, detail}.")
    ] = Format.TEXT,
) -> None:
    """Look at broker, topics, offsets, database and rules, a line each with what to do.

    Exit code 0; 1 when a check failed; 3 when the settings themselves are wrong.
    """
    from monitor import settings
    from monitor.exits import Exit
    from monitor.stream.doctor import examine

    checks = examine(settings.load())
    if format_ is Format.JSON:
        typer.echo(json.dumps([dataclasses.asdict(check) for check in checks], indent=2))
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            word = "ok    " if check.ok else "failed"
            typer.echo(f"{word}  {check.name:<{width}}  {check.detail}")
    if not all(check.ok for check in checks):
        raise typer.Exit(Exit.REFUSED)
