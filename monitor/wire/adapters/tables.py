"""The bytes of a table become rows of texts, or are refused before they can cost much.

A row's number is what a spreadsheet shows: the header of a CSV file is row 1. Rows of Dataset-JSON
are counted from 1.
"""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from monitor.wire.adapters.conversion import Limits, Place, RefusedAt
from monitor.wire.delivery import Reason

CELL_CHARACTERS_MAX: Final = 4096
NO_COLUMN: Final = "there is no such column"
_NAMES_OF_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# How zip files (spreadsheets too), gzip and SAS transport files begin.
_NO_TEXT: Final = (b"PK\x03\x04", b"\x1f\x8b", b"HEADER RECORD*******LIBRARY")


class Row(NamedTuple):
    """One row: its cells that are not empty, by column, without blanks around them."""

    file: str
    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """What a cell says; empty when the table has no such column."""
        return self.cells.get(column, "")

    def place(self, column: str | None = None) -> Place:
        """Where a cell of this row stands."""
        return Place(self.file, self.number, column)

    def refused(self, reason: Reason, column: str | None, message: str) -> RefusedAt:
        """The refusal of a cell of this row."""
        return RefusedAt(reason, self.place(column), message)


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory; only the columns asked for are kept."""

    file: str
    columns: frozenset[str]
    rows: tuple[Row, ...]
    made_on: str | None = None  # YYYY-MM-DD, where the format says it


Keep = Callable[[str], bool]


def read_csv(
    file: str,
    content: bytes,
    keep: Keep,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
    header_row: int = 1,
    limits: Limits,
) -> Table:
    """Read a CSV file of which the columns wanted are kept. Raises RefusedAt."""
    check_bytes(file, content, limits)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        words = f"is not text in {encoding.removesuffix('-sig').upper()}"
        raise RefusedAt(Reason.UNDECODABLE, Place(file), words) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = enumerate(_parsed(file, reader), start=1)
    header = next((cells for number, cells in lines if number >= header_row), None)
    if header is None:
        raise RefusedAt(Reason.SCHEMA_INVALID, Place(file), "has no row of column names")
    filled = ((number, cells) for number, cells in lines if any(cells))
    remedy = f"quote cells that hold {_NAMES_OF_DELIMITERS.get(delimiter, delimiter)}"
    if len(header) == 1:
        remedy = "is the delimiter right?"
    return table(file, header, filled, keep, limits, f": {remedy}")


def _parsed(file: str, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        words = "is no CSV: a quote is left open or stands inside a cell, or a cell is too long"
        raise RefusedAt(Reason.UNDECODABLE, Place(file), words) from None


def table(
    file: str,
    header: Sequence[str],
    lines: Iterable[tuple[int, Sequence[str]]],
    keep: Keep,
    limits: Limits,
    remedy: str = "",
) -> Table:
    """A table of its column names and numbered lines of cells. Raises RefusedAt.

    `remedy` is told where a line has another number of cells than the header.
    """
    names = [name.strip() for name in header]
    _check_header(file, names, limits)
    kept = [(place, name) for place, name in enumerate(names) if keep(name)]
    # Texts repeat from row to row: each is kept once.
    known: dict[str, str] = {}
    rows: list[Row] = []
    for number, cells in lines:
        if len(cells) != len(names):
            words = f"has {len(cells)} cells and the header {len(names)}{remedy}"
            raise RefusedAt(Reason.SCHEMA_INVALID, Place(file, number), words)
        if len(rows) >= limits.rows or len(rows) * len(names) >= limits.cells:
            words = f"has more than {limits.rows} rows or {limits.cells} cells"
            raise RefusedAt(Reason.TOO_LARGE, Place(file), words)
        read: dict[str, str] = {}
        for place, name in kept:
            if text := cells[place].strip():
                read[name] = known.setdefault(text, text)
                _check_cell(file, number, name, text)
        rows.append(Row(file, number, read))
    return Table(file, frozenset(names), tuple(rows))


def _check_header(file: str, names: Sequence[str], limits: Limits) -> None:
    if len(names) > limits.columns:
        words = f"has more than {limits.columns} columns"
        raise RefusedAt(Reason.TOO_LARGE, Place(file), words)
    given = [name for name in names if name]
    if len(set(given)) != len(given):
        raise RefusedAt(Reason.SCHEMA_INVALID, Place(file), "has two columns of one name")


def _check_cell(file: str, number: int, column: str, text: str) -> None:
    if len(text) > CELL_CHARACTERS_MAX:
        words = f"is longer than {CELL_CHARACTERS_MAX} characters"
        raise RefusedAt(Reason.TOO_LARGE, Place(file, number, column), words)
    if "\x00" in text:
        words = "must not hold a NUL character"
        raise RefusedAt(Reason.SCHEMA_INVALID, Place(file, number, column), words)


def check_bytes(file: str, content: bytes, limits: Limits) -> None:
    """Refuse what is too large, or compressed. Raises RefusedAt."""
    if len(content) > limits.bytes:
        words = f"is larger than {limits.bytes // 1024**2} MiB"
        raise RefusedAt(Reason.TOO_LARGE, Place(file), words)
    if content.startswith(_NO_TEXT):
        words = "is compressed, a spreadsheet or a SAS transport file: export it as CSV"
        raise RefusedAt(Reason.UNDECODABLE, Place(file), words)


def require(found: Table, columns: Collection[str]) -> None:
    """Refuse a table without these columns. Raises RefusedAt for the first that is missing."""
    for column in columns:
        if column not in found.columns:
            place = Place(found.file, None, column)
            words = NO_COLUMN
            if column.casefold() in {name.casefold() for name in found.columns}:
                words += ", but one with other capital letters"
            elif len(found.columns) == 1:
                words += ": the header is one cell, is the delimiter right?"
            raise RefusedAt(Reason.SCHEMA_INVALID, place, words)
