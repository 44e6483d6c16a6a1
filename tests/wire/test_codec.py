"""What is accepted, and that its content is the same whatever way it was written down."""

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from monitor.clinical.ctdna_result import CtdnaResult
from monitor.clinical.events import DayClosed, Tombstone
from monitor.wire.codec import decode, decode_line
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from tests.wire.deliveries import (
    ATTRIBUTES,
    BINARY,
    READ_TYPE,
    RESULT,
    RESULT_TYPE,
    STRUCTURED,
    TOPICS,
    accepted,
    body,
    delivery,
    envelope,
)

JSON_MEDIA = ("content-type", b"application/json")


def test_a_result_is_read_with_exact_numbers_and_its_own_day() -> None:
    event = accepted(body(), BINARY)
    assert (event.source, event.event_id, event.type) == (
        ATTRIBUTES["source"],
        ATTRIBUTES["id"],
        RESULT_TYPE,
    )
    assert event.time == datetime(2025, 3, 2, 9, tzinfo=UTC)
    assert isinstance(event.fact, CtdnaResult)
    assert event.fact.quantity is not None
    assert event.fact.quantity.value == Decimal("12.5")
    assert event.fact.clinical_day == date(2025, 3, 1)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (body(), (*BINARY, JSON_MEDIA)),
        (body(), tuple((name.upper(), value) for name, value in BINARY)),
        (body(), (*BINARY, ("Content-Type", b'text/json; charset="UTF-8"'), ("trace", None))),
        (envelope(), STRUCTURED),
        (envelope(), (("Content-Type", b"Application/CloudEvents+JSON"), *BINARY)),
        (envelope(), ()),
        (envelope({"specversion": None, "extension": {"any": 1}}), (("trace", b"\xff"),)),
    ],
    ids=["binary", "upper case", "charset", "structured", "both", "bare", "bare, no version"],
)
def test_every_mode_gives_the_same_event(
    value: bytes, headers: tuple[tuple[str, bytes | None], ...]
) -> None:
    assert accepted(value, headers) == accepted(body(), BINARY)


def test_a_line_of_a_file_gives_the_same_event() -> None:
    assert decode_line(envelope() + b"\r\n") == accepted(body(), BINARY)


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown": {"deep": [1, "x"]}},
        {"quantity": {"unit": "MTM_PER_ML", "value": "12.50"}},
        {"quantity": {"unit": "MTM_PER_ML", "value": "1.25e1", "ci95": None}},
        {"record_version": "1"},
        {"record_version": 1.0},
        {"variants": None, "reported_at": None},
        {"assay": {"code": "MRD", "lab": "LAB-planted", "design": "tumor_informed", "x": 1}},
    ],
)
def test_the_hash_ignores_spelling_order_null_and_unknown_fields(
    changes: dict[str, object],
) -> None:
    reordered = json.dumps(dict(reversed([*RESULT.items()])) | changes).encode()
    assert accepted(reordered, BINARY).content_hash == accepted(body(), BINARY).content_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": {"value": 12.51, "unit": "MTM_PER_ML"}},
        {"quantity": None},
        {"variants": []},
        {"record_version": 2},
        {"call": "not_detected"},
        {"specimen": {"id": "tube-planted", "collected_at": "2025-03-01"}},
    ],
)
def test_the_hash_sees_every_known_field(changes: dict[str, object]) -> None:
    assert accepted(body(changes), BINARY).content_hash != accepted(body(), BINARY).content_hash


def test_the_hash_is_of_the_canonical_json_that_the_contract_names() -> None:
    canonical = (
        '{"data":{"assay":{"code":"MRD","design":"tumor_informed","lab":"Labör"},"call":"detected"'
        ',"patient_id":"PATIENT-planted","quantity":{"unit":"MTM_PER_ML","value":"12.5"}'
        ',"record_id":"RECORD-planted","record_version":1'
        ',"specimen":{"collected_at":"2025-03-01T08:00:00Z"},"status":"final"'
        ',"study_id":"STUDY-planted"},"type":"org.ctdnamonitor.ctdna.result.v1"}'
    )
    changes = {
        "assay": {"lab": "Labör", "code": "MRD", "design": "tumor_informed"},
        "specimen": {"collected_at": "2025-03-01t08:00:00z", "tube": None},
    }
    event = accepted(body(changes), BINARY)
    assert event.content_hash == hashlib.sha256(canonical.encode()).digest()


