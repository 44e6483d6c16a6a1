"""The made-up cohort: 38 patients of the trial with what happens to records on their way.

`python -m monitor.examples.cohort` writes `cohort.ndjson`, in the order of arrival. Every finding
of the catalogue comes of it once a day is closed, and notices that are amended and withdrawn;
nobody real is meant. The follow-up of everybody but two ends in it, so that the clock finds the
same on whatever day it is asked: the one who died, and the one who is lost.
"""

import json
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

from monitor.examples import MADE_UP, blood, conduct, decisions, scans
from monitor.examples.story import Story

STORIES: tuple[Callable[[], Iterable[Story]], ...] = (
    conduct.without_event,
    blood.molecular_first,
    blood.false_alarms,
    blood.clearance,
    blood.laboratories,
    scans.seen_on_scans,
    scans.shallow_reads,
    scans.second_looks,
    scans.treated_sites,
    scans.queries,
    decisions.beyond_the_limits,
    decisions.taken_back,
    decisions.deviations,
    conduct.screened,
    conduct.absent,
    conduct.out_of_order,
)
STAYING = frozenset({"SDCH-031", "SDCH-038"})  # died, lost


def cohort() -> bytes:
    """Every patient's events as NDJSON, in the order in which they reached the broker."""
    stories = list(chain.from_iterable(tell() for tell in STORIES))
    for story in stories:
        if story.patient_id not in STAYING:
            story.ended()
    sent = [
        (line.at, story.patient_id, place, line.event)
        for story in stories
        for place, line in enumerate(story.lines)
    ]
    events = (event for *_, event in sorted(sent, key=lambda one: one[:3]))
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in events)


if __name__ == "__main__":
    Path(__file__).with_name(MADE_UP).write_bytes(cohort())
