"""What `monitor convert csv` does: a map, files of results, and an example to begin with."""

import datetime
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import typer

from monitor import examples
from monitor.cli.converting import content_of, readable, version_of
from monitor.exits import ConfigurationError
from monitor.wire.adapters.conversion import FILE_LIMITS, FIRST_VERSION, Conversion, RefusedAt
from monitor.wire.adapters.snapshots import since
from monitor.wire.adapters.spreadsheet import CsvMap, MapInvalid, convert, read_map
from monitor.wire.adapters.spreadsheet.fields import VERSION
from monitor.wire.adapters.spreadsheet.results import table_of

EXAMPLE = "results.map.toml"


def example() -> str:
    """A map with every part explained."""
    return resources.files(examples).joinpath(EXAMPLE).read_text(encoding="utf-8")


def checked(map_path: Path, files: Sequence[Path]) -> str:
    """What a map reads. Raises ConfigurationError, also where a file lacks one of its columns."""
    by = map_of(map_path)
    for path in files:
        try:
            table_of(path.name, content_of(path), by, FILE_LIMITS)
        except RefusedAt as problem:
            raise ConfigurationError(f"{problem.place}: {problem.message}") from None
    return f"{map_path}: {len(by.fields)} fields of {len(by.columns)} columns"


def converted(
    map_path: Path,
    files: Sequence[Path],
    previous: Path | None,
    day: datetime.date | None,
    *,
    confirmed: bool,
) -> Conversion:
    """What to send of the files. Raises ConfigurationError, and BadParameter for the versions."""
    by = map_of(map_path)
    version = version_of(day) if day else FIRST_VERSION
    found = convert(_contents(files), by, version, FILE_LIMITS)
    if previous is None:
        return found
    if VERSION in by.fields:
        words = f"the map reads {VERSION} of the rows: all can be sent again as they are"
        raise typer.BadParameter(words, param_hint="--previous")
    if day is None:
        raise typer.BadParameter("--previous needs --as-of", param_hint="--as-of")
    earlier = readable(convert(_contents([previous]), by, version, FILE_LIMITS), previous)
    return since(earlier, found, version, confirmed=confirmed)


def map_of(path: Path) -> CsvMap:
    """Read a map. Raises ConfigurationError with every key that is wrong."""
    try:
        return read_map(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: the map is not text in UTF-8") from None
    except MapInvalid as invalid:
        lines = "".join(f"\n  {problem}" for problem in invalid.problems)
        raise ConfigurationError(f"{path}: the map cannot be used{lines}") from None


def _contents(files: Sequence[Path]) -> dict[str, bytes]:
    """The files by name; of the same name in two folders by their paths."""
    names = [path.name for path in files]
    by_path = len(set(names)) != len(names)
    return {str(path) if by_path else path.name: content_of(path) for path in files}
