"""A notice becomes the CloudEvent of contract 3; the same notice always gives the same bytes."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from monitor.clinical.terms import Action, Name, Pseudonym, Severity
from monitor.wire.cloudevents import SPEC_VERSION, binary, schema_id, structured

NOTICE_KIND: Final = "notice"
DEPLOYMENT_PREFIX: Final = "urn:ctdna-monitor:"

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
    """One line of a file of notices; arguments as for `encode_binary`."""
    return structured(_attributes(notice, deployment, cause_id), notice)


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
