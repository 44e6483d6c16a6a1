"""What a decision leaves behind: the receipt, and the rows that the ledger keeps of it."""

import datetime
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.clinical.events import DayClosed, Fact, Tombstone
from monitor.clinical.findings import Notice
from monitor.clinical.state import PatientState
from monitor.ledger.entries import (
    AcceptedRow,
    Counts,
    EventKey,
    NoticeRow,
    OffsetAdvance,
    PatientKey,
    QuarantineRow,
    TopicPartition,
)
from monitor.ledger.standing import patient_of
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from monitor.wire.notices import encode_binary

NOTICE_BYTES_MAX = 256 * 1024  # contract 3
STATE_BYTES_MAX = 1024 * 1024  # of one patient: it is read and written again with every fact

# What is refused only after decoding: the field and what the sender can do.
_DECIDED: Mapping[Reason, tuple[str, str]] = {
    Reason.UNKNOWN_STUDY: (
        "data.study_id",
        "rules are given per study and there are none for this one",
    ),
    Reason.DUPLICATE_CONFLICT: (
        "id",
        "this source and id were accepted before with other content; send a new id",
    ),
    Reason.VERSION_CONFLICT: (
        "data.record_version",
        "this version was accepted before with other content or type; send a higher one",
    ),
    Reason.TOO_LARGE: (
        "data.patient_id",
        "the patient has more or longer records than can be kept, or a notice would be too long",
    ),
}


def refusal(event: Event, reason: Reason) -> Rejection:
    """The rejection of a decoded event for one of the reasons that need the ledger."""
    field, message = _DECIDED[reason]
    return Rejection(reason, field, message, event.source, event.event_id)


def too_large(fact: Fact, state: PatientState, document: str, notices: Sequence[NoticeRow]) -> bool:
    """Whether a fact would make a notice, or the patient's written state, too large to accept.

    What takes a record away or closes a day is never too much for a patient: the one makes room,
    the other is our own and would come again.
    """
    if any(len(row.value) > NOTICE_BYTES_MAX for row in notices):
        return True
    if isinstance(fact, Tombstone | DayClosed):
        return False
    return state.full or len(document.encode()) > STATE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one delivery: its outcome, and the findings of the notices it caused."""

    delivery: Delivery
    outcome: str
    rejection: Rejection | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def reason(self) -> Reason | None:
        """Why it was refused, or None."""
        return self.rejection.reason if self.rejection else None

    @property
    def findings(self) -> tuple[str, ...]:
        """The finding of each notice that it caused."""
        return tuple(notice.said.finding for notice in self.notices)


def quarantine_row(
    delivery: Delivery, rejection: Rejection, at: datetime.datetime, event: Event | None
) -> QuarantineRow:
    """A refused delivery as the quarantine keeps it: untouched, with the reason."""
    own_error = rejection.reason is Reason.PROCESSING_ERROR
    return QuarantineRow(
        topic=delivery.topic,
        partition=delivery.partition,
        offset=delivery.offset,
        message_key=delivery.key,
        headers=delivery.headers,
        value=delivery.value,
        reason=rejection.reason,
        field=rejection.field,
        message=rejection.message,
        stage="decide" if own_error or event is not None else "decode",
        source=rejection.source,
        event_id=rejection.event_id,
        patient=patient_of(event) if event is not None else None,
        received_at=at,
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where an accepted event stands in its patient's arrivals, and from whom it took a record."""

    arrival: int
    outcome: str
    moved_from: PatientKey | None
    moved_arrival: int | None


def accepted_row(
    delivery: Delivery, event: Event, place: Place, at: datetime.datetime
) -> AcceptedRow:
    """The inbox row of an accepted event."""
    return AcceptedRow(
        key=EventKey(event.source, event.event_id),
        type=event.type,
        patient=patient_of(event),
        arrival=place.arrival,
        record_id=event.fact.record_id,
        record_version=event.fact.record_version,
        clinical_day=event.day,
        content_hash=event.content_hash,
        topic=delivery.topic,
        partition=delivery.partition,
        offset=delivery.offset,
        message_key=delivery.key,
        headers=delivery.headers,
        value=delivery.value,
        received_at=at,
        outcome=place.outcome,
        moved_from=place.moved_from,
        moved_arrival=place.moved_arrival,
    )


def notice_row(notice: Notice, deployment: str) -> NoticeRow:
    """The outbox row of a notice, with the exact bytes that every sending repeats."""
    document = notice.document()
    headers, value = encode_binary(document, deployment=deployment, cause_id=notice.cause_id)
    return NoticeRow(
        notice_id=notice.notice_id,
        finding_id=notice.finding_id,
        patient=PatientKey(notice.study_id, notice.patient_id),
        sequence=notice.sequence,
        revision=notice.revision,
        action=notice.said.action,
        finding=notice.said.finding,
        severity=notice.said.severity,
        effective_on=notice.said.effective_on,
        detected_at=notice.detected_at,
        cause_id=notice.cause_id,
        document=json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        headers=headers,
        value=value,
    )


def advances(
    receipts: Sequence[Receipt], loaded: Mapping[TopicPartition, int]
) -> list[OffsetAdvance]:
    """How far each partition's ledger moves, with the outcomes of the new offsets."""
    outcomes: dict[TopicPartition, Counter[str]] = {}
    last: dict[TopicPartition, int] = {}
    for receipt in receipts:
        place = TopicPartition(receipt.delivery.topic, receipt.delivery.partition)
        if receipt.delivery.offset > last.get(place, loaded.get(place, -1)):
            last[place] = receipt.delivery.offset
            outcomes.setdefault(place, Counter())[receipt.outcome] += 1
    return [
        OffsetAdvance(place, loaded.get(place), offset, Counts(**outcomes[place]))
        for place, offset in sorted(last.items())
    ]
