"""The AsyncAPI 3.1 document: every topic, what travels there, and how to reach it.

Made from what the codec reads and the models check, so that it says what the program does. Its
payloads are the schema files beside it: AsyncAPI would look up references of pasted ones wrongly.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from monitor.wire.acknowledgement import ACKNOWLEDGEMENTS_TOPIC
from monitor.wire.codec import TOPIC_OF, TYPE_PREFIX, VERSION_SUFFIX
from monitor.wire.messages import (
    BINDING_VERSION,
    DEAD_LETTER,
    Message,
    answer_messages,
    dead_letter_messages,
    input_messages,
    notice_messages,
)

VERSION: Final = "3.1.0"
NOTICES_TOPIC: Final = "monitor.notices"
DLQ_SUFFIX: Final = ".dlq"
# What `monitor topics apply` makes where no setting says otherwise.
PARTITIONS: Final = 12
REPLICAS: Final = 3
IN_SYNC: Final = 2
DEAD_LETTER_BYTES_MAX: Final = 16 * 1024 * 1024
GROUP: Final = "ctdna-monitor"

Document = dict[str, Any]

_CARRIES: Final[Mapping[str, str]] = {
    "ctdna.results": "A laboratory's ctDNA results.",
    "imaging.reads": "Imaging reads by RECIST 1.1.",
    "clinical.events": "Enrolment, therapies, markers, reviews, contact, death and the like.",
}
_INPUT: Final = (
    " All input topics have the same number of partitions. A message without a value is refused."
)
_INFO: Final = """\
Watches ctDNA results and imaging reads and says, with reasons, which patient needs attention.

Names of topics take the prefix of the deployment, if it has one. Every event is a CloudEvent 1.0.
A correction is a new event (another `id`) with the same `record_id` and a higher `record_version`;
`source` and `id` together name a delivery, so the same one sent twice counts once. What is refused
goes to the topic's dead letter topic, and nothing refused is lost.

Decision support for trial staff: it orders nothing, a clinician decides.
"""


def document() -> Document:
    """The whole document; the same each time."""
    inputs = _inputs()
    channels = {topic: _input_channel(topic, messages) for topic, messages in inputs.items()}
    channels |= {topic + DLQ_SUFFIX: _dead_letter_channel(topic) for topic in inputs}
    told = {NOTICES_TOPIC: notice_messages(), ACKNOWLEDGEMENTS_TOPIC: answer_messages()}
    channels |= {
        topic: _channel(topic, text, list(told[topic])) for topic, text in _TOLD_CHANNELS.items()
    }
    messages = [*inputs.values(), *told.values(), dead_letter_messages()]
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "ctdna-monitor",
            "version": "1.0.0",
            "description": _INFO,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {name: _server(*how) for name, how in _SERVERS.items()},
        "channels": channels,
        "operations": dict(_operation(topic, inputs, one) for topic, one in channels.items()),
        "components": {
            "messages": {name: one for some in messages for name, one in some.items()},
            "securitySchemes": {
                name: {"type": name, "description": text} for name, text in _SASL.items()
            },
        },
    }


def _inputs() -> dict[str, dict[str, Message]]:
    """The messages of each input topic."""
    found: dict[str, dict[str, Message]] = {topic: {} for topic in _CARRIES}
    for type_, topic in TOPIC_OF.items():
        kind = type_.removeprefix(TYPE_PREFIX).removesuffix(VERSION_SUFFIX)
        found[topic] |= input_messages(kind)
    return found


def _input_channel(topic: str, messages: Mapping[str, Message]) -> Document:
    return _channel(topic, _CARRIES[topic] + _INPUT, list(messages))


def _dead_letter_channel(topic: str) -> Document:
    text = f"What was refused on {topic}, with the reason. Keep it as long as an audit may ask."
    configuration = {"max.message.bytes": DEAD_LETTER_BYTES_MAX}
    return _channel(topic + DLQ_SUFFIX, text, [DEAD_LETTER], configuration)


def _channel(
    topic: str,
    text: str,
    messages: Sequence[str],
    configuration: Mapping[str, int] | None = None,
) -> Document:
    return {
        "address": topic,
        "description": text,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "partitions": PARTITIONS,
                "replicas": REPLICAS,
                "topicConfiguration": {"min.insync.replicas": IN_SYNC, **(configuration or {})},
                "bindingVersion": BINDING_VERSION,
            }
        },
    }


def _operation(topic: str, inputs: Mapping[str, object], channel: Document) -> tuple[str, Document]:
    """What the monitor itself does with a topic: read the inputs, write the others."""
    action = "receive" if topic in inputs else "send"
    place = f"#/channels/{topic}"
    operation: Document = {
        "action": action,
        "channel": {"$ref": place},
        "messages": [{"$ref": f"{place}/messages/{name}"} for name in channel["messages"]],
    }
    if action == "receive":
        group = {"type": "string", "default": GROUP}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": BINDING_VERSION}}
    return f"{action}.{topic}", operation


def _server(protocol: str, text: str, mechanisms: Sequence[str]) -> Document:
    server: Document = {
        "host": "{host}:{port}",
        "protocol": protocol,
        "description": text,
        "variables": {
            "host": {"default": "localhost", "description": "a broker of the deployment"},
            "port": {"default": "9092"},
        },
    }
    if mechanisms:
        server["security"] = [
            {"$ref": f"#/components/securitySchemes/{name}"} for name in mechanisms
        ]
    return server


_TOLD_CHANNELS: Final[Mapping[str, str]] = {
    NOTICES_TOPIC: (
        "What the monitor raises, amends and withdraws. Per patient `sequence` counts 1, 2, 3 …; "
        "drop what is not above the last one seen."
    ),
    ACKNOWLEDGEMENTS_TOPIC: (
        "What became of each delivery, for who sent it. Only where the deployment switches it on."
    ),
}
_SASL: Final[Mapping[str, str]] = {
    "scramSha512": "SASL mechanism SCRAM-SHA-512, the default",
    "scramSha256": "SASL mechanism SCRAM-SHA-256",
    "plain": "SASL mechanism PLAIN; over TLS only",
}
_SERVERS: Final = {
    "plaintext": ("kafka", "PLAINTEXT: for trying out on one machine only.", ()),
    "ssl": ("kafka-secure", "SSL: encrypted, the client is not asked who it is.", ()),
    "sasl_plaintext": ("kafka", "SASL_PLAINTEXT: with a password, not encrypted.", tuple(_SASL)),
    "sasl_ssl": (
        "kafka-secure",
        "SASL_SSL: encrypted and with a password; use this one.",
        tuple(_SASL),
    ),
}
