"""Notices: ids, order, revisions, what amends, enrolment, evidence (contract 3)."""

import json
import uuid

import pytest
from msgspec.structs import replace

from monitor.clinical.findings import finding_id, notice_id
from monitor.clinical.state import NewerState, PatientState, dump_state, load_state
from tests.clinical.facts import (
    PATIENT,
    STUDY,
    Given,
    enrolled,
    new_lesion,
    on,
    read,
    sample,
    targets,
    therapy,
)
from tests.clinical.patient import Patient

S1, S2 = sample(100, "detected", "s1"), sample(120, "detected", "s2")
BASE = read(0, "b", baseline=True, targets=targets(T1="50"))
GROWN = read(84, "r1", targets=targets(T1="60"))
SUSPECTED, CONFIRMED = "MOLECULAR_RELAPSE_SUSPECTED", "MOLECULAR_RELAPSE_CONFIRMED"
PD, NEW = "RADIOGRAPHIC_PD", "NEW_LESION"
EXPEDITE, REVIEW = "IMAGING_EXPEDITE_REQUESTED", "MDT_REVIEW_REQUESTED"


def test_the_ids_of_the_contracts_example() -> None:
    lab = "https://lab.example/lims"
    found = finding_id("NCT06778382", "P-007", CONFIRMED, "", ((lab, "s2"), (lab, "s1")))
    assert found == "1d9d8e22-d4d8-5a0e-8fe0-578b227c1f56"
    assert notice_id(found, "raised", 1) == "144de5df-b73a-55e0-be7a-3f06ebfe9cc8"


def test_the_ids_of_letters_beyond_ascii() -> None:
    written = '["S","P","RADIOGRAPHIC_PD","kind",[["urn:käse","é"]]]'
    namespace = uuid.UUID("6f6e636f-6d6f-5e69-8f72-6374646e6131")
    found = finding_id("S", "P", PD, "kind", (("urn:käse", "é"), ("urn:käse", "é")))
    assert found == str(uuid.uuid5(namespace, written))


def test_a_notice_as_it_goes_out() -> None:
    patient = Patient().tell_all([enrolled(), S1])
    notice, expedite = patient.notices
    assert (expedite.said.finding, expedite.sequence, expedite.cause_id) == (EXPEDITE, 2, "e2")
    document = notice.document()
    assert "a clinician" in str(document.pop("advisory"))
    assert str(document.pop("explanation")).startswith("ctDNA was detected")
    rules = {"ruleset": "test", "config_hash": patient.ruleset.parameters.config_hash}
    found = finding_id(STUDY, PATIENT, SUSPECTED, "", ((S1.source, "s1"),))
    sampled = {"source": S1.source, "record_id": "s1", "record_version": 1}
    assert document == {
        "notice_id": notice_id(found, "raised", 1),
        "finding_id": found,
        "revision": 1,
        "study_id": STUDY,
        "patient_id": PATIENT,
        "sequence": 1,
        "action": "raised",
        "finding": SUSPECTED,
        "rule": {"id": "ctdna.suspected", "version": 1, **rules},
        "severity": "medium",
        "effective_on": on(100),
        "detected_at": "2026-01-01T00:00:00Z",
        "evidence": [{**sampled, "role": "identifying"}],
        "details": {"pattern": "PERSISTENCE", "redraw_from": on(114), "redraw_until": on(128)},
        "supersedes": None,
    }
    assert notice.cause_id == "e2"


def test_within_one_fact_withdrawn_comes_before_amended_before_raised() -> None:
    patient = Patient().tell_all(
        [enrolled(), sample(90, "detected", "s0"), S1.but(record_id="s9"), BASE, GROWN,
         sample(120, "detected", "s2")]
    )  # fmt: skip
    assert patient.tell(sample(95, "not_detected", "n")) == [
        *(f"withdrawn {CONFIRMED}", f"withdrawn {EXPEDITE}"),
        f"amended {SUSPECTED}",
        *(f"raised {SUSPECTED}", "raised MOLECULAR_RELAPSE_NOT_CONFIRMED"),
        *(f"raised {CONFIRMED}", f"raised {EXPEDITE}"),
    ]


