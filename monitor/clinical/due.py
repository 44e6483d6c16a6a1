"""When visits are due and how long they stay open, counted from an episode's anchor.

Clinical rules 4.1 ("Schedule"). Days only: nothing here looks at what came or at the clock.
"""

import datetime
import functools
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import Literal

from msgspec import Struct

from monitor.clinical.episodes import Episode, HeldTherapy
from monitor.clinical.events import PatientEnrolled
from monitor.clinical.parameters import Schedule
from monitor.clinical.state import Held, PatientState
from monitor.clinical.terms import day_of
from monitor.clinical.visit import Visit

Kind = Literal["imaging", "ctdna"]
KINDS: tuple[Kind, ...] = ("imaging", "ctdna")
Offsets = tuple[tuple[timedelta, timedelta, timedelta], ...]


class DueVisit(Struct, frozen=True):
    """A scheduled visit: open from `opens_on` to `closes_on`, both included.

    `anchor` is the record that it is counted from. A window that is not over before `ends_on`,
    the day on which the schedule ends, is kept open for good.
    """

    kind: Kind
    episode: int
    due_on: datetime.date
    opens_on: datetime.date
    closes_on: datetime.date
    ends_on: datetime.date
    anchor: Held  # type: ignore[type-arg]

    @property
    def kept_open(self) -> bool:
        """Whether the schedule ends before the window does: then it is never missed."""
        return self.closes_on >= self.ends_on


class Plan(Struct, frozen=True):
    """An episode's schedule: what its visits are counted from, and the day that it ends on.

    The landmark sample is counted from the local therapy that ended last. `ends_on` is `date.max`
    while nothing ends the schedule.
    """

    episode: Episode
    anchor: Held  # type: ignore[type-arg]
    anchor_on: datetime.date
    ends_on: datetime.date


def ended_on(state: PatientState) -> datetime.date | None:
    """The day of death or of withdrawal from follow-up or consent, whichever is first."""
    deaths = (held.fact.clinical_day for held in state.deaths if held.final)
    withdrawals = (
        held.fact.clinical_day
        for held in state.withdrawals
        if held.final and held.fact.scope in ("follow_up", "consent")
    )
    return min(chain(deaths, withdrawals), default=None)


def plans_of(
    episodes: Sequence[Episode],
    reads: Sequence[Visit],
    enrolled: Sequence[Held[PatientEnrolled]],
    ended: datetime.date | None,
) -> tuple[Plan, ...]:
    """The plan of each episode that has an anchor, in order.

    `reads` are those of the study's series, `ended` the day that ends every schedule. There is
    no plan while a therapy of the round has no end, and none without anything to count from.
    """
    baselines = {read.episode.number: read for read in reads if read.is_baseline}
    found = []
    for place, episode in enumerate(episodes):
        following = episodes[place + 1].from_day if place + 1 < len(episodes) else datetime.date.max
        ends_on = following if ended is None else min(following, ended)
        anchor = _anchor(episode, baselines.get(episode.number), enrolled)
        if anchor is not None:
            found.append(Plan(episode, *anchor, ends_on))
    return tuple(found)


def _anchor(
    episode: Episode, baseline: Visit | None, enrolled: Sequence[Held[PatientEnrolled]]
) -> tuple[Held, datetime.date] | None:  # type: ignore[type-arg]
    """Surveillance baseline, else the last local therapy, else the earliest enrolment."""
    if episode.open:
        return None
    if baseline is not None:
        return baseline.held, baseline.read.clinical_day
    if episode.treated is not None:
        return episode.treated, episode.treated.fact.last_day
    if enrolled:
        return enrolled[0], day_of(enrolled[0].fact.enrolled_on)
    return None


def visits_due(kind: Kind, plans: Sequence[Plan], rules: Schedule) -> Iterator[DueVisit]:
    """All visits of a kind by due date, of each plan those before follow-up and plan are over."""
    offsets = _imaging_offsets(rules) if kind == "imaging" else _ctdna_offsets(rules)
    for plan in plans:
        last = _years_after(plan.anchor_on, rules.follow_up_years)
        visits = _counted_on(kind, plan, offsets)
        treated = plan.episode.treated
        if kind == "ctdna" and treated is not None:
            visits = _in_order(visits, _landmark(plan, treated, rules))
        for visit in visits:
            if visit.due_on > last or visit.due_on >= plan.ends_on:
                break
            yield visit


def _counted_on(kind: Kind, plan: Plan, offsets: Offsets) -> Iterator[DueVisit]:
    anchor, anchor_on, ends_on = plan.anchor, plan.anchor_on, plan.ends_on
    episode = plan.episode.number
    for due, opens, closes in offsets:
        yield DueVisit(
            kind, episode, anchor_on + due, anchor_on + opens, anchor_on + closes, ends_on, anchor
        )


def _in_order(serial: Iterator[DueVisit], landmark: DueVisit) -> Iterator[DueVisit]:
    """The landmark sample in its place among the serial ones."""
    waiting = True
    for visit in serial:
        if waiting and landmark.due_on <= visit.due_on:
            yield landmark
            waiting = False
        yield visit
    if waiting:
        yield landmark


def _landmark(plan: Plan, treated: HeldTherapy, rules: Schedule) -> DueVisit:
    treated_on = treated.fact.last_day
    due = treated_on + _days(rules.landmark_from_days)
    closes = treated_on + _days(rules.landmark_to_days)
    return DueVisit("ctdna", plan.episode.number, due, due, closes, plan.ends_on, treated)


def _imaging_offsets(rules: Schedule) -> Offsets:
    usual = (rules.imaging_days, rules.imaging_window_days)
    later = (rules.imaging_days_later, rules.imaging_window_days_later)
    return _offsets(usual, rules.imaging_later_after_days, later, rules.follow_up_years)


def _ctdna_offsets(rules: Schedule) -> Offsets:
    usual = (rules.ctdna_days, rules.ctdna_window_days)
    return _offsets(usual, 0, usual, rules.follow_up_years)


_days = functools.lru_cache(maxsize=64)(timedelta)  # making one costs more than adding it


@functools.lru_cache(maxsize=64)  # of the study's parameters alone, nothing of a patient
def _offsets(
    usual: tuple[int, int], later_after: int, later: tuple[int, int], years: int
) -> Offsets:
    """Days from the anchor to each visit, to its window's first and to its last day.

    `usual` and `later` are interval and window; visits due after `later_after` days are later
    ones, counted on from the last usual one.
    """
    found, due = [], 0
    while due <= years * 366:
        step, window = usual if due + usual[0] <= later_after else later
        due += step
        found.append((timedelta(due), timedelta(due - window), timedelta(due + window)))
    return tuple(found)


@functools.lru_cache(maxsize=2**12)
def _years_after(day: datetime.date, years: int) -> datetime.date:
    """The same day of a later year; of 29 February the 28th where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
