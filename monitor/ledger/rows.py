"""Rows of the port as tuples of column values and back; every home of the ledger writes these."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Any

from monitor.ledger.answers import answer_values
from monitor.ledger.closings import closing_values
from monitor.ledger.entries import (
    AcceptedRow,
    Changes,
    Counts,
    EventKey,
    NoticeRow,
    OffsetAdvance,
    PatientKey,
    QuarantineRow,
    RecordKey,
    RecordRow,
    StateRow,
)
from monitor.ledger.port import RefusedRow

Values = tuple[Any, ...]
_INTEGER_MAX = 2**63 - 1
_COMPACT = json.JSONEncoder(separators=(",", ":"), check_circular=False)


def pack_headers(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    """Kafka headers as bytes, the same bytes for the same headers: JSON, each byte a character."""
    pairs = [[name, None if value is None else value.decode("latin-1")] for name, value in headers]
    return _COMPACT.encode(pairs).encode("ascii")


def unpack_headers(packed: bytes) -> tuple[tuple[str, bytes | None], ...]:
    """The headers that `pack_headers` was given."""
    return tuple(
        (name, None if value is None else value.encode("latin-1"))
        for name, value in json.loads(packed)
    )


def refuse_unkeepable(rows: Iterable[Values]) -> None:
    """Refuse what PostgreSQL refuses, for stores that would keep it.

    Raises `RefusedRow` for U+0000 or a lone surrogate in text, and for an integer beyond 64 bits.
    """
    for row in rows:
        for value in row:
            if type(value) is str and ("\0" in value or not _encodable(value)):
                raise RefusedRow("a row holds text that the ledger cannot keep")
            if type(value) is int and not -_INTEGER_MAX <= value <= _INTEGER_MAX:
                raise RefusedRow("a row holds a number that the ledger cannot keep")


def _encodable(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


ACCEPTED_COLUMNS = (
    "source", "event_id", "type", "study_id", "patient_id", "arrival", "record_id",
    "record_version", "clinical_day", "content_hash", "topic", "partition", "offset",
    "message_key", "headers", "value", "received_at", "outcome", "moved_from_study_id",
    "moved_from_patient_id", "moved_arrival",
)  # fmt: skip


def accepted_values(row: AcceptedRow) -> Values:
    """An inbox row by `ACCEPTED_COLUMNS`."""
    return (
        *row.key, row.type, *row.patient, row.arrival, row.record_id,
        row.record_version, row.clinical_day, row.content_hash, row.topic, row.partition,
        row.offset, row.message_key, pack_headers(row.headers), row.value, row.received_at,
        row.outcome, *(row.moved_from or (None, None)), row.moved_arrival,
    )  # fmt: skip


def accepted_row(values: Sequence[Any]) -> AcceptedRow:
    """An inbox row from `ACCEPTED_COLUMNS`."""
    source, event_id, kind, study_id, patient_id, *about = values[:14]
    headers, value, received_at, outcome, from_study, from_patient, moved_arrival = values[14:]
    moved_from = None if from_patient is None else PatientKey(from_study, from_patient)
    fields: Values = (
        EventKey(source, event_id), kind, PatientKey(study_id, patient_id), *about,
        unpack_headers(headers), value, received_at, outcome, moved_from, moved_arrival,
    )  # fmt: skip
    return AcceptedRow(*fields)


def arrival_of(row: AcceptedRow, patient: PatientKey) -> int:
    """The number that an event has among this patient's."""
    if row.patient == patient or row.moved_arrival is None:
        return row.arrival
    return row.moved_arrival


RECORD_COLUMNS = (
    "source", "record_id", "type", "study_id", "patient_id", "standing_version", "settled",
    "versions", "refused_version", "revision",
)  # fmt: skip


def record_values(row: RecordRow, revision: int) -> Values:
    """What a record's row holds after its key, with the `revision` that this write gives it."""
    versions = _COMPACT.encode({number: row.versions[number] for number in sorted(row.versions)})
    return (
        row.type, *row.patient, row.standing_version, row.settled, versions,
        row.refused_version, revision,
    )  # fmt: skip


def record_row(values: Sequence[Any]) -> tuple[RecordKey, RecordRow]:
    """A record from `RECORD_COLUMNS`."""
    source, record_id, kind, study_id, patient_id, standing, settled, versions, *rest = values
    known = {int(number): digest for number, digest in json.loads(versions).items()}
    row = RecordRow(kind, PatientKey(study_id, patient_id), standing, settled, known, *rest)
    return RecordKey(source, record_id), row


