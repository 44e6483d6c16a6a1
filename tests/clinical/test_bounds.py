"""Patients and amounts at the bounds of the contract: decided soon, and shown without fail."""

import time
from collections.abc import Callable, Mapping

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from monitor.clinical.state import FACT_LISTS, Held, PatientState
from monitor.clinical.transitions import Arrival, Outcome, Ruleset, apply
from tests.clinical.facts import (
    PATIENT,
    STUDY,
    Given,
    biopsy,
    enrolled,
    new_lesion,
    read,
    sample,
    therapy,
    treated_site,
)
from tests.clinical.patient import DETECTED_AT, Patient, parameters
from tests.clinical.read_words import Fields
from tests.clinical.table import assert_told

SECONDS_MAX = 2  # of processor time: a busy machine takes twice what a quiet one does
READS, LISTED = 100, 100


def decided(givens: list[Given]) -> Outcome:
    """The outcome of one arrival at a patient who has all these records, given in order."""
    facts: dict[str, list[Held]] = {}  # type: ignore[type-arg]
    for given in (enrolled(0), *givens):
        fact = given.fact()
        facts.setdefault(FACT_LISTS[fact.KIND], []).append(Held(source=given.source, fact=fact))
    state = PatientState(study_id=STUDY, patient_id=PATIENT)
    state = replace(state, **{name: tuple(held) for name, held in facts.items()})
    arrival = Arrival("https://lab.example", "e", DETECTED_AT, None)
    begun = time.thread_time()
    outcome = apply(state, arrival, Ruleset("test", parameters({})))
    assert time.thread_time() - begun < SECONDS_MAX
    return outcome


def reads(of: Callable[[int], Fields], number: int = READS) -> list[Given]:
    return [read(4 * n, f"r{n:03}", targets=[]).but(**of(n)) for n in range(number)]


def sites_of(number: int) -> list[Fields]:
    return [treated_site(f"S{number}-{n}", "enlarging") for n in range(LISTED)]


def new_of(number: int) -> list[Fields]:
    return [new_lesion(f"X{number}-{n}") for n in range(LISTED)]


def of_one_site(number: int) -> list[Given]:
    """So many therapies of a site, biopsies of it and reads that call it progressed."""
    site: Fields = {"site_id": "S", "organ": "lung", "lesion_ids": []}
    return [
        *(therapy(4 * n, "surgery", f"t{n:03}", ended=4 * n, sites=[site]) for n in range(number)),
        *(biopsy(4 * n, f"b{n:03}", site_id="S", malignant=n % 2 == 0) for n in range(number)),
        *reads(lambda _: {"treated_sites": [treated_site("S", "progressed")]}, number),
    ]


def in_blackouts(number: int) -> list[Given]:
    """So many positives, each in the blackout of a therapy of its day."""
    days = [2 * n for n in range(number)]
    return [
        *(sample(day, "detected", f"s{day:04}") for day in days),
        *(therapy(day, "surgery", f"t{day:04}", ended=day) for day in days),
    ]


# Records of one patient, and how many notices they make.
AT_THE_BOUNDS: Mapping[str, tuple[list[Given], int]] = {
    "a site of its own in every doubt": (
        reads(lambda n: {"treated_sites": sites_of(n)}), READS * LISTED),
    "a new lesion of its own in every read": (
        reads(lambda n: {"new_lesions": new_of(n)}), READS + 4),
    "one site treated, seen and biopsied again and again": (of_one_site(600), 302),
    "as many therapies as samples": (in_blackouts(900), 900),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_THE_BOUNDS)
def test_a_patient_at_the_bounds_is_decided_soon(name: str) -> None:
    givens, notices = AT_THE_BOUNDS[name]
    assert len(decided(givens).notices) == notices


def test_a_rise_of_any_size_is_told() -> None:
    least = "value=0.000000000001 cfdna=0.001"
    patient = assert_told(f"""
          0 | enrolled                                                        |
         10 | ctdna s1 detected {least}                                       |
         40 | ctdna s2 detected value=999999999999:COPIES_PER_ML cfdna=0.001  |
    """)
    said = patient.last("RISING_CTDNA").said.explanation
    assert " is 329999999999670000000000000.00 times the 0.000000000001 % VAF " in said


@pytest.mark.parametrize(
    ("dose", "shown"),
    [
        ("999999999999.999999999999", " is 10000000000000999999999980 Gy"),
        ("0.000000000001", " is 0 Gy"),
    ],
)
def test_a_dose_of_any_size_is_told(dose: str, shown: str) -> None:
    given = therapy(10, "radiotherapy", "rt", ended=14, total_dose_gy=dose, fractions=1)
    patient = Patient({"local_therapy.alpha_beta_gy": "0.1"}).tell_all([enrolled(0), given])
    assert shown in patient.last("PROTOCOL_DEVIATION").said.explanation


def test_no_alpha_beta_is_below_a_tenth() -> None:
    parameters({"local_therapy.alpha_beta_gy": "0.1"})
    with pytest.raises(ValidationError):
        parameters({"local_therapy.alpha_beta_gy": "0.099"})
