"""The monitor's own clock as a recorded fact: a day that is over for a patient."""

import datetime
import json
import uuid

from monitor.clinical.events import CLOCK_SOURCE
from monitor.clinical.findings import NAMESPACE
from monitor.wire.cloudevents import SPEC_VERSION, structured
from monitor.wire.codec import TYPE_PREFIX, VERSION_SUFFIX, kept
from monitor.wire.delivery import Delivery, Event
from monitor.wire.models.clinical_events import DayClosed

CLOCK_TOPIC = "clock"


def closed_day(study_id: str, patient_id: str, day: datetime.date) -> tuple[Delivery, Event]:
    """The recorded fact that a day is over for a patient (contract 2.3, design decision 3.9).

    The delivery's value is the structured event, which `codec.decode_line` reads as the same event.
    """
    name = json.dumps([study_id, patient_id, day.isoformat()], separators=(",", ":"))
    given = DayClosed.model_validate(
        {
            "study_id": study_id,
            "patient_id": patient_id,
            "record_id": f"{study_id}/{patient_id}/{day}",
            "record_version": 1,
            "status": "final",
            "closed_on": day,
        }
    )
    type_ = f"{TYPE_PREFIX}{DayClosed.KIND}{VERSION_SUFFIX}"
    fact, digest = kept(type_, given)
    event_id = str(uuid.uuid5(NAMESPACE, name))
    event = Event(CLOCK_SOURCE, event_id, type_, None, fact, digest)
    attributes = {
        "specversion": SPEC_VERSION,
        "id": event_id,
        "source": CLOCK_SOURCE,
        "type": type_,
    }
    value = structured(attributes, given.model_dump(mode="json"))
    return Delivery(CLOCK_TOPIC, 0, 0, None, (), value), event
