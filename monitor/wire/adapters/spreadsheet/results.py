"""The rows of a laboratory's table become ctDNA results (contract 2.1)."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from monitor.clinical.terms import TOMBSTONES
from monitor.wire.adapters.conversion import (
    MESSAGE_LIMITS,
    Conversion,
    Limits,
    Made,
    Place,
    RecordKey,
    Refusal,
    RefusedAt,
    RowKey,
    made,
    names_a_record,
)
from monitor.wire.adapters.spreadsheet.cells import Values, column_of, refused, text_of, values_of
from monitor.wire.adapters.spreadsheet.fields import CALL, COMMON, PAIRS, REQUIRED, STATUS, VERSION
from monitor.wire.adapters.spreadsheet.map import CsvMap
from monitor.wire.adapters.tables import NO_COLUMN, Row, Table, read_csv, require
from monitor.wire.delivery import Reason

KIND: Final = "ctdna.result"
FINAL: Final = "final"
REPEATED: Final = "that repeat another row"
REGISTERED: Final = "registered"  # nothing was measured yet


def convert(
    files: Mapping[str, bytes], by: CsvMap, version: int, limits: Limits = MESSAGE_LIMITS
) -> Conversion:
    """Convert tables of results, by file name, with `by` as their map; never raises.

    `version` is the record version where the map names no column for it.
    """
    making = _Making(by, version)
    try:
        tables = [table_of(file, content, by, limits) for file, content in files.items()]
    except RefusedAt as problem:
        return Conversion(refusals=(problem.refusal,), readable=False)
    for table in tables:
        for row in table.rows:
            making.row(row)
    return making.conversion()


def table_of(file: str, content: bytes, by: CsvMap, limits: Limits) -> Table:
    """The table with the columns that the map names. Raises RefusedAt, also where one lacks."""
    columns = by.columns
    table = read_csv(
        file,
        content,
        columns.__contains__,
        delimiter=by.file.delimiter,
        encoding="utf-8-sig" if by.file.encoding == "utf-8" else by.file.encoding,
        header_row=by.file.header_row,
        limits=limits,
    )
    try:
        require(table, sorted(columns))
    except RefusedAt as problem:
        words = problem.message
        if words == NO_COLUMN:
            words += " (is file.header_row right?)"
        raise RefusedAt(problem.reason, problem.place, words) from None
    return table


class _Making:
    """The events and refusals as they come."""

    def __init__(self, by: CsvMap, version: int) -> None:
        self._by = by
        self._version = version
        self._events: dict[str, Made] = {}
        self._in_conflict: set[str] = set()
        self._refusals: list[Refusal] = []
        self._withheld: set[RecordKey] = set()
        self._whose_is_unknown = False  # of a refused row, which may be of any record
        self._left_out: Counter[str] = Counter()

    def conversion(self) -> Conversion:
        """All that came of the tables, in the order of their rows."""
        return Conversion(
            tuple(one for name, one in self._events.items() if name not in self._in_conflict),
            tuple(self._refusals),
            withheld=frozenset(self._withheld),
            blocked=frozenset([None] if self._whose_is_unknown else []),
            left_out=self._left_out,
        )

    def row(self, row: Row) -> None:
        """Make the row's event, or say why there is none."""
        try:
            values = values_of(row, self._by)
            event = self._made(row, values)
            before = self._events.setdefault(event.event_id, event)
            if before is not event:
                self._again(row, event, before)
        except RefusedAt as problem:
            self._refusals.append(problem.refusal)
            self._withhold(row)

    def _withhold(self, row: Row) -> None:
        """Of a refused row: keep its record back, or all where it does not say which that is."""
        record_id, source = text_of(row, "record_id", self._by), self._by.source
        if names_a_record(KIND, source, {"record_id": record_id}, row.place()):
            self._withheld.add((source, record_id))
        else:
            self._whose_is_unknown = True

    def _made(self, row: Row, values: Values) -> Made:
        values = {VERSION: self._version, STATUS: FINAL, **values}
        for value, unit in PAIRS:
            if value in values and unit not in values:
                words = "is empty: a number needs its unit"
                raise refused(row, unit, self._by, Reason.SCHEMA_INVALID, words)
            if value not in values:
                values.pop(unit, None)
        _check_given(row, values, self._by)
        rows: dict[RowKey, Place] = {("row", str(values["record_id"])): row.place()}
        columns = {field: name for field in values if (name := column_of(field, self._by))}
        return made(KIND, self._by.source, nested(values), rows, columns)

    def _again(self, row: Row, event: Made, before: Made) -> None:
        """A second row of the same record and version: repeated, or in conflict with the first."""
        if event.line == before.line:
            self._left_out[REPEATED] += 1
            return
        self._in_conflict.add(event.event_id)
        words = "another row gives the same record and version with other content"
        raise refused(row, "record_id", self._by, Reason.VERSION_CONFLICT, words)


def _check_given(row: Row, values: Values, by: CsvMap) -> None:
    """Refuse a row without what its status asks for. Raises RefusedAt."""
    for field in COMMON if values[STATUS] in TOMBSTONES else REQUIRED:
        if field in values or (field == CALL and values[STATUS] == REGISTERED):
            continue
        if field == CALL:
            words = "is empty: a result needs the laboratory's call"
            raise refused(row, field, by, Reason.NO_DISCRETE_VALUE, words)
        raise refused(row, field, by, Reason.SCHEMA_INVALID, f"is empty: {field} is required")


def nested(values: Values) -> dict[str, object]:
    """Dotted fields as objects within objects; without a quantity its comparator means nothing."""
    if "quantity.value" not in values:
        values = {name: one for name, one in values.items() if not name.startswith("quantity.")}
    found: dict[str, object] = {}
    for field, value in values.items():
        *parents, name = field.split(".")
        inner = found
        for parent in parents:
            deeper = inner.setdefault(parent, {})
            if isinstance(deeper, dict):
                inner = deeper
        inner[name] = value
    return found
