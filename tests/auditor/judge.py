"""The whole timeline document of one patient by definition (contract 4.1)."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from tests.auditor.actions import action_findings, endpoint_start
from tests.auditor.best_response import best_response
from tests.auditor.ctdna import Ctdna, ctdna
from tests.auditor.eligibility import eligibility, eligibility_findings
from tests.auditor.endpoints import endpoints
from tests.auditor.imaging import imaging as imaging_of
from tests.auditor.overdue import schedule_findings
from tests.auditor.review import review_findings
from tests.auditor.schedule import as_shown, visits
from tests.auditor.values import Found, Record, of_kind
from tests.auditor.visits import Imaging

NAMESPACE: Final = uuid.UUID("6f6e636f-6d6f-5e69-8f72-6374646e6131")
Key = tuple[str, str]
TRIGGER: Final = "SYSTEMIC_THERAPY_TRANSITION_TRIGGER"
# Clinical-rules 4.2, "Severity", for the findings that have one whatever they say.
SEVERITY: Final = {
    **dict.fromkeys(
        (
            *("CTDNA_CLEARANCE_PROVISIONAL", "CTDNA_CLEARANCE_SUSTAINED", "DEATH"),
            *("DISCORDANCE_IMAGING_POS_CTDNA_NEG", "SYSTEMIC_THERAPY_STARTED"),
        ),
        "info",
    ),
    **dict.fromkeys(
        (
            *("CTDNA_POSITIVE_IN_BLACKOUT", "MOLECULAR_RELAPSE_NOT_CONFIRMED", "ASSAY_CHANGED"),
            *("UNIT_NOT_COMPARABLE", "DATA_QUALITY", "RETROSPECTIVE_READ_REQUESTED"),
        ),
        "low",
    ),
    **dict.fromkeys(
        (
            *("MOLECULAR_RELAPSE_SUSPECTED", "CTDNA_CLEARANCE_LOST", "NEW_LESION_EQUIVOCAL"),
            *("TREATED_SITE_EQUIVOCAL", "DISCORDANCE_CTDNA_POS_IMAGING_NEG"),
            *("IMAGING_EXPEDITE_REQUESTED", "ELIGIBILITY_CONFLICT"),
        ),
        "medium",
    ),
    **dict.fromkeys(
        (
            *("MOLECULAR_RELAPSE_CONFIRMED", "NEW_LESION", "LOCAL_RECURRENCE"),
            *("RADIOGRAPHIC_PD", "OLIGOPROGRESSION", "LOST_TO_FOLLOWUP"),
            *("ELIGIBILITY_VIOLATION", "ELIGIBILITY_INCOMPLETE"),
        ),
        "high",
    ),
    **dict.fromkeys(("POLYPROGRESSION", TRIGGER, "RETRACTION_AFTER_ACTION"), "critical"),
}


def finding_id(study: str, patient: str, found: Found) -> str:
    """Contract 3: UUIDv5 of the JSON array of patient, name, discriminator, sorted evidence."""
    evidence = sorted({tuple(key) for key in found.identifying})
    parts = [study, patient, found.name, found.discriminator, [list(key) for key in evidence]]
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return str(uuid.uuid5(NAMESPACE, text))


def severity_of(found: Found) -> str:
    return found.severity or SEVERITY[found.name]


def row(study: str, patient: str, found: Found, *, held: bool) -> dict[str, Any]:
    """One entry of `standing_findings`."""
    return {
        "finding": found.name,
        "finding_id": finding_id(study, patient, found),
        "effective_on": found.on.isoformat(),
        "severity": severity_of(found),
        "evidence": [record_id for _, record_id in sorted({tuple(k) for k in found.identifying})],
        "details": found.details,
        "open": "resolved_on" not in found.details,
        "held": held,
    }


@dataclass
class Judgement:
    """The document, and the identifying evidence of its findings by finding id."""

    document: dict[str, Any]
    keys: dict[str, tuple[Key, ...]]


def all_findings(
    records: Sequence[Record],
    images: Imaging,
    blood: Ctdna,
    calendar: Sequence[dict[str, Any]],
    rules: dict[str, Any],
    clock: date | None,
) -> list[Found]:
    """Everything that stands by the records and the clock."""
    found = [*images.findings, *blood.findings, *eligibility_findings(records)]
    found += review_findings(images, blood, records, rules, clock)
    found += action_findings(records, [f for f in found if f.name == TRIGGER], rules)
    return found + schedule_findings(records, images, calendar, rules, clock)


def judgement(
    patient: tuple[str, str],
    records: Sequence[Record],
    rules: dict[str, Any],
    clock: date | None,
    *,
    incomplete: bool,
) -> Judgement:
    """The document from the standing records; `clock` is the latest closed day.

    RETRACTION_AFTER_ACTION is not in it: it depends on what was told (see `retraction`).
    """
    enrolled = bool(of_kind(records, "patient.enrolled"))
    images, blood = imaging_of(list(records), rules), ctdna(records, rules)
    calendar = visits(records, images, rules, clock)
    running = visits(records, images, rules, clock, withdrawals=False)
    found = all_findings(records, images, blood, calendar, rules, clock)
    rows = [row(*patient, one, held=not enrolled) for one in found]
    document = {
        "study_id": patient[0],
        "patient_id": patient[1],
        "enrolled": enrolled,
        "incomplete": incomplete,
        "imaging": [v.row() for v in images.visits],
        "ctdna": [sample.entry() for sample in blood.samples],
        "progression": images.earliest,
        **best_response(images, endpoint_start(records, rules), rules),
        "endpoints": endpoints(list(records), images, running, rules, clock),
        "eligibility": eligibility(records),
        "schedule": as_shown(calendar),
        "standing_findings": sorted(rows, key=lambda r: (r["effective_on"], r["finding_id"])),
    }
    keys = {finding_id(*patient, one): tuple(sorted(set(one.identifying))) for one in found}
    return Judgement(document, keys)


def judge(
    study: str,
    patient: str,
    records: Sequence[Record],
    rules: dict[str, Any],
    clock: date | None,
    incomplete: bool,  # noqa: FBT001 - the document's own order of what it is made from
) -> dict[str, Any]:
    """The document alone."""
    return judgement((study, patient), records, rules, clock, incomplete=incomplete).document
