"""The examples are what the module makes, and show what they promise to show."""

import datetime
import json
from collections import Counter
from typing import Any

from monitor import examples
from monitor.clinical.findings import CATALOGUE
from monitor.clinical.rules import RULES
from monitor.examples import published
from monitor.examples.cohort import cohort
from tests.cli.evaluated import evaluate

MADE_UP = examples.lines(examples.MADE_UP)
CLOSED_ON = datetime.date(2026, 6, 30)  # the follow-up of everybody is over
TOLD = evaluate(MADE_UP, CLOSED_ON)
REAL = evaluate(examples.lines(examples.REAL))
STANDING = [finding for one in TOLD.timelines for finding in one["standing_findings"]]
QUALITY = {rule.id for rule in RULES if rule.finding == "DATA_QUALITY"}


def contents(lines: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line)["data"] for line in lines]


def test_the_committed_cohort_is_what_the_module_makes() -> None:
    assert b"".join(line + b"\n" for line in MADE_UP) == cohort()


def test_the_real_series_are_all_accepted() -> None:
    assert (REAL.run.accepted, REAL.run.refused) == (205, 0)
    assert {one["finding"] for one in REAL.notices} == {"RADIOGRAPHIC_PD", "MDT_REVIEW_REQUESTED"}


def test_the_real_series_wait_for_no_visit_of_this_trial() -> None:
    real = evaluate(published.series(), CLOSED_ON)
    assert (real.run.accepted, real.run.refused) == (242, 0)
    told, alone = ({one["notice_id"] for one in some} for some in (real.notices, REAL.notices))
    assert told == alone


def test_every_finding_stands_in_the_end_and_some_were_amended_and_withdrawn() -> None:
    assert {one["finding"] for one in STANDING} == set(CATALOGUE)
    actions = Counter((one["finding"], one["action"]) for one in TOLD.notices)
    assert actions["MOLECULAR_RELAPSE_CONFIRMED", "withdrawn"] == 1
    assert actions["RADIOGRAPHIC_PD", "withdrawn"] == 3
    assert actions["RADIOGRAPHIC_PD", "amended"] == 1


def test_every_rule_has_spoken() -> None:
    assert {one["rule"]["id"] for one in TOLD.notices} == {rule.id for rule in RULES}


def test_every_cause_of_a_review_and_every_problem_of_quality_stands() -> None:
    causes = {cause for one in STANDING for cause in one["details"].get("causes", ())}
    assert causes == {f"T{number}" for number in range(1, 9)}
    kinds = {one["details"]["kind"] for one in STANDING if one["finding"] == "DATA_QUALITY"}
    assert {f"quality.{kind}" for kind in kinds} == QUALITY
    kinds = {one["details"]["kind"] for one in STANDING if one["finding"] == "PROTOCOL_DEVIATION"}
    assert kinds == {"dose", "systemic_therapy"}


def test_the_first_closed_day_says_the_same_whenever_it_comes() -> None:
    def said(closed_on: datetime.date) -> list[tuple[object, ...]]:
        told = evaluate(MADE_UP, closed_on).notices
        return [(one["notice_id"], one["severity"], one["details"]) for one in told]

    assert said(CLOSED_ON) == said(datetime.date(2036, 1, 1))


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
