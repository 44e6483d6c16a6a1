"""Which scheduled visits were kept: each visit is held against what is dated in its window.

Clinical rules 4.1 ("Schedule"). The clock is a recorded closed day, never a reading.
"""

import datetime
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
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
        visits = list(visits_due(kind, plans, rules))
        for place, due in enumerate(visits):
            if closing is not None and due.due_on > closing:
                break
            if due.kept_open:
                continue
            if seen is None or closed_on is None or due.closes_on >= closed_on:
                closing = min(closing or due.closes_on, due.closes_on)
                continue
            kept, late = _kept(due, visits[place + 1 :], seen)
            row = 0 if kept else row + 1 if due.episode == episode else 1
            episode = due.episode
            past.append(PastVisit(due, row, late))
        if closing is not None:
            closings.append(closing)
    return Attendance(past, min(closings, default=None))


def states_of(
    visits: Iterable[DueVisit], seen: Seen, closed_on: datetime.date | None
) -> Iterator[tuple[DueVisit, VisitState]]:
    """Each visit of one kind with its state; `late` and `missed` need the clock."""
    every = list(visits)
    for place, due in enumerate(every):
        kept, late = _kept(due, every[place + 1 :], seen)
        over = closed_on is not None and due.closes_on < closed_on and not due.kept_open
        yield due, "done" if kept else "due" if not over else "late" if late else "missed"


def _kept(due: DueVisit, later: Sequence[DueVisit], seen: Seen) -> tuple[bool, Held | None]:  # type: ignore[type-arg]
    """Whether something is dated in the window; else what came before the next one opens.

    `later` are the visits due after it; one that has opened by its end is not waited for.
    """
    place = bisect_left(seen.days, due.opens_on)
    if place == len(seen.days):
        return False, None
    day = seen.days[place]
    if day <= due.closes_on:
        return True, None
    late = all(day < visit.opens_on for visit in later if visit.opens_on > due.closes_on)
    return False, seen.records[place] if late else None
