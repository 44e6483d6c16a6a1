"""What arrives and what becomes of it: an event or a rejection, never an exception."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from monitor.clinical.events import Fact, Tombstone


@dataclass(frozen=True, slots=True)
class Delivery:
    """A Kafka message as received; `topic` is the full name with its prefix.

    `timestamp` is the message's own, in milliseconds since 1970, where the broker told it.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None
    timestamp: int | None = None


class Reason(StrEnum):
    """Why a delivery is refused: the closed list of contract 6."""

    TOO_LARGE = "too_large"
    UNDECODABLE = "undecodable"
    ENVELOPE_INVALID = "envelope_invalid"
    UNSUPPORTED_TYPE = "unsupported_type"
    UNKNOWN_STUDY = "unknown_study"
    UNKNOWN_STATUS = "unknown_status"
    UNMAPPED_CODE = "unmapped_code"
    SCHEMA_INVALID = "schema_invalid"
    IMPLAUSIBLE_VALUE = "implausible_value"
    NO_DISCRETE_VALUE = "no_discrete_value"
    DUPLICATE_CONFLICT = "duplicate_conflict"
    VERSION_CONFLICT = "version_conflict"
    PROCESSING_ERROR = "processing_error"


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused delivery: names the field and the reason, never holds a value of `data`.

    `source` and `event_id` are the envelope's, where they could be read. `error_class` is the kind
    of an error of our own.
    """

    reason: Reason
    field: str | None
    message: str
    source: str | None = None
    event_id: str | None = None
    error_class: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An accepted, decoded delivery: `source` and `event_id` name it, `fact` is what it says.

    `content_hash` is the SHA-256 of contract 2 ("Content"); `time` is the envelope's, or None.
    """

    source: str
    event_id: str
    type: str
    time: datetime | None
    fact: Fact
    content_hash: bytes

    @property
    def day(self) -> date | None:
        """The clinical day; None for a tombstone that gives none."""
        if isinstance(self.fact, Tombstone):
            return self.fact.day
        return self.fact.clinical_day
