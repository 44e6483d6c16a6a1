"""More rows of times to event (clinical rules 1.11): what lies in the gap before an event."""

from collections.abc import Mapping

import pytest

from tests.clinical.test_endpoints import ENROLMENT, check

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
    "missed visits are those of the imaging schedule": ({"schedule.ctdna_days": 300}, """
      0 followed
    183 death
        PFS censored 0 / event 183
    """),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_the_gap_before_an_event(name: str) -> None:
    rules, story = ROWS[name]
    check(story, {**ENROLMENT, **rules})