def test_a_read_keeps_null_and_absent_lists_as_defaults() -> None:
    read = {
        **{name: RESULT[name] for name in ("study_id", "patient_id", "record_id", "status")},
        "record_version": 1,
        "reader": {"id": "R", "role": "central"},
        "images": [{"modality": "CT", "acquired_on": "2025-03-01", "regions": None}],
        "timepoint": None,
        "non_targets": {"lesions": None},
        "targets": [],
    }
    line = envelope({"type": READ_TYPE}, read)
    event = decode_line(line)
    assert isinstance(event, Event)
    del read["timepoint"]
    assert decode_line(envelope({"type": READ_TYPE}, read)) == event
    del read["targets"]
    without = decode_line(envelope({"type": READ_TYPE}, read))
    assert isinstance(without, Event)
    assert without.content_hash != event.content_hash
    told = decode_line(envelope({"type": READ_TYPE}, {**read, "timepoint": {"is_baseline": False}}))
    assert isinstance(told, Event)
    assert told.fact == without.fact
    assert told.content_hash != without.content_hash


@pytest.mark.parametrize("status", ["cancelled", "entered_in_error"])
def test_a_tombstone_needs_the_common_fields_only(status: str) -> None:
    common = {
        **{name: RESULT[name] for name in ("study_id", "patient_id", "record_id")},
        "record_version": 3,
        "status": status,
    }
    event = accepted(json.dumps(common).encode(), BINARY)
    assert event.fact == msgspec.convert({**common, "kind": "ctdna.result"}, Tombstone)


def test_a_tombstone_has_its_clinical_day_where_that_is_given() -> None:
    changes: dict[str, object] = {"status": "cancelled", "assay": {"lab": "L"}, "call": None}
    event = accepted(body(changes), BINARY)
    assert isinstance(event.fact, Tombstone)
    assert event.fact.day == date(2025, 3, 1)
    other = accepted(body({**changes, "assay": {"lab": "M"}}), BINARY)
    assert event.content_hash != other.content_hash


def test_a_tombstone_of_a_read_without_all_image_days_has_no_day() -> None:
    read = {
        **{name: RESULT[name] for name in ("study_id", "patient_id", "record_id")},
        "record_version": 1,
        "status": "cancelled",
        "images": [{"acquired_on": "2025-03-01"}, {"modality": "CT"}],
        "targets": [{"state": "measured"}],
    }
    event = decode_line(envelope({"type": READ_TYPE}, read))
    assert isinstance(event, Event)
    assert isinstance(event.fact, Tombstone)
    assert event.fact.day is None


CLOSED = {
    "study_id": "S",
    "patient_id": "P",
    "record_id": "S/P/2025-07-01",
    "record_version": 1,
    "status": "final",
    "closed_on": "2025-07-01",
}
CLOCK = {"type": "org.ctdnamonitor.day.closed.v1", "source": "urn:ctdna-monitor:clock"}


def test_a_closed_day_is_read_from_a_file_only() -> None:
    line = envelope(CLOCK, CLOSED)
    event = decode_line(line)
    assert isinstance(event, Event)
    assert isinstance(event.fact, DayClosed)
    for topic in TOPICS:
        refusal = decode(Delivery(topic, 0, 0, None, (), line), TOPICS)
        assert isinstance(refusal, Rejection)
        assert (refusal.reason, refusal.field) == (Reason.UNSUPPORTED_TYPE, "type")


def test_a_closed_day_of_another_source_or_record_is_refused() -> None:
    other = decode_line(envelope({**CLOCK, "source": "https://lab.example"}, CLOSED))
    assert isinstance(other, Rejection)
    assert (other.reason, other.field) == (Reason.ENVELOPE_INVALID, "source")
    wrong = decode_line(envelope(CLOCK, {**CLOSED, "record_id": "S/P/2025-07-02"}))
    assert isinstance(wrong, Rejection)
    assert (wrong.reason, wrong.field) == (Reason.SCHEMA_INVALID, "data.record_id")


@pytest.mark.parametrize("topic", ["p.imaging.reads", "p.clinical.events", "ctdna.results"])
def test_a_type_on_another_topic_than_its_own_is_refused(topic: str) -> None:
    refusal = decode(delivery(body(), BINARY, topic=topic), TOPICS)
    assert isinstance(refusal, Rejection)
    assert (refusal.reason, refusal.field) == (Reason.UNSUPPORTED_TYPE, "type")
    assert (refusal.source, refusal.event_id) == (ATTRIBUTES["source"], ATTRIBUTES["id"])


def test_a_missing_or_other_key_does_not_matter() -> None:
    expected = accepted(body(), BINARY)
    for key in (None, b"", b"\xff"):
        assert decode(delivery(body(), BINARY, key=key), TOPICS) == expected
