"""Every example is what it says: accepted or refused, by schema and codec, in every mode."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from monitor.clinical.events import DayClosed
from monitor.wire.codec import TOPIC_OF, decode, decode_line
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from monitor.wire.examples import REFUSED, TITLED
from monitor.wire.examples.refused import Broken
from monitor.wire.schemas.corpus import accepted, refused
from monitor.wire.schemas.generated import schemas
from tests.cli.evaluated import evaluate

PRODUCERS = {name: Draft202012Validator(schema) for name, schema in schemas("producer").items()}
CONSUMERS = {name: Draft202012Validator(schema) for name, schema in schemas("consumer").items()}
PLAIN = {topic: topic for topic in set(TOPIC_OF.values())}
LINES = [
    pytest.param(kind, line, id=f"{kind}: {example.title}")
    for kind in REFUSED
    for line, example in zip(accepted(kind), TITLED[kind], strict=True)
]
BROKEN = [
    pytest.param(kind, broken, line, id=f"{kind}: {broken.title}")
    for kind in REFUSED
    for broken, line in zip(REFUSED[kind], refused(kind), strict=True)
]


def in_each_mode(line: bytes) -> Iterator[Delivery]:
    """The event as Kafka messages: binary, structured, bare."""
    event = json.loads(line)
    topic = TOPIC_OF[event["type"]]
    content = event.pop("data")
    headers = tuple((f"ce_{name}", str(text).encode()) for name, text in event.items())
    yield Delivery(topic, 0, 0, None, headers, json.dumps(content).encode())
    media = (("content-type", b"application/cloudevents+json"),)
    yield Delivery(topic, 0, 0, None, media, line)
    bare = {name: event[name] for name in ("type", "id", "source")}
    yield Delivery(topic, 0, 0, None, (), json.dumps({**bare, "data": content}).encode())


@pytest.mark.parametrize("kind", TITLED)
def test_an_accepted_example_fits_both_flavours(kind: str) -> None:
    for example in TITLED[kind]:
        for validators in (PRODUCERS, CONSUMERS):
            assert list(validators[f"{kind}.v1"].iter_errors(example.content)) == []


@pytest.mark.parametrize(("kind", "line"), LINES)
def test_an_accepted_example_reads_as_one_event_in_every_mode(kind: str, line: bytes) -> None:
    event = decode_line(line)
    assert isinstance(event, Event), event
    assert event.fact.record_id == json.loads(line)["data"]["record_id"]
    if kind != DayClosed.KIND:
        again = [decode(delivery, PLAIN) for delivery in in_each_mode(line)]
        assert {one.content_hash for one in again if isinstance(one, Event)} == {event.content_hash}
        assert len(again) == 3


@pytest.mark.parametrize(("kind", "broken", "line"), BROKEN)
def test_a_broken_example_is_refused_by_both_schemas_and_the_codec(
    kind: str, broken: Broken, line: bytes
) -> None:
    event = json.loads(line)
    assert event["data"] == broken.content
    for validators in (PRODUCERS, CONSUMERS):
        assert not validators[f"{kind}.v1"].is_valid(broken.content)
    answers = [decode_line(line)]
    if kind != DayClosed.KIND:
        answers += [decode(delivery, PLAIN) for delivery in in_each_mode(line)]
    for answer in answers:
        assert isinstance(answer, Rejection), answer
        assert (answer.reason, answer.field) == (broken.reason, f"data.{broken.field}")
    assert event["expectedreason"] == broken.reason
    assert event["expectedfield"] == f"data.{broken.field}"


def test_every_kind_shows_what_a_laboratory_may_have_to_send() -> None:
    for kind in REFUSED.keys() - {DayClosed.KIND}:
        titles = {example.title for example in TITLED[kind]}
        assert {"a correction", "a cancellation", "moved to another patient"} <= titles
    with_units = {
        kind for kind, some in REFUSED.items() if any(one.title == "a wrong unit" for one in some)
    }
    assert with_units == {"ctdna.result", "eligibility.assessed", "marker.result"}
    shown = {broken.reason for some in REFUSED.values() for broken in some}
    assert shown == {
        Reason.SCHEMA_INVALID,
        Reason.UNMAPPED_CODE,
        Reason.UNKNOWN_STATUS,
        Reason.IMPLAUSIBLE_VALUE,
    }


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a record, from the outside."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from objects(inner)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_misspelt_field_is_found_by_the_producer_s_schema_alone(kind: str) -> None:
    full = json.loads(json.dumps(TITLED[kind][0].content))
    line = json.loads(accepted(kind)[0])
    for place in objects(full):
        place["misspelt_field"] = 1
        messages = [error.message for error in PRODUCERS[f"{kind}.v1"].iter_errors(full)]
        assert any("misspelt_field" in message for message in messages), messages
        assert CONSUMERS[f"{kind}.v1"].is_valid(full)
        assert isinstance(decode_line(json.dumps({**line, "data": full}).encode()), Event)
        del place["misspelt_field"]


def test_sent_one_after_the_other_all_examples_are_accepted() -> None:
    lines = [line for kind in REFUSED for line in accepted(kind)]
    evaluated = evaluate(lines)
    assert evaluated.rejections == []
    assert {row["patient_id"] for row in evaluated.timelines} == {"P-007", "P-008"}


def test_what_the_monitor_sends_fits_its_closed_schema() -> None:
    cohort = Path(__file__).parents[2] / "monitor" / "examples" / "cohort.ndjson"
    told = evaluate(cohort.read_bytes().splitlines(), datetime.date(2026, 6, 1)).notices
    assert len({notice["finding"] for notice in told}) > 25
    for notice in told:
        assert list(PRODUCERS["notice.v1"].iter_errors(notice)) == []
