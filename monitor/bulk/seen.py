"""What earlier lines said, so that a duplicate or a conflict is told as the worker would tell it.

Kept as digests in a temporary file of SQLite's own, which is gone with the program: memory does not
grow with the number of lines (some 150 bytes a line on disk).
"""

import hashlib
import sqlite3
import threading
from typing import Any, Final, NamedTuple

import msgspec

from monitor.exits import ExpectedError
from monitor.ledger.entries import PatientKey, RecordRow
from monitor.ledger.standing import Effect, judge
from monitor.wire.delivery import Event

CACHE_KIB: Final = 16 * 1024

_TABLES: Final = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -{CACHE_KIB};
CREATE TABLE event (name BLOB PRIMARY KEY, content BLOB, file INTEGER, line INTEGER) WITHOUT ROWID;
CREATE TABLE record (name BLOB PRIMARY KEY, kept BLOB) WITHOUT ROWID;
BEGIN;
"""
# Whom a record is about changes nothing about what is accepted.
_NOBODY: Final = PatientKey("", "")


class Place(NamedTuple):
    """A line: the number of its file in the order given, and its number there, both from 1."""

    file: int
    line: int


class _Version(NamedTuple):
    number: int
    content: bytes
    place: Place


class _Kept(NamedTuple):
    """A record's row as it is stored."""

    type: str
    standing: int
    settled: bool
    refused: int | None
    versions: list[_Version]


class Seen:
    """The accepted events and the versions of records of the lines so far."""

    def __init__(self) -> None:
        # A private file that SQLite makes when its cache is full. Lines may come by a thread.
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._base.executescript(_TABLES)
        self._decoder = msgspec.msgpack.Decoder(_Kept)
        self._lock = threading.Lock()  # it may be closed while a line is still being checked

    def close(self) -> None:
        """Throw everything away."""
        with self._lock:
            self._base.close()

    def event(self, event: Event) -> tuple[bool, Place] | None:
        """Where its source and id were accepted before, and whether with the same content."""
        query = "SELECT content, file, line FROM event WHERE name = ?"
        found = self._read(query, _digest(event.source, event.event_id))
        return (found[0] == event.content_hash, Place(*found[1:])) if found else None

    def accept(self, event: Event, place: Place) -> None:
        """Remember an accepted event. Raises ExpectedError when the disk is full."""
        name = _digest(event.source, event.event_id)
        self._write("INSERT INTO event VALUES (?, ?, ?, ?)", (name, event.content_hash, *place))

    def record(self, event: Event, place: Place) -> tuple[Effect, Place | None]:
        """Judge an event's version of its record, and say where that or what stands was told.

        Raises ExpectedError when the disk is full.
        """
        name = _digest(event.source, event.fact.record_id)
        query = "SELECT kept FROM record WHERE name = ?"
        found = self._read(query, name)
        kept = self._decoder.decode(found[0]) if found else None
        row = _row(kept) if kept else None
        verdict = judge(row, event)
        places = {one.number: one.place for one in kept.versions} if kept else {}
        before = places.get(event.fact.record_version)
        if before is None and kept is not None:
            before = places.get(kept.standing)
        if verdict.row is not row:
            self._keep(name, verdict.row, {event.fact.record_version: place} | places)
        return verdict.effect, before

    def _keep(self, name: bytes, row: RecordRow, places: dict[int, Place]) -> None:
        versions = [
            _Version(number, bytes.fromhex(content), places[number])
            for number, content in row.versions.items()
        ]
        kept = _Kept(row.type, row.standing_version, row.settled, row.refused_version, versions)
        stored = msgspec.msgpack.encode(kept)
        self._write("INSERT OR REPLACE INTO record VALUES (?, ?)", (name, stored))

    def _read(self, query: str, name: bytes) -> Any:
        with self._lock:
            return self._base.execute(query, (name,)).fetchone()

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            with self._lock:
                self._base.execute(statement, values)
        except sqlite3.OperationalError:
            words = "no room for what earlier lines said: make room where temporary files lie"
            raise ExpectedError(f"{words} (TMPDIR)") from None


def _row(kept: _Kept) -> RecordRow:
    versions = {one.number: one.content.hex() for one in kept.versions}
    return RecordRow(kept.type, _NOBODY, kept.standing, kept.settled, versions, kept.refused)


def _digest(source: str, name: str) -> bytes:
    text = f"{len(source)} {source} {name}".encode()
    return hashlib.blake2b(text, digest_size=16).digest()
