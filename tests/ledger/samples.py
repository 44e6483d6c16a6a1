"""Rows with plausible content; a test names only what it is about."""

import datetime
from dataclasses import replace
from typing import Any

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
    TopicPartition,
)

GROUP = "ctdna-monitor"
SOURCE = "https://lab.example/lims"
TOPIC = "t1.ctdna.results"
PARTITION = TopicPartition(TOPIC, 0)
ANNA = PatientKey("NCT06778382", "P-001")
BORIS = PatientKey("NCT06778382", "P-002")
MOMENT = datetime.datetime(2025, 5, 1, 12, 30, 15, 123456, datetime.UTC)
DAY = datetime.date(2025, 4, 30)
HEADERS: tuple[tuple[str, bytes | None], ...] = (
    ("ce_id", b"e1"),
    ("empty", b""),
    ("none", None),
    ("bytes", bytes(range(256))),
    ("ce_id", "zweites ü".encode()),
)


def event_key(name: str) -> EventKey:
    return EventKey(SOURCE, name)


def record_key(name: str) -> RecordKey:
    return RecordKey(SOURCE, name)


def accepted(name: str, patient: PatientKey = ANNA, arrival: int = 1, **other: Any) -> AcceptedRow:
    row = AcceptedRow(
        key=event_key(name),
        type="ctdna.result.v1",
        patient=patient,
        arrival=arrival,
        record_id=f"record of {name}",
        record_version=1,
        clinical_day=DAY,
        content_hash=b"#" * 32,
        topic=TOPIC,
        partition=0,
        offset=arrival,
        message_key=b"NCT06778382/P-001",
        headers=HEADERS,
        value=b'{"data": "\x00\xff"}',
        received_at=MOMENT,
        outcome="applied",
    )
    return replace(row, **other)


def standing(patient: PatientKey = ANNA, **other: Any) -> RecordRow:
    return replace(
        RecordRow("ctdna.result.v1", patient, 1, settled=True, versions={1: "ab"}), **other
    )


def state(version: int = 1, **other: Any) -> StateRow:
    """A state as the ledger gives it back that has written it once."""
    row = StateRow(
        version, '{"facts":["ü","\\u0000"]}', DAY, "0" * 64, incomplete=False, revision=1
    )
    return replace(row, **other)


def notice(name: str, patient: PatientKey = ANNA, sequence: int = 1, **other: Any) -> NoticeRow:
    row = NoticeRow(
        notice_id=name,
        finding_id=f"finding of {name}",
        patient=patient,
        sequence=sequence,
        revision=1,
        action="raised",
        finding="RADIOGRAPHIC_PD",
        severity="high",
        effective_on=DAY,
        detected_at=MOMENT,
        cause_id="e1",
        document=f'{{"notice_id":"{name}"}}',
        headers=(("ce_id", name.encode()),),
        value=f"bytes of {name}".encode(),
    )
    return replace(row, **other)


def refused(offset: int, **other: Any) -> QuarantineRow:
    row = QuarantineRow(
        topic=TOPIC,
        partition=0,
        offset=offset,
        message_key=b"\xff",
        headers=HEADERS,
        value=b"\x00 not JSON",
        reason="undecodable",
        field=None,
        message="is not JSON",
        stage="decode",
        source=None,
        event_id=None,
        patient=None,
        received_at=MOMENT,
    )
    return replace(row, **other)


def advance(loaded: int | None, last: int, **counts: int) -> OffsetAdvance:
    return OffsetAdvance(PARTITION, loaded, last, Counts(**counts))


def changes(**parts: Any) -> Changes:
    return Changes(GROUP, **parts)
