"""`monitor schema`: writes the JSON Schemas of what goes in and out, and checks written ones."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.exits import Exit
from monitor.wire.schemas import schema_files

app = typer.Typer(help="The JSON Schemas of every event and of the notice.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="The folder of the schemas.", file_okay=False)]


@app.command()
def export(folder: Folder = Path("schemas")) -> None:
    """Write one file per kind of event, and one for the notice."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schema_files():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(folder / name)


@app.command()
def check(folder: Folder = Path("schemas")) -> None:
    """Say which files differ from this program's schemas; exit code 1 if any does."""
    expected = dict(schema_files())
    stale = differing(folder, expected)
    for name in stale:
        typer.echo(f"{folder / name} is not this program's: run `monitor schema export {folder}`")
    if stale:
        raise typer.Exit(Exit.REFUSED)
    typer.echo(f"{len(expected)} schemas are current")


def differing(folder: Path, expected: dict[str, str]) -> list[str]:
    """Return the names of missing, changed and surplus schema files in `folder`."""
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    names = sorted(expected.keys() | found.keys())
    return [name for name in names if found.get(name) != expected.get(name)]
