"""Times to event: PFS, TTP, OS, TTNST and DOR, under both censoring profiles.

Clinical rules 1.11. FDA_A censors at the last adequate assessment before too many missed visits
or a new systemic therapy; ITT_LIKE takes every event as seen.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from monitor.clinical.course import Course
from monitor.clinical.recist import depth
from monitor.clinical.schedule import missed_visits
from monitor.clinical.state import Order
from monitor.clinical.visit import Visit

Profile = Literal["FDA_A", "ITT_LIKE"]
Endpoint = Literal["PFS", "TTP", "OS", "TTNST", "DOR"]
ENDPOINTS: tuple[Endpoint, ...] = ("PFS", "TTP", "OS", "TTNST", "DOR")


class TimeToEvent(Struct, frozen=True):
    """The day of the event, or the day of censoring."""

    event: bool
    on: datetime.date


Answer = Mapping[Profile, TimeToEvent | None]
NO_ANSWER: Answer = {"FDA_A": None, "ITT_LIKE": None}


def endpoints_of(course: Course, response_on: datetime.date | None) -> Mapping[Endpoint, Answer]:
    """All five endpoints; `response_on` is the day of the first CR or PR (1.9), if any.

    Without a start no profile has an answer, and without a response DOR has none.
    """
    start = course.start_on
    if start is None:
        return dict.fromkeys(ENDPOINTS, NO_ANSWER)
    died_on = _first(*(held.fact.clinical_day for held in course.facts.deaths if held.final))
    imaging = _Imaging(course, start, died_on, since=start)
    pd_or_death = _first(imaging.pd_on, died_on)
    alive_on = _last_known_alive(course)
    treated_or_dead = _first(imaging.treated_on, died_on)
    by_imaging = imaging.answer(pd_or_death, until=pd_or_death)
    return {
        # A death without a baseline is an event of PFS all the same, a PD is not.
        "PFS": by_imaging if imaging.has_baseline else _both(died_on, otherwise=start),
        "TTP": imaging.answer(
            imaging.pd_on if imaging.pd_on == pd_or_death else None, until=pd_or_death
        ),
        "OS": _both(died_on, otherwise=alive_on),
        "TTNST": _both(treated_or_dead, otherwise=alive_on),
        "DOR": _of_response(course, start, died_on, response_on) if response_on else NO_ANSWER,
    }


def _of_response(
    course: Course, start: datetime.date, died_on: datetime.date | None, response_on: datetime.date
) -> Answer:
    """A PD dated before the first CR or PR does not end the response."""
    imaging = _Imaging(course, start, died_on, since=max(start, response_on))
    pd_or_death = _first(imaging.pd_on, died_on)
    return imaging.answer(pd_or_death, until=pd_or_death)


def _first(*days: datetime.date | None) -> datetime.date | None:
    return min((day for day in days if day is not None), default=None)


def _first_pd(course: Course, since: datetime.date) -> tuple[Order | None, datetime.date | None]:
    """The first PD in order that is dated on or after a day: its place and its day."""
    shown = [(v.order, v.pd_on) for v in course.follow_up if v.overall == "PD" and v.pd_on]
    shown += [(pd.order, pd.pd_on) for pd in course.first_pds if pd.visit is None]
    return min(((order, day) for order, day in shown if day >= since), default=(None, None))


def _first_systemic(course: Course, start: datetime.date) -> datetime.date | None:
    """The first new systemic therapy: one that began before the start is not new."""
    begun = [held.fact.clinical_day for held in course.facts.systemic if held.final]
    return _first(*(day for day in begun if day >= start))


def _last_known_alive(course: Course) -> datetime.date:
    """The latest day of any standing record, no later than the clock."""
    latest: datetime.date = max(held.fact.last_day for held in course.facts.records)
    return latest if course.closed_on is None else min(latest, course.closed_on)


def _both(event_on: datetime.date | None, *, otherwise: datetime.date) -> Answer:
    """The same under both profiles: the event, else censored on the day `otherwise`."""
    one = TimeToEvent(event_on is not None, event_on or otherwise)
    return {"FDA_A": one, "ITT_LIKE": one}


class _Imaging:
    """The endpoints that rest on imaging: what was adequately assessed, and what was missed."""

    def __init__(
        self,
        course: Course,
        start: datetime.date,
        died_on: datetime.date | None,
        since: datetime.date,
    ) -> None:
        """Take the endpoint start, the day of death, and the first day on which a PD counts."""
        self.course = course
        self.start = start
        self.pd_order, self.pd_on = _first_pd(course, since)
        self.treated_on = _first_systemic(course, start)
        self.adequate = [
            visit
            for visit in course.evaluable
            if died_on is None or visit.read.clinical_day <= died_on
        ]
        self.baseline = next((visit for visit in course.follow_up if visit.is_baseline), None)
        reads = [visit.read for visit in course.visits if visit.evaluated]
        only_responses = bool(reads) and all(depth(read) == "responses" for read in reads)
        self.has_baseline = self.baseline is not None or only_responses

    def answer(self, event_on: datetime.date | None, *, until: datetime.date | None) -> Answer:
        """Both profiles for an event, or for none; a therapy counts when before the day `until`."""
        if not self.has_baseline:
            return _both(None, otherwise=self.start)
        seen = TimeToEvent(event_on is not None, event_on or self._censored_on())
        censored_on = self._strictly_censored_on(event_on, until)
        strict = seen if censored_on is None else TimeToEvent(event=False, on=censored_on)
        return {"FDA_A": strict, "ITT_LIKE": seen}

    def _censored_on(self) -> datetime.date:
        """Without an event: the last adequate assessment after the baseline, else the start."""
        after = self.baseline.order if self.baseline else None
        return self._dated([v for v in self.adequate if after is None or v.order > after])

    def _strictly_censored_on(
        self, event_on: datetime.date | None, until: datetime.date | None
    ) -> datetime.date | None:
        """The day that FDA_A censors: a new therapy decides before a gap. None leaves the rest."""
        treated = self.treated_on
        if treated is not None and (until is None or treated < until):
            return self._dated(self._adequate_before(treated))
        if event_on is None:
            return None
        before = self._adequate_before(event_on)
        since = before[-1].read.clinical_day if before else datetime.date.min
        gap = [
            visit.read.clinical_day for visit in self.course.follow_up if visit.overall == "NE"
        ] + missed_visits(self.course, event_on)
        missed = sum(since < day < event_on for day in gap)
        return self._dated(before) if missed > self.course.rules.endpoints.max_missed else None

    def _adequate_before(self, day: datetime.date) -> list[Visit]:
        """Adequate assessments before a day; the read that shows the PD is none of them."""
        return [
            visit
            for visit in self.adequate
            if visit.read.clinical_day < day
            and (self.pd_order is None or visit.order < self.pd_order)
        ]

    def _dated(self, assessments: Sequence[Visit]) -> datetime.date:
        """The latest image day of the last of them, never before the start."""
        return max(assessments[-1].read.last_day, self.start) if assessments else self.start
