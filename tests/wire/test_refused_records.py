"""Every way in which a record is refused: its reason, its field, and that nothing is repeated."""

import json

import pytest

from monitor.wire.codec import decode
from monitor.wire.delivery import Delivery, Reason, Rejection
from tests.wire.deliveries import (
    ATTRIBUTES,
    BINARY,
    TOPICS,
    assert_refused,
    body,
    delivery,
    envelope,
)

R = Reason


def specimen(**changes: object) -> dict[str, object]:
    return {"specimen": {"collected_at": "2025-03-01", **changes}}


def quantity(value: object, **changes: object) -> dict[str, object]:
    return {"quantity": {"value": value, "unit": "PPM", **changes}}


RECORDS: list[tuple[dict[str, object], Reason, str]] = [
    ({"study_id": None}, R.SCHEMA_INVALID, "data.study_id"),
    ({"study_id": "planted study"}, R.SCHEMA_INVALID, "data.study_id"),
    ({"patient_id": "planted\n"}, R.SCHEMA_INVALID, "data.patient_id"),
    ({"patient_id": "x" * 65}, R.SCHEMA_INVALID, "data.patient_id"),
    ({"patient_id": 7}, R.SCHEMA_INVALID, "data.patient_id"),
    ({"record_id": ""}, R.SCHEMA_INVALID, "data.record_id"),
    ({"record_id": "planted\u0000"}, R.SCHEMA_INVALID, "data.record_id"),
    ({"record_id": "planted\udfff"}, R.SCHEMA_INVALID, "data.record_id"),
    ({"record_id": "x" * 1025}, R.TOO_LARGE, "data.record_id"),
    ({"record_version": 0}, R.SCHEMA_INVALID, "data.record_version"),
    ({"record_version": 1.5}, R.SCHEMA_INVALID, "data.record_version"),
    ({"record_version": True}, R.SCHEMA_INVALID, "data.record_version"),
    ({"record_version": 10**12}, R.TOO_LARGE, "data.record_version"),
    ({"status": None}, R.SCHEMA_INVALID, "data.status"),
    ({"status": "planted"}, R.UNKNOWN_STATUS, "data.status"),
    ({"status": "Final"}, R.UNKNOWN_STATUS, "data.status"),
    ({"status": ["final"]}, R.UNKNOWN_STATUS, "data.status"),
    ({"call": None}, R.SCHEMA_INVALID, "data.call"),
    ({"call": "planted"}, R.UNMAPPED_CODE, "data.call"),
    ({"specimen": None}, R.SCHEMA_INVALID, "data.specimen"),
    ({"specimen": "planted"}, R.SCHEMA_INVALID, "data.specimen"),
    ({"specimen": {}}, R.SCHEMA_INVALID, "data.specimen.collected_at"),
    (specimen(collected_at="planted"), R.SCHEMA_INVALID, "data.specimen.collected_at"),
    (specimen(collected_at=20250301), R.SCHEMA_INVALID, "data.specimen.collected_at"),
    (specimen(collected_at="2025-02-30"), R.SCHEMA_INVALID, "data.specimen.collected_at"),
    (specimen(collected_at="2025-03-01T08:00:00"), R.SCHEMA_INVALID, "data.specimen.collected_at"),
    (specimen(collected_at="2025-03-01T24:00:00Z"), R.SCHEMA_INVALID, "data.specimen.collected_at"),
    (specimen(collected_at="1899-12-31"), R.IMPLAUSIBLE_VALUE, "data.specimen.collected_at"),
    (specimen(collected_at="2101-01-01"), R.IMPLAUSIBLE_VALUE, "data.specimen.collected_at"),
    (specimen(haemolysis="no"), R.SCHEMA_INVALID, "data.specimen.haemolysis"),
    (specimen(plasma_ml=-1), R.IMPLAUSIBLE_VALUE, "data.specimen.plasma_ml"),
    (specimen(id=7), R.SCHEMA_INVALID, "data.specimen.id"),
    (specimen(tube="planted"), R.UNMAPPED_CODE, "data.specimen.tube"),
    (quantity("planted"), R.SCHEMA_INVALID, "data.quantity.value"),
    (quantity("NaN"), R.SCHEMA_INVALID, "data.quantity.value"),
    (quantity("-0.1"), R.IMPLAUSIBLE_VALUE, "data.quantity.value"),
    (quantity("1e4000000"), R.TOO_LARGE, "data.quantity.value"),
    (quantity("1e-4000000"), R.TOO_LARGE, "data.quantity.value"),
    (quantity("9" * 201), R.TOO_LARGE, "data.quantity.value"),
    (quantity("1e99999999999999999999"), R.TOO_LARGE, "data.quantity.value"),
    (quantity(1, unit="planted"), R.UNMAPPED_CODE, "data.quantity.unit"),
    (quantity(1, ci95=[1]), R.SCHEMA_INVALID, "data.quantity.ci95"),
    ({"variants": {}}, R.SCHEMA_INVALID, "data.variants"),
    ({"variants": [{}, {"gene": ["planted"]}]}, R.SCHEMA_INVALID, "data.variants.1.gene"),
    ({"variants": [{"depth": -1}]}, R.IMPLAUSIBLE_VALUE, "data.variants.0.depth"),
    (quantity(1, ci95=["planted", 2]), R.SCHEMA_INVALID, "data.quantity.ci95.0"),
    ({"variants": [None]}, R.SCHEMA_INVALID, "data.variants.0"),
    ({"variants": [{}] * 201}, R.TOO_LARGE, "data.variants"),
    ({"status": "cancelled", "call": "planted"}, R.UNMAPPED_CODE, "data.call"),
    ({"status": "cancelled", "patient_id": None}, R.SCHEMA_INVALID, "data.patient_id"),
    (
        {"status": "entered_in_error", **specimen(plasma_ml=-1)},
        R.IMPLAUSIBLE_VALUE,
        "data.specimen.plasma_ml",
    ),
]


