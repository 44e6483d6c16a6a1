"""CDISC Dataset-JSON 1.1, as one JSON object or as NDJSON, becomes a table of texts.

Numbers keep the spelling that the file has: nothing is read into a binary float.
"""

import datetime
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NoReturn

from monitor.clinical.terms import YEARS
from monitor.wire.adapters.conversion import NUMBER_CHARACTERS_MAX, Limits, Place, RefusedAt
from monitor.wire.adapters.tables import Keep, Table, check_bytes, table
from monitor.wire.delivery import Reason

_VERSION: Final = re.compile(r"1\.1(\.\d+)?", re.ASCII)
_MOMENTS: Final = ("dbLastModifiedDateTime", "datasetJSONCreationDateTime")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?=T)", re.ASCII)
_BRACKETS_PER_COLUMN: Final = 2


class _NoNumberError(ValueError):
    """A number that is none, or too long to be one."""


def read_dataset_json(
    file: str, content: bytes, keep: Keep, *, lines: bool, limits: Limits
) -> Table:
    """Read Dataset-JSON; `lines` says that it is the NDJSON form. Raises RefusedAt."""
    check_bytes(file, content, limits)
    _check_counts(file, content, limits)
    head, rows = _split_lines(file, content) if lines else _whole(file, content)
    version = head.get("datasetJSONVersion")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        place = Place(file, None, "datasetJSONVersion")
        raise RefusedAt(Reason.SCHEMA_INVALID, place, "must be 1.1")
    names = _names(file, head.get("columns"))
    found = table(file, names, _texts(file, rows), keep, limits)
    return replace(found, made_on=_made_on(head))


def _check_counts(file: str, content: bytes, limits: Limits) -> None:
    """Count what the JSON would make of memory, before it is read."""
    brackets = content.count(b"[") + content.count(b"{")
    if (
        brackets > limits.rows + _BRACKETS_PER_COLUMN * limits.columns
        or content.count(b",") > limits.cells + limits.rows
    ):
        words = f"has more than {limits.rows} rows or {limits.cells} cells"
        raise RefusedAt(Reason.TOO_LARGE, Place(file), words)


def _whole(file: str, content: bytes) -> tuple[dict[str, object], object]:
    head = _object(file, _parse(file, content, None))
    return head, head.get("rows", [])


def _split_lines(file: str, content: bytes) -> tuple[dict[str, object], object]:
    """Read the object of the first line, and each later line as a row."""
    head, *rest = content.splitlines() or [b""]
    rows = [_parse(file, line, number) for number, line in enumerate(rest, start=1) if line.strip()]
    return _object(file, _parse(file, head, None)), rows


def _parse(file: str, content: bytes, row: int | None) -> object:
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            parse_int=_number,
            parse_float=_number,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError:
        words = "is not text in UTF-8"
    except _NoNumberError:
        words = "holds a number that is none, or of too many digits"
    except (ValueError, RecursionError):
        words = "is not JSON"
    raise RefusedAt(Reason.UNDECODABLE, Place(file, row), words)


def _number(text: str) -> str:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _NoNumberError
    return text


def _no_number(_: str) -> NoReturn:
    raise _NoNumberError


def _object(file: str, value: object) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    raise RefusedAt(Reason.UNDECODABLE, Place(file), "is no Dataset-JSON: an object is expected")


def _names(file: str, columns: object) -> list[str]:
    names = [one.get("name") if isinstance(one, dict) else None for one in _list(columns)]
    if not names or not all(isinstance(name, str) for name in names):
        words = "must list the columns, each with its name"
        raise RefusedAt(Reason.SCHEMA_INVALID, Place(file, None, "columns"), words)
    return [str(name) for name in names]


def _texts(file: str, rows: object) -> Iterator[tuple[int, Sequence[str]]]:
    if not isinstance(rows, list):
        raise RefusedAt(Reason.SCHEMA_INVALID, Place(file, None, "rows"), "must be a list")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list):
            raise RefusedAt(Reason.SCHEMA_INVALID, Place(file, number), "must be a list of values")
        yield number, [_text(file, number, value) for value in row]


def _text(file: str, number: int, value: object) -> str:
    """A value as text: numbers were left in their spelling, true and false are `Y` and `N`."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    words = "holds a list or an object where a value belongs"
    raise RefusedAt(Reason.SCHEMA_INVALID, Place(file, number), words)


def _made_on(head: dict[str, object]) -> str | None:
    """The day on which the tables were as they are: of the database, else of the file."""
    for name in _MOMENTS:
        value = head.get(name)
        day = _DAY.match(value) if isinstance(value, str) else None
        if day and _is_day(day[0]):
            return day[0]
    return None


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).year in YEARS
    except ValueError:
        return False


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
