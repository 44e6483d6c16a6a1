"""The AsyncAPI document is one, says what the program does, and its examples are true."""

import datetime
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from monitor.ledger.entries import QuarantineRow
from monitor.ledger.outgoing import dead_letter_outgoing
from monitor.settings import DLQ_SUFFIX, INPUT_TOPICS, NOTICES_TOPIC, KafkaSettings
from monitor.stream.admin import DEAD_LETTER_BYTES_MAX
from monitor.wire.acknowledgement import ACKNOWLEDGEMENTS_TOPIC
from monitor.wire.asyncapi import document
from monitor.wire.codec import TOPIC_OF, decode
from monitor.wire.delivery import Delivery, Event
from monitor.wire.examples import EXAMPLES
from monitor.wire.notices import encode_binary
from monitor.wire.schemas.published import ASYNCAPI_FILE, published

VENDORED = Path(__file__).parent / "vendor" / "asyncapi"
FILES = published()
DOCUMENT = json.loads(FILES[ASYNCAPI_FILE])
MESSAGES: Mapping[str, Any] = DOCUMENT["components"]["messages"]
EXAMPLES_OF = [
    pytest.param(name, example, id=f"{name} {example['name']}")
    for name, message in MESSAGES.items()
    for example in message["examples"]
]
INPUTS = {topic: topic for topic in INPUT_TOPICS}


def published_schema() -> Draft7Validator:
    return Draft7Validator(json.loads((VENDORED / "3.1.0.json").read_text()))


