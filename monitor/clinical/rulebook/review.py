"""Rules that put it to the clinicians: review, and the transition to systemic therapy (4.3)."""

import datetime
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.review import AnyHeld, Cause, by_evidence, words_of
from monitor.clinical.rule import Rule


def answered(records: Sequence[AnyHeld], on: datetime.date) -> dict[str, JsonValue]:
    """Resolution by the first final record dated on or after a day (4.2, "What ends")."""
    for held in records:
        if held.final and held.fact.clinical_day >= on:
            return {
                "resolved_on": held.fact.clinical_day.isoformat(),
                "resolved_by": held.fact.record_id,
            }
    return {}


def _mdt_review(course: Course) -> Iterator[Finding]:
    for causes in by_evidence(course.causes):
        on = min(cause.on for cause in causes)
        numbers: list[JsonValue] = [cause.number for cause in causes]
        yield Finding(
            "MDT_REVIEW_REQUESTED",
            on,
            causes[0].identifying,
            supporting=_supporting(causes),
            details={"causes": numbers, **answered(course.facts.reviews, on)},
            numbers={"on": on, "causes": _in_words(causes)},
            severity="critical" if "T6" in numbers else None,
        )


def transition_triggers(course: Course) -> Iterator[Finding]:
    """The transition triggers that stand: one per identifying evidence (4.3)."""
    for causes in by_evidence([cause for cause in course.causes if cause.level]):
        on = min(cause.on for cause in causes)
        levels = {cause.level for cause in causes}
        level = "RECOMMENDED" if "RECOMMENDED" in levels else "CONSIDER"
        yield Finding(
            "SYSTEMIC_THERAPY_TRANSITION_TRIGGER",
            on,
            causes[0].identifying,
            supporting=_supporting(causes),
            details={
                "causes": [cause.number for cause in causes],
                "level": level,
                **answered(course.facts.systemic, on),
            },
            numbers={"on": on, "causes": _in_words(causes), "level": _LEVEL_WORDS[level]},
        )


_LEVEL_WORDS = {
    "RECOMMENDED": "The study's rules recommend the transition to systemic therapy",
    "CONSIDER": "The transition to systemic therapy should be considered",
}


def _supporting(causes: Sequence[Cause]) -> tuple[AnyHeld, ...]:
    return tuple(held for cause in causes for held in cause.supporting)


def _in_words(causes: Sequence[Cause]) -> str:
    return "; ".join(f"{words_of(cause)} ({cause.number})" for cause in causes)


def _told_elsewhere(_course: Course) -> Iterator[Finding]:
    """Not from the facts alone: it depends on what people were told (see retraction.py)."""
    return iter(())


ROWS: tuple[Rule, ...] = (
    Rule(
        "review.mdt", 1, "MDT_REVIEW_REQUESTED", "high", "D", "4.3",
        "A multidisciplinary review is asked for as of {on}: {causes}.",
        _mdt_review,
        ("local_therapy.max_rounds", "discordance.window", "transition.ctdna_alone"),
    ),
    Rule(
        "review.transition", 1, "SYSTEMIC_THERAPY_TRANSITION_TRIGGER", "critical", "D", "4.3",
        "{level} as of {on}: {causes}. Nothing is ordered; a clinician decides.",
        transition_triggers,
        ("local_therapy.max_rounds", "discordance.window", "transition.ctdna_alone"),
    ),
    Rule(
        "review.retraction", 1, "RETRACTION_AFTER_ACTION", "critical", "D", "4.2, 4.4",
        "People may have acted on what is now withdrawn: {withdrawn}, dated {on}, no longer hold "
        "{ground}, and on {acted_on} {action}. Those who acted should know.",
        _told_elsewhere,
    ),
)  # fmt: skip
