"""Every way in which a clinical event is refused, kind by kind and field by field."""

from datetime import date

import pytest

from monitor.wire.codec import TOPIC_OF, decode
from monitor.wire.delivery import Event, Reason, Rejection
from monitor.wire.examples import EXAMPLES
from tests.wire.deliveries import PLANTED, TOPICS, delivery, envelope

R = Reason
GONE: dict[str, object] = {"status": "entered_in_error"}
COMMON = frozenset({"study_id", "patient_id", "record_id", "record_version", "status"})
NO_PLACE: dict[str, object] = {"site_id": None, "lesion_id": None}

DAYS = {
    "eligibility.assessed": "assessed_on",
    "therapy.systemic": "started_on",
    "marker.result": "collected_at",
    "treatability.stated": "stated_on",
    "biopsy.result": "taken_on",
    "review.held": "held_on",
    "contact.recorded": "contacted_on",
    "death.recorded": "died_on",
    "withdrawal.recorded": "withdrawn_on",
}
WRONG_DAYS = [
    (None, R.SCHEMA_INVALID),
    ("planted", R.SCHEMA_INVALID),
    (20250301, R.SCHEMA_INVALID),
    ("2025-02-29", R.SCHEMA_INVALID),
    ("2025-03-01T08:00:00", R.SCHEMA_INVALID),
    ("1899-12-31", R.IMPLAUSIBLE_VALUE),
    ("2101-01-01T00:00:00Z", R.IMPLAUSIBLE_VALUE),
]
FIELDS: list[tuple[str, dict[str, object], Reason, str]] = [
    ("eligibility.assessed", {"age_years": -1}, R.IMPLAUSIBLE_VALUE, "age_years"),
    ("eligibility.assessed", {"age_years": "planted"}, R.SCHEMA_INVALID, "age_years"),
    ("eligibility.assessed", {"alt_x_uln": "Infinity"}, R.SCHEMA_INVALID, "alt_x_uln"),
    ("eligibility.assessed", {"anc_e9_per_l": "1e99"}, R.TOO_LARGE, "anc_e9_per_l"),
    ("eligibility.assessed", {"ecog": 1.5}, R.SCHEMA_INVALID, "ecog"),
    ("eligibility.assessed", {"ecog": -1}, R.IMPLAUSIBLE_VALUE, "ecog"),
    ("eligibility.assessed", {"lung_lesion_count": True}, R.SCHEMA_INVALID, "lung_lesion_count"),
    ("eligibility.assessed", {"consent_signed": "yes"}, R.SCHEMA_INVALID, "consent_signed"),
    ("eligibility.assessed", {"prior_lung_rt": 0}, R.SCHEMA_INVALID, "prior_lung_rt"),
    ("eligibility.assessed", {"ned_achieved_by": "planted"}, R.UNMAPPED_CODE, "ned_achieved_by"),
    ("eligibility.assessed", {"prior_systemic": "None"}, R.UNMAPPED_CODE, "prior_systemic"),
    ("eligibility.assessed", {"ned_on": "1850-01-01"}, R.IMPLAUSIBLE_VALUE, "ned_on"),
    (
        "eligibility.assessed",
        {"lung_lesion_detected_on": "2025-13-01"},
        R.SCHEMA_INVALID,
        "lung_lesion_detected_on",
    ),
    ("eligibility.assessed", {"cea": 4}, R.SCHEMA_INVALID, "cea"),
    ("eligibility.assessed", {"cea": {"value": 4}}, R.SCHEMA_INVALID, "cea.unit"),
    ("eligibility.assessed", {"cea": {"unit": "ng/mL"}}, R.SCHEMA_INVALID, "cea.value"),
    (
        "eligibility.assessed",
        {"cea": {"value": 4, "unit": "planted"}},
        R.UNMAPPED_CODE,
        "cea.unit",
    ),
    (
        "eligibility.assessed",
        {"cea": {"value": -4, "unit": "ug/L"}},
        R.IMPLAUSIBLE_VALUE,
        "cea.value",
    ),
    ("eligibility.assessed", {**GONE, "ecog": -1}, R.IMPLAUSIBLE_VALUE, "ecog"),
    ("therapy.systemic", {"ended_on": "2025-07-19"}, R.IMPLAUSIBLE_VALUE, "ended_on"),
    ("therapy.systemic", {**GONE, "ended_on": "2025-07-19"}, R.IMPLAUSIBLE_VALUE, "ended_on"),
    ("therapy.systemic", {"ended_on": "planted"}, R.SCHEMA_INVALID, "ended_on"),
    ("therapy.systemic", {"regimen": 5}, R.SCHEMA_INVALID, "regimen"),
    ("therapy.systemic", {"regimen": "planted\u0000"}, R.SCHEMA_INVALID, "regimen"),
    ("therapy.systemic", {"line": -1}, R.IMPLAUSIBLE_VALUE, "line"),
    ("therapy.systemic", {"line": "planted"}, R.SCHEMA_INVALID, "line"),
    ("marker.result", {"analyte": None}, R.SCHEMA_INVALID, "analyte"),
    ("marker.result", {"analyte": "planted"}, R.UNMAPPED_CODE, "analyte"),
    ("marker.result", {"value": None}, R.SCHEMA_INVALID, "value"),
    ("marker.result", {"value": "<5"}, R.SCHEMA_INVALID, "value"),
    ("marker.result", {"value": "-0.1"}, R.IMPLAUSIBLE_VALUE, "value"),
    ("marker.result", {"unit": None}, R.SCHEMA_INVALID, "unit"),
    ("marker.result", {"unit": "ng/ml"}, R.UNMAPPED_CODE, "unit"),
    ("marker.result", {"upper_limit": -5}, R.IMPLAUSIBLE_VALUE, "upper_limit"),
    ("marker.result", {**GONE, "unit": "planted"}, R.UNMAPPED_CODE, "unit"),
    ("treatability.stated", {"locally_treatable": None}, R.SCHEMA_INVALID, "locally_treatable"),
    ("treatability.stated", {"locally_treatable": True}, R.UNMAPPED_CODE, "locally_treatable"),
    ("treatability.stated", {"locally_treatable": "planted"}, R.UNMAPPED_CODE, "locally_treatable"),
    ("treatability.stated", {"read_record_id": ""}, R.SCHEMA_INVALID, "read_record_id"),
    ("treatability.stated", {"read_record_id": 2}, R.SCHEMA_INVALID, "read_record_id"),
    ("biopsy.result", NO_PLACE, R.SCHEMA_INVALID, "site_id"),
    ("biopsy.result", {"site_id": "", "lesion_id": None}, R.SCHEMA_INVALID, "site_id"),
    ("biopsy.result", {"lesion_id": ["planted"]}, R.SCHEMA_INVALID, "lesion_id"),
    ("biopsy.result", {"malignant": None}, R.SCHEMA_INVALID, "malignant"),
    ("biopsy.result", {"malignant": "yes"}, R.SCHEMA_INVALID, "malignant"),
    ("biopsy.result", {**GONE, "malignant": 1}, R.SCHEMA_INVALID, "malignant"),
    ("review.held", {"decision": None}, R.SCHEMA_INVALID, "decision"),
    ("review.held", {"decision": "planted"}, R.UNMAPPED_CODE, "decision"),
    ("review.held", {"notice_ids": "planted"}, R.SCHEMA_INVALID, "notice_ids"),
    ("review.held", {"notice_ids": ["planted", 1]}, R.SCHEMA_INVALID, "notice_ids.1"),
    ("review.held", {"notice_ids": ["planted"] * 201}, R.TOO_LARGE, "notice_ids"),
    ("death.recorded", {"cause": False}, R.SCHEMA_INVALID, "cause"),
    ("death.recorded", {"cause": "planted\udfff"}, R.SCHEMA_INVALID, "cause"),
    ("withdrawal.recorded", {"scope": None}, R.SCHEMA_INVALID, "scope"),
    ("withdrawal.recorded", {"scope": "planted"}, R.UNMAPPED_CODE, "scope"),
    ("withdrawal.recorded", {**GONE, "scope": "all"}, R.UNMAPPED_CODE, "scope"),
]


