"""Rows of the monitor's tables, each with the columns that the checks look at."""

import datetime
from typing import NamedTuple

Headers = tuple[tuple[str, bytes | None], ...]
Patient = tuple[str, str]


class InboxRow(NamedTuple):
    """`accepted_event`, in the order of its columns that matter."""

    position: int
    source: str
    event_id: str
    type: str
    study_id: str
    patient_id: str
    arrival: int
    record_id: str
    record_version: int
    clinical_day: datetime.date | None
    topic: str
    partition: int
    offset: int
    message_key: bytes | None
    headers: Headers
    value: bytes | None
    received_at: datetime.datetime
    outcome: str
    moved_from_study_id: str | None
    moved_from_patient_id: str | None
    moved_arrival: int | None

    @property
    def patient(self) -> Patient:
        return (self.study_id, self.patient_id)

    @property
    def moved_from(self) -> Patient | None:
        if self.moved_from_study_id is None or self.moved_from_patient_id is None:
            return None
        return (self.moved_from_study_id, self.moved_from_patient_id)


class RecordRow(NamedTuple):
    """`record`: where a record stands."""

    source: str
    record_id: str
    type: str
    study_id: str
    patient_id: str
    standing_version: int
    settled: bool


class StateRow(NamedTuple):
    """`patient_state`: how many facts it counts, and whether a conflict is unanswered."""

    study_id: str
    patient_id: str
    version: int
    incomplete: bool


class NoticeRow(NamedTuple):
    """`notice`: the outbox, with the bytes that every sending repeats."""

    position: int
    notice_id: str
    finding_id: str
    study_id: str
    patient_id: str
    sequence: int
    revision: int
    action: str
    finding: str
    severity: str
    effective_on: datetime.date
    detected_at: datetime.datetime
    cause_id: str
    document: str
    headers: Headers
    value: bytes
    published_at: datetime.datetime | None
    published_partition: int | None
    published_offset: int | None

    @property
    def patient(self) -> Patient:
        return (self.study_id, self.patient_id)


class QuarantineRow(NamedTuple):
    """`quarantine`: a refused delivery."""

    topic: str
    partition: int
    offset: int
    item: int
    message_key: bytes | None
    headers: Headers
    value: bytes | None
    reason: str
    published_at: datetime.datetime | None


class LedgerRow(NamedTuple):
    """`delivery_ledger`: how far a group came in a partition, and what became of it."""

    consumer_group: str
    topic: str
    partition: int
    last_offset: int
    applied: int
    duplicate: int
    stale: int
    rejected: int


class AuditRow(NamedTuple):
    """`audit_event`: who did what; the hashes chain the rows."""

    number: int
    at: datetime.datetime
    actor: str
    action: str
    object: str
    reason: str
    details: str
    previous_hash: str
    hash: str
