"""What stands in the headers and keys of Kafka messages, as schemas of their texts.

Header values are UTF-8 bytes. The CloudEvents attributes are those of contract 1 and 3; the
`dlq.` ones come after the original headers of a dead letter, which stay as they were.
"""

from collections.abc import Mapping
from typing import Any, Final

from monitor.wire.cloudevents import SPEC_VERSION
from monitor.wire.delivery import Reason
from monitor.wire.limits import ATTRIBUTE_CHARACTERS_MAX

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": ATTRIBUTE_CHARACTERS_MAX}
_NUMBER: Final[Schema] = {"type": "string", "pattern": "^[0-9]+$"}
_INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
_PSEUDONYM: Final = "[A-Za-z0-9._-]{1,64}"

KEY: Final[Schema] = {
    "type": "string",
    "pattern": f"^{_PSEUDONYM}/{_PSEUDONYM}$",
    "description": "study_id/patient_id",
}
ORIGINAL_KEY: Final[Schema] = {"description": "the key of the original delivery, byte for byte"}

ATTRIBUTES: Final[Mapping[str, Schema]] = {
    "specversion": {"type": "string", "const": SPEC_VERSION},
    "id": {**_TEXT, "description": "with `source` it names the delivery; a correction has another"},
    "source": {**_TEXT, "format": "uri-reference", "description": "who sends, for ever the same"},
    "type": _TEXT,
    "time": {**_INSTANT, "description": "when the result was issued or the read was signed"},
    "subject": {**_TEXT, "description": "study_id/patient_id"},
    "dataschema": {**_TEXT, "format": "uri-reference"},
    "causationid": {**_TEXT, "description": "the id of the input event that caused it"},
    "severitytext": {"type": "string", "description": "as in the notice"},
    "partitionkey": {**_TEXT, "description": "study_id/patient_id"},
}
REQUIRED: Final = ("specversion", "id", "source", "type")
OPTIONAL: Final = ("time", "subject", "dataschema")

_DLQ: Final[Mapping[str, Schema]] = {
    "dlq.reason": {"type": "string", "enum": list(Reason)},
    "dlq.field": {
        "type": ["string", "null"],
        "description": "the path of the field that is wrong; null where there is none",
    },
    "dlq.message": {"type": "string", "description": "what is wrong, without any value"},
    "dlq.stage": {"type": "string", "description": "the step that refused"},
    "dlq.original-topic": {"type": "string"},
    "dlq.original-partition": _NUMBER,
    "dlq.original-offset": _NUMBER,
    "dlq.failed-at": _INSTANT,
    "dlq.attempts": {**_NUMBER, "description": "how often it was refused, redrives included"},
    "dlq.redrive-count": {**_NUMBER, "description": "how often it was sent again from here"},
}
_DLQ_OPTIONAL: Final[Mapping[str, Schema]] = {
    "dlq.original-timestamp": {
        **_NUMBER,
        "description": "Kafka's timestamp of the original, in milliseconds since 1970",
    },
    "dlq.consumer-group": {"type": "string"},
    "dlq.app-version": {"type": "string"},
    "dlq.error-class": {
        "type": "string",
        "description": "the kind of our own error, for processing_error only",
    },
    "dlq.redrive-of": {
        "type": "string",
        "description": "topic/partition/offset/item of the quarantined delivery sent again",
    },
}


def binary_headers(type_: str, required: tuple[str, ...], optional: tuple[str, ...]) -> Schema:
    """The headers of an event in binary mode: its attributes as `ce_` headers."""
    names = (*required, *optional)
    attributes = {**ATTRIBUTES, "type": {"type": "string", "const": type_}}
    return {
        "type": "object",
        "properties": {
            "content-type": {"type": "string", "description": "JSON, such as application/json"},
            **{f"ce_{name}": attributes[name] for name in names},
        },
        "required": [f"ce_{name}" for name in required],
    }


def dead_letter_headers() -> Schema:
    """The headers that a dead letter has beside the original ones."""
    return {
        "type": "object",
        "description": "the original headers, untouched and in their order, then these",
        "properties": {**_DLQ, **_DLQ_OPTIONAL},
        "required": list(_DLQ),
    }
