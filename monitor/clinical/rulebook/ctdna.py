"""Rules of ctDNA runs: suspicion, confirmation, rise (clinical rules 2 and 4.5)."""

import datetime
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from decimal import ROUND_DOWN

from pydantic import JsonValue

from monitor.clinical.course import Course
from monitor.clinical.ctdna import Run
from monitor.clinical.events import LocalTherapy
from monitor.clinical.findings import Finding
from monitor.clinical.kinetics import Rise
from monitor.clinical.parameters import Parameters
from monitor.clinical.rule import Rule, rounded
from monitor.clinical.state import Held
from monitor.clinical.units import amount_words


def _suspected(course: Course) -> Iterator[Finding]:
    ended = _Ended(course)
    for run in course.runs:
        if not run.suspected:
            continue
        first = run.members[0]
        from_days, until_days = course.rules.ctdna.redraw_window
        redraw_from = (first.day + datetime.timedelta(days=from_days)).isoformat()
        redraw_until = (first.day + datetime.timedelta(days=until_days)).isoformat()
        details: dict[str, JsonValue] = {
            "pattern": run.pattern,
            "redraw_from": redraw_from,
            "redraw_until": redraw_until,
            **_resolution(run),
        }
        yield Finding(
            "MOLECULAR_RELAPSE_SUSPECTED",
            first.day,
            (first.held,),
            supporting=ended.last_before(first.day),
            details=details,
            numbers={
                "day": first.day,
                "pattern": _PATTERN_WORDS[run.pattern, bool(course.therapies)],
                "chip": _CHIP_WORDS if first.not_counted_because == "chip" else "",
                "answer": _answer(run, course.rules)
                or f": draw again from {redraw_from} to {redraw_until}",
            },
        )


_PATTERN_WORDS: Mapping[tuple[str, bool], str] = {  # the pattern, and whether there was a therapy
    ("RELAPSE", True): "after a negative since the last local therapy (relapse)",
    ("RELAPSE", False): "after a negative (relapse)",
    ("PERSISTENCE", True): "with no negative since the last local therapy (persistence)",
    ("PERSISTENCE", False): "with no negative before it (persistence)",
}


_CHIP_WORDS = (
    "; its genes are those of clonal haematopoiesis only, so that it cannot confirm a relapse"
)


def _answer(run: Run, rules: Parameters) -> str:
    """What became of a suspicion in words; empty while it is open."""
    if run.confirmation:
        return f", confirmed by the sample of {run.confirmation.by.day}"
    if run.refuted_by:
        return f", not confirmed by the sample of {run.refuted_by.day}"
    if run.closed_by is None:
        return ""
    if isinstance(run.closed_by.fact, LocalTherapy):
        return f", ended by the local therapy of {run.closed_on}"
    return (
        f", gone stale: the next positive, of {run.closed_on}, came more than "
        f"{rules.ctdna.confirm.max_gap} days after the one before it"
    )


class _Ended:
    """The local therapies by the day they ended on."""

    def __init__(self, course: Course) -> None:
        # Of several that ended on one day the first in order counts.
        self._by_day = {held.fact.last_day: held for held in reversed(course.therapies)}
        self._days = sorted(self._by_day)

    def last_before(self, day: datetime.date) -> tuple[Held, ...]:  # type: ignore[type-arg]
        """The one that ended last before a sample: supporting evidence."""
        before = bisect_left(self._days, day)
        return (self._by_day[self._days[before - 1]],) if before else ()


def _resolution(run: Run) -> dict[str, JsonValue]:
    """What answered a suspicion: the confirming or refuting sample, a therapy, staleness (4.2)."""
    ended = run.confirmation.by.held if run.confirmation else run.closed_by
    if ended is None:
        return {}
    return {
        "resolved_on": ended.fact.clinical_day.isoformat(),
        "resolved_by": ended.fact.record_id,
    }


def _not_confirmed(course: Course) -> Iterator[Finding]:
    ended = _Ended(course)
    for run in course.runs:
        if run.refuted_by and run.suspected:
            first, negative = run.members[0], run.refuted_by
            yield Finding(
                "MOLECULAR_RELAPSE_NOT_CONFIRMED",
                negative.day,
                (first.held, negative.held),
                supporting=ended.last_before(first.day),
                numbers={"first": first.day, "day": negative.day},
            )