def whole(value: Any, root: Any = None) -> Any:
    """Put the schema files, and what they refer to, in the place of the references to them."""
    if isinstance(value, list):
        return [whole(inner, root) for inner in value]
    if not isinstance(value, dict):
        return value
    place = value.get("$ref", "")
    if place.startswith("./"):
        file = json.loads(FILES[place.removeprefix("./")])
        return whole({word: inner for word, inner in file.items() if word != "$schema"}, file)
    if root is not None and place.startswith("#/$defs/"):
        return whole(root["$defs"][place.removeprefix("#/$defs/")], root)
    return {word: whole(inner, root) for word, inner in value.items() if word != "$defs"}


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(place := value.get("$ref"), str):
            yield place
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def looked_up(place: str) -> Any:
    found: Any = DOCUMENT
    for step in place.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_the_vendored_schema_is_as_it_was_published() -> None:
    content = (VENDORED / "3.1.0.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() in (VENDORED / "SOURCE.md").read_text()
    assert "Apache License" in (VENDORED / "LICENSE").read_text()


def test_the_document_is_one_by_asyncapi_s_own_schema() -> None:
    for one in (DOCUMENT, whole(DOCUMENT)):
        error = best_match(published_schema().iter_errors(one))
        assert error is None, (list(error.absolute_path), error.message)


def test_asyncapi_s_own_schema_would_have_found_a_mistake() -> None:
    message = {**MESSAGES["ctdna.result.v1"], "contenttype": "x"}
    messages = {"messages": {**MESSAGES, "ctdna.result.v1": message}}
    wrong = {**DOCUMENT, "components": {**DOCUMENT["components"], **messages}}
    assert not published_schema().is_valid(wrong)


def test_every_reference_leads_somewhere() -> None:
    places = set(references(DOCUMENT))
    assert len(places) > 60
    for place in places:
        assert place.removeprefix("./") in FILES if place[0] == "." else looked_up(place)
    assert document() == DOCUMENT


def test_the_topics_are_those_of_the_program() -> None:
    channels = DOCUMENT["channels"]
    assert set(channels) == {*KafkaSettings().topics, ACKNOWLEDGEMENTS_TOPIC}
    assert all(channel["address"] == name for name, channel in channels.items())
    actions = {
        operation["channel"]["$ref"].removeprefix("#/channels/"): operation["action"]
        for operation in DOCUMENT["operations"].values()
    }
    assert actions.keys() == channels.keys()
    assert {topic for topic, action in actions.items() if action == "receive"} == set(INPUT_TOPICS)
    for type_, topic in TOPIC_OF.items():
        assert type_.removeprefix("org.ctdnamonitor.") in channels[topic]["messages"]


def test_the_topics_are_made_as_the_document_says() -> None:
    kafka = KafkaSettings()
    for name, channel in DOCUMENT["channels"].items():
        binding = channel["bindings"]["kafka"]
        assert (binding["partitions"], binding["replicas"]) == (
            kafka.partitions,
            kafka.replication_factor,
        )
        limits = {"max.message.bytes": DEAD_LETTER_BYTES_MAX} if name.endswith(DLQ_SUFFIX) else {}
        in_sync = {"min.insync.replicas": kafka.min_insync}
        assert binding["topicConfiguration"] == {**in_sync, **limits}
    group = DOCUMENT["operations"]["receive.ctdna.results"]["bindings"]["kafka"]["groupId"]
    assert group["default"] == kafka.group


def test_every_way_to_connect_that_the_settings_know_is_a_server() -> None:
    protocols = KafkaSettings.model_fields["protocol"].annotation
    mechanisms = KafkaSettings.model_fields["sasl_mechanism"].annotation
    assert {name.upper() for name in DOCUMENT["servers"]} == set(protocols.__args__)  # type: ignore[union-attr]
    secure = {"PLAIN": "plain", "SCRAM-SHA-256": "scramSha256", "SCRAM-SHA-512": "scramSha512"}
    assert set(DOCUMENT["components"]["securitySchemes"]) == {
        secure[name]
        for name in mechanisms.__args__  # type: ignore[union-attr]
    }
    for name, server in DOCUMENT["servers"].items():
        assert ("security" in server) == name.startswith("sasl")
        assert (server["protocol"] == "kafka-secure") == name.endswith("ssl")


@pytest.mark.parametrize(("name", "example"), EXAMPLES_OF)
def test_an_example_fits_the_schemas_of_its_message(name: str, example: dict[str, Any]) -> None:
    message = whole(MESSAGES[name])
    for part in ("headers", "payload"):
        validator = Draft202012Validator(message[part], format_checker=FormatChecker())
        assert list(validator.iter_errors(example[part])) == []


@pytest.mark.parametrize("topic", INPUT_TOPICS)
def test_the_codec_accepts_every_example_of_an_input_topic(topic: str) -> None:
    for name in DOCUMENT["channels"][topic]["messages"]:
        for example in MESSAGES[name]["examples"]:
            headers = tuple((key, text.encode()) for key, text in example["headers"].items())
            value = json.dumps(example["payload"]).encode()
            assert isinstance(decode(Delivery(topic, 0, 0, None, headers, value), INPUTS), Event)


def test_the_examples_show_a_correction_a_cancellation_and_a_withdrawal() -> None:
    told = {example["summary"] for message in MESSAGES.values() for example in message["examples"]}
    assert told >= {"a correction", "a cancellation", "it is withdrawn", "refused", "bare JSON"}


def test_a_notice_is_sent_with_the_headers_and_key_of_the_document() -> None:
    for notice in EXAMPLES["notice"]:
        headers, value = encode_binary(notice, deployment="default", cause_id="ctdna.result-1")
        message = MESSAGES[f"notice.{notice['action']}.v1"]
        texts = {name: text.decode() for name, text in headers}
        assert texts.keys() == message["headers"]["properties"].keys()
        Draft202012Validator(message["headers"]).validate(texts)
        shown = [example for example in message["examples"] if example["headers"] == texts]
        assert [example["payload"] for example in shown] == [json.loads(value)]
        assert re.fullmatch(message["bindings"]["kafka"]["key"]["pattern"], texts["ce_subject"])
    assert NOTICES_TOPIC in DOCUMENT["channels"]


WHERE_KNOWN = {
    "original_timestamp": 1_775_034_000_000,
    "consumer_group": "ctdna-monitor",
    "app_version": "0.1.0",
    "error_class": "KeyError",
    "redrive_count": 2,
}


@pytest.mark.parametrize(("field", "known"), [("data.call", {}), (None, WHERE_KNOWN)])
def test_a_dead_letter_is_sent_with_the_headers_of_the_document(
    field: str | None, known: dict[str, object]
) -> None:
    row = QuarantineRow(
        topic="p.ctdna.results",
        partition=3,
        offset=44,
        message_key=b"k",
        headers=(("ce_id", b"e"),),
        value=b"{}",
        reason="schema_invalid",
        field=field,
        message="is required",
        stage="decode",
        source=None,
        event_id=None,
        patient=None,
        received_at=datetime.datetime(2026, 4, 1, tzinfo=datetime.UTC),
        **known,  # type: ignore[arg-type]
    )
    sent = dead_letter_outgoing(row)
    schema = MESSAGES["dead.letter"]["headers"]
    ours = {name: None if text is None else text.decode() for name, text in sent.headers[1:]}
    Draft202012Validator({**schema, "additionalProperties": False}).validate(ours)
    assert sent.topic == "p.ctdna.results.dlq"
