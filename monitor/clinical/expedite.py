"""On which days imaging is asked for again after a confirmed relapse (clinical rules 4.2)."""

import datetime
from collections.abc import Iterator
from datetime import timedelta

from monitor.clinical.course import Course
from monitor.clinical.ctdna import Run


def repeat_days(course: Course, run: Run, confirmed_on: datetime.date) -> Iterator[datetime.date]:
    """The days on which a request can come again, until the run, the schedule or a PD ends it."""
    ended_on = course.ended_on or datetime.date.max
    closed_on = run.closed_on or datetime.date.max
    pd_on = min(
        (pd.pd_on for pd in course.pds if pd.first and pd.pd_on >= confirmed_on),
        default=datetime.date.max,
    )
    step = timedelta(days=course.rules.expedite.repeat_days)
    due_on = confirmed_on + step
    while due_on < ended_on and due_on <= closed_on and due_on < pd_on:
        yield due_on
        due_on += step


def expedite_due_days(course: Course) -> Iterator[datetime.date]:
    """Of each confirmed run the next day, after the closed one, that can ask for imaging again."""
    closed_on = course.closed_on or datetime.date.min
    for run, confirmation in course.confirmed:
        due = (day for day in repeat_days(course, run, confirmation.by.day) if day > closed_on)
        yield from [day for day in [next(due, None)] if day]
