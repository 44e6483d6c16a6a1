"""Best overall response over a patient's visits, with and without confirmation.

Clinical rules 1.9. Days count from a visit's latest image day; the minimum duration of an SD from
the endpoint start (1.11).
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.clinical.course import Course
from monitor.clinical.parameters import Recist

EARLY_IS_NE = frozenset({"CR", "PR", "SD", "NON-CR/NON-PD"})


@dataclass(frozen=True, slots=True)
class BestResponse:
    """The best overall response: its value, the first visit's day, whether a pair confirms it."""

    value: str | None
    on: datetime.date | None
    confirmed: bool


@dataclass(frozen=True, slots=True)
class _Row:
    overall: str
    on: datetime.date
    long_enough: bool


def best_overall_response(course: Course) -> BestResponse:
    """Judge the follow-up reads of the study's series up to and including the first PD."""
    rules = course.rules.recist
    rows = _rows(course)
    if not rows:
        return BestResponse(rules.no_data, None, confirmed=False)
    first_confirmed = {value: _confirmed_on(rows, value, rules) for value in ("CR", "PR")}
    value, on = _best(rows, rules, first_confirmed)
    return BestResponse(value, on, confirmed=first_confirmed.get(value) is not None)


def _rows(course: Course) -> list[_Row]:
    start, rules = course.start_on, course.rules.recist
    rows = []
    for visit in course.follow_up:
        if visit.overall is None:
            continue
        on = visit.read.last_day
        lasted = start is not None and (on - start).days >= rules.min_sd_days
        dated = visit.pd_on if visit.overall == "PD" and visit.pd_on else on
        rows.append(_Row(visit.overall, dated, lasted))
        if visit.overall == "PD" and rules.cut_at_pd:
            break
    return rows


def _best(
    rows: Sequence[_Row], rules: Recist, confirmed: dict[str, datetime.date | None]
) -> tuple[str, datetime.date]:
    for value in ("CR", "PR"):
        found = confirmed[value]
        if not rules.confirmation_required:
            found = next((row.on for row in rows if row.overall == value), None)
        if found is not None:
            return value, found
    stable = {"SD", "CR", "PR"} if rules.confirmation_required else {"SD"}
    for value, overalls, needs_minimum in (
        ("SD", stable, True),
        ("NON-CR/NON-PD", {"NON-CR/NON-PD"}, True),
        ("NED", {"NED"}, False),
        ("PD", {"PD"}, False),
    ):
        for row in rows:
            if row.overall in overalls and (row.long_enough or not needs_minimum):
                return value, row.on
    return "NE", next(row.on for row in rows if row.overall in EARLY_IS_NE | {"NE"})


def _confirmed_on(rows: Sequence[_Row], value: str, rules: Recist) -> datetime.date | None:
    """The day of the first CR (or PR) that a later visit confirms (1.9, steps 1 and 2)."""
    for place, first in enumerate(rows):
        if first.overall != value:
            continue
        for end in range(place + 1, len(rows)):
            if _confirms(first, rows[place + 1 : end], rows[end], rules):
                return first.on
    return None


def _confirms(first: _Row, between: Sequence[_Row], last: _Row, rules: Recist) -> bool:
    if (last.on - first.on).days < rules.confirm_days:
        return False
    seen = [row.overall for row in between]
    if seen.count("NE") > rules.confirm_max_ne:
        return False
    if first.overall == "CR":
        return last.overall == "CR" and set(seen) <= {"CR", "NE"}
    return (
        last.overall in ("CR", "PR")
        and set(seen) <= {"CR", "PR", "NE", "SD"}
        and seen.count("SD") <= int(rules.confirm_accept_sd)
        and not _pr_after_cr([*seen, last.overall])
    )


def _pr_after_cr(overalls: Sequence[str]) -> bool:
    return "CR" in overalls and "PR" in overalls[overalls.index("CR") :]
