"""Any bytes become an event or a rejection, never an exception (contract 1, 2 and 6)."""

import datetime
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.clinical.events import CLOCK_SOURCE, KINDS, DayClosed, Fact, Tombstone
from monitor.clinical.terms import TOMBSTONES, day_of
from monitor.wire.cloudevents import Envelope, canonical, open_delivery, open_line
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from monitor.wire.faults import MISSING, faults, refused
from monitor.wire.models import MODELS
from monitor.wire.models.record import Part, Record
from monitor.wire.partial import partial
from monitor.wire.refusal import Refused

TYPE_PREFIX: Final = "org.ctdnamonitor."
VERSION_SUFFIX: Final = ".v1"
TYPES: Final[Mapping[str, type[Record]]] = {
    f"{TYPE_PREFIX}{kind}{VERSION_SUFFIX}": model for kind, model in MODELS.items()
}
# The plain name of the topic on which a type travels (contract 1); what is not named here travels
# on `clinical.events`, a closed day on none.
_TOPICS: Final = {"ctdna.result": "ctdna.results", "imaging.read": "imaging.reads"}
TOPIC_OF: Final[Mapping[str, str]] = {
    f"{TYPE_PREFIX}{kind}{VERSION_SUFFIX}": _TOPICS.get(kind, "clinical.events")
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
    if TYPES[envelope.type].KIND == DayClosed.KIND and envelope.source != CLOCK_SOURCE:
        words = "source: days are closed by the monitor's own clock only"
        return _rejected(envelope, Refused(Reason.ENVELOPE_INVALID, "source", words))
    return _event(envelope)


def kept(type_: str, given: Part) -> tuple[Fact, bytes]:
    """The fact that a checked record is, and the hash of its content (contract 2, "Content").

    The hash is the SHA-256 of the type and the fields that were given, in one spelling: a field
    that was left out or null, a default and an unknown field do not count.
    """
    content = given.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    digest = hashlib.sha256(canonical({"type": type_, "data": content})).digest()
    kind = type_.removeprefix(TYPE_PREFIX).removesuffix(VERSION_SUFFIX)
    if content["status"] in TOMBSTONES:
        common = {name: content[name] for name in Record.model_fields}
        return Tombstone(**common, kind=kind, day=_day(kind, content)), digest
    return msgspec.convert(content, KINDS[kind]), digest


def _event(envelope: Envelope) -> Event | Rejection:
    model = TYPES[envelope.type]
    status = envelope.content.get("status")
    try:
        gone = isinstance(status, str) and status in TOMBSTONES
        given = (_tombstone if gone else _whole)(model, envelope.content)
        fact, digest = kept(envelope.type, given)
        if isinstance(fact, DayClosed):
            _check_name(fact)
    except Refused as fault:
        return _rejected(envelope, fault)
    return Event(envelope.source, envelope.event_id, envelope.type, envelope.time, fact, digest)


def _whole(model: type[Record], content: dict[str, object]) -> Part:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise refused(faults(error)[0]) from None


def _check_name(closed: DayClosed) -> None:
    if closed.record_id != f"{closed.study_id}/{closed.patient_id}/{closed.clinical_day}":
        words = "data.record_id: must be study_id/patient_id/closed_on"
        raise Refused(Reason.SCHEMA_INVALID, "data.record_id", words)


def _tombstone(model: type[Record], content: dict[str, object]) -> Part:
    """Check what is given as strictly as in any record, but ask for the common fields only."""
    try:
        model.model_validate(content)
    except ValidationError as error:
        wrong = [fault for fault in faults(error) if not _is_left_out(fault)]
        if wrong:
            raise refused(wrong[0]) from None
    return partial(model).model_validate(content)


def _is_left_out(fault: ErrorDetails) -> bool:
    """Whether the fault is that a field is missing which a tombstone need not have."""
    return fault["type"] in MISSING and fault["loc"][:1] not in _COMMON


def _day(kind: str, content: Mapping[str, Any]) -> datetime.date | None:
    """A tombstone's clinical day, or None where what gives it was not given."""
    if kind == "ctdna.result":
        moments = [content.get("specimen", {}).get("collected_at")]
    elif kind == "imaging.read":
        moments = [image.get("acquired_on") for image in content.get("images", ())]
    else:
        moments = [content.get(_DAY_FIELDS[kind])]
    return None if None in moments else min(map(day_of, moments), default=None)


_DAY_FIELDS: Final = {
    "patient.enrolled": "enrolled_on",
    "eligibility.assessed": "assessed_on",
    "therapy.local": "started_on",
    "therapy.systemic": "started_on",
    "marker.result": "collected_at",
    "treatability.stated": "stated_on",
    "biopsy.result": "taken_on",
    "review.held": "held_on",
    "contact.recorded": "contacted_on",
    "death.recorded": "died_on",
    "withdrawal.recorded": "withdrawn_on",
    "day.closed": "closed_on",
}


def _rejected(envelope: Envelope, fault: Refused) -> Rejection:
    return fault.rejection(envelope.source, envelope.event_id)


_COMMON: Final = frozenset((name,) for name in Record.model_fields)
