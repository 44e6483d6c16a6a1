"""Times to event under both profiles, as timelines on both sides of each threshold.

A line with a day is a fact (`followed`: an enrolment and a baseline); a line such as
`PFS event 84 / event 84` is what FDA_A and ITT_LIKE say (`-` for no answer). Visits are due every
84 days with a window of 14 days, and the start is the enrolment, unless the case says otherwise.
"""

from collections.abc import Callable, Mapping, Sequence

import pytest

from tests.clinical.censoring_stories import CENSORING
from tests.clinical.endpoint_stories import EVENTS, STARTS
from tests.clinical.facts import (
    Given,
    biopsy,
    closed,
    died,
    enrolled,
    number_of,
    systemic,
    withdrew,
)
from tests.clinical.patient import Patient
from tests.clinical.words import fact_of

FACTS: Mapping[str, Callable[[int, Sequence[str]], list[Given]]] = {
    "followed": lambda day, _: [enrolled(day), fact_of(day, ["base", "b", "T1=50"])],
    "enrolled": lambda day, _: [enrolled(day)],
    "biopsy": lambda day, _: [biopsy(day, "b1", site_id="S1", malignant=True)],
    "death": lambda day, _: [died(day)],
    "systemic": lambda day, _: [systemic(day)],
    "withdrawal": lambda day, words: [withdrew(day, words[0])],
    "closed": lambda day, _: [closed(day)],
}
ENROLMENT: Mapping[str, object] = {"endpoints.start": "ENROLMENT"}

TWO_GAPS = """
      0 followed
     84 read r1 T1=ne
    252 read r2 T1=60
"""
ONE_GAP = """
      0 followed
     84 read r1 T1=ne
    168 read r2 T1=60
"""


def told(story: str, rules: Mapping[str, object]) -> tuple[Patient, list[str]]:
    """The patient after the story's facts, and its lines of expectations."""
    patient, expected = Patient(rules), []
    for words in filter(None, map(str.split, story.splitlines())):
        if not words[0].isdecimal():
            expected.append(" ".join(words))
            continue
        day, kind, rest = int(words[0]), words[1], words[2:]
        patient.tell_all(FACTS[kind](day, rest) if kind in FACTS else [fact_of(day, words[1:])])
    return patient, expected


def said(patient: Patient, endpoint: str) -> str:
    answer = patient.timeline()["endpoints"][endpoint]
    assert list(answer) == ["FDA_A", "ITT_LIKE"]
    return f"{endpoint} " + " / ".join(
        f"{'event' if one['event'] else 'censored'} {number_of(one['on'])}" if one else "-"
        for one in answer.values()
    )


def assert_endpoints(story: str, rules: Mapping[str, object]) -> None:
    patient, expected = told(story, rules)
    assert [said(patient, line.split()[0]) for line in expected] == expected


@pytest.mark.parametrize("name", EVENTS)
def test_events_from_the_enrolment_on(name: str) -> None:
    assert_endpoints(EVENTS[name], ENROLMENT)


@pytest.mark.parametrize("name", CENSORING)
def test_what_the_strict_profile_censors(name: str) -> None:
    assert_endpoints(CENSORING[name], ENROLMENT)


@pytest.mark.parametrize("name", STARTS)
def test_from_the_first_local_therapy_on(name: str) -> None:
    assert_endpoints(STARTS[name], {})


@pytest.mark.parametrize(
    ("max_missed", "story", "expected"),
    [
        (0, ONE_GAP, "PFS censored 0 / event 168"),
        (1, ONE_GAP, "PFS event 168 / event 168"),
        (1, TWO_GAPS, "PFS censored 0 / event 252"),
        (2, TWO_GAPS, "PFS event 252 / event 252"),
    ],
)
def test_how_many_missed_visits_keep_an_event(max_missed: int, story: str, expected: str) -> None:
    assert_endpoints(f"{story}\n{expected}", {**ENROLMENT, "endpoints.max_missed": max_missed})


def test_a_corrected_death_moves_the_event() -> None:
    patient, _ = told("0 followed", ENROLMENT)
    patient.tell_all([died(100), died(90).but(version=2, status="corrected")])
    assert said(patient, "OS") == "OS event 90 / event 90"
    patient.tell(died(90, status="preliminary", record_id="again"))
    patient.tell(died(90).gone(version=3))
    assert said(patient, "OS") == "OS censored 90 / censored 90"
