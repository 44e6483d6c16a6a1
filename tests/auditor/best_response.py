"""Best overall response, response and clinical benefit by definition (1.9, 4.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.auditor.values import days, rule
from tests.auditor.visits import Imaging, Visit

NON_CR_NON_PD = "NON-CR/NON-PD"


@dataclass(frozen=True)
class Point:
    """One visit of the study's series after baseline: its overall value, and its day."""

    value: str
    last_day: date
    on: date


def points(imaging: Imaging, rules: Mapping[str, Any]) -> list[Point]:
    """Visits in order of image date, baselines and episode 0 left out, up to the first PD."""
    visits = [v for v in imaging.study if v.episode > 0 and v.overall is not None]
    visits.sort(key=lambda v: v.record.order)
    if rule(rules, "recist.cut_at_pd") and imaging.first_pd is not None:
        last = imaging.first_pd.record.order
        visits = [v for v in visits if v.record.order <= last]
    return [_point(v) for v in visits]


def _point(visit: Visit) -> Point:
    on = visit.pd_on if visit.overall == "PD" and visit.pd_on else visit.last_image_on
    return Point(str(visit.overall), visit.last_image_on, on)


def pair_of_cr(seen: Sequence[Point], i: int, rules: Mapping[str, Any]) -> bool:
    """Step 1: this CR has a later CR far enough away, with only CR or few NE between."""
    return seen[i].value == "CR" and any(
        seen[j].value == "CR"
        and _apart(seen, i, j, rules)
        and all(p.value in {"CR", "NE"} for p in seen[i + 1 : j])
        and _few_ne(seen, i, j, rules)
        for j in range(i + 1, len(seen))
    )


def pair_of_pr(seen: Sequence[Point], i: int, rules: Mapping[str, Any]) -> bool:
    """Step 2: this PR has a later CR or PR, nothing worse between, no PR after a CR."""
    most_sd = 1 if rule(rules, "recist.confirm_accept_sd") else 0
    return seen[i].value == "PR" and any(
        seen[j].value in {"CR", "PR"}
        and _apart(seen, i, j, rules)
        and all(p.value in {"CR", "PR", "NE", "SD"} for p in seen[i + 1 : j])
        and sum(p.value == "SD" for p in seen[i + 1 : j]) <= most_sd
        and _few_ne(seen, i, j, rules)
        and not _pr_after_cr([p.value for p in seen[i : j + 1]])
        for j in range(i + 1, len(seen))
    )


def _apart(seen: Sequence[Point], i: int, j: int, rules: Mapping[str, Any]) -> bool:
    least = rule(rules, "recist.confirm_days")
    return bool(days(seen[i].last_day, seen[j].last_day) >= least)


def _few_ne(seen: Sequence[Point], i: int, j: int, rules: Mapping[str, Any]) -> bool:
    between = sum(p.value == "NE" for p in seen[i + 1 : j])
    return bool(between <= rule(rules, "recist.confirm_max_ne"))


def _pr_after_cr(values: Sequence[str]) -> bool:
    return "CR" in values and "PR" in values[values.index("CR") :]


def best_response(
    imaging: Imaging, start_on: date | None, rules: Mapping[str, Any]
) -> dict[str, Any]:
    """The timeline's `best_overall_response`, `response` and `clinical_benefit`."""
    seen = points(imaging, rules)
    required = rule(rules, "recist.confirmation_required")
    confirmed = [pair_of_cr(seen, i, rules) or pair_of_pr(seen, i, rules) for i in range(len(seen))]
    responses = [
        p
        for p, pair in zip(seen, confirmed, strict=True)
        if p.value in {"CR", "PR"} and (pair or not required)
    ]

    def late(point: Point, least: int) -> bool:
        return start_on is not None and days(start_on, point.last_day) >= least

    values = rule(rules, "recist.benefit_values")
    least = rule(rules, "recist.benefit_min_days")
    benefit = responses + [p for p in seen if p.value in values and late(p, least)]
    return {
        "best_overall_response": _best(seen, start_on, rules),
        "response": _first(responses),
        "clinical_benefit": _first(benefit),
    }


def _first(chosen: Sequence[Point]) -> dict[str, Any]:
    on = min((p.on for p in chosen), default=None)
    return {"value": bool(chosen), "on": None if on is None else str(on)}


def _best(seen: Sequence[Point], start_on: date | None, rules: Mapping[str, Any]) -> dict[str, Any]:
    if not seen:
        return {"value": rule(rules, "recist.no_data"), "on": None, "confirmed": False}
    pairs = {
        "CR": any(pair_of_cr(seen, i, rules) for i in range(len(seen))),
        "PR": any(pair_of_pr(seen, i, rules) for i in range(len(seen))),
    }
    required = rule(rules, "recist.confirmation_required")
    least = rule(rules, "recist.min_sd_days")
    late = [p for p in seen if start_on is not None and days(start_on, p.last_day) >= least]
    steps: list[tuple[str, list[Point]]] = []
    if required:
        steps += [(v, [p for p in seen if p.value == v]) for v in ("CR", "PR") if pairs[v]]
        steps.append(("SD", [p for p in late if p.value in {"CR", "PR", "SD"}]))
        steps.append((NON_CR_NON_PD, [p for p in late if p.value == NON_CR_NON_PD]))
    else:
        steps += [(v, [p for p in seen if p.value == v]) for v in ("CR", "PR")]
        stable = [p for p in late if p.value in {"SD", NON_CR_NON_PD}]
        steps.append((stable[0].value if stable else "SD", stable))
    steps += [(v, [p for p in seen if p.value == v]) for v in ("NED", "PD")]
    steps.append(("NE", list(seen)))
    value, members = next((value, members) for value, members in steps if members)
    return {"value": value, "on": str(members[0].on), "confirmed": pairs.get(value, False)}
