"""Refused deliveries as one batch knows them: it refuses some, and others it settles.

Pure. A refused delivery is settled by what comes later and is accepted: the delivery itself again
(redriven, byte for byte, or brought back by a restart), the same event, or a version of the same
record that is not below. What only claims to be a redrive settles nothing.
"""

import datetime
import importlib.metadata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from monitor.clinical.terms import PROVISIONAL
from monitor.ledger.closings import ClosedAs, Closing, DeliveryKey
from monitor.ledger.entries import PatientKey, QuarantineRow, TopicPartition
from monitor.ledger.redrive import as_first_sent, redriven_from
from monitor.ledger.refusals import DECIDE, Refusal, Refused, delivery_key, refusal_of
from monitor.ledger.standing import patient_of
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from monitor.wire.glimpse import glimpse

DECODE, RECORD = "decode", "record"  # stages: what could not be read, what the ledger refused
APP_VERSION = importlib.metadata.version("ctdna-monitor")


def place_of(delivery: Delivery) -> DeliveryKey:
    """Where a delivery came."""
    return DeliveryKey(delivery.topic, delivery.partition, delivery.offset)


def quarantine_row(
    delivery: Delivery, rejection: Rejection, at: datetime.datetime, event: Event | None
) -> QuarantineRow:
    """A refused delivery as the quarantine keeps it: untouched, with the reason.

    `event` is there where it was decoded; else its names are those that can be read all the same.
    """
    seen = glimpse(delivery)
    patient = None
    if event is not None:
        patient = patient_of(event)
    elif seen.study_id is not None and seen.patient_id is not None:
        patient = PatientKey(seen.study_id, seen.patient_id)
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
        stage=_stage(rejection, event),
        source=rejection.source or seen.source,
        event_id=rejection.event_id or seen.event_id,
        patient=patient,
        received_at=at,
        record_id=event.fact.record_id if event is not None else seen.record_id,
        record_version=event.fact.record_version if event is not None else seen.record_version,
        original_timestamp=delivery.timestamp,
        app_version=APP_VERSION,
        error_class=rejection.error_class,
    )


def _stage(rejection: Rejection, event: Event | None) -> str:
    if event is not None:
        return DECIDE
    own_error = rejection.reason is Reason.PROCESSING_ERROR
    return RECORD if own_error and rejection.event_id is not None else DECODE


