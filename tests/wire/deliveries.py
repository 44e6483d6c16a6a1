"""One laboratory result in every mode, with planted identifiers that no refusal may repeat."""

import json
from collections.abc import Mapping, Sequence

from monitor.wire.codec import decode
from monitor.wire.delivery import Delivery, Event, Reason, Rejection

RESULT_TYPE = "org.ctdnamonitor.ctdna.result.v1"
READ_TYPE = "org.ctdnamonitor.imaging.read.v1"
TOPICS = {
    "p.ctdna.results": "ctdna.results",
    "p.imaging.reads": "imaging.reads",
    "p.clinical.events": "clinical.events",
}
PLANTED = ("STUDY-planted", "PATIENT-planted", "RECORD-planted", "planted")

ATTRIBUTES: Mapping[str, str] = {
    "specversion": "1.0",
    "id": "event-1",
    "source": "https://lab.example/lims",
    "type": RESULT_TYPE,
    "time": "2025-03-02T09:00:00Z",
}
RESULT: Mapping[str, object] = {
    "study_id": "STUDY-planted",
    "patient_id": "PATIENT-planted",
    "record_id": "RECORD-planted",
    "record_version": 1,
    "status": "final",
    "specimen": {"id": "tube-planted", "collected_at": "2025-03-01T08:00:00+08:00"},
    "assay": {"lab": "LAB-planted", "code": "MRD", "design": "tumor_informed"},
    "call": "detected",
    "quantity": {"value": 12.5, "unit": "MTM_PER_ML"},
}
BINARY = tuple((f"ce_{name}", value.encode()) for name, value in ATTRIBUTES.items())
STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)

Headers = Sequence[tuple[str, bytes | None]]


def delivery(
    value: bytes | None,
    headers: Headers = (),
    *,
    topic: str = "p.ctdna.results",
    key: bytes | None = b"STUDY-planted/PATIENT-planted",
) -> Delivery:
    return Delivery(topic, 0, 0, key, tuple(headers), value)


def body(changes: Mapping[str, object] | None = None) -> bytes:
    return json.dumps({**RESULT, **(changes or {})}).encode()


def envelope(changes: Mapping[str, object] | None = None, content: object = RESULT) -> bytes:
    return json.dumps({**ATTRIBUTES, "data": content, **(changes or {})}).encode()


def read(value: bytes | None, headers: Headers = ()) -> Event | Rejection:
    return decode(delivery(value, headers), TOPICS)


def accepted(value: bytes, headers: Headers = ()) -> Event:
    event = read(value, headers)
    assert isinstance(event, Event), event
    return event


def assert_refused(
    value: bytes | None, headers: Headers, reason: Reason, field: str | None
) -> Rejection:
    rejection = read(value, headers)
    assert isinstance(rejection, Rejection), rejection
    assert (rejection.reason, rejection.field) == (reason, field), rejection
    assert rejection.message
    for planted in PLANTED:
        assert planted not in rejection.message
        assert planted not in (rejection.field or "")
    return rejection
