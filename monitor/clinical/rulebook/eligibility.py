"""Rules of eligibility: what the latest assessment violates, leaves open or makes a conflict of."""

from collections.abc import Iterator

from monitor.clinical.course import Course
from monitor.clinical.eligibility import Judgement, Screening
from monitor.clinical.findings import Finding
from monitor.clinical.rule import Rule


def _violations(course: Course) -> Iterator[Finding]:
    if course.screening is None:
        return
    for judgement in course.screening.judgements:
        told_as_conflict = judgement.conflict and judgement.conflict.replaces_violation
        if judgement.result == "FAIL" and not told_as_conflict:
            yield _finding("ELIGIBILITY_VIOLATION", course.screening, judgement)


def _incomplete(course: Course) -> Iterator[Finding]:
    if course.screening is None:
        return
    for judgement in course.screening.judgements:
        if judgement.result == "UNKNOWN":
            yield _finding("ELIGIBILITY_INCOMPLETE", course.screening, judgement)


def _conflicts(course: Course) -> Iterator[Finding]:
    if course.screening is None:
        return
    for judgement in course.screening.judgements:
        if judgement.conflict:
            yield _finding("ELIGIBILITY_CONFLICT", course.screening, judgement)


def _finding(name: str, screening: Screening, judgement: Judgement) -> Finding:
    criterion, assessed_on = judgement.criterion, screening.held.fact.clinical_day
    return Finding(
        name,
        assessed_on,
        (screening.held,),
        details={"criterion": criterion.id},
        numbers={
            "criterion": criterion.id,
            "asks": criterion.asks,
            "day": assessed_on,
            "recorded": screening.why(judgement),
            "result": judgement.result,
            "conflict": judgement.conflict.words if judgement.conflict else "",
            "ambiguity": judgement.conflict.ambiguity if judgement.conflict else "",
        },
        discriminator=criterion.id,
    )


ROWS: tuple[Rule, ...] = (
    Rule(
        "eligibility.violation", 1, "ELIGIBILITY_VIOLATION", "high", "P", "5",
        "The assessment of {day} does not meet criterion {criterion}, which asks for {asks}. "
        "Recorded: {recorded}.",
        _violations,
    ),
    Rule(
        "eligibility.incomplete", 1, "ELIGIBILITY_INCOMPLETE", "high", "P", "5",
        "The assessment of {day} leaves criterion {criterion} open, which asks for {asks}. "
        "Recorded: {recorded}. What is missing is never taken as passed.",
        _incomplete,
    ),
    Rule(
        "eligibility.conflict", 1, "ELIGIBILITY_CONFLICT", "medium", "D", "5, 5.1",
        "The protocol contradicts itself on criterion {criterion} (question {ambiguity} to the "
        "study team), and the assessment of {day} depends on it: {conflict}. Recorded: {recorded}; "
        "counted as {result} until the study team has ruled.",
        _conflicts,
    ),
)  # fmt: skip
