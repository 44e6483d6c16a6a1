"""What an adapter answers: events with the rows that they rest on, and refusals with their place.

The same record always gives the same bytes: its id is a UUIDv5 of source, record and version.
"""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from monitor.clinical.findings import NAMESPACE
from monitor.wire.cloudevents import SPEC_VERSION, canonical, structured
from monitor.wire.codec import TYPE_PREFIX, VERSION_SUFFIX, decode_line
from monitor.wire.delivery import Reason, Rejection

NUMBER_CHARACTERS_MAX: Final = 64
SOURCE_PATTERN: Final = r"^[^\s<>\"{}|\\^`]{1,256}$"  # a URI reference, as the codec asks for
FIRST_VERSION: Final = 1  # of a snapshot whose day nobody says


class Place(NamedTuple):
    """Where in a table something stands: file, row (as `Table.number_of` counts), column."""

    file: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        """The place in words: `tr.csv row 12, TRSTRESU`."""
        row = f" row {self.row}" if self.row is not None else ""
        return f"{self.file}{row}{f', {self.column}' if self.column else ''}"


class Refusal(NamedTuple):
    """A table, a row or a record of which no event is made, and why."""

    reason: Reason
    place: Place
    message: str


class RefusedAt(Exception):
    """Something in a table cannot be read; `message` never holds what the table says."""

    def __init__(self, reason: Reason, place: Place, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.place = place
        self.message = message

    @property
    def refusal(self) -> Refusal:
        """The same as an answer."""
        return Refusal(self.reason, self.place, self.message)


class Held(NamedTuple):
    """A record that is held for confirmation: what it rested on is no longer there.

    `place` is of the first such row in the previous snapshot; `rows` counts them.
    """

    place: Place
    rows: int
    source: str


RecordKey = tuple[str, str]  # source, record_id (contract 2)
PatientKey = tuple[str, str]  # study_id, patient_id
RowKey = tuple[str, ...]  # what makes a row the same row in a later snapshot


class Made(NamedTuple):
    """An event as one line, and the rows that it rests on."""

    source: str
    event_id: str
    type: str
    content: Mapping[str, object]
    line: bytes
    rows: Mapping[RowKey, Place]

    @property
    def key(self) -> RecordKey:
        """The record that the event is a version of."""
        return self.source, str(self.content["record_id"])

    @property
    def patient(self) -> PatientKey:
        """Whose record it is."""
        return str(self.content["study_id"]), str(self.content["patient_id"])

    @property
    def fingerprint(self) -> bytes:
        """The hash of what the record says, its version left out."""
        content = {**self.content, "record_version": None}
        return hashlib.sha256(canonical([self.type, content])).digest()


@dataclass(frozen=True, slots=True)
class Conversion:
    """All that came of some tables.

    `withheld` names the records that the refusals kept back, `blocked` the patients of whom a
    refused row may be of any record (None: of anybody). Not `readable` says that a table could not
    be read at all. `compared`: with a previous snapshot, of which records were `spared` because a
    refused row may be theirs, others made `again` because of options, and refusals left something
    `unread`.
    """

    events: tuple[Made, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    held: tuple[Held, ...] = ()
    withheld: frozenset[RecordKey] = frozenset()
    blocked: frozenset[PatientKey | None] = frozenset()
    left_out: Mapping[str, int] = field(default_factory=dict)  # words -> how many rows
    unchanged: int = 0
    readable: bool = True
    compared: bool = False
    spared: int = 0
    again: int = 0
    unread: int = 0
    no_baseline: int = 0  # series with measurements and no baseline
    unmatched: frozenset[str] = frozenset()  # baseline visits given that no row names


@dataclass(frozen=True, slots=True)
class Limits:
    """How large one table may be.

    The defaults are for tables that come as messages: they keep any conversion within a second.
    """

    bytes: int = 1024 * 1024
    rows: int = 2_000
    columns: int = 200
    cells: int = 100_000


MESSAGE_LIMITS: Final = Limits()
FILE_LIMITS: Final = Limits(
    bytes=128 * 1024 * 1024, rows=1_000_000, columns=1_000, cells=20_000_000
)


def made(
    kind: str,
    source: str,
    content: Mapping[str, object],
    rows: Mapping[RowKey, Place],
    columns: Mapping[str, str] = MappingProxyType({}),
) -> Made:
    """The event of a record, read back by the codec as the monitor will read it.

    `rows` are what it rests on, the first one is blamed; `columns` names those of fields. Raises
    RefusedAt.
    """
    line_id = event_id(source, str(content["record_id"]), content["record_version"])
    type_ = f"{TYPE_PREFIX}{kind}{VERSION_SUFFIX}"
    attributes = {"specversion": SPEC_VERSION, "id": line_id, "source": source, "type": type_}
    blamed = next(iter(rows.values()))._replace(column=None)
    try:
        line = structured(attributes, content)
    except UnicodeEncodeError:
        words = "a text holds half of a surrogate pair"
        raise RefusedAt(Reason.SCHEMA_INVALID, blamed, words) from None
    read = decode_line(line)
    if isinstance(read, Rejection):
        column = columns.get((read.field or "").removeprefix("data."))
        place = blamed._replace(column=column)
        raise RefusedAt(read.reason, place, f"as an event, {read.message}")
    return Made(source, line_id, type_, content, line, rows)


def names_a_record(kind: str, source: str, names: Mapping[str, str], place: Place) -> bool:
    """Whether the monitor would take a record of these names, whatever else is wrong with it.

    `names` are some of `study_id`, `patient_id` and `record_id`.
    """
    content: dict[str, object] = dict.fromkeys(("study_id", "patient_id", "record_id"), "any")
    content |= {**names, "record_version": FIRST_VERSION, "status": "entered_in_error"}
    try:
        made(kind, source, content, {("any",): place})
    except RefusedAt:
        return False
    return True


def event_id(source: str, record_id: str, version: object) -> str:
    """The CloudEvents id of a version of a record: a UUIDv5 of the three."""
    return str(uuid.uuid5(NAMESPACE, ascii_of([source, record_id, version])))


def ascii_of(parts: list[object]) -> str:
    """A list as one text that any id may be made of, half surrogate pairs too."""
    return "\n".join(str(part).encode("unicode_escape").decode("ascii") for part in parts)
