"""What the comparer calls readable is readable, by drawn schemas and drawn values."""

import copy
from random import Random

import pytest
from jsonschema import Draft202012Validator

from monitor.clinical.events import DayClosed
from monitor.wire.acknowledgement import ACKNOWLEDGEMENT_KIND
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Event, Rejection
from monitor.wire.notices import NOTICE_KIND
from monitor.wire.schemas.containment import conflicts
from monitor.wire.schemas.generated import Schema, schemas
from tests.wire.deliveries import envelope
from tests.wire.drawing import changed, drawn, instance

PRODUCERS, CONSUMERS = schemas("producer"), schemas("consumer")
SENT = sorted(PRODUCERS.keys() - {f"{NOTICE_KIND}.v1", f"{ACKNOWLEDGEMENT_KIND}.v1"})
PAIRS, VALUES = 2_500, 12


def test_what_is_called_readable_is_read_and_most_alarms_are_true() -> None:
    rng = Random(1)
    silent = proven = alarms = 0
    for _ in range(PAIRS):
        sent = drawn(rng)
        taken = changed(rng, sent)
        values = [instance(rng, sent, sent) for _ in range(VALUES)]
        refused = [one for one in values if not Draft202012Validator(taken).is_valid(one)]
        if told := conflicts(sent, taken):
            alarms += 1
            proven += bool(refused)
        else:
            silent += 1
            assert not refused, (sent, taken, refused)
        assert conflicts(sent, copy.deepcopy(sent)) == [], told
    assert silent > PAIRS / 4
    assert proven > alarms * 0.7


@pytest.mark.parametrize(
    ("sent", "taken", "told"),
    [
        ({"type": "string"}, {"maxLength": 3, "anyOf": [{"type": "string"}]}, "longer texts"),
        ({"enum": [1]}, {"enum": [True]}, "send 1,"),
        ({"const": [1]}, {"type": "number"}, "send [1],"),
        ({"enum": ["long word"]}, {"type": "string", "maxLength": 4}, "'long word'"),
        ({"enum": ["word"]}, {"type": "string", "pattern": "^w"}, "'word'"),
        ({}, {"type": "string"}, "send null or boolean or integer or number or array or object"),
        ({"type": "object"}, {"type": "object", "properties": {"a": False}}, "field a:"),
        ({"type": "string"}, {"type": "string", "format": "uuid"}, "another format"),
        ({"type": "array"}, {"type": "array", "uniqueItems": True}, "uniqueItems cannot be"),
        ({"if": {}, "then": {"type": "null"}}, {"type": "null"}, "boolean"),
    ],
)
def test_what_our_schemas_do_not_say_is_no_hole(sent: Schema, taken: Schema, told: str) -> None:
    assert any(told in one for one in conflicts(sent, taken)), conflicts(sent, taken)


def test_a_drawn_value_fits_its_schema() -> None:
    rng = Random(2)
    for _ in range(300):
        schema = drawn(rng)
        assert Draft202012Validator(schema).is_valid(instance(rng, schema, schema)), schema


@pytest.mark.parametrize("name", SENT)
def test_what_fits_the_closed_schema_fits_the_open_one_and_the_codec(name: str) -> None:
    closed, opened = Draft202012Validator(PRODUCERS[name]), Draft202012Validator(CONSUMERS[name])
    drawn_ones = (instance(Random(seed), PRODUCERS[name], PRODUCERS[name]) for seed in range(60))
    contents = [content for content in drawn_ones if closed.is_valid(content)]
    assert len(contents) >= 10
    for content in contents:
        assert opened.is_valid(content)
        if name == f"{DayClosed.KIND}.v1":
            continue
        answer = decode_line(envelope({"type": f"org.ctdnamonitor.{name}"}, content))
        # What no schema can say: that a therapy ends after it starts.
        unsaid = isinstance(answer, Rejection) and answer.field == "data.ended_on"
        assert unsaid or isinstance(answer, Event), answer
