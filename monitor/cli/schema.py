"""`monitor schema`: writes the schemas of what goes in and out, and checks written ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.exits import Exit, ExpectedError

if TYPE_CHECKING:
    from monitor.wire.schemas.releases import Release

RELEASED = "released"
GENERATED = ("*.json", "*.ndjson")

app = typer.Typer(
    help=(
        "JSON Schemas, examples and the AsyncAPI document: what to send, and what comes out.\n\n"
        "Check what you send against producer/, which is closed: a misspelt field is refused. "
        "Check what you receive against consumer/, which is open: later versions may add fields."
    ),
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Argument(help="The folder of the schemas.", file_okay=False)]


@app.command()
def export(
    folder: Folder = Path("schemas"),
    *,
    release: Annotated[
        bool,
        typer.Option("--release", help="Also freeze this state as the next one in released/."),
    ] = False,
) -> None:
    """Write producer/, consumer/, examples/ and asyncapi.json; nothing else is touched."""
    from monitor.wire.schemas.published import published

    files = published()
    for name, text in files.items():
        _write(folder / name, text)
    typer.echo(f"{folder}: {len(files)} files (asyncapi.json lists the topics; begin there)")
    if release:
        typer.echo(_freeze(folder))


@app.command()
def check(folder: Folder = Path("schemas")) -> None:
    """Say what is not as it must be; exit code 1 if anything is.

    The files must be this program's. Whatever any released version may send, every version must
    take, and each event ever released must still be read as the same content.
    """
    from monitor.wire.schemas.published import published
    from monitor.wire.schemas.releases import broken_promises, current

    expected = published()
    stale = differing(folder, expected)
    for name in stale:
        typer.echo(f"{folder / name} is not this program's: run `monitor schema export {folder}`")
    releases = {f"release {path.name}": _released(path) for path in _release_folders(folder)}
    promises = list(broken_promises(releases, current()))
    for broken in promises:
        typer.echo(broken)
    if promises:
        typer.echo("make the change optional, or give it a type of the next major version")
    if stale or promises:
        raise typer.Exit(Exit.REFUSED)
    events = sum(len(release.events) for release in releases.values())
    typer.echo(
        f"{len(expected)} files are current; this version and {len(releases)} released read each "
        f"other, and all {events} released events are read as before"
    )
    if not releases:
        typer.echo(f"nothing is released in {folder / RELEASED}: only this program was compared")


def differing(folder: Path, expected: dict[str, str]) -> list[str]:
    """Return the names of missing, changed and surplus files in `folder`, released ones apart."""
    found = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for pattern in GENERATED
        for path in folder.rglob(pattern)
        if path.relative_to(folder).parts[0] != RELEASED
    }
    names = sorted(expected.keys() | found.keys())
    return [name for name in names if found.get(name) != expected.get(name)]


def _freeze(folder: Path) -> str:
    """Write the next release unless it would be like the last one."""
    from monitor.wire.schemas.releases import current, written

    files = written(current())
    before = _release_folders(folder)
    if before and _texts(before[-1]) == files:
        return f"{before[-1]} is this state already"
    place = folder / RELEASED / str(int(before[-1].name) + 1 if before else 1)
    for name, text in files.items():
        _write(place / name, text)
    return f"{place} is released: never change it"


def _release_folders(folder: Path) -> list[Path]:
    paths = (path for path in (folder / RELEASED).glob("*") if path.name.isdecimal())
    return sorted(paths, key=lambda path: int(path.name))


def _released(place: Path) -> "Release":
    from monitor.wire.schemas.releases import read

    try:
        return read(_texts(place))
    except (KeyError, ValueError) as error:
        raise ExpectedError(
            f"{place} is not whole ({type(error).__name__}): take it from the repository again"
        ) from error


def _texts(place: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in place.iterdir()}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ExpectedError(f"{path} cannot be written: {error.strerror}") from error
