"""What `monitor convert sdtm` does: two folders of tables, and which day each is of."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import typer

from monitor.cli.converting import content_of, readable, version_of
from monitor.wire.adapters.conversion import FILE_LIMITS, FIRST_VERSION, Conversion
from monitor.wire.adapters.sdtm import FORMATS, SdtmSettings, convert, domain_of, made_on
from monitor.wire.adapters.sdtm.values import PartialDate
from monitor.wire.adapters.snapshots import since


class Given(NamedTuple):
    """The snapshot, the one before, and the day that the user gave."""

    folder: Path
    previous: Path | None
    day: datetime.date | None


class Options(NamedTuple):
    """How the tables are read."""

    partial_date: PartialDate
    source: str | None
    baseline_visits: frozenset[str]
    confirmed: bool


def paths_of(folder: Path) -> Sequence[Path]:
    """The tables of a folder. Raises BadParameter when it holds none."""
    paths = [path for path in sorted(folder.iterdir()) if domain_of(path.name)]
    if not paths:
        words = f"no dm, tu, tr or rs ({', '.join(FORMATS)}) in {folder}"
        raise typer.BadParameter(words, param_hint="FOLDER")
    return paths


def converted(given: Given, options: Options) -> Conversion:
    """What to send of the snapshot. Raises BadParameter where its day is not known."""
    files = _contents(given.folder)
    before = _contents(given.previous) if given.previous else None
    version = _version(given, files, before)
    settings = SdtmSettings(
        version, options.partial_date, options.source, options.baseline_visits, FILE_LIMITS
    )
    found = convert(files, settings)
    if found.unmatched:
        words = f"no row has this visit: {', '.join(sorted(found.unmatched))}"
        raise typer.BadParameter(words, param_hint="--baseline-visit")
    if before is None or given.previous is None:
        return found
    _check_tables(files, before)
    earlier, surely = (
        readable(convert(before, one), given.previous) for one in _previous_settings(settings)
    )
    return since(earlier, found, version, confirmed=options.confirmed, surely=surely)


def _previous_settings(now: SdtmSettings) -> tuple[SdtmSettings, SdtmSettings]:
    """Two ways to read the previous snapshot, because nobody says with which options it was sent.

    The first finds all records that may have been sent; what the second, without options, gives
    otherwise may not have been sent as it is and is sent again.
    """
    partial: PartialDate = "first" if now.partial_date == "refuse" else now.partial_date
    plain = replace(now, partial_date="refuse", baseline_visits=frozenset())
    return replace(now, partial_date=partial), plain


def _check_tables(files: Mapping[str, bytes], before: Mapping[str, bytes]) -> None:
    """Raise BadParameter when a table of the previous snapshot is missing."""
    missing = set(map(domain_of, before)) - set(map(domain_of, files))
    if missing:
        names = ", ".join(sorted(str(one).lower() for one in missing))
        words = f"lacks {names}, which --previous has: give the whole snapshot"
        raise typer.BadParameter(words, param_hint="FOLDER")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: content_of(path) for path in paths_of(folder)}


def _version(given: Given, files: Mapping[str, bytes], before: Mapping[str, bytes] | None) -> int:
    """The version of the day given, else of the day that the tables say; a first one is 1."""
    day = given.day or _day(files)
    if before is None:
        return version_of(day) if day else FIRST_VERSION
    if day is None:
        words = "--previous needs --as-of: these tables do not say of which day they are"
        raise typer.BadParameter(words, param_hint="--as-of")
    earlier = _day(before)
    if earlier is not None and earlier >= day:
        words = "must be later than the day of the previous snapshot: a version is sent once"
        raise typer.BadParameter(words, param_hint="--as-of")
    return version_of(day)


def _day(files: Mapping[str, bytes]) -> datetime.date | None:
    told = made_on(files, FILE_LIMITS)
    return None if told is None else datetime.date.fromisoformat(told)
