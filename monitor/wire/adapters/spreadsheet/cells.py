"""The cells of one row become the values of a field, as its map says."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from monitor.wire.adapters.conversion import NUMBER_CHARACTERS_MAX, RefusedAt
from monitor.wire.adapters.spreadsheet.fields import CALL, COMPARATOR, FIELDS, VALUE
from monitor.wire.adapters.spreadsheet.map import ISO, Cell, CsvMap
from monitor.wire.adapters.spreadsheet.moments import read_iso
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

_COMPARED: Final = re.compile(r"(<=|>=|<|>|=)?\s*(.*)", re.DOTALL)
_NUMBERS: Final = {
    ".": re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?", re.ASCII),
    ",": re.compile(r"-?\d+(?:,\d+)?(?:[eE][+-]?\d{1,2})?", re.ASCII),
}
_COUNT: Final = re.compile(r"\d{1,18}(?:\.0{1,9})?", re.ASCII)
_FLAGS: Final[Mapping[str, str | bool]] = {"true": True, "false": False}
# What nobody can read is, of a call and a quantity, a report without a value (contract 6).
_VALUES: Final = frozenset({CALL, VALUE})
Values = dict[str, object]


def values_of(row: Row, by: CsvMap) -> Values:
    """What the row gives, by field; a field without a value is left out. Raises RefusedAt."""
    found: Values = {}
    for field, cell in by.fields.items():
        if cell.constant is not None:
            constant = cell.constant
            found[field] = constant if isinstance(constant, bool) else str(constant)
        elif text := _text(row, cell, by):
            found.update(_READERS[FIELDS[field].kind](row, field, text, cell, by))
    return found


def text_of(row: Row, field: str, by: CsvMap) -> str:
    """What the row says for a field of the kind text, whatever else it says; empty for nothing."""
    cell = by.fields[field]
    return _text(row, cell, by) if cell.constant is None else str(cell.constant)


def column_of(field: str, by: CsvMap) -> str | None:
    """The column to name for a field; None for a constant."""
    cell = by.fields.get(field)
    return "/".join(cell.names) if cell and cell.names else None


def refused(row: Row, field: str, by: CsvMap, reason: Reason, message: str) -> RefusedAt:
    """The refusal of what the row gives for a field."""
    return row.refused(reason, column_of(field, by), message)


def _text(row: Row, cell: Cell, by: CsvMap) -> str:
    parts = [row.get(name) for name in cell.names]
    parts = ["" if part in by.file.empty else part for part in parts]
    return "/".join(parts) if all(parts) else ""


def _as_text(_row: Row, field: str, text: str, _cell: Cell, _by: CsvMap) -> Values:
    return {field: text}


def _as_count(_row: Row, field: str, text: str, _cell: Cell, _by: CsvMap) -> Values:
    """In one spelling, because the event's id is made of it; the codec judges the rest."""
    return {field: int(text.partition(".")[0]) if _COUNT.fullmatch(text) else text}


def _as_word(row: Row, field: str, text: str, cell: Cell, by: CsvMap) -> Values:
    kind, words = FIELDS[field]
    own: Mapping[str, str | bool] = _FLAGS if kind == "flag" else {word: word for word in words}
    meanings = own if cell.words is None else cell.words
    by_word = {" ".join(word.split()).casefold(): meant for word, meant in meanings.items()}
    meant = by_word.get(" ".join(text.split()).casefold())
    if meant is None:
        message = f"is no word that the map knows for {field}"
        raise refused(row, field, by, Reason.UNMAPPED_CODE, message)
    return {field: meant}


def _as_number(row: Row, field: str, text: str, cell: Cell, by: CsvMap) -> Values:
    comparator, number = None, text
    if cell.comparator and (match := _COMPARED.fullmatch(text)):
        comparator, number = match[1], match[2]
    decimal = by.file.decimal
    if len(number) > NUMBER_CHARACTERS_MAX or not _NUMBERS[decimal].fullmatch(number):
        reason = Reason.NO_DISCRETE_VALUE if field in _VALUES else Reason.SCHEMA_INVALID
        point = "comma" if decimal == "," else "point"
        hint = "" if cell.comparator or field != VALUE else "; comparator = true allows < before it"
        message = f"must be a number with a decimal {point} and no other sign{hint}"
        raise refused(row, field, by, reason, message)
    found: Values = {field: number.replace(",", ".")}
    return {**found, COMPARATOR: comparator} if comparator else found


def _as_moment(row: Row, field: str, text: str, cell: Cell, by: CsvMap) -> Values:
    form = cell.dates or by.file.dates
    moment = (
        read_iso(text, by.file.offset)
        if form == ISO
        else by.patterns[form].read(text, by.file.offset)
    )
    if moment is None:
        message = f"must be a date that is written {form}"
        raise refused(row, field, by, Reason.SCHEMA_INVALID, message)
    return {field: moment}


_READERS: Final[Mapping[str, Callable[[Row, str, str, Cell, CsvMap], Values]]] = {
    "text": _as_text,
    "count": _as_count,
    "number": _as_number,
    "moment": _as_moment,
    "word": _as_word,
    "flag": _as_word,
}
