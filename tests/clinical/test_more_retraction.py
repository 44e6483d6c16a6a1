"""People acted on what no longer stands: which findings count, and which actions (rules 4.2)."""

from collections.abc import Mapping

import pytest

from monitor.clinical.state import Told
from monitor.clinical.transitions import Arrival, RulesChanged, Ruleset, apply
from tests.clinical.facts import (
    Given,
    contact,
    enrolled,
    read,
    reviewed,
    stated,
    systemic,
    targets,
)
from tests.clinical.facts import therapy as local
from tests.clinical.patient import DETECTED_AT, Patient, parameters

BASELINE = read(20, "b", baseline=True, targets=targets(T1="50"))
SURGERY = local(5, "surgery", "t1", ended=5)
SMALL = {"targets": targets(T1="50")}
WIDE = {"active_lesions": {"lung": 6, "elsewhere": 0}}


def told(read_of_pd: Given, acted: Given, *before: Given, corrected: bool = True) -> Patient:
    """A PD, then what was done about it; then the read is corrected to show none."""
    patient = Patient({"local_therapy.max_rounds": 1})
    patient.tell_all([enrolled(0), SURGERY, BASELINE, *before, read_of_pd, acted])
    if corrected:
        patient.tell(read_of_pd.but(version=2, status="corrected", **SMALL))
    return patient


def retractions(patient: Patient) -> list[str]:
    """Each as `evidence: names`, as it was told last."""
    found = {
        one.finding_id: one.said
        for one in patient.notices
        if one.said.finding == "RETRACTION_AFTER_ACTION"
    }
    return [f"{records(said)}: {' '.join(said.details['withdrawn'])}" for said in found.values()]


def change_rules(patient: Patient, rules: Mapping[str, object]) -> list[str]:
    """The study's rules become others; returns what that tells."""
    patient.ruleset = Ruleset("other", parameters(rules))
    arrival = Arrival("rules", "change", DETECTED_AT, RulesChanged())
    outcome = apply(patient.state, arrival, patient.ruleset)
    patient.state = outcome.state
    patient.notices += outcome.notices
    return [f"{one.said.action} {one.said.finding}" for one in outcome.notices]


GROWTH_OF_HALF = {"recist.pd_rel": "0.5"}  # what grew by a fifth is no PD any more


def explained(patient: Patient) -> str:
    return patient.last("RETRACTION_AFTER_ACTION").said.explanation


def test_it_says_whether_the_records_or_the_rules_are_others() -> None:
    by_records = explained(told(POLY, systemic(110)))
    assert ", no longer hold on the current records, and on " in by_records
    patient = told(PD, systemic(110), corrected=False)
    assert "raised RETRACTION_AFTER_ACTION" in change_rules(patient, GROWTH_OF_HALF)
    by_rules = explained(patient)
    assert ", no longer hold under the study's changed rules, and on 2025-04-21 " in by_rules
    assert "current records" not in by_rules
    assert patient.last("RADIOGRAPHIC_PD").said.explanation.startswith(
        "Withdrawn: the patient's records do not support this under the study's changed rules. "
        "It had said: "
    )


def test_an_action_that_is_told_later_still_hears_that_the_rules_changed() -> None:
    patient = told(PD, contact(101), corrected=False)
    told_of_rules = change_rules(patient, GROWTH_OF_HALF)
    assert "withdrawn RADIOGRAPHIC_PD" in told_of_rules
    assert "raised RETRACTION_AFTER_ACTION" not in told_of_rules
    assert "raised RETRACTION_AFTER_ACTION" in patient.tell(systemic(110))
    assert ", no longer hold under the study's changed rules, and on " in explained(patient)


def test_it_names_both_grounds_where_both_took_something_away() -> None:
    patient = told(POLY, systemic(110), corrected=False)
    patient.tell(PD.but(version=2, status="corrected"))  # a PD still, but no polyprogression
    assert ", no longer hold on the current records, and on " in explained(patient)
    assert "amended RETRACTION_AFTER_ACTION" in change_rules(patient, GROWTH_OF_HALF)
    assert (
        ", no longer hold on the current records or under the study's changed rules, and on "
        in explained(patient)
    )


def records(said: Told) -> str:
    return " ".join(item.record_id for item in said.evidence)


PD = read(100, "r", targets=targets(T1="60"))
POLY = PD.but(**WIDE)
TREATABLE = stated(90, "yes", "s", read_record_id="r")
OLIGO_NAMES = (
    "RADIOGRAPHIC_PD OLIGOPROGRESSION MDT_REVIEW_REQUESTED SYSTEMIC_THERAPY_TRANSITION_TRIGGER"
)
POLY_NAMES = OLIGO_NAMES.replace("OLIGO", "POLY")


def test_every_finding_that_people_act_on_counts() -> None:
    assert retractions(told(PD, systemic(110), TREATABLE)) == [f"systemic r: {OLIGO_NAMES}"]
    assert retractions(told(POLY, systemic(110))) == [f"systemic r: {POLY_NAMES}"]


def test_without_a_withdrawal_there_is_none() -> None:
    assert retractions(told(POLY, systemic(110), corrected=False)) == []


@pytest.mark.parametrize(
    ("acted", "counts"),
    [
        (systemic(100), True),
        (systemic(99), False),
        (systemic(110, status="preliminary"), False),
        (reviewed(100), True),
        (reviewed(99), False),
        (local(100, "surgery", "t2", ended=100, round_=2), True),
        (local(110, "surgery", "t2", ended=110, round_=1), False),
        (local(110, "surgery", "t2", ended=110, round_=2), True),
    ],
    ids=lambda value: (
        f"{value.record_id} {sorted(value.content.items())}"[:70]
        if isinstance(value, Given)
        else None
    ),
)
def test_what_counts_as_an_action(acted: Given, counts: bool) -> None:  # noqa: FBT001 - a row's answer
    assert bool(retractions(told(POLY, acted))) is counts


@pytest.mark.parametrize(
    ("given", "words"),
    [(told(PD, systemic(110), TREATABLE), "oligoprogression"),
     (told(POLY, systemic(110)), "polyprogression")],
    ids=["oligo", "poly"],
)  # fmt: skip
def test_what_was_withdrawn_in_words(given: Patient, words: str) -> None:
    assert (
        f": radiographic PD, {words}, the request for a review and the transition trigger, dated "
        in given.last("RETRACTION_AFTER_ACTION").said.explanation
    )
