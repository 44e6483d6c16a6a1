"""What a decision leaves behind: the receipt, and the rows that the ledger keeps of it."""

import datetime
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.clinical.events import (
    DayClosed,
    DeathRecorded,
    Fact,
    Tombstone,
    WithdrawalRecorded,
)
from monitor.clinical.findings import Notice
from monitor.clinical.state import PatientState
from monitor.exits import raised_at
from monitor.ledger.entries import (
    AcceptedRow,
    EventKey,
    NoticeRow,
    PatientKey,
    StateRow,
)
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from monitor.wire.notices import NOTICE_BYTES_MAX, encode_binary, shortened
from monitor.wire.rules_changed import RulesEvent

log = logging.getLogger(__name__)

LAST_RECORDS_MAX = 20  # deaths and withdrawals of consent of one patient that need no room

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


def own_error(problem: Exception, event: Event | None) -> Rejection:
    """Logs and names an error's kind and place only: its text may hold a patient's values."""
    kind = type(problem).__name__
    log.error("a delivery failed in the monitor's own code: %s at %s", kind, raised_at(problem))
    return Rejection(
        Reason.PROCESSING_ERROR,
        None,
        f"an error of the monitor itself ({kind}); the sender need do nothing",
        event.source if event else None,
        event.event_id if event else None,
        error_class=kind,
    )


def too_long(notices: Sequence[NoticeRow]) -> bool:
    """Whether a notice is longer than subscribers accept, even without supporting evidence."""
    return any(len(row.value) > NOTICE_BYTES_MAX for row in notices)


def needs_room(fact: Fact, after: PatientState) -> bool:
    """Whether a fact may be refused because its patient would outgrow what can be kept.

    What takes a record away makes room, and a closed day is our own and would come again. A death
    or a withdrawal of consent ends more than it adds, unless somebody sends very many of them.
    """
    if isinstance(fact, Tombstone | DayClosed):
        return False
    if not _last_word(fact):
        return True
    consents = sum(_last_word(held.fact) for held in after.withdrawals)
    return len(after.deaths) + consents > LAST_RECORDS_MAX


def _last_word(fact: Fact) -> bool:
    consent = isinstance(fact, WithdrawalRecorded) and fact.scope == "consent"
    return consent or isinstance(fact, DeathRecorded)


def growth(delivery: Delivery, notices: Sequence[NoticeRow]) -> int:
    """How many bytes a delivery can add to its patient's written state at most.

    Short spellings of numbers (`1e11`) grow to less than four times their length. What was told
    is in its notice, of which long evidence may have been left out. Names and source come last.
    """
    told = sum(len(row.value) for row in notices)
    return 4 * len(delivery.value or b"") + 2 * told + 4096


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where an accepted event stands in its patient's arrivals, and from whom it took a record."""

    arrival: int
    outcome: str
    moved_from: PatientKey | None
    moved_arrival: int | None


def accepted_row(
    delivery: Delivery, event: Event | RulesEvent, place: Place, at: datetime.datetime
) -> AcceptedRow:
    """The inbox row of an accepted event, or of a change of rules, at which a replay changes them.

    `at` is when it was received, UTC.
    """
    about = event.fact if isinstance(event, Event) else event
    return AcceptedRow(
        key=EventKey(event.source, event.event_id),
        type=event.type,
        patient=PatientKey(about.study_id, about.patient_id),
        arrival=place.arrival,
        record_id=about.record_id,
        record_version=about.record_version,
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


def state_row(
    state: PatientState, document: str, next_due_on: datetime.date | None, ruleset_hash: str
) -> StateRow:
    """A patient's row; `document` is the state as it is written."""
    return StateRow(
        version=state.version,
        document=document,
        next_due_on=next_due_on,
        ruleset_hash=ruleset_hash,
        incomplete=state.incomplete,
    )


def notice_row(notice: Notice, deployment: str) -> NoticeRow:
    """The outbox row of a notice, with the exact bytes that every sending repeats."""
    document = notice.document()
    headers, value = encode_binary(document, deployment=deployment, cause_id=notice.cause_id)
    if len(value) > NOTICE_BYTES_MAX:
        document = shortened(document)
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
