"""Refused deliveries as they are looked at: by a batch, and by people."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.ledger.closings import ClosedAs, Closing, DeliveryKey
from monitor.ledger.entries import PatientKey, QuarantineRow
from monitor.wire.delivery import Reason

DECIDE = "decide"  # the stage of what was decoded and then failed or was refused
Original = tuple[tuple[tuple[str, bytes | None], ...], bytes | None]  # headers and value


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of the quarantine, as far as a batch has to know it.

    `closed_by` is the delivery that closed it; `original` is there where it was asked for by key.
    """

    key: DeliveryKey
    reason: str
    stage: str
    source: str | None
    event_id: str | None
    record_id: str | None
    record_version: int | None
    patient: PatientKey | None
    attempts: int
    redrive_count: int
    closed_as: ClosedAs | None = None
    closed_by: DeliveryKey | None = None
    original: Original | None = None

    @property
    def marked(self) -> PatientKey | None:
        """The patient who is marked in the state while it is open: our own code failed."""
        failed = self.reason == Reason.PROCESSING_ERROR and self.stage == DECIDE
        return self.patient if failed else None


@dataclass(frozen=True, slots=True)
class Refused:
    """What a batch touches of the quarantine.

    `marks` counts the open rows that mark a patient, of those patients who have any.
    """

    refusals: Sequence[Refusal] = ()
    marks: Mapping[PatientKey, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of the quarantine; what is None does not matter. Times are aware UTC.

    `since` is included, `until` is not; `position_max` is the last that was there at some time.
    """

    reason: str | None = None
    topic: str | None = None
    source: str | None = None
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    study_id: str | None = None
    patient_id: str | None = None
    key: DeliveryKey | None = None
    open_only: bool = True
    position_max: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the quarantine with what became of it; `position` is its number in the order."""

    position: int
    row: QuarantineRow
    redriven_at: datetime.datetime | None
    closing: Closing | None
    dead_letter: tuple[datetime.datetime, int, int] | None  # when sent, partition, offset


def delivery_key(row: QuarantineRow) -> DeliveryKey:
    """Where a refused delivery came."""
    return DeliveryKey(row.topic, row.partition, row.offset, row.item)


def refusal_of(row: QuarantineRow) -> Refusal:
    """A refused delivery as a batch knows it, open and with what was first sent."""
    return Refusal(
        key=delivery_key(row),
        reason=row.reason,
        stage=row.stage,
        source=row.source,
        event_id=row.event_id,
        record_id=row.record_id,
        record_version=row.record_version,
        patient=row.patient,
        attempts=row.attempts,
        redrive_count=row.redrive_count,
        original=(tuple(row.headers), row.value),
    )