@pytest.mark.parametrize(("changes", "reason", "field"), RECORDS)
def test_records(changes: dict[str, object], reason: Reason, field: str) -> None:
    rejection = assert_refused(body(changes), BINARY, reason, field)
    assert rejection.message.startswith(f"{field}: ")
    assert (rejection.source, rejection.event_id) == (ATTRIBUTES["source"], ATTRIBUTES["id"])
    assert (
        assert_refused(envelope(content=json.loads(body(changes))), (), reason, field) == rejection
    )


@pytest.mark.parametrize("state", ["measured", "split", "merged"])
def test_a_target_s_state_needs_its_value(state: str) -> None:
    needed = {"measured": "diameter_mm", "split": "fragments_mm", "merged": "merged_into"}[state]
    target = {"lesion_id": "planted", "organ": "lung", "nodal": False, "state": state}
    read: dict[str, object] = {
        "reader": {"id": "planted", "role": "central"},
        "images": [{"modality": "CT", "acquired_on": "2025-03-01"}],
        "targets": [target],
    }
    refusal = decode(_on("p.imaging.reads", "imaging.read", read), TOPICS)
    assert isinstance(refusal, Rejection)
    assert (refusal.reason, refusal.field) == (R.SCHEMA_INVALID, f"data.targets.0.{needed}")


@pytest.mark.parametrize("status", ["final", "cancelled"])
def test_a_therapy_cannot_end_before_it_starts(status: str) -> None:
    therapy: dict[str, object] = {
        "modality": "surgery",
        "started_on": "2025-03-02",
        "ended_on": "2025-03-01",
        "round": 1,
        "status": status,
    }
    refusal = decode(_on("p.clinical.events", "therapy.local", therapy), TOPICS)
    assert isinstance(refusal, Rejection)
    assert (refusal.reason, refusal.field) == (R.IMPLAUSIBLE_VALUE, "data.ended_on")


def _on(topic: str, kind: str, record: dict[str, object]) -> Delivery:
    type_ = {"type": f"org.ctdnamonitor.{kind}.v1"}
    common = {name: json.loads(body())[name] for name in ("study_id", "patient_id", "record_id")}
    content = {**common, "record_version": 1, "status": "final", **record}
    return delivery(envelope(type_, content), topic=topic)
