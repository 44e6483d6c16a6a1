"""More rows of times to event (clinical rules 1.11): what lies in the gap before an event."""

from collections.abc import Mapping

import pytest

from tests.clinical.facts import Given, died, enrolled, systemic
from tests.clinical.patient import Patient
from tests.clinical.test_endpoints import ENROLMENT, assert_endpoints, said
from tests.clinical.words import fact_of

ROWS: Mapping[str, tuple[Mapping[str, object], str]] = {
    "a read that is not evaluable on the very day of the event is not before it": ({}, """
      0 followed
     84 read r1 T1=ne
    168 read r2 T1=ne
    168 death
        PFS event 168 / event 168
    """),
    "the read that shows the PD is not in the gap before it": (
        {"recist.pd_date_rule": "last_scan_day"}, """
      0 followed
    168 read r1 T1=60 images=CT@0,MRI@3
        PFS event 171 / event 171
    """),
    "a read on the very day of death is the last one": ({}, """
      0 followed
     84 read r1 T1=50
    100 read r2 T1=50
    100 death
        TTP censored 100 / censored 100
    """),
    "a read of the day of the last adequate one is not after it": ({}, """
      0 followed
     84 read r1 T1=50
     84 read r2 T1=ne images=CT@0,MRI@1
    252 read r3 T1=60
        PFS event 252 / event 252
    """),
    "the read that shows the PD does not close the gap before it": (
        {"recist.pd_date_rule": "last_scan_day"}, """
      0 followed
    252 read r1 T1=60 images=CT@0,MRI@3
        PFS censored 0 / event 255
    """),
    "a PD that is dated before the response does not end it": ({}, """
      0 followed
     84 read r1 T1=50 new:X1?
    168 read r2 T1=35
    252 read r3 T1=35 new:X1
    336 read r4 T1=35
        PFS event 84 / event 84
        DOR censored 336 / censored 336
    """),
    "a PD on the day of the response ends it": ({}, """
      0 followed
     84 read r1 T1=35 new:X1?
    168 read r2 T1=35 new:X1
        PFS event 84 / event 84
        DOR event 84 / event 84
    """),
    "the first PD from the response on ends it": ({"recist.cut_at_pd": False}, """
      0 followed
     84 read r1 T1=60
    168 read r2 T1=35
    252 read r3 T1=60
    336 read r4 T1=60
        PFS event 84 / event 84
        TTP event 84 / event 84
        DOR event 252 / event 252
    """),
    "without one, death does": ({"recist.cut_at_pd": False}, """
      0 followed
     84 read r1 T1=60
    168 read r2 T1=35
    200 death
        PFS event 84 / event 84
        DOR event 200 / event 200
    """),
    "a read that does not count makes no baseline necessary": ({}, """
      0 enrolled
     84 read r1 reported=-,-,PR
    100 read r2 T1=50 status=preliminary
    168 read r3 reported=-,-,PD
        PFS event 168 / event 168
    """),
    "without any read a death is an event all the same": ({}, """
      0 enrolled
    700 death
        PFS event 700 / event 700
        TTP censored 0 / censored 0
    """),
    "missed visits are those of the imaging schedule": ({"schedule.ctdna_days": 300}, """
      0 followed
    183 death
        PFS censored 0 / event 183
    """),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_the_gap_before_an_event(name: str) -> None:
    rules, story = ROWS[name]
    assert_endpoints(story, {**ENROLMENT, **rules})


@pytest.mark.parametrize("given", [died(100), systemic(100)], ids=["death", "therapy"])
def test_what_is_not_final_is_no_event_and_censors_nothing(given: Given) -> None:
    reads = [fact_of(day, f"read r{day} T1=50".split()) for day in (84, 168)]
    known = [enrolled(0), fact_of(0, ["base", "b", "T1=50"]), *reads]
    patient = Patient(ENROLMENT).tell_all([*known, given.but(status="preliminary")])
    assert said(patient, "PFS") == "PFS censored 168 / censored 168"
    assert said(patient, "TTNST") == "TTNST censored 168 / censored 168"
    assert said(patient, "OS") == "OS censored 168 / censored 168"
