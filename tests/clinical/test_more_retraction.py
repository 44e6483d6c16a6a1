"""People acted on what no longer stands: which findings count, and which actions (rules 4.2)."""

import pytest

from monitor.clinical.state import Told
from tests.clinical.facts import Given, enrolled, read, reviewed, stated, systemic, targets
from tests.clinical.facts import therapy as local
from tests.clinical.patient import Patient

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
