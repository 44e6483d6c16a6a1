"""The examples are what the module makes, and show what they promise to show."""

import json
from collections import Counter
from typing import Any

from monitor import examples
from monitor.clinical.findings import CATALOGUE
from monitor.examples.cohort import cohort
from tests.cli.evaluated import evaluate

MADE_UP = examples.lines(examples.MADE_UP)
TOLD = evaluate(MADE_UP)


def contents(lines: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line)["data"] for line in lines]


def test_the_committed_cohort_is_what_the_module_makes() -> None:
    assert b"".join(line + b"\n" for line in MADE_UP) == cohort()


def test_the_real_series_are_all_accepted() -> None:
    real = evaluate(examples.lines(examples.REAL))
    assert (real.run.accepted, real.run.refused) == (205, 0)
    assert {one["finding"] for one in real.notices} == {"RADIOGRAPHIC_PD"}


def test_every_finding_is_told_and_some_are_amended_and_withdrawn() -> None:
    actions = Counter((one["finding"], one["action"]) for one in TOLD.notices)
    assert {name for name, action in actions if action == "raised"} == set(CATALOGUE)
    assert actions["MOLECULAR_RELAPSE_CONFIRMED", "withdrawn"] == 1
    assert actions["RADIOGRAPHIC_PD", "withdrawn"] == 2
    assert actions["RADIOGRAPHIC_PD", "amended"] == 1


def test_one_delivery_is_refused_and_then_sent_right() -> None:
    assert [(one["reason"], one["field"]) for one in TOLD.rejections] == [
        ("unmapped_code", "data.quantity.unit")
    ]
    sent = [line for line in MADE_UP if json.loads(line)["id"] == TOLD.rejections[0]["id"]]
    assert len(sent) == 2


def test_the_cohort_shows_every_way_in_which_records_change() -> None:
    sent = contents(MADE_UP)
    statuses = {one["status"] for one in sent}
    assert statuses == {"preliminary", "final", "corrected", "cancelled", "entered_in_error"}
    owners: dict[str, set[str]] = {}
    for one in sent:
        owners.setdefault(one["record_id"], set()).add(one["patient_id"])
    assert sum(len(patients) > 1 for patients in owners.values()) == 2
    assert len(MADE_UP) - len(set(MADE_UP)) == 2  # doubled deliveries


def test_tubes_that_were_swapped_end_with_their_own_patients() -> None:
    standing = {
        one["patient_id"]: {finding["finding"] for finding in one["standing_findings"]}
        for one in TOLD.timelines
    }
    assert standing["SDCH-021"] == set()
    assert "MOLECULAR_RELAPSE_CONFIRMED" in standing["SDCH-020"]
    said = [one["action"] for one in TOLD.notices if one["patient_id"] == "SDCH-021"]
    assert said == ["raised", "withdrawn"]


def test_what_a_late_enrolment_held_back_is_told_with_it() -> None:
    first = [one for one in TOLD.notices if one["patient_id"] == "SDCH-018"][:2]
    assert [one["finding"] for one in first] == [
        "MOLECULAR_RELAPSE_SUSPECTED",
        "MOLECULAR_RELAPSE_CONFIRMED",
    ]
    assert len({one["detected_at"] for one in first}) == 1


def test_a_scan_reading_taken_back_leaves_nothing_standing() -> None:
    by_patient = {one["patient_id"]: one for one in TOLD.timelines}
    for patient in ("SDCH-008", "SDCH-017"):
        assert by_patient[patient]["standing_findings"] == []
