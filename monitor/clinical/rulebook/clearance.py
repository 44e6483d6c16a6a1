"""Rules of ctDNA clearance: provisional, sustained, lost (clinical rules 2.5 and 4.5)."""

from collections.abc import Iterator

from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.rule import Rule


def _provisional(course: Course) -> Iterator[Finding]:
    for clearance in course.clearances:
        negative, positive = clearance.provisional, clearance.positive
        yield Finding(
            "CTDNA_CLEARANCE_PROVISIONAL",
            negative.day,
            (negative.held,),
            supporting=(positive.held,),
            numbers={"day": negative.day, "positive": positive.day},
        )


def _sustained(course: Course) -> Iterator[Finding]:
    for clearance in course.clearances:
        first, last = clearance.provisional, clearance.sustained
        if last is None:
            continue
        yield Finding(
            "CTDNA_CLEARANCE_SUSTAINED",
            first.day,
            (first.held, last.held),
            supporting=(clearance.positive.held,),
            numbers={
                "count": clearance.negatives,
                "first": first.day,
                "last": last.day,
                "span": (last.day - first.day).days,
                "positive": clearance.positive.day,
            },
        )


def _lost(course: Course) -> Iterator[Finding]:
    for clearance in course.clearances:
        if clearance.lost is None:
            continue
        yield Finding(
            "CTDNA_CLEARANCE_LOST",
            clearance.lost.day,
            (clearance.lost.held,),
            supporting=(clearance.provisional.held,),
            numbers={
                "day": clearance.lost.day,
                "kind": "sustained" if clearance.sustained else "provisional",
                "first": clearance.provisional.day,
            },
        )


ROWS: tuple[Rule, ...] = (
    Rule(
        "ctdna.clearance_provisional", 1, "CTDNA_CLEARANCE_PROVISIONAL", "info", "D", "2.5, 4.5",
        "ctDNA was not detected in the counted sample of {day}, after it had been detected in "
        "that of {positive}: a provisional clearance. It is sustained by "
        "{rules.ctdna.clearance.n} counted negatives in a row over at least "
        "{rules.ctdna.clearance.min_span} days. A negative ctDNA does not rule out a lung relapse.",
        _provisional,
        thresholds=("ctdna.clearance.n", "ctdna.clearance.min_span"),
    ),
    Rule(
        "ctdna.clearance_sustained", 1, "CTDNA_CLEARANCE_SUSTAINED", "info", "D", "2.5, 4.5",
        "ctDNA was not detected in {count} counted samples in a row, from {first} to {last} "
        "({span} days), after it had been detected in that of {positive}: a sustained clearance "
        "(the rule asks for {rules.ctdna.clearance.n} over at least "
        "{rules.ctdna.clearance.min_span} days). A negative ctDNA does not rule out a lung "
        "relapse.",
        _sustained,
        thresholds=("ctdna.clearance.n", "ctdna.clearance.min_span"),
    ),
    Rule(
        "ctdna.clearance_lost", 1, "CTDNA_CLEARANCE_LOST", "medium", "D", "4.5",
        "ctDNA was detected in the sample of {day}: the {kind} clearance that began on {first} "
        "is lost.",
        _lost,
    ),
)  # fmt: skip
