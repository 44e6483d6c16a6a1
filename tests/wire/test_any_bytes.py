"""Whatever arrives is an event or a rejection: never an exception, never a repeated identifier."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.wire.codec import decode, decode_line
from monitor.wire.delivery import Event, Reason, Rejection
from monitor.wire.examples import EXAMPLES
from tests.wire.deliveries import (
    BINARY,
    PLANTED,
    STRUCTURED,
    TOPICS,
    Headers,
    body,
    delivery,
    envelope,
)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["1e999999999", "-0", "2025-03-01T00:00:00+23:59", "cancelled", "final"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
HEADERS = st.one_of(
    st.just(()),
    st.just(BINARY),
    st.just(STRUCTURED),
    st.lists(
        st.tuples(
            st.sampled_from([*(name for name, _ in BINARY), "content-type", "CE_ID", "x"])
            | st.text(max_size=5),
            st.none() | st.binary(max_size=30) | st.sampled_from([value for _, value in BINARY]),
        ),
        max_size=8,
    ).map(tuple),
)
TYPES = {kind: f"org.ctdnamonitor.{kind}.v1" for kind in EXAMPLES}


def assert_answered(value: bytes | None, headers: Headers) -> None:
    answers = [decode(delivery(value, headers, topic=topic), TOPICS) for topic in TOPICS]
    if value is not None:
        answers.append(decode_line(value))
    for answer in answers:
        if isinstance(answer, Rejection):
            assert answer.reason in Reason
            assert not any(planted in answer.message for planted in PLANTED)
            assert not any(planted in (answer.field or "") for planted in PLANTED)
        else:
            assert isinstance(answer, Event)
            assert len(answer.content_hash) == 32


@given(st.none() | st.binary(max_size=200), HEADERS)
def test_any_bytes_and_headers(value: bytes | None, headers: Headers) -> None:
    assert_answered(value, headers)


@given(JSON_VALUES, HEADERS)
def test_any_json(value: object, headers: Headers) -> None:
    assert_answered(json.dumps(value).encode(), headers)


@given(st.data(), st.sampled_from([body(), envelope()]), HEADERS)
def test_any_damage_to_the_bytes(data: st.DataObject, value: bytes, headers: Headers) -> None:
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(len(value), start + 20)))
    assert_answered(value[:start] + data.draw(st.binary(max_size=10)) + value[end:], headers)


def _replaced(draw: st.DrawFn, value: Any) -> Any:
    """Replace, or take away, one value somewhere inside."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        name = draw(st.sampled_from(sorted(value)))
        rest = {other: kept for other, kept in value.items() if other != name}
        return (
            rest if draw(st.integers(0, 4)) == 0 else {**rest, name: _replaced(draw, value[name])}
        )
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _replaced(draw, value[place]), *value[place + 1 :]]
    return draw(JSON_VALUES)


@st.composite
def damaged_events(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(sorted(EXAMPLES)))
    content = json.loads(json.dumps(draw(st.sampled_from(EXAMPLES[kind]))))
    if draw(st.booleans()):
        content["status"] = draw(st.sampled_from(["registered", "cancelled", "corrected"]))
    for _ in range(draw(st.integers(1, 3))):
        content = _replaced(draw, content)
    return envelope({"type": TYPES[kind]}, content)


@settings(max_examples=400)
@given(damaged_events())
def test_any_wrong_value_in_a_record(value: bytes) -> None:
    assert_answered(value, ())
