"""Deliveries full of identifiers that nobody could write by chance, for every failure to repeat."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from monitor.wire.delivery import Delivery

MARK: Final = "zq9x"
TYPE: Final = "org.ctdnamonitor.ctdna.result.v1"
READ: Final = "org.ctdnamonitor.imaging.read.v1"
TOPIC_OF: Final = {TYPE: "t.ctdna.results", READ: "t.imaging.reads"}

Headers = tuple[tuple[str, bytes | None], ...]


class Planter:
    """Gives every identifier once, and counts them."""

    def __init__(self) -> None:
        self.planted = 0

    def word(self) -> str:
        """A new identifier, unlike any other text."""
        self.planted += 1
        return f"{MARK}{self.planted:06d}"

    def parcel(self, type_: str = TYPE) -> "Parcel":
        """An acceptable event with identifiers wherever one can be."""
        source = f"https://{self.word()}.example/{self.word()}"
        subject = f"{self.word()}/{self.word()}"
        about = {"id": self.word(), "source": source, "subject": subject}
        content = self._result() if type_ == TYPE else self._read()
        others = (("trace", self.word().encode()), (f"x-{self.word()}", self.word().encode()))
        key = f"{self.word()}/{self.word()}".encode()
        return Parcel({"specversion": "1.0", "type": type_, **about}, content, others, key)

    def _common(self) -> dict[str, Any]:
        names = {name: self.word() for name in ("study_id", "patient_id", "record_id")}
        return {**names, "record_version": 1, "status": "final"}

    def _result(self) -> dict[str, Any]:
        return {
            **self._common(),
            "specimen": {"id": self.word(), "collected_at": "2025-03-01"},
            "assay": {"lab": self.word(), "code": self.word(), "panel_id": self.word()},
            "call": "detected",
            "quantity": {"value": 1, "unit": "PPM"},
            self.word(): self.word(),  # an unknown field, kept in the original
        }

    def _read(self) -> dict[str, Any]:
        return {
            **self._common(),
            "reader": {"id": self.word(), "role": "central"},
            "images": [{"modality": "CT", "acquired_on": "2025-03-01", "regions": [self.word()]}],
            "targets": [self._lesion(state="measured", diameter_mm=10)],
            "new_lesions": [self._lesion(certainty="benign", method="CT")],
        }

    def _lesion(self, **rest: object) -> dict[str, Any]:
        named = {"lesion_id": self.word(), "site": self.word()}
        return {**named, "organ": "lung", "nodal": False, **rest}


@dataclass
class Parcel:
    """An event on its way: what is put into `value` goes as it is, else it is written out."""

    attributes: dict[str, Any]
    content: dict[str, Any]
    others: Headers
    key: bytes | None
    structured: bool = False
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    topic: str | None = None
    value: bytes | None = None
    is_empty: bool = False

    def line(self) -> bytes:
        """The event as one line of a file."""
        return json.dumps({**self.attributes, "data": self.content}).encode()

    def delivery(self, offset: int) -> Delivery:
        """The Kafka message, in binary or structured mode."""
        topic = self.topic or TOPIC_OF.get(self.attributes.get("type", TYPE), TOPIC_OF[TYPE])
        if self.structured:
            headers: Headers = (("content-type", b"application/cloudevents+json"),)
            value: bytes | None = self.line()
        else:
            named = self.attributes.items()
            headers = tuple((f"ce_{name}", str(given).encode()) for name, given in named)
            value = json.dumps(self.content).encode()
        value = None if self.is_empty else self.value or value
        return Delivery(topic, 0, offset, self.key, (*headers, *self.others, *self.headers), value)
