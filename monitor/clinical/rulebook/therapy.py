"""Rules of what was done: systemic therapy, deviations from the protocol, death (4.2)."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from monitor.clinical.course import Course
from monitor.clinical.events import LocalTherapy, SystemicTherapy
from monitor.clinical.findings import Finding
from monitor.clinical.parameters import LocalTherapyRules
from monitor.clinical.rule import Rule, rounded
from monitor.clinical.rulebook.review import transition_triggers
from monitor.clinical.state import Held
from monitor.clinical.terms import plain


def _systemic(course: Course) -> Iterator[Held[SystemicTherapy]]:
    """Systemic therapies of the study: what began before its start is history (4.2)."""
    start_on = course.start_on
    for held in course.facts.systemic:
        if held.final and (start_on is None or held.fact.clinical_day >= start_on):
            yield held


def _systemic_started(course: Course) -> Iterator[Finding]:
    for held in _systemic(course):
        on = held.fact.clinical_day
        yield Finding("SYSTEMIC_THERAPY_STARTED", on, (held,), numbers={"on": on})


def _unasked_systemic(course: Course) -> Iterator[Finding]:
    triggers: list[Finding] | None = None
    for held in _systemic(course):
        on = held.fact.clinical_day
        if triggers is None:
            triggers = list(transition_triggers(course))
        reviewed = any(r.final and r.fact.clinical_day <= on for r in course.facts.reviews)
        if not reviewed and not any(trigger.effective_on <= on for trigger in triggers):
            yield Finding(
                "PROTOCOL_DEVIATION",
                on,
                (held,),
                details={"kind": "systemic_therapy"},
                numbers={"on": on},
                discriminator="systemic_therapy",
            )


def bed_gy(therapy: LocalTherapy, rules: LocalTherapyRules) -> Decimal | None:
    """The biologically effective dose in Gy as given, else D (1 + (D / n) / (alpha/beta)).

    None when neither can be told.
    """
    dose, fractions = therapy.total_dose_gy, therapy.fractions
    if therapy.bed_gy is not None or dose is None or not fractions:
        return therapy.bed_gy
    whole = fractions * rules.alpha_beta_gy
    return dose * (whole + dose) / whole  # one division, the last: exact at the bounds


def _dose(course: Course) -> Iterator[Finding]:
    rules = course.rules.local_therapy
    for held in course.therapies:
        given = bed_gy(held.fact, rules)
        if given is not None and not rules.bed_gy[0] <= given <= rules.bed_gy[1]:
            # Shown away from the bounds: 71.96 Gy are outside 72 to 100, and must look so.
            outwards = ROUND_FLOOR if given < rules.bed_gy[0] else ROUND_CEILING
            yield Finding(
                "PROTOCOL_DEVIATION",
                held.fact.clinical_day,
                (held,),
                details={"kind": "dose"},
                numbers={
                    "on": held.fact.clinical_day,
                    "bed": plain(rounded(given, "0.1", outwards)),
                    "computed": _computed(held.fact, rules),
                },
                discriminator="dose",
            )


def _computed(therapy: LocalTherapy, rules: LocalTherapyRules) -> str:
    """How the dose was told, where it was not recorded as such."""
    if therapy.bed_gy is not None:
        return ""
    ratio = plain(rules.alpha_beta_gy)
    return f" (computed from dose and fractions with an alpha/beta of {ratio} Gy)"


def _death(course: Course) -> Iterator[Finding]:
    for held in course.facts.deaths:
        if held.final:
            on = held.fact.clinical_day
            yield Finding("DEATH", on, (held,), numbers={"on": on})


ROWS: tuple[Rule, ...] = (
    Rule(
        "therapy.systemic", 1, "SYSTEMIC_THERAPY_STARTED", "info", "P", "4.2",
        "Systemic therapy, which this protocol withholds until it is triggered, began on {on}.",
        _systemic_started,
        ("endpoints.start",),
    ),
    Rule(
        "therapy.systemic_deviation", 1, "PROTOCOL_DEVIATION", "high", "P", "4.2",
        "Systemic therapy began on {on} with no transition trigger standing on that day and no "
        "review held on or before it.",
        _unasked_systemic,
        ("endpoints.start",),
    ),
    Rule(
        "therapy.dose_deviation", 1, "PROTOCOL_DEVIATION", "medium", "P", "4.2, 5",
        "The biologically effective dose of the local therapy begun on {on} is {bed} Gy, outside "
        "{rules.local_therapy.bed_gy[0]} to {rules.local_therapy.bed_gy[1]} Gy{computed}.",
        _dose,
        ("local_therapy.bed_gy", "local_therapy.alpha_beta_gy"),
    ),
    Rule(
        "death", 1, "DEATH", "info", "-", "4.2",
        "The patient died on {on}.",
        _death,
    ),
)  # fmt: skip
