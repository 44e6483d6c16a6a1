"""Findings and notices: what holds now, what is said about it, and the ids of both (contract 3)."""

import datetime
import functools
import json
import uuid
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import asdict
from pydantic import JsonValue

from monitor.clinical.state import EvidenceItem, Held, Told
from monitor.clinical.terms import Action, Severity

NAMESPACE = uuid.UUID("6f6e636f-6d6f-5e69-8f72-6374646e6131")
EVIDENCE_MAX = 50
IDS_REMEMBERED = 2**14  # an id is a pure function of what it names
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
ADVISORY = (
    "Decision support for trial staff: this notice orders nothing, "
    "a clinician reviews the sources and decides."
)

# In the order of the clinical rules, 4.2.
CATALOGUE: tuple[str, ...] = (
    "CTDNA_POSITIVE_IN_BLACKOUT",
    "MOLECULAR_RELAPSE_SUSPECTED",
    "MOLECULAR_RELAPSE_NOT_CONFIRMED",
    "MOLECULAR_RELAPSE_CONFIRMED",
    "RISING_CTDNA",
    "CTDNA_CLEARANCE_PROVISIONAL",
    "CTDNA_CLEARANCE_SUSTAINED",
    "CTDNA_CLEARANCE_LOST",
    "ASSAY_CHANGED",
    "UNIT_NOT_COMPARABLE",
    "DATA_QUALITY",
    "NEW_LESION_EQUIVOCAL",
    "NEW_LESION",
    "TREATED_SITE_EQUIVOCAL",
    "LOCAL_RECURRENCE",
    "RADIOGRAPHIC_PD",
    "OLIGOPROGRESSION",
    "POLYPROGRESSION",
    "DISCORDANCE_CTDNA_POS_IMAGING_NEG",
    "DISCORDANCE_IMAGING_POS_CTDNA_NEG",
    "IMAGING_EXPEDITE_REQUESTED",
    "RETROSPECTIVE_READ_REQUESTED",
    "MDT_REVIEW_REQUESTED",
    "SYSTEMIC_THERAPY_TRANSITION_TRIGGER",
    "SYSTEMIC_THERAPY_STARTED",
    "PROTOCOL_DEVIATION",
    "OVERDUE_ASSESSMENT",
    "LOST_TO_FOLLOWUP",
    "ELIGIBILITY_VIOLATION",
    "ELIGIBILITY_INCOMPLETE",
    "ELIGIBILITY_CONFLICT",
    "RETRACTION_AFTER_ACTION",
    "DEATH",
)
CATALOGUE_ORDER: Mapping[str, int] = {name: place for place, name in enumerate(CATALOGUE)}


def evidence_item(held: Held, role: str) -> EvidenceItem:  # type: ignore[type-arg]
    """The evidence line of a standing record; `role` is `identifying` or `supporting`."""
    return EvidenceItem(
        source=held.source,
        record_id=held.fact.record_id,
        record_version=held.fact.record_version,
        role=role,
    )


class Finding(Struct, frozen=True):
    """A rule that holds now for one patient.

    `identifying` and `supporting` are the records of clinical rules 4.2; `numbers` fills the
    rule's sentence. `details` holds exactly the keys that the catalogue names.
    """

    name: str
    effective_on: datetime.date
    identifying: tuple[Held, ...]  # type: ignore[type-arg]
    supporting: tuple[Held, ...] = ()  # type: ignore[type-arg]
    details: Mapping[str, JsonValue] = ()  # type: ignore[assignment]
    numbers: Mapping[str, object] = ()  # type: ignore[assignment]
    discriminator: str = ""
    severity: Severity | None = None

    def evidence(self) -> tuple[EvidenceItem, ...]:
        """At most 50 evidence lines, identifying ones first."""
        known = {held.key for held in self.identifying}
        lines = [evidence_item(held, "identifying") for held in self.identifying]
        for held in self.supporting:
            if held.key not in known:
                known.add(held.key)
                lines.append(evidence_item(held, "supporting"))
        return tuple(lines[:EVIDENCE_MAX])


@functools.lru_cache(maxsize=IDS_REMEMBERED)
def finding_id(
    study_id: str,
    patient_id: str,
    name: str,
    discriminator: str,
    records: tuple[tuple[str, str], ...],
) -> str:
    """UUIDv5 of the JSON array of contract 3: no version and no configuration is in it."""
    pairs = [list(pair) for pair in sorted(set(records))]
    return _uuid([study_id, patient_id, name, discriminator, pairs])


def notice_id(finding: str, action: Action, revision: int) -> str:
    """UUIDv5 of finding id, action and revision (contract 3)."""
    return _uuid([finding, action, revision])


def _uuid(parts: list[object]) -> str:
    return str(uuid.uuid5(NAMESPACE, _JSON.encode(parts)))


class Notice(Struct, frozen=True):
    """A message about a finding: contract 3's `data`, and the event that caused it.

    `origin` goes into this notice's details alone: what is told later compares without it.
    """

    notice_id: str
    finding_id: str
    revision: int
    study_id: str
    patient_id: str
    sequence: int
    detected_at: datetime.datetime
    rule_version: int
    ruleset: str
    config_hash: str
    supersedes: str | None
    cause_id: str
    said: Told
    origin: str | None = None

    def document(self) -> dict[str, JsonValue]:
        """The fields of contract 3 in its order."""
        said = self.said
        return {
            "notice_id": self.notice_id,
            "finding_id": self.finding_id,
            "revision": self.revision,
            "study_id": self.study_id,
            "patient_id": self.patient_id,
            "sequence": self.sequence,
            "action": said.action,
            "finding": said.finding,
            "rule": {
                "id": said.rule_id,
                "version": self.rule_version,
                "ruleset": self.ruleset,
                "config_hash": self.config_hash,
            },
            "severity": said.severity,
            "effective_on": said.effective_on.isoformat(),
            "detected_at": rfc3339(self.detected_at),
            "evidence": [asdict(item) for item in said.evidence],
            "explanation": said.explanation,
            "details": said.details | ({"origin": self.origin} if self.origin else {}),
            "supersedes": self.supersedes,
            "advisory": ADVISORY,
        }


def rfc3339(moment: datetime.datetime) -> str:
    """A UTC time with `Z`, as attributes and documents carry it."""
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
