"""The examples as whole events: what a laboratory can try, and what must be read for ever."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import BaseModel, ValidationError

from monitor.clinical.events import CLOCK_SOURCE, DayClosed
from monitor.wire.acknowledgement import ACKNOWLEDGEMENT_KIND, AcknowledgementDocument
from monitor.wire.cloudevents import SPEC_VERSION, schema_id, structured
from monitor.wire.codec import TYPE_PREFIX, VERSION_SUFFIX, decode_line
from monitor.wire.delivery import Rejection
from monitor.wire.examples import REFUSED, TITLED
from monitor.wire.examples.common import Example
from monitor.wire.notices import NOTICE_KIND, NoticeDocument, encode_structured

_LAB: Final = "https://lab.example/lims"
_DEPLOYMENT: Final = "default"
_CAUSE: Final = "ctdna.result-1"
_SENT_AT: Final = "2026-04-01T09:00:00Z"
_TOLD: Final[Mapping[str, type[BaseModel]]] = {
    NOTICE_KIND: NoticeDocument,
    ACKNOWLEDGEMENT_KIND: AcknowledgementDocument,
}


def accepted(kind: str) -> list[bytes]:
    """Each example of a kind as one line; sent in this order they are all accepted."""
    contents = [example.content for example in TITLED[kind]]
    if kind == NOTICE_KIND:
        return [
            encode_structured(content, deployment=_DEPLOYMENT, cause_id=_CAUSE)
            for content in contents
        ]
    return [
        structured(_attributes(kind, f"{kind}-{place}", content), content)
        for place, content in enumerate(contents, 1)
    ]


def refused(kind: str) -> list[bytes]:
    """Each broken example as one line, which says in attributes of its own what must come of it."""
    lines = []
    for place, broken in enumerate(REFUSED[kind], 1):
        attributes = {
            **_attributes(kind, f"{kind}-refused-{place}", broken.content),
            "title": broken.title,
            "expectedreason": broken.reason.value,
            "expectedfield": f"data.{broken.field}",
        }
        lines.append(structured(attributes, broken.content))
    return lines


def content_hashes(lines: Sequence[bytes]) -> dict[str, str]:
    """The content hash of each input event by its id, in hex; it must stay the same for ever.

    A laboratory that sends an old event again would be told of a conflict otherwise.
    """
    events = (decode_line(line) for line in lines)
    return {
        event.event_id: event.content_hash.hex()
        for event in events
        if not isinstance(event, Rejection)
    }


def unread(lines: Sequence[bytes], hashes: Mapping[str, str]) -> Iterator[str]:
    """What cannot be read of events that were sent once, or reads as something else now."""
    for line in lines:
        event = json.loads(line)
        kind = event["type"].removeprefix(TYPE_PREFIX).removesuffix(VERSION_SUFFIX)
        model = _TOLD.get(NOTICE_KIND if kind.startswith("notice.") else kind)
        if model is None:
            fault = _input_fault(line, hashes.get(event["id"]))
        else:
            fault = _told_fault(model, event["data"])
        if fault:
            yield f"event {event['id']}: {fault}"


def _input_fault(line: bytes, content_hash: str | None) -> str | None:
    event = decode_line(line)
    if isinstance(event, Rejection):
        return f"is refused ({event.reason}: {event.message})"
    if event.content_hash.hex() != content_hash:
        return "reads as another content, so sending it again would be a conflict"
    return None


def _told_fault(model: type[BaseModel], content: Mapping[str, object]) -> str | None:
    try:
        model.model_validate(content)
    except ValidationError as error:
        return f"is no {model.__name__}: {error.errors()[0]['msg']}"
    return None


def _attributes(kind: str, event_id: str, content: Example) -> dict[str, str]:
    attributes = {
        "specversion": SPEC_VERSION,
        "id": event_id,
        "source": CLOCK_SOURCE if kind == DayClosed.KIND else _LAB,
        "type": f"{TYPE_PREFIX}{kind}{VERSION_SUFFIX}",
        "time": _SENT_AT,
    }
    if kind != ACKNOWLEDGEMENT_KIND:
        return attributes
    attributes |= {
        "source": f"urn:ctdna-monitor:{_DEPLOYMENT}",
        "time": str(content["received_at"]),
        "dataschema": schema_id(kind),
    }
    return attributes | ({"causationid": str(content["id"])} if content["id"] else {})
