"""Findings of what was done: systemic therapy, deviations, death (clinical-rules 4.2)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.auditor.values import Found, Record, num, of_kind, rule

Rules = dict[str, Any]


def endpoint_start(records: Sequence[Record], rules: Rules) -> date | None:
    """1.11: first local therapy, else enrolment; or enrolment alone."""
    enrolled = [r.clinical_day for r in of_kind(records, "patient.enrolled")]
    local = [r.clinical_day for r in of_kind(records, "therapy.local")]
    if rule(rules, "endpoints.start") == "FIRST_LOCAL_THERAPY" and local:
        return min(local)
    return min(enrolled, default=None)


def systemic_therapies(records: Sequence[Record], rules: Rules) -> list[Record]:
    """Those that did not start before the endpoint start."""
    start = endpoint_start(records, rules)
    therapies = of_kind(records, "therapy.systemic")
    return [t for t in therapies if start is None or t.clinical_day >= start]


def dose(therapy: Record, rules: Rules) -> Fraction | None:
    """BED in Gy as given, or D x (1 + (D / n) / alpha_beta), whatever the modality."""
    given, total, parts = (num(therapy.get(k)) for k in ("bed_gy", "total_dose_gy", "fractions"))
    if given is not None:
        return Fraction(given)
    if total is None or not parts:
        return None
    ratio = Fraction(Decimal(str(rule(rules, "local_therapy.alpha_beta_gy"))))
    each = Fraction(total) / Fraction(parts)
    return Fraction(total) * (1 + each / ratio)


def deviation(record: Record, kind: str, severity: str) -> Found:
    return Found(
        *("PROTOCOL_DEVIATION", record.clinical_day, [record.key]),
        *({"kind": kind}, kind, severity),
    )


def action_findings(
    records: Sequence[Record], triggers: Sequence[Found], rules: Rules
) -> list[Found]:
    """`triggers`: the standing SYSTEMIC_THERAPY_TRANSITION_TRIGGERs, resolved or not."""
    made = [Found("DEATH", r.clinical_day, [r.key]) for r in of_kind(records, "death.recorded")]
    low, high = (Fraction(Decimal(str(x))) for x in rule(rules, "local_therapy.bed_gy"))
    for therapy in of_kind(records, "therapy.local"):
        gray = dose(therapy, rules)
        if gray is not None and not low <= gray <= high:
            made.append(deviation(therapy, "dose", "medium"))
    reviews = of_kind(records, "review.held")
    for therapy in systemic_therapies(records, rules):
        on = therapy.clinical_day
        made.append(Found("SYSTEMIC_THERAPY_STARTED", on, [therapy.key]))
        triggered = any(trigger.on <= on for trigger in triggers)
        reviewed = any(review.clinical_day <= on for review in reviews)
        if not triggered and not reviewed:
            made.append(deviation(therapy, "systemic_therapy", "high"))
    return made
