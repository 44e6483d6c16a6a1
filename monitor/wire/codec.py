"""Any bytes become an event or a rejection, never an exception (contract 1, 2 and 6)."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.clinical.events import CLOCK_SOURCE, KINDS, DayClosed, Fact, Given, Tombstone
from monitor.clinical.record import Part, Record
from monitor.clinical.terms import TOMBSTONES, day_of
from monitor.wire.cloudevents import Envelope, canonical, open_delivery, open_line
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from monitor.wire.faults import MISSING, faults, refused
from monitor.wire.partial import partial
from monitor.wire.refusal import Refused

TYPE_PREFIX: Final = "org.ctdnamonitor."
TYPES: Final[Mapping[str, type[Given]]] = {
    f"{TYPE_PREFIX}{kind}.v1": model for kind, model in KINDS.items()
}
# The plain name of the topic on which a type travels (contract 1); what is not named here travels
# on `clinical.events`, a closed day on none.
_TOPICS: Final = {"ctdna.result": "ctdna.results", "imaging.read": "imaging.reads"}
TOPIC_OF: Final[Mapping[str, str]] = {
    f"{TYPE_PREFIX}{kind}.v1": _TOPICS.get(kind, "clinical.events")
    for kind in KINDS
    if kind != DayClosed.KIND
}


def decode(delivery: Delivery, topics: Mapping[str, str]) -> Event | Rejection:
    """Read a Kafka message; `topics` gives the plain name of each full topic name.

    Never raises: what cannot be read is a Rejection with a reason of contract 6.
    """
    envelope = open_delivery(delivery)
    if isinstance(envelope, Rejection):
        return envelope
    topic = TOPIC_OF.get(envelope.type)
    if topic is None or topics.get(delivery.topic) != topic:
        return _rejected(
            envelope,
            Refused(Reason.UNSUPPORTED_TYPE, "type", "type: is not one that travels on this topic"),
        )
    return _event(envelope)


def decode_line(line: bytes) -> Event | Rejection:
    """Read one line of an NDJSON file, where closed days are allowed too; never raises."""
    envelope = open_line(line)
    if isinstance(envelope, Rejection):
        return envelope
    if envelope.type not in TYPES:
        fault = Refused(Reason.UNSUPPORTED_TYPE, "type", "type: is not one that the monitor reads")
        return _rejected(envelope, fault)
    if TYPES[envelope.type] is DayClosed and envelope.source != CLOCK_SOURCE:
        words = "source: days are closed by the monitor's own clock only"
        return _rejected(envelope, Refused(Reason.ENVELOPE_INVALID, "source", words))
    return _event(envelope)


def content_hash(type_: str, record: Part) -> bytes:
    """SHA-256 of the type and the fields that were given, in one spelling (contract 2, "Content").

    A field that was left out or null, a default and an unknown field do not count.
    """
    content = record.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return hashlib.sha256(canonical({"type": type_, "data": content})).digest()


def _event(envelope: Envelope) -> Event | Rejection:
    model = TYPES[envelope.type]
    status = envelope.content.get("status")
    given: Part
    fact: Fact
    try:
        if isinstance(status, str) and status in TOMBSTONES:
            given, fact = _tombstone(model, envelope.content)
        else:
            given = fact = _fact(model, envelope.content)
    except Refused as fault:
        return _rejected(envelope, fault)
    return Event(
        envelope.source,
        envelope.event_id,
        envelope.type,
        envelope.time,
        fact,
        content_hash(envelope.type, given),
    )


def _fact(model: type[Given], content: dict[str, object]) -> Given:
    try:
        fact = model.model_validate(content)
    except ValidationError as error:
        raise refused(faults(error)[0]) from None
    if isinstance(fact, DayClosed):
        day = day_of(fact.closed_on).isoformat()
        if fact.record_id != f"{fact.study_id}/{fact.patient_id}/{day}":
            words = "data.record_id: must be study_id/patient_id/closed_on"
            raise Refused(Reason.SCHEMA_INVALID, "data.record_id", words)
    return fact


def _tombstone(model: type[Given], content: dict[str, object]) -> tuple[Part, Tombstone]:
    """Check what is given as strictly as in any record, but ask for the common fields only."""
    try:
        model.model_validate(content)
    except ValidationError as error:
        wrong = [fault for fault in faults(error) if not _is_left_out(fault)]
        if wrong:
            raise refused(wrong[0]) from None
    given = partial(model).model_validate(content)
    common = {name: getattr(given, name) for name in Record.model_fields}
    return given, Tombstone(**common, kind=model.KIND, day=_day(model, given))


def _is_left_out(fault: ErrorDetails) -> bool:
    """Whether the fault is that a field is missing which a tombstone need not have."""
    return fault["type"] in MISSING and fault["loc"][:1] not in _COMMON


def _day(model: type[Given], given: Part) -> date | None:
    """The clinical day as the kind defines it, or None where the fields for it are not given."""
    fields = {name: getattr(given, name) for name in given.model_fields_set}
    try:
        return model.model_construct(**fields).clinical_day
    except (AttributeError, TypeError):
        return None


def _rejected(envelope: Envelope, fault: Refused) -> Rejection:
    return fault.rejection(envelope.source, envelope.event_id)


_COMMON: Final = frozenset((name,) for name in Record.model_fields)