def test_enrolment_tells_in_catalogue_order_then_by_finding_id() -> None:
    lesion = [new_lesion("X")]
    other = read(90, "r2", targets=targets(T1="60"), new_lesions=[new_lesion("Y")])
    both = [GROWN.but(new_lesions=lesion), other, BASE, S1, S2]
    patient = Patient().tell_all(both)
    assert patient.notices == []
    assert patient.timeline()["enrolled"] is False
    assert {row["held"] for row in patient.timeline()["standing_findings"]} == {True}
    assert patient.tell(enrolled()) == [
        *(f"raised {SUSPECTED}", f"raised {CONFIRMED}"),
        *(f"raised {NEW}", f"raised {NEW}", f"raised {PD}"),
        *(f"raised {EXPEDITE}", f"raised {REVIEW}"),
    ]
    assert [notice.sequence for notice in patient.notices] == [1, 2, 3, 4, 5, 6, 7]
    ids = [notice.finding_id for notice in patient.notices]
    assert ids[2:4] == sorted(ids[2:4])
    assert {notice.cause_id for notice in patient.notices} == {"e6"}


def test_enrolment_taken_away_withdraws_everything_and_given_again_raises_again() -> None:
    patient = Patient().tell_all([enrolled(), S1, S2])
    second = enrolled(5, "enrol-2")
    assert patient.tell(second) == []
    assert patient.tell(enrolled().gone(2)) == []
    assert patient.tell(second.gone(2)) == [
        *(f"withdrawn {SUSPECTED}", f"withdrawn {CONFIRMED}"),
        *(f"withdrawn {EXPEDITE}", f"withdrawn {EXPEDITE}"),
    ]
    assert patient.tell(sample(130, "not_detected", "n")) == []
    assert patient.tell(enrolled().but(version=3)) == [
        *(f"raised {SUSPECTED}", f"raised {CONFIRMED}", "raised CTDNA_CLEARANCE_PROVISIONAL"),
        *(f"raised {EXPEDITE}", f"raised {EXPEDITE}"),
    ]
    raised = patient.last(CONFIRMED)
    earlier = [notice for notice in patient.notices if notice.finding_id == raised.finding_id]
    assert [notice.revision for notice in earlier] == [1, 2, 3]
    assert [notice.supersedes for notice in earlier] == [
        *(None, earlier[0].notice_id, earlier[1].notice_id)
    ]
    assert [notice.sequence for notice in patient.notices] == list(
        range(1, len(patient.notices) + 1)
    )


def test_a_preliminary_enrolment_is_none() -> None:
    patient = Patient().tell_all([enrolled().but(status="preliminary"), S1])
    assert patient.notices == []


AMENDS = {  # a correction of the second sample, and what it makes
    "nothing new": (S2.but(version=2, status="corrected"), []),
    "another number": (
        S2.but(version=2, quantity={"value": "3", "unit": "MTM_PER_ML"}),
        [],
    ),
    "another day, still confirming": (
        sample(121, "detected", "s2", record_version=2),
        [f"amended {SUSPECTED}", f"amended {EXPEDITE}"],  # its resolved_on, its day
    ),
    "too early to confirm": (
        sample(113, "detected", "s2", record_version=2),
        [f"withdrawn {CONFIRMED}", f"withdrawn {EXPEDITE}", f"amended {SUSPECTED}"],
    ),
    "negative": (
        sample(120, "not_detected", "s2", record_version=2),
        [
            *(f"withdrawn {CONFIRMED}", f"withdrawn {EXPEDITE}"),
            "raised MOLECULAR_RELAPSE_NOT_CONFIRMED",
        ],
    ),
    "cancelled": (
        S2.gone(2, "cancelled"),
        [f"withdrawn {CONFIRMED}", f"withdrawn {EXPEDITE}", f"amended {SUSPECTED}"],
    ),
}


@pytest.mark.parametrize("name", AMENDS)
def test_only_severity_date_and_details_amend(name: str) -> None:
    correction, expected = AMENDS[name]
    patient = Patient().tell_all([enrolled(), S1, S2])
    assert patient.tell(correction) == expected