def answer(kind: str, changes: dict[str, object], *, topic: str = "p.clinical.events") -> object:
    content = {**EXAMPLES[kind][0], "patient_id": "PATIENT-planted", **changes}
    type_ = {"type": f"org.ctdnamonitor.{kind}.v1"}
    return decode(delivery(envelope(type_, content), topic=topic), TOPICS)


def assert_record_refused(
    kind: str, changes: dict[str, object], reason: Reason, field: str
) -> None:
    rejection = answer(kind, changes)
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.field) == (reason, f"data.{field}"), rejection
    assert rejection.message.startswith(f"data.{field}: ")
    assert not any(planted in rejection.message for planted in PLANTED)


@pytest.mark.parametrize(("kind", "changes", "reason", "field"), FIELDS)
def test_fields(kind: str, changes: dict[str, object], reason: Reason, field: str) -> None:
    assert_record_refused(kind, changes, reason, field)


@pytest.mark.parametrize("kind", DAYS)
@pytest.mark.parametrize(("wrong", "reason"), WRONG_DAYS)
def test_days(kind: str, wrong: object, reason: Reason) -> None:
    assert_record_refused(kind, {DAYS[kind]: wrong}, reason, DAYS[kind])


@pytest.mark.parametrize("kind", DAYS)
def test_a_kind_travels_on_its_own_topic_only(kind: str) -> None:
    assert TOPIC_OF[f"org.ctdnamonitor.{kind}.v1"] == "clinical.events"
    event = answer(kind, {DAYS[kind]: "2025-06-01T23:30:00-05:00"})
    assert isinstance(event, Event)
    assert (event.fact.KIND, event.day) == (kind, date(2025, 6, 1))
    for topic in ("p.ctdna.results", "p.imaging.reads"):
        rejection = answer(kind, {}, topic=topic)
        assert isinstance(rejection, Rejection)
        assert (rejection.reason, rejection.field) == (R.UNSUPPORTED_TYPE, "type")


@pytest.mark.parametrize("kind", DAYS)
def test_a_tombstone_needs_the_common_fields_and_has_the_day_that_it_gives(kind: str) -> None:
    shortest = {name: None for name in EXAMPLES[kind][0] if name not in COMMON}
    for given, day in ((None, None), ("2025-06-01", date(2025, 6, 1))):
        event = answer(kind, {**shortest, DAYS[kind]: given, **GONE})
        assert isinstance(event, Event)
        assert event.day == day


def test_a_therapy_may_end_on_the_day_that_it_starts() -> None:
    assert isinstance(answer("therapy.systemic", {"ended_on": "2025-07-20"}), Event)


@pytest.mark.parametrize("left", NO_PLACE)
def test_one_place_of_a_biopsy_is_enough(left: str) -> None:
    assert isinstance(answer("biopsy.result", {left: None}), Event)
