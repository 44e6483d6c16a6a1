"""When an imaging visit is due, how long it stays open, and the next day that the clock matters.

Clinical rules 4.1 ("Schedule"). Days only: the clock is a recorded closed day, never a reading.
"""

import datetime
from collections.abc import Iterator
from datetime import timedelta

from msgspec import Struct

from monitor.clinical.course import Course
from monitor.clinical.episodes import episodes_of
from monitor.clinical.parameters import Schedule
from monitor.clinical.terms import day_of


class DueVisit(Struct, frozen=True):
    """A scheduled imaging visit: open from due minus window to `closes_on`, both included."""

    due_on: datetime.date
    closes_on: datetime.date


def anchor_of(course: Course) -> datetime.date | None:
    """Where visits are counted from: surveillance baseline, last local therapy, enrolment.

    None without any of them, and while a local therapy has no end.
    """
    episode = episodes_of(course.therapies)[-1]
    if episode.open:
        return None
    baseline = [v for v in course.visits if v.is_baseline and v.episode.number == episode.number]
    if baseline:
        return baseline[0].read.clinical_day
    if episode.surveilled_after is not None:
        return episode.surveilled_after
    return min((day_of(held.fact.enrolled_on) for held in course.enrolled), default=None)


def imaging_visits(anchor: datetime.date, rules: Schedule) -> Iterator[DueVisit]:
    """The imaging visits of an episode, from its anchor to the end of follow-up."""
    due, last = anchor, _years_after(anchor, rules.follow_up_years)
    while True:
        later = (due - anchor).days + rules.imaging_days > rules.imaging_later_after_days
        due += timedelta(days=rules.imaging_days_later if later else rules.imaging_days)
        if due > last:
            return
        window = rules.imaging_window_days_later if later else rules.imaging_window_days
        yield DueVisit(due, due + timedelta(days=window))


def next_due_on(course: Course) -> datetime.date | None:
    """The next day, after the patient's closed day, that a visit's window is over.

    None when nothing can come due: not enrolled, no anchor, follow-up over.
    """
    anchor = anchor_of(course)
    if anchor is None or not course.enrolled:
        return None
    rules = course.rules.schedule
    over = (visit.closes_on + timedelta(days=1) for visit in imaging_visits(anchor, rules))
    closed = course.closed_on or datetime.date.min
    return next((day for day in over if day > closed), None)


def _years_after(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