def test_evidence_alone_amends_nothing() -> None:
    patient = Patient().tell_all([enrolled(), BASE, GROWN])
    assert patient.tell(BASE.but(version=2, status="amended")) == []
    # A surveillance baseline nine days after the therapy is too early, and counts.
    assert patient.tell(therapy(-9, "surgery", "t", ended=-9)) == ["raised DATA_QUALITY"]


def test_a_moved_date_amends_a_finding_of_the_same_evidence() -> None:
    patient = Patient().tell_all([enrolled(), BASE, GROWN])
    images = [{"modality": "CT", "acquired_on": on(86)}]
    assert patient.tell(GROWN.but(version=2, images=images)) == [
        *(f"amended {PD}", f"amended {REVIEW}")
    ]
    assert {one.said.effective_on.isoformat() for one in patient.notices[-2:]} == {on(86)}


def test_a_late_read_with_a_lower_sum_moves_the_pd() -> None:
    patient = Patient().tell_all([enrolled(), BASE, read(168, "r2", targets=targets(T1="59"))])
    assert patient.notices == []
    assert patient.tell(read(84, "r1", targets=targets(T1="40"))) == [
        *(f"raised {PD}", f"raised {REVIEW}")
    ]
    roles = [(item.record_id, item.role) for item in patient.last(PD).said.evidence]
    assert roles == [("r2", "identifying"), ("b", "supporting"), ("r1", "supporting")]


def test_a_finding_withdrawn_and_raised_again_keeps_its_id() -> None:
    patient = Patient().tell_all([enrolled(), BASE, GROWN])
    smaller = GROWN.but(version=2, targets=targets(T1="59.9"))
    patient.tell_all([smaller, GROWN.but(version=3)])
    for name in (PD, REVIEW):
        told = [one for one in patient.notices if one.said.finding == name]
        assert [(one.said.action, one.revision) for one in told] == [
            *(("raised", 1), ("withdrawn", 2), ("raised", 3))
        ]
        for one in told:
            assert one.notice_id == notice_id(one.finding_id, one.said.action, one.revision)
        assert len({one.finding_id for one in told}) == 1


def test_at_most_fifty_records_are_evidence_and_the_identifying_come_first() -> None:
    crowd = [sample(100, "detected", f"s{number:02}") for number in range(60)]
    patient = Patient().tell_all([*crowd, sample(114, "detected", "z"), enrolled()])
    evidence = patient.last(CONFIRMED).said.evidence
    assert len(evidence) == 50
    assert [(item.record_id, item.role) for item in evidence[:3]] == [
        *(("s00", "identifying"), ("z", "identifying"), ("s01", "supporting"))
    ]


def test_open_until_resolved() -> None:
    patient = Patient().tell_all([enrolled(), S1, S2])
    rows = {row["finding"]: row for row in patient.timeline()["standing_findings"]}
    assert {name: row["open"] for name, row in rows.items()} == {
        SUSPECTED: False, CONFIRMED: True, EXPEDITE: True,
    }  # fmt: skip
    assert rows[SUSPECTED]["details"]["resolved_on"] == on(120)
    assert rows[SUSPECTED]["details"]["resolved_by"] == "s2"


def test_a_stored_state_keeps_nulls_in_details_and_refuses_newer_formats() -> None:
    given: list[Given] = [enrolled(), S1]
    state = Patient().tell_all(given).state
    (key, said), *_ = state.told.items()
    with_null = replace(said, details={"doubling_time_days": None})
    stored = load_state(dump_state(replace(state, told={key: with_null})))
    assert stored.told[key].details == {"doubling_time_days": None}
    with pytest.raises(NewerState):
        load_state(json.dumps({**json.loads(dump_state(state)), "format": 3}))
    with pytest.raises(ValueError):
        load_state(dump_state(state)[:-1])
    assert PatientState(study_id="S", patient_id="P").incomplete is False


def test_a_finding_without_details_says_so_with_an_empty_object() -> None:
    patient = Patient().tell_all([enrolled(), BASE, GROWN])
    assert patient.last(PD).document()["details"] == {}
