"""THE RULEBOOK: every rule is a row, and its sentence says what it says to a coordinator."""

from collections.abc import Iterator, Mapping

from monitor.clinical.course import Course
from monitor.clinical.findings import CATALOGUE_ORDER, Finding
from monitor.clinical.rule import Rule
from monitor.clinical.rulebook import (
    classes,
    clearance,
    ctdna,
    discordance,
    eligibility,
    imaging,
    reads,
    review,
    samples,
    schedule,
    sites,
    therapy,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *clearance.ROWS,
            *ctdna.ROWS,
            *eligibility.ROWS,
            *imaging.ROWS,
            *classes.ROWS,
            *reads.ROWS,
            *sites.ROWS,
            *samples.ROWS,
            *schedule.ROWS,
            *discordance.ROWS,
            *review.ROWS,
            *therapy.ROWS,
        ),
        key=lambda rule: CATALOGUE_ORDER[rule.finding],
    )
)
RULE_OF: Mapping[str, Rule] = {rule.id: rule for rule in RULES}


def derive(course: Course) -> Iterator[tuple[Rule, Finding]]:
    """Every finding that the standing facts support, in the order of the catalogue."""
    for rule in RULES:
        for finding in rule.derive(course):
            yield rule, finding
