"""The messages of every topic for the AsyncAPI document: headers, key, payload and examples."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from monitor.wire.acknowledgement import ACKNOWLEDGEMENT_KIND
from monitor.wire.codec import TYPE_PREFIX, VERSION_SUFFIX
from monitor.wire.delivery import Reason
from monitor.wire.examples import TITLED
from monitor.wire.headers import (
    ATTRIBUTES,
    KEY,
    OPTIONAL,
    ORIGINAL_KEY,
    REQUIRED,
    binary_headers,
    dead_letter_headers,
)
from monitor.wire.notices import NOTICE_KIND
from monitor.wire.schemas.corpus import accepted, refused
from monitor.wire.schemas.generated import Schema

BINDING_VERSION: Final = "0.5.0"
ENVELOPED: Final = ".enveloped"
DEAD_LETTER: Final = "dead.letter"
NOTICE_ATTRIBUTES: Final = (
    *REQUIRED,
    *("time", "subject", "dataschema", "causationid", "severitytext", "partitionkey"),
)
ANSWER_ATTRIBUTES: Final = (*REQUIRED, "time", "dataschema")

Message = dict[str, Any]


def input_messages(kind: str) -> dict[str, Message]:
    """The messages of a kind that comes in: in binary mode, and with the envelope in the body."""
    name = kind + VERSION_SUFFIX
    type_ = TYPE_PREFIX + name
    payload = {"$ref": f"./producer/{name}.json"}
    return {
        name: {
            "name": type_,
            "title": f"{kind}, binary mode",
            "summary": "The attributes are headers, the value is the record.",
            "contentType": "application/json",
            "correlationId": {"location": "$message.header#/ce_id"},
            "headers": binary_headers(type_, REQUIRED, OPTIONAL),
            "payload": payload,
            "bindings": _keyed(KEY),
            "examples": _binary_examples(kind, accepted(kind)),
        },
        name + ENVELOPED: {
            "name": type_,
            "title": f"{kind}, structured mode or bare JSON",
            "summary": "The value holds the attributes, and the record in `data`.",
            "contentType": "application/cloudevents+json",
            "correlationId": {"location": "$message.payload#/id"},
            "headers": _ENVELOPED_HEADERS,
            "payload": _envelope(type_, payload),
            "bindings": _keyed(KEY),
            "examples": _enveloped_examples(kind),
        },
    }


def notice_messages() -> dict[str, Message]:
    """One message for each thing that a notice can do."""
    made = {}
    for example in _binary_examples(NOTICE_KIND, accepted(NOTICE_KIND)):
        action = example["payload"]["action"]
        kind = f"{NOTICE_KIND}.{action}"
        made[kind + VERSION_SUFFIX] = _told(
            kind, NOTICE_KIND, f"A finding is {action}.", NOTICE_ATTRIBUTES, (), KEY, [example]
        )
    return made


def answer_messages() -> dict[str, Message]:
    """The answer to a sender."""
    message = _told(
        ACKNOWLEDGEMENT_KIND,
        ACKNOWLEDGEMENT_KIND,
        "What became of one delivery.",
        ANSWER_ATTRIBUTES,
        ("causationid",),
        ORIGINAL_KEY,
        _binary_examples(ACKNOWLEDGEMENT_KIND, accepted(ACKNOWLEDGEMENT_KIND)),
    )
    message["correlationId"] = {"location": "$message.payload#/id"}
    return {ACKNOWLEDGEMENT_KIND + VERSION_SUFFIX: message}


def dead_letter_messages() -> dict[str, Message]:
    """A refused delivery as it came; one message serves every dead letter topic."""
    return {
        DEAD_LETTER: {
            "name": DEAD_LETTER,
            "title": "a refused delivery",
            "summary": "Key, value and headers as they came, byte for byte; then why and whence.",
            "contentType": "application/octet-stream",
            "headers": dead_letter_headers(),
            "payload": {"description": "any bytes, or none"},
            "bindings": _keyed(ORIGINAL_KEY),
            "examples": [_dead_letter_example()],
        }
    }


def _told(
    kind: str,
    schema: str,
    summary: str,
    required: tuple[str, ...],
    optional: tuple[str, ...],
    key: Schema,
    examples: Sequence[Message],
) -> Message:
    type_ = f"{TYPE_PREFIX}{kind}{VERSION_SUFFIX}"
    return {
        "name": type_,
        "title": kind,
        "summary": summary,
        "contentType": "application/json",
        "headers": binary_headers(type_, required, optional),
        "payload": {"$ref": f"./consumer/{schema}{VERSION_SUFFIX}.json"},
        "bindings": _keyed(key),
        "examples": list(examples),
    }


def _binary_examples(kind: str, lines: Sequence[bytes]) -> list[Message]:
    made = []
    for place, (line, titled) in enumerate(zip(lines, TITLED[kind], strict=True), 1):
        attributes = json.loads(line)
        payload = attributes.pop("data")
        headers = {"content-type": attributes.pop("datacontenttype")}
        headers |= {f"ce_{name}": text for name, text in attributes.items()}
        made.append(_example(kind, place, titled.title, headers, payload))
    return made


def _enveloped_examples(kind: str) -> list[Message]:
    structured = json.loads(accepted(kind)[0])
    bare = {name: structured[name] for name in ("type", "id", "source", "data")}
    media = {"content-type": "application/cloudevents+json"}
    return [
        _example(kind, 1, "structured mode", media, structured),
        _example(kind, 2, "bare JSON", {}, bare),
    ]


def _dead_letter_example() -> Message:
    event = json.loads(refused("ctdna.result")[0])
    headers = {
        "content-type": "application/json",
        **{f"ce_{name}": event[name] for name in REQUIRED},
        "dlq.reason": Reason.SCHEMA_INVALID.value,
        "dlq.field": event["expectedfield"],
        "dlq.message": f"{event['expectedfield']}: is required",
        "dlq.stage": "decode",
        "dlq.original-topic": "ctdna.results",
        "dlq.original-partition": "3",
        "dlq.original-offset": "44",
        "dlq.failed-at": "2026-04-01T09:00:01+00:00",
        "dlq.attempts": "1",
        "dlq.redrive-count": "0",
    }
    return _example("dead.letter", 1, event["title"], headers, event["data"])


def _example(
    kind: str, place: int, title: str, headers: Mapping[str, str], payload: object
) -> Message:
    return {
        "name": f"{kind}-{place}",
        "summary": title,
        "headers": dict(headers),
        "payload": payload,
    }


def _envelope(type_: str, payload: Schema) -> Schema:
    """The body of an event whose attributes are in it; bare JSON may leave `specversion` out."""
    named = {name: ATTRIBUTES[name] for name in (*REQUIRED, *OPTIONAL)}
    return {
        "type": "object",
        "properties": {
            **named,
            "type": {"type": "string", "const": type_},
            "datacontenttype": {"type": "string"},
            "data": payload,
        },
        "required": ["id", "source", "type", "data"],
    }


def _keyed(key: Schema) -> Schema:
    return {"kafka": {"key": key, "bindingVersion": BINDING_VERSION}}


_ENVELOPED_HEADERS: Final[Schema] = {
    "type": "object",
    "description": "with this content type the event is structured and names its specversion",
    "properties": {
        "content-type": {"type": "string", "pattern": "^application/(cloudevents\\+)?json"}
    },
}
