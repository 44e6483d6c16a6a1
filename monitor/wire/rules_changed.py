"""A change of a study's rules as a recorded event of each patient, so that a replay finds it."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import ClassVar

from monitor.clinical.findings import NAMESPACE
from monitor.wire.cloudevents import SPEC_VERSION, canonical, structured
from monitor.wire.codec import TYPE_PREFIX, VERSION_SUFFIX
from monitor.wire.delivery import Delivery

RULES_TOPIC = "rules"  # no topic of Kafka's: nobody can send this
RULES_SOURCE = "urn:ctdna-monitor:rules"
RULES_TYPE = f"{TYPE_PREFIX}rules.activated{VERSION_SUFFIX}"


@dataclass(frozen=True, slots=True)
class RulesEvent:
    """From which rules to which a patient went: hashes, and the activation that it follows.

    `arrival` is the number that the change has among the patient's arrivals.
    """

    study_id: str
    patient_id: str
    activation: int
    arrival: int
    from_hash: str
    to_name: str
    to_hash: str

    source: ClassVar[str] = RULES_SOURCE
    type: ClassVar[str] = RULES_TYPE
    record_version: ClassVar[int] = 1
    day: ClassVar[None] = None

    @property
    def record_id(self) -> str:
        """The change's own name: one for each patient and activation."""
        return f"{self.study_id}/{self.patient_id}/{self.activation}"

    @property
    def event_id(self) -> str:
        """UUIDv5 of patient, activation and arrival: no interleaving can need an id twice."""
        named = [self.study_id, self.patient_id, self.activation, self.arrival]
        name = json.dumps([RULES_SOURCE, *named])
        return str(uuid.uuid5(NAMESPACE, name))

    @property
    def content(self) -> dict[str, object]:
        """The event's `data`."""
        return {
            "study_id": self.study_id,
            "patient_id": self.patient_id,
            "record_id": self.record_id,
            "activation": self.activation,
            "arrival": self.arrival,
            "from": {"config_hash": self.from_hash},
            "to": {"name": self.to_name, "config_hash": self.to_hash},
        }

    def delivery(self) -> Delivery:
        """The event as a delivery that nobody sent; its value is the structured event."""
        attributes = {
            "specversion": SPEC_VERSION,
            "id": self.event_id,
            "source": RULES_SOURCE,
            "type": RULES_TYPE,
        }
        value = structured(attributes, self.content)
        return Delivery(RULES_TOPIC, 0, self.activation, None, (), value)

    @property
    def content_hash(self) -> bytes:
        """SHA-256 over one spelling of type and content, for the inbox."""
        return hashlib.sha256(canonical([RULES_TYPE, self.content])).digest()


def read_rules_event(value: bytes | None) -> RulesEvent:
    """Read what `RulesEvent.delivery` wrote. Raises ValueError or KeyError for anything else."""
    given = json.loads(value or b"")["data"]
    return RulesEvent(
        given["study_id"],
        given["patient_id"],
        given["activation"],
        given["arrival"],
        given["from"]["config_hash"],
        given["to"]["name"],
        given["to"]["config_hash"],
    )
