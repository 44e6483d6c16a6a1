"""Notices leave with the attributes of contract 3, as the CloudEvents SDK reads them too."""

import json
from collections.abc import Callable

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event
from cloudevents.core.v1.event import CloudEvent

from monitor.wire.examples import EXAMPLES
from monitor.wire.notices import NoticeDocument, encode_binary, encode_structured, record_key
from tests.wire.deliveries import BINARY, STRUCTURED, body, envelope

NOTICE = EXAMPLES["notice"][0]
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "144de5df-b73a-55e0-be7a-3f06ebfe9cc8",
    "source": "urn:ctdna-monitor:default",
    "type": "org.ctdnamonitor.notice.raised.v1",
    "subject": "NCT06778382/P-007",
    "time": "2025-03-22T09:00:00Z",
    "dataschema": "https://ctdna-monitor.org/schemas/notice.v1.json",
    "causationid": "event-ä",
    "severitytext": "high",
    "partitionkey": "NCT06778382/P-007",
}


def by_sdk(headers: dict[str, bytes], value: bytes) -> CloudEvent:
    event = from_kafka_event(KafkaMessage(headers=headers, key=None, value=value))
    assert isinstance(event, CloudEvent)
    return event


def as_binary() -> CloudEvent:
    headers, value = encode_binary(NOTICE, deployment="default", cause_id="event-ä")
    assert len(dict(headers)) == len(headers)
    return by_sdk(dict(headers), value)


def as_structured() -> CloudEvent:
    value = encode_structured(NOTICE, deployment="default", cause_id="event-ä")
    return by_sdk({"content-type": b"application/cloudevents+json"}, value)


@pytest.mark.parametrize("encoded", [as_binary, as_structured])
def test_the_sdk_reads_every_attribute_and_the_whole_notice(
    encoded: Callable[[], CloudEvent],
) -> None:
    event = encoded()
    read = {name: event.get_attributes()[name] for name in ATTRIBUTES}
    assert read == {**ATTRIBUTES, "time": event.get_time()}
    assert event.get_time() == NoticeDocument.model_validate(NOTICE).detected_at
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == NOTICE


def test_the_same_notice_gives_the_same_bytes() -> None:
    other = dict(reversed([*NOTICE.items()]))
    for encode in (encode_binary, encode_structured):
        first = encode(NOTICE, deployment="default", cause_id="e")
        assert encode(other, deployment="default", cause_id="e") == first


def test_a_line_is_one_line() -> None:
    notice = {**NOTICE, "explanation": "ctDNA\nwas detected ±"}
    line = encode_structured(notice, deployment="d", cause_id="e")
    assert b"\n" not in line
    assert "±".encode() in line
    assert json.loads(line)["data"] == notice


@pytest.mark.parametrize("action", ["raised", "amended", "withdrawn"])
def test_the_type_names_the_action(action: str) -> None:
    headers, _ = encode_binary({**NOTICE, "action": action}, deployment="d", cause_id="e")
    assert dict(headers)["ce_type"] == f"org.ctdnamonitor.notice.{action}.v1".encode()


def test_the_key_names_the_patient() -> None:
    assert record_key(NOTICE) == "NCT06778382/P-007"


def test_what_the_sdk_reads_of_our_input_we_read_too() -> None:
    ours = by_sdk(dict(BINARY) | {"content-type": b"application/json"}, body())
    theirs = by_sdk(dict[str, bytes](STRUCTURED), envelope())
    assert ours.get_data() == theirs.get_data()
    assert ours.get_id() == theirs.get_id() == "event-1"