def _confirmed(course: Course) -> Iterator[Finding]:
    second = course.rules.ctdna.confirm.date == "second"
    ended = _Ended(course)
    for run, confirmation in course.confirmed:
        first, confirming = confirmation.first, confirmation.by
        between = tuple(m.held for m in run.members if first.day <= m.day <= confirming.day)
        gap = (confirming.day - first.day).days
        comparable = "" if course.rules.ctdna.cross_assay_confirm else "in comparable assays and "
        yield Finding(
            "MOLECULAR_RELAPSE_CONFIRMED",
            confirming.day if second else first.day,
            confirmation.pair,
            supporting=between + ended.last_before(first.day),
            numbers={
                "first": first.day,
                "again": f" and again in that of {confirming.day}, {gap} days later, {comparable}"
                "without a counted negative between"
                if first is not confirming
                else "",
                "asked": _asked(course.rules),
            },
        )


def _asked(rules: Parameters) -> str:
    confirm = rules.ctdna.confirm
    if confirm.n == 1:
        return "in this study one positive is enough"
    return (
        f"this study asks for two positives at least {confirm.min_gap} days apart, and at most "
        f"{confirm.max_gap} days from one positive to the next"
    )


def _rising(course: Course) -> Iterator[Finding]:
    for run in course.runs:
        for rise in run.rises:
            earlier, sample = rise.evidence
            yield Finding(
                "RISING_CTDNA",
                sample.day,
                (earlier.held, sample.held),
                supporting=tuple(point.held for point in rise.between),
                details={
                    "trigger": rise.trigger,
                    "fast": rise.fast,
                    "doubling_time_days": rise.doubling_time_days,
                },
                numbers={
                    "amount": amount_words(sample.held.fact),
                    "day": sample.day,
                    "times": rounded(rise.times, "0.01", ROUND_DOWN),
                    "before": amount_words(earlier.held.fact),
                    "first": earlier.day,
                    "compared": _COMPARED[rise.trigger].format(rules=course.rules),
                    "rate": _rate(rise, course.rules),
                },
                severity="high" if rise.fast else None,
            )


_COMPARED: Mapping[str, str] = {
    "FOLD": "the lowest before it in this run of positives (the rule asks for "
    "{rules.ctdna.rise.fold} times, with confidence intervals apart where both are known)",
    "TREND": "and each sample between rose over the one before it (the rule asks for "
    "{rules.ctdna.rise.trend.points} rising samples over at least "
    "{rules.ctdna.rise.trend.min_span} days that double within "
    "{rules.ctdna.rise.trend.max_dt} days)",
}


def _rate(rise: Rise, rules: Parameters) -> str:
    """The doubling time in words, fitted over the run; empty where there is none."""
    if rise.doubling_time_days is None:
        return ""
    fast = f"which is fast (at most {rules.ctdna.rise.fast_dt} days)"
    return (
        f" Over the quantified samples of the run the amount doubles in {rise.doubling_time_days} "
        f"days{f', {fast}' if rise.fast else ''}."
    )


ROWS: tuple[Rule, ...] = (
    Rule(
        "ctdna.suspected", 1, "MOLECULAR_RELAPSE_SUSPECTED", "medium", "L", "4.5, 2.5",
        "ctDNA was detected in the sample of {day}, {pattern}{chip}. "
        "One positive is a suspicion{answer}.",
        _suspected,
        thresholds=("ctdna.redraw_window", "ctdna.confirm.max_gap"),
    ),
    Rule(
        "ctdna.not_confirmed", 1, "MOLECULAR_RELAPSE_NOT_CONFIRMED", "low", "D", "4.5",
        "The suspicion of {first} is not confirmed: ctDNA was not detected in the counted "
        "sample of {day}. A negative ctDNA does not rule out a lung relapse.",
        _not_confirmed,
    ),
    Rule(
        "ctdna.confirmed", 1, "MOLECULAR_RELAPSE_CONFIRMED", "high", "D", "4.5, 2.6",
        "ctDNA was detected in the sample of {first}{again}: {asked}.",
        _confirmed,
        thresholds=(
            "ctdna.confirm.n", "ctdna.confirm.min_gap", "ctdna.confirm.max_gap",
            "ctdna.confirm.date", "ctdna.cross_assay_confirm", "ctdna.chip_genes",
        ),
    ),
    Rule(
        "ctdna.rising", 1, "RISING_CTDNA", "medium", "D", "2.9, 4.5",
        "ctDNA rises: {amount} in the sample of {day} is {times} times the {before} of {first}, "
        "{compared}.{rate}",
        _rising,
        thresholds=(
            "ctdna.rise.fold", "ctdna.rise.trend.points", "ctdna.rise.trend.min_span",
            "ctdna.rise.trend.max_dt", "ctdna.rise.fast_dt",
        ),
    ),
)  # fmt: skip
