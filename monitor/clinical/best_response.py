"""Best overall response, objective response and clinical benefit over a patient's visits.

Clinical rules 1.9 and 4.1 (`recist.benefit_values`). Days count from a visit's latest image day;
minimum durations from the endpoint start (1.11).
"""

import datetime
from collections.abc import Mapping, Sequence

from msgspec import Struct

from monitor.clinical.course import Course
from monitor.clinical.parameters import Recist

# The best value is the one of the lowest rank; of equal ranks the earliest visit's.
RANKS_CONFIRMED: Mapping[str, int] = {
    "CR": 0, "PR": 1, "SD": 2, "NON-CR/NON-PD": 3, "NED": 4, "PD": 5, "NE": 6,
}  # fmt: skip
RANKS: Mapping[str, int] = {
    "CR": 0, "PR": 1, "SD": 2, "NON-CR/NON-PD": 2, "NED": 3, "PD": 4, "NE": 5,
}  # fmt: skip
CONFIRMED_BY: Mapping[str, frozenset[str]] = {
    "CR": frozenset({"CR"}),
    "PR": frozenset({"CR", "PR"}),
}
NEEDS_MINIMUM = frozenset({"SD", "NON-CR/NON-PD"})


class BestResponse(Struct, frozen=True):
    """The best overall response: its value, the first visit's day, whether a pair confirms it."""

    value: str | None
    on: datetime.date | None
    confirmed: bool


class Responses(Struct, frozen=True):
    """What the visits add up to; a day is None when there was no response, or no benefit."""

    best: BestResponse
    response_on: datetime.date | None
    benefit_on: datetime.date | None


class _Row(Struct, frozen=True):
    """A visit: its overall value, its day (of a PD the PD date) and its latest image day."""

    overall: str
    on: datetime.date
    last_day: datetime.date


def responses_of(course: Course) -> Responses:
    """Judge the follow-up reads of the study's series, by default up to the first PD."""
    rules, rows = course.rules.recist, _rows(course)
    pairs = [_is_confirmed(rows, place, rules) for place in range(len(rows))]
    responded = [
        row.on
        for row, confirmed in zip(rows, pairs, strict=True)
        if row.overall in CONFIRMED_BY and (confirmed or not rules.confirmation_required)
    ]
    return Responses(
        best=_best(rows, pairs, course),
        response_on=min(responded, default=None),
        benefit_on=min(
            responded
            + [
                row.on
                for row in rows
                if row.overall in rules.benefit_values
                and _lasted(row, course.start_on, rules.benefit_min_days)
            ],
            default=None,
        ),
    )


def _rows(course: Course) -> list[_Row]:
    """Visits up to the first PD, which may be a biopsy's; the biopsy itself is no visit."""
    first_pd = next(iter(course.first_pds), None)
    cut = first_pd.order if first_pd and course.rules.recist.cut_at_pd else None
    rows = []
    for visit in course.follow_up:
        if visit.overall is None or (cut is not None and visit.order > cut):
            continue
        last_day = visit.read.last_day
        rows.append(_Row(visit.overall, visit.pd_on or last_day, last_day))
    return rows


def _lasted(row: _Row, start: datetime.date | None, days: int) -> bool:
    return start is not None and (row.last_day - start).days >= days


def _best(rows: Sequence[_Row], pairs: Sequence[bool], course: Course) -> BestResponse:
    """The value of the lowest rank among what each visit counts as."""
    rules, start = course.rules.recist, course.start_on
    if not rows:
        return BestResponse(rules.no_data, None, confirmed=False)
    ranks = RANKS_CONFIRMED if rules.confirmation_required else RANKS
    confirmed = {row.overall for row, pair in zip(rows, pairs, strict=True) if pair}
    counted = []
    for row in rows:
        value = row.overall
        if value in CONFIRMED_BY and rules.confirmation_required and value not in confirmed:
            value = "SD"  # a response that nothing confirms is at most stable disease
        if value in NEEDS_MINIMUM and not _lasted(row, start, rules.min_sd_days):
            value = "NE"
        counted.append((value, row.on))
    value, on = min(counted, key=lambda one: ranks[one[0]])
    return BestResponse(value, on, confirmed=value in confirmed)


def _is_confirmed(rows: Sequence[_Row], place: int, rules: Recist) -> bool:
    """Whether a later visit confirms the CR or PR of this one (1.9, steps 1 and 2)."""
    first = rows[place]
    if first.overall not in CONFIRMED_BY:
        return False
    accept_sd = rules.confirm_accept_sd and first.overall == "PR"
    spare = {"NE": rules.confirm_max_ne, "SD": int(accept_sd)}
    cr_seen = False
    for row in rows[place + 1 :]:
        if row.overall in CONFIRMED_BY[first.overall]:
            if cr_seen and row.overall == "PR":
                return False
            cr_seen = cr_seen or row.overall == "CR"
            if (row.last_day - first.last_day).days >= rules.confirm_days:
                return True
        elif spare.get(row.overall, 0) == 0:
            return False
        else:
            spare[row.overall] -= 1
    return False
