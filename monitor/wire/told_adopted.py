"""What a patient's people were told before the records were read again, as a recorded event.

A database that was made anew from the topics knows the facts, but not what was said about them on
the way: that stands on the topic of notices. A replay goes on from this event as from any other.
"""

import datetime
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from monitor.clinical.findings import NAMESPACE
from monitor.clinical.retraction import HAD_SAID
from monitor.clinical.retraction import WORDS as RETRACTABLE
from monitor.clinical.state import Told
from monitor.clinical.transitions import ENROLMENT_GONE
from monitor.wire.cloudevents import SPEC_VERSION, canonical, structured
from monitor.wire.codec import TYPE_PREFIX, VERSION_SUFFIX
from monitor.wire.delivery import Delivery

TOLD_TOPIC = "told"  # no topic of Kafka's: nobody can send this
TOLD_SOURCE = "urn:ctdna-monitor:told"
TOLD_TYPE = f"{TYPE_PREFIX}told.adopted{VERSION_SUFFIX}"


@dataclass(frozen=True, slots=True)
class ToldAdopted:
    """What was last told of each finding, by finding id, in notices up to `sequence`.

    `arrival` is the number that this event has among the patient's arrivals.
    """

    study_id: str
    patient_id: str
    arrival: int
    sequence: int
    told: Mapping[str, Told]

    @property
    def record_id(self) -> str:
        """The event's own name: one for each patient and arrival."""
        return f"{self.study_id}/{self.patient_id}/{self.arrival}"

    @property
    def event_id(self) -> str:
        """UUIDv5 of patient and arrival."""
        return str(uuid.uuid5(NAMESPACE, json.dumps([TOLD_SOURCE, self.record_id])))

    @property
    def content(self) -> dict[str, object]:
        """The event's `data`."""
        return {
            "study_id": self.study_id,
            "patient_id": self.patient_id,
            "record_id": self.record_id,
            "arrival": self.arrival,
            "sequence": self.sequence,
            "told": {key: msgspec.to_builtins(said) for key, said in self.told.items()},
        }

    def delivery(self) -> Delivery:
        """The event as a delivery that nobody sent; its value is the structured event."""
        attributes = {
            "specversion": SPEC_VERSION,
            "id": self.event_id,
            "source": TOLD_SOURCE,
            "type": TOLD_TYPE,
        }
        value = structured(attributes, self.content)
        return Delivery(TOLD_TOPIC, 0, self.arrival, None, (), value)

    def canonical(self) -> bytes:
        """One spelling of type and content, for the inbox's hash."""
        return canonical([TOLD_TYPE, self.content])


def read_told_adopted(value: bytes | None) -> ToldAdopted:
    """Read what `ToldAdopted.delivery` wrote. Raises ValueError or KeyError for anything else."""
    given = json.loads(value or b"")["data"]
    return ToldAdopted(
        given["study_id"],
        given["patient_id"],
        given["arrival"],
        given["sequence"],
        {key: msgspec.convert(said, Told) for key, said in given["told"].items()},
    )


def told_of(notice: Mapping[str, Any], replaced: Collection[str] = ()) -> Told:
    """What a notice (contract 3's `data`) leaves to remember of its finding.

    `replaced` names findings that the same event raised anew: what it withdrew of them is as if
    it had been amended. Raises ValueError or KeyError for what is no notice.
    """
    withdrawn_on = None
    passed_on = notice["finding"] in replaced and notice["finding"] in RETRACTABLE
    held = ENROLMENT_GONE in notice["explanation"].partition(HAD_SAID)[0]
    if notice["action"] == "withdrawn" and not passed_on and not held:
        moment = datetime.datetime.fromisoformat(notice["detected_at"])
        withdrawn_on = moment.astimezone(datetime.UTC).date()
    said = {name: notice[name] for name in _AS_GIVEN}
    rule = {"rule_id": notice["rule"]["id"], "rule_version": notice["rule"]["version"]}
    details = {key: value for key, value in notice["details"].items() if key != "origin"}
    given = said | rule | {"details": details, "withdrawn_on": withdrawn_on}
    return msgspec.convert(given, Told)


_AS_GIVEN = (
    "finding", "action", "revision", "notice_id", "severity", "effective_on", "evidence",
    "explanation",
)  # fmt: skip
