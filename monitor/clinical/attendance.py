"""Which scheduled visits were kept: each visit is held against what is dated in its window.

Clinical rules 4.1 ("Schedule"). The clock is a recorded closed day, never a reading.
"""

import datetime
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import Literal

from msgspec import Struct

from monitor.clinical.due import KINDS, DueVisit, Kind, Plan, visits_due
from monitor.clinical.parameters import Schedule
from monitor.clinical.state import Held, PatientState

VisitState = Literal["done", "late", "missed", "due"]


class Seen(Struct, frozen=True):
    """The records that can keep a kind of visit, in order, and the day of each."""

    days: Sequence[datetime.date]
    records: Sequence[Held]  # type: ignore[type-arg]


class PastVisit(Struct, frozen=True):
    """A visit whose window the clock has passed.

    `late` is the record that resolves a missed visit; `missed_in_a_row` counts the missed visits
    of its kind and episode up to this one, 0 when it is done.
    """

    due: DueVisit
    missed_in_a_row: int
    late: Held | None  # type: ignore[type-arg]


class Attendance(Struct, frozen=True):
    """Past visits by kind and due date, and the day on which the next window closes, if any."""

    past: Sequence[PastVisit]
    next_closing_on: datetime.date | None


def seen_of(kind: Kind, state: PatientState) -> Seen:
    """Reads of any reader, or samples whose call is not `cancelled`; of whatever status."""
    records: Sequence[Held] = state.imaging  # type: ignore[type-arg]
    if kind == "ctdna":
        records = [held for held in state.ctdna if held.fact.call != "cancelled"]
    return seen_in(records)


def seen_in(records: Sequence[Held]) -> Seen:  # type: ignore[type-arg]
    """Records that are in clinical order, with their days."""
    return Seen([held.fact.clinical_day for held in records], records)


def attendance_of(
    plans: Sequence[Plan], state: PatientState, rules: Schedule, closed_on: datetime.date | None
) -> Attendance:
    """Look at every visit up to the clock, and at the next to close."""
    past: list[PastVisit] = []
    closings = []
    for kind in KINDS:
        closing = None
        row = 0
        episode = 0
        seen = seen_of(kind, state) if closed_on is not None else None
        for due, following in _with_following(visits_due(kind, plans, rules)):
            if closing is not None and due.due_on > closing:
                break
            if due.kept_open:
                continue
            if seen is None or closed_on is None or due.closes_on >= closed_on:
                closing = min(closing or due.closes_on, due.closes_on)
                continue
            kept, late = _kept(due, following, seen)
            row = 0 if kept else row + 1 if due.episode == episode else 1
            episode = due.episode
            past.append(PastVisit(due, row, late))
        if closing is not None:
            closings.append(closing)
    return Attendance(past, min(closings, default=None))


def states_of(
    visits: Iterator[DueVisit], seen: Seen, closed_on: datetime.date | None
) -> Iterator[tuple[DueVisit, VisitState]]:
    """Each visit of one kind with its state; `late` and `missed` need the clock."""
    for due, following in _with_following(visits):
        kept, late = _kept(due, following, seen)
        over = closed_on is not None and due.closes_on < closed_on and not due.kept_open
        yield due, "done" if kept else "due" if not over else "late" if late else "missed"


def _with_following(visits: Iterator[DueVisit]) -> Iterator[tuple[DueVisit, DueVisit | None]]:
    """Each visit with the next one to open after it has closed; the last of all has none."""
    ahead: deque[DueVisit] = deque(islice(visits, 2))
    while ahead:
        due = ahead.popleft()
        yield due, _opening_after(due.closes_on, ahead, visits)


def _opening_after(
    day: datetime.date, ahead: deque[DueVisit], visits: Iterator[DueVisit]
) -> DueVisit | None:
    """The first visit to open after a day.

    Visits come by due date; only a landmark may open later than the one that is due after it.
    """
    following: DueVisit | None = None
    for place in count():
        if place == len(ahead):
            ahead.extend(islice(visits, 1))
        if place == len(ahead):
            break
        other = ahead[place]
        if following is not None:
            return other if day < other.opens_on < following.opens_on else following
        if other.opens_on > day:
            following = other
    return following


def _kept(due: DueVisit, following: DueVisit | None, seen: Seen) -> tuple[bool, Held | None]:  # type: ignore[type-arg]
    """Whether something is dated in the window; else what came before the next one opens."""
    place = bisect_left(seen.days, due.opens_on)
    if place == len(seen.days):
        return False, None
    day = seen.days[place]
    if day <= due.closes_on:
        return True, None
    late = following is None or day < following.opens_on
    return False, seen.records[place] if late else None
