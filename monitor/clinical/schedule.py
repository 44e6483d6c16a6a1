"""What the clock says of a patient: visits missed, follow-up lost, the next day that matters.

Clinical rules 1.11 and 4.1 ("Schedule"). The clock is a recorded closed day, never a reading.
"""

import datetime
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from monitor.clinical.attendance import VisitState, seen_in, seen_of, states_of
from monitor.clinical.course import Course
from monitor.clinical.due import KINDS, DueVisit, plans_of, visits_due
from monitor.clinical.expedite import expedite_due_days
from monitor.clinical.state import Held, order_of

AnyHeld = Held[Any]  # of whatever kind of fact


def scheduled(course: Course) -> list[tuple[DueVisit, VisitState]]:
    """Every visit of every episode with its state, by due date, then kind (contract 4.1)."""
    rules = course.rules.schedule
    found = [
        row
        for kind in KINDS
        for row in states_of(
            visits_due(kind, course.plans, rules), seen_of(kind, course.facts), course.closed_on
        )
    ]
    return sorted(found, key=lambda row: (row[0].due_on, row[0].kind))


def missed_visits(course: Course, until_day: datetime.date) -> list[datetime.date]:
    """Due dates of imaging visits whose window was over before a day, without a read in it.

    Only reads of the study's series count here, and a withdrawal ends nothing (1.11).
    """
    plans = plans_of(course.episodes, course.visits, course.enrolled, None)
    seen = seen_in([visit.held for visit in course.visits])
    visits = states_of(visits_due("imaging", plans, course.rules.schedule), seen, until_day)
    return [due.due_on for due, state in visits if state in ("missed", "late")]


def results_waited_for(course: Course) -> Iterator[tuple[AnyHeld, datetime.date]]:
    """Results and reads that are not final yet, with the last day on which that is in time."""
    for records, days in (
        (course.facts.ctdna, course.rules.ctdna.turnaround_days),
        (course.facts.imaging, course.rules.imaging.turnaround_days),
    ):
        for held in records:
            if not held.final:
                yield held, held.fact.clinical_day + timedelta(days=days)


def out_of_touch_since(course: Course) -> AnyHeld | None:
    """The record of the last contact, when the latest imaging visits are all missed; else None.

    After death or withdrawal nobody is out of touch: the record that says so is a contact of the
    day up to which days without contact count.
    """
    wanted = course.rules.followup.ltfu_missed
    imaging = [visit for visit in course.attendance.past if visit.due.kind == "imaging"]
    if course.ended_on is not None or not imaging:
        return None
    latest = imaging[-1]
    if latest.missed_in_a_row < wanted or latest.due.episode != course.current_episode:
        return None
    return max(course.facts.records, key=lambda held: (held.fact.last_day, *order_of(held)))


def lost_from(contact: AnyHeld, course: Course) -> datetime.date:
    """The first day with more days without contact than a patient in follow-up may have."""
    last: datetime.date = contact.fact.last_day
    return last + timedelta(days=course.rules.followup.no_contact + 1)


def next_due_on(course: Course) -> datetime.date | None:
    """The next day after the patient's closed day on which the clock can change anything.

    None when nothing can come due, and while the patient is not enrolled.
    """
    if not course.enrolled:
        return None
    closed = course.closed_on or datetime.date.min
    return min((day for day in _clock_days(course) if day > closed), default=None)


def _clock_days(course: Course) -> Iterator[datetime.date]:
    """The day after the next window and after each turnaround, of loss to follow-up, of repeats."""
    if course.attendance.next_closing_on is not None:
        yield course.attendance.next_closing_on + timedelta(days=1)
    for _, limit in results_waited_for(course):
        yield limit + timedelta(days=1)
    contact = out_of_touch_since(course)
    if contact is not None:
        yield lost_from(contact, course)
    yield from expedite_due_days(course)