class Quarantine:
    """The refused deliveries that a batch touches, as it has left them so far."""

    def __init__(self, found: Refused, recorded: Mapping[TopicPartition, int]) -> None:
        """`recorded` gives the last offset of each partition that was recorded before."""
        self._recorded = recorded
        self._known: dict[DeliveryKey, Refusal] = {}
        self._named: dict[tuple[str, ...], list[Refusal]] = {}
        self._marks = Counter(found.marks)
        self._closings: dict[DeliveryKey, Closing] = {}
        self._rows: list[QuarantineRow] = []
        for one in found.refusals:
            self._know(one)

    def _know(self, one: Refusal) -> None:
        self._known[one.key] = one
        for name in _names(one.source, one.event_id, one.record_id):
            self._named.setdefault(name, []).append(one)

    def refuse(self, row: QuarantineRow) -> None:
        """Take a refused delivery; of a redriven one the row before it is not open any more."""
        key = delivery_key(row)
        if key not in self._known:
            given = Delivery(*key[:3], row.message_key, tuple(row.headers), row.value)
            before = self._repeated(given)
            if before is not None:
                count = before.redrive_count + 1
                row = replace(row, redrive_count=count, attempts=before.attempts + 1)
                self._close(before, ClosedAs.REFUSED_AGAIN, key, row.received_at)
            fresh = refusal_of(row)
            self._know(fresh)
            if fresh.marked is not None:
                self._marks[fresh.marked] += 1
        self._rows.append(row)

    def marks(self, delivery: Delivery) -> bool:
        """Whether a refused delivery has an open row that marks its patient.

        One that was parked, or refused for another reason first, and then comes again has none.
        """
        one = self._known.get(place_of(delivery))
        return one is not None and one.marked is not None and self._is_open(one)

    def settle(
        self, delivery: Delivery, event: Event, at: datetime.datetime, outcome: str
    ) -> Mapping[PatientKey, int]:
        """Close what an accepted delivery settles; `outcome` is its receipt's.

        Returns of whom something was open that failed in our own code, and how many still are.
        """
        if not self._known:
            return {}
        place = place_of(delivery)
        found = self._settled(delivery, event, outcome)
        settled = {one.key: one for one in found if self._is_open(one)}.values()
        for one in settled:
            self._close(one, ClosedAs.ACCEPTED, place, at)
        marked = {one.marked for one in settled if one.marked is not None}
        return {patient: self._marks[patient] for patient in sorted(marked)}

    def _settled(self, delivery: Delivery, event: Event, outcome: str) -> Iterator[Refusal]:
        itself = self._known.get(place_of(delivery))
        if itself is not None:
            yield itself
        place = TopicPartition(delivery.topic, delivery.partition)
        if outcome == "duplicate" and delivery.offset <= self._recorded.get(place, -1):
            return  # it came before, and settled then what it could
        repeated = self._repeated(delivery)
        if repeated is not None:
            yield repeated
        for name in _names(event.source, event.event_id, event.fact.record_id):
            for one in self._named.get(name, ()):
                if _answers(event, one, outcome):
                    yield one

    def _repeated(self, delivery: Delivery) -> Refusal | None:
        """The open refusal that a delivery repeats byte for byte, as it says of itself."""
        key = redriven_from(delivery)
        seen: set[DeliveryKey] = set()
        while key is not None and key not in seen:
            seen.add(key)
            one = self._known.get(key)
            if one is None or one.original is None:
                return None
            if as_first_sent(*one.original) != as_first_sent(delivery.headers, delivery.value):
                return None
            if self._is_open(one):
                return one
            key = self._again(one)
        return None

    def _again(self, one: Refusal) -> DeliveryKey | None:
        """Where a refusal that was redriven was refused again, or None."""
        closing = self._closings.get(one.key)
        as_, by = (closing.closed_as, closing.by) if closing else (one.closed_as, one.closed_by)
        return by if as_ is ClosedAs.REFUSED_AGAIN else None

    def _is_open(self, one: Refusal) -> bool:
        return one.closed_as is None and one.key not in self._closings

    def _close(
        self, one: Refusal, closed_as: ClosedAs, by: DeliveryKey, at: datetime.datetime
    ) -> None:
        self._closings[one.key] = Closing(one.key, at, closed_as, by)
        if one.marked is not None:
            self._marks[one.marked] -= 1

    def rows(self, group: str) -> list[QuarantineRow]:
        """What the batch refused, by the consumer group that had it; of a place the first row."""
        first: dict[DeliveryKey, QuarantineRow] = {}
        for row in self._rows:
            first.setdefault(delivery_key(row), row)
        return [replace(row, consumer_group=group) for row in first.values()]

    @property
    def last(self) -> QuarantineRow:
        """What was refused last."""
        return self._rows[-1]

    @property
    def closings(self) -> list[Closing]:
        """What is not open any more."""
        return list(self._closings.values())


def _names(
    source: str | None, event_id: str | None, record_id: str | None
) -> Iterator[tuple[str, ...]]:
    """The names by which a refusal and what answers it find each other."""
    if source is not None:
        if event_id is not None:
            yield ("event", source, event_id)
        if record_id is not None:
            yield ("record", source, record_id)


def _answers(event: Event, one: Refusal, outcome: str) -> bool:
    """Whether an accepted event, of the same source, came in a refused one's place.

    A later version of the record does, if it settles the record or answers a conflict of versions
    (contract 2). The same version does, unless it was in conflict with another or only repeats
    what was there before: a stale one says what was refused, but of what came under a used id
    nobody knows that. The same event does, unless what was refused is known to be about something
    else.
    """
    version = event.fact.record_version
    same_record = one.record_id == event.fact.record_id
    if same_record and one.record_version is not None:
        settles = event.fact.status not in PROVISIONAL or one.reason == Reason.VERSION_CONFLICT
        if version > one.record_version and settles:
            return True
        if version == one.record_version and outcome in _EQUAL.get(one.reason, _TAKEN):
            return True
    if one.event_id != event.event_id or one.reason in _CONFLICTS:
        return False
    return one.record_id is None or (same_record and (one.record_version or 0) <= version)


_TAKEN = frozenset({"applied", "stale"})
_EQUAL: Mapping[str, frozenset[str]] = {  # by which outcomes the same version answers
    Reason.DUPLICATE_CONFLICT: frozenset({"applied"}),
    Reason.VERSION_CONFLICT: frozenset(),
}
_CONFLICTS = frozenset({Reason.DUPLICATE_CONFLICT, Reason.VERSION_CONFLICT})
