"""A notice becomes the CloudEvent of contract 3; the same notice always gives the same bytes."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from monitor.clinical.terms import Action, Name, Pseudonym, Severity
from monitor.wire.cloudevents import SPEC_VERSION, binary, canonical, schema_id, structured

NOTICE_KIND: Final = "notice"
DEPLOYMENT_PREFIX: Final = "urn:ctdna-monitor:"
NOTICE_BYTES_MAX: Final = 256 * 1024  # contract 3

_Number = Annotated[int, Field(ge=1)]


def record_key(notice: Mapping[str, object]) -> str:
    """The patient's key on every topic: `study_id/patient_id` (contract 1)."""
    return f"{notice['study_id']}/{notice['patient_id']}"


def encode_binary(
    notice: Mapping[str, object], *, deployment: str, cause_id: str
) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value of a notice in Kafka binary mode.

    `notice` holds the fields of contract 3 as JSON values; `cause_id` is the `id` of the input
    event that caused it.
    """
    return binary(_attributes(notice, deployment, cause_id), notice)


def encode_structured(notice: Mapping[str, object], *, deployment: str, cause_id: str) -> bytes:
    """One line of a file of notices, as short as in Kafka; arguments as for `encode_binary`."""
    attributes = _attributes(notice, deployment, cause_id)
    line = structured(attributes, notice)
    return structured(attributes, shortened(notice)) if len(line) > NOTICE_BYTES_MAX else line


def shortened(notice: Mapping[str, Any]) -> dict[str, Any]:
    """The notice without as many of its last records as make it longer than 256 KiB.

    Supporting records come last, so they go first. That is always enough: a text has 256
    characters and a list 100 entries, so the longest list, of lesions or genes, takes 151 KiB,
    no finding has two of them, and the first record is named in 3 KiB.
    """
    evidence = list(notice["evidence"])
    excess = len(canonical(notice)) - NOTICE_BYTES_MAX
    while excess > 0 and len(evidence) > 1:
        excess -= len(canonical(evidence.pop())) + 1  # the comma before it
    return {**notice, "evidence": evidence}


def _attributes(notice: Mapping[str, object], deployment: str, cause_id: str) -> dict[str, str]:
    patient = record_key(notice)
    return {
        "specversion": SPEC_VERSION,
        "id": str(notice["notice_id"]),
        "source": DEPLOYMENT_PREFIX + deployment,
        "type": f"org.ctdnamonitor.notice.{notice['action']}.v1",
        "subject": patient,
        "time": str(notice["detected_at"]),
        "dataschema": schema_id(NOTICE_KIND),
        "causationid": cause_id,
        "severitytext": str(notice["severity"]),
        "partitionkey": patient,
    }


class _Said(BaseModel):
    model_config = ConfigDict(extra="allow")


class Evidence(_Said):
    """A record on which the finding rests."""

    source: Name
    record_id: Name
    record_version: _Number
    role: Literal["identifying", "supporting"]


class Rule(_Said):
    """The rule that decided, and the configuration it decided with."""

    id: str
    version: _Number
    ruleset: str
    config_hash: str


class NoticeDocument(_Said):
    """What the monitor says about one finding of one patient (contract 3); subscribers read it."""

    notice_id: UUID
    finding_id: UUID
    revision: _Number
    study_id: Pseudonym
    patient_id: Pseudonym
    sequence: Annotated[int, Field(ge=1, description="1, 2, 3 ... per patient without a gap")]
    action: Action
    finding: Annotated[str, Field(description="a name of the catalogue; new ones may be added")]
    rule: Rule
    severity: Severity
    effective_on: Annotated[date, Field(description="the clinical date")]
    detected_at: AwareDatetime
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=50)]
    explanation: str
    details: dict[str, JsonValue]
    supersedes: UUID | None
    advisory: str