STATE_COLUMNS = (
    "study_id", "patient_id", "version", "state", "next_due_on", "ruleset_hash", "incomplete",
    "revision",
)  # fmt: skip


def state_values(row: StateRow, revision: int) -> Values:
    """What a state's row holds after its key, with the `revision` that this write gives it."""
    return (
        row.version, row.document, row.next_due_on, row.ruleset_hash, row.incomplete, revision,
    )  # fmt: skip


def state_row(values: Sequence[Any]) -> tuple[PatientKey, StateRow]:
    """A state from `STATE_COLUMNS`."""
    return PatientKey(values[0], values[1]), StateRow(*values[2:])


NOTICE_COLUMNS = (
    "notice_id", "finding_id", "study_id", "patient_id", "sequence", "revision", "action",
    "finding", "severity", "effective_on", "detected_at", "cause_id", "document", "headers",
    "value",
)  # fmt: skip


def notice_values(row: NoticeRow) -> Values:
    """An outbox row by `NOTICE_COLUMNS`."""
    return (
        row.notice_id, row.finding_id, *row.patient, row.sequence, row.revision, row.action,
        row.finding, row.severity, row.effective_on, row.detected_at, row.cause_id, row.document,
        pack_headers(row.headers), row.value,
    )  # fmt: skip


def notice_row(values: Sequence[Any]) -> NoticeRow:
    """An outbox row from `NOTICE_COLUMNS`."""
    notice_id, finding_id, study_id, patient_id, *about, headers, value = values
    sent = tuple((name, text or b"") for name, text in unpack_headers(headers))
    patient = PatientKey(study_id, patient_id)
    fields: Values = (notice_id, finding_id, patient, *about, sent, value)
    return NoticeRow(*fields)


QUARANTINE_COLUMNS = (
    "topic", "partition", "offset", "item", "message_key", "headers", "value", "reason", "field",
    "message", "stage", "source", "event_id", "study_id", "patient_id", "received_at",
    "record_id", "record_version", "original_timestamp", "attempts", "redrive_count",
    "consumer_group", "app_version", "error_class",
)  # fmt: skip


def quarantine_values(row: QuarantineRow) -> Values:
    """A refused delivery by `QUARANTINE_COLUMNS`."""
    return (
        row.topic, row.partition, row.offset, row.item, row.message_key,
        pack_headers(row.headers), row.value, row.reason, row.field, row.message, row.stage,
        row.source, row.event_id, *(row.patient or (None, None)), row.received_at,
        row.record_id, row.record_version, row.original_timestamp, row.attempts,
        row.redrive_count, row.consumer_group, row.app_version, row.error_class,
    )  # fmt: skip


def quarantine_row(values: Sequence[Any]) -> QuarantineRow:
    """A refused delivery from `QUARANTINE_COLUMNS`."""
    topic, partition, offset, item, key, headers, *refusal, study_id, patient_id, at = values[:16]
    patient = None if patient_id is None else PatientKey(study_id, patient_id)
    before: Values = (topic, partition, offset, key, unpack_headers(headers))
    fields: Values = (*before, *refusal, patient, at, item, *values[16:])
    return QuarantineRow(*fields)


def offset_values(group: str, advance: OffsetAdvance) -> Values:
    """A partition's row of `delivery_ledger`: key, last offset, counts to add."""
    return (group, *advance.partition, advance.last, *count_values(advance.counts))


def count_values(counts: Counts) -> tuple[int, int, int, int]:
    """The counts in the order of their columns."""
    return (counts.applied, counts.duplicate, counts.stale, counts.rejected)


def text_of(changes: Changes) -> Iterable[Values]:
    """Every value of a transaction that a store might refuse."""
    yield (changes.group,)
    for advance in changes.offsets:
        yield offset_values(changes.group, advance)
    yield from map(accepted_values, changes.accepted)
    for record_key, (_, record) in changes.records.items():
        yield (*record_key, *record_values(record, 0))
    for patient, (_, state) in changes.states.items():
        yield (*patient, *state_values(state, 0))
    yield from map(notice_values, changes.notices)
    yield from map(quarantine_values, changes.quarantined)
    for closing in changes.closings:
        yield (*closing.key, *closing_values(closing))
    yield from map(answer_values, changes.answers)
    if changes.audit is not None:
        yield astuple(changes.audit)
