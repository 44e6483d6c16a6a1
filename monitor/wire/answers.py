"""The answer to a sender as a CloudEvent; the same delivery always gets the same bytes."""

import json
import uuid
from collections.abc import Mapping
from typing import Final

from monitor.clinical.findings import NAMESPACE
from monitor.wire.acknowledgement import ACKNOWLEDGEMENT_KIND
from monitor.wire.cloudevents import SPEC_VERSION, binary, schema_id
from monitor.wire.codec import TYPE_PREFIX, VERSION_SUFFIX
from monitor.wire.notices import DEPLOYMENT_PREFIX

ANSWER_TYPE: Final = f"{TYPE_PREFIX}{ACKNOWLEDGEMENT_KIND}{VERSION_SUFFIX}"


def answer_id(topic: str, partition: int, offset: int) -> str:
    """UUIDv5 of the place of a delivery: one answer for each."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([ANSWER_TYPE, topic, partition, offset])))


def encode_answer(
    answer: Mapping[str, object], place: tuple[str, int, int], *, deployment: str
) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value in Kafka binary mode; `answer` holds the fields of the document.

    `place` is the delivery's: full topic, partition, offset. `causationid` is the event's id,
    where it could be read.
    """
    attributes = {
        "specversion": SPEC_VERSION,
        "id": answer_id(*place),
        "source": DEPLOYMENT_PREFIX + deployment,
        "type": ANSWER_TYPE,
        "time": str(answer["received_at"]),
        "dataschema": schema_id(ACKNOWLEDGEMENT_KIND),
    }
    if answer["id"] is not None:
        attributes["causationid"] = str(answer["id"])
    return binary(attributes, answer)
