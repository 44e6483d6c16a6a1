"""What a laboratory or a core lab sends: one event in each of the three envelopes of Kafka."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from monitor.wire.delivery import Reason

NUMBER = "x-number"  # a header of the sender's own: the monitor passes it by
TYPE_PREFIX = "org.ctdnamonitor."
TOPICS = {"ctdna.result": "ctdna.results", "imaging.read": "imaging.reads"}
MODES = ("binary", "structured", "bare")

Content = Mapping[str, object]


@dataclass(frozen=True)
class Fact:
    """One version of one record, as its sender means it; `day` is when it is sent."""

    day: float
    kind: str
    source: str
    event_id: str
    content: Content

    @property
    def topic(self) -> str:
        return TOPICS.get(self.kind, "clinical.events")

    @property
    def attributes(self) -> dict[str, str]:
        kind = f"{TYPE_PREFIX}{self.kind}.v1"
        return {"specversion": "1.0", "id": self.event_id, "source": self.source, "type": kind}

    @property
    def patient(self) -> str:
        return f"{self.content['study_id']}/{self.content['patient_id']}"

    @property
    def line(self) -> bytes:
        return written({**self.attributes, "data": self.content})


@dataclass(frozen=True)
class Message:
    """A Kafka message to be, and what must become of it: `refused` is None when accepted."""

    day: float
    topic: str
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None
    refused: Reason | None
    number: int = -1

    def numbered(self, number: int) -> "Message":
        headers = (*self.headers, (NUMBER, str(number).encode()))
        return replace(self, number=number, headers=headers)


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def message(fact: Fact, mode: str, *, refused: Reason | None = None) -> Message:
    """The fact in one of the modes, keyed by its patient."""
    headers: tuple[tuple[str, bytes], ...] = ()
    if mode == "binary":
        headers = (("content-type", b"application/json"),)
        headers += tuple((f"ce_{name}", text.encode()) for name, text in fact.attributes.items())
        value = written(fact.content)
    else:
        value = fact.line
        if mode == "structured":
            headers = (("content-type", b"application/cloudevents+json"),)
    return Message(fact.day, fact.topic, fact.patient.encode(), headers, value, refused)
