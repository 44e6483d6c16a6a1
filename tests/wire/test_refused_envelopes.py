"""Every way in which bytes and envelope are refused: the reason, the attribute, no repeating."""

import pytest

from monitor.wire.codec import decode
from monitor.wire.delivery import Reason, Rejection
from tests.wire.deliveries import (
    ATTRIBUTES,
    BINARY,
    STRUCTURED,
    TOPICS,
    Headers,
    assert_refused,
    body,
    delivery,
    envelope,
)

R = Reason


def without(name: str) -> Headers:
    return tuple(pair for pair in BINARY if pair[0] != f"ce_{name}")


def with_header(name: str, value: bytes | None) -> Headers:
    return (*without(name.removeprefix("ce_")), (name, value))


BYTES: list[tuple[bytes | None, Reason, str | None]] = [
    (None, R.UNDECODABLE, None),
    (b"", R.UNDECODABLE, None),
    (b"planted", R.UNDECODABLE, None),
    (b"[]", R.UNDECODABLE, None),
    (b"null", R.UNDECODABLE, None),
    (b'"planted"', R.UNDECODABLE, None),
    (b"\xef\xbb\xbf" + body(), R.UNDECODABLE, None),
    (body() + b"x", R.UNDECODABLE, None),
    (body()[:-1], R.UNDECODABLE, None),
    (b"\x1f\x8b\x08\x00planted", R.UNDECODABLE, None),
    (b"\x00\x00\x00\x00\x01" + body(), R.UNDECODABLE, None),
    (b'{"study_id": "planted\xff"}', R.UNDECODABLE, None),
    (b'{"study_id": "planted\xed\xa0\x80"}', R.UNDECODABLE, None),
    (body().decode().encode("utf-16"), R.UNDECODABLE, None),
    (b'{"study_id": "planted\x00"}', R.UNDECODABLE, None),
    (b" " * (1024 * 1024 + 1), R.TOO_LARGE, None),
    (b'{"x":' * 33 + b"1" + b"}" * 33, R.TOO_LARGE, None),
    (b"[" * 100_000, R.TOO_LARGE, None),
    (b'{"a":"\\"]]]]",' + b'"x":{' * 40, R.TOO_LARGE, None),
    (b'{"planted": ' + b"9" * 65 + b"}", R.TOO_LARGE, None),
    (b'{"planted": 0.' + b"9" * 65 + b"}", R.TOO_LARGE, None),
    (b'{"planted": 1e99999999999999999999}', R.TOO_LARGE, None),
    (b'{"planted": NaN}', R.SCHEMA_INVALID, None),
    (b'{"planted": [-Infinity]}', R.SCHEMA_INVALID, None),
    (b'{"planted": 1, "planted": 1}', R.SCHEMA_INVALID, "data"),
    (b'{"x": [{"planted": 1, "planted": 2}]}', R.SCHEMA_INVALID, "data"),
]


@pytest.mark.parametrize(("value", "reason", "field"), BYTES)
def test_bytes(value: bytes | None, reason: Reason, field: str | None) -> None:
    rejection = assert_refused(value, BINARY, reason, field)
    assert (rejection.source, rejection.event_id) == (ATTRIBUTES["source"], ATTRIBUTES["id"])


@pytest.mark.parametrize(
    "value",
    [
        b'{"x":' * 31 + b"{}" + b"}" * 31,
        b'{"x": "' + b"[" * 1000 + b'"}',
        b'{"x": [' + b"[]," * 100 + b"[]]}",
        b'{"x": ' + b"9" * 64 + b"}",
    ],
)
def test_within_the_limits_the_record_is_looked_at(value: bytes) -> None:
    assert_refused(value, BINARY, R.SCHEMA_INVALID, "data.study_id")


@pytest.mark.timeout(20)
def test_a_text_without_end_costs_one_pass() -> None:
    assert_refused(b"[]" * 40 + b'"' + b'\\"' * 500_000, BINARY, R.UNDECODABLE, None)


ENVELOPES: list[tuple[dict[str, object], Reason, str | None]] = [
    ({"specversion": "0.3"}, R.ENVELOPE_INVALID, "specversion"),
    ({"specversion": 1.0}, R.ENVELOPE_INVALID, "specversion"),
    ({"id": None}, R.ENVELOPE_INVALID, "id"),
    ({"id": ""}, R.ENVELOPE_INVALID, "id"),
    ({"id": 7}, R.ENVELOPE_INVALID, "id"),
    ({"id": "planted\u0000"}, R.ENVELOPE_INVALID, "id"),
    ({"id": "planted\n"}, R.ENVELOPE_INVALID, "id"),
    ({"id": "planted\ud800"}, R.ENVELOPE_INVALID, "id"),
    ({"id": "x" * 1025}, R.ENVELOPE_INVALID, "id"),
    ({"source": None}, R.ENVELOPE_INVALID, "source"),
    ({"source": ""}, R.ENVELOPE_INVALID, "source"),
    ({"source": "planted lab"}, R.ENVELOPE_INVALID, "source"),
    ({"source": "x" * 1025}, R.ENVELOPE_INVALID, "source"),
    ({"type": None}, R.ENVELOPE_INVALID, "type"),
    ({"type": ["planted"]}, R.ENVELOPE_INVALID, "type"),
    ({"type": "planted"}, R.UNSUPPORTED_TYPE, "type"),
    ({"type": "org.ctdnamonitor.ctdna.result.v2"}, R.UNSUPPORTED_TYPE, "type"),
    ({"time": "2025-03-02T09:00:00"}, R.ENVELOPE_INVALID, "time"),
    ({"time": "2025-02-30T09:00:00Z"}, R.ENVELOPE_INVALID, "time"),
    ({"time": "0001-01-01T00:00:00+14:00"}, R.ENVELOPE_INVALID, "time"),
    ({"time": 1740906000}, R.ENVELOPE_INVALID, "time"),
    ({"subject": {}}, R.ENVELOPE_INVALID, "subject"),
    ({"dataschema": "planted schema"}, R.ENVELOPE_INVALID, "dataschema"),
    ({"datacontenttype": "application/xml"}, R.ENVELOPE_INVALID, "datacontenttype"),
    ({"data": None}, R.UNDECODABLE, "data"),
    ({"data": "planted"}, R.UNDECODABLE, "data"),
    ({"data": [1]}, R.UNDECODABLE, "data"),
    ({"data_base64": "cGxhbnRlZA=="}, R.UNDECODABLE, "data"),
]


@pytest.mark.parametrize(("changes", "reason", "field"), ENVELOPES)
@pytest.mark.parametrize("headers", [(), STRUCTURED], ids=["bare", "structured"])
def test_envelopes(
    changes: dict[str, object], reason: Reason, field: str | None, headers: Headers
) -> None:
    assert_refused(envelope(changes), headers, reason, field)


def test_structured_needs_the_version_that_bare_json_may_leave_out() -> None:
    assert_refused(envelope({"specversion": None}), STRUCTURED, R.ENVELOPE_INVALID, "specversion")


@pytest.mark.parametrize("headers", [(), STRUCTURED], ids=["bare", "structured"])
def test_an_attribute_given_twice_in_the_body(headers: Headers) -> None:
    twice = b'{"planted": 1, "planted": 1, ' + envelope()[1:]
    assert_refused(twice, headers, R.ENVELOPE_INVALID, None)
    inner = envelope()[:-2] + b', "planted": 1, "planted": 1}}'
    assert_refused(inner, headers, R.SCHEMA_INVALID, "data")


HEADERS: list[tuple[Headers, Reason, str | None]] = [
    (without("specversion"), R.ENVELOPE_INVALID, "specversion"),
    (without("id"), R.ENVELOPE_INVALID, "id"),
    (without("source"), R.ENVELOPE_INVALID, "source"),
    (without("type"), R.ENVELOPE_INVALID, "type"),
    ((*BINARY, ("ce_id", b"event-1")), R.ENVELOPE_INVALID, "id"),
    ((*BINARY, ("CE_ID", b"event-1")), R.ENVELOPE_INVALID, "id"),
    ((*BINARY, ("ce_planted", b"1"), ("ce_planted", b"1")), R.ENVELOPE_INVALID, None),
    (with_header("ce_id", None), R.ENVELOPE_INVALID, "id"),
    (with_header("ce_id", b"planted\xff"), R.ENVELOPE_INVALID, "id"),
    (with_header("ce_planted", b"\xff"), R.ENVELOPE_INVALID, None),
    (with_header("ce_time", b"planted"), R.ENVELOPE_INVALID, "time"),
    ((*BINARY, ("content-type", b"text/planted")), R.ENVELOPE_INVALID, "datacontenttype"),
    (
        (*BINARY, ("content-type", b"application/json;charset=latin1")),
        R.ENVELOPE_INVALID,
        "datacontenttype",
    ),
    (
        (*BINARY, ("content-type", b"application/json"), ("content-type", b"application/json")),
        R.ENVELOPE_INVALID,
        "content-type",
    ),
    (
        (("content-type", b"application/cloudevents-batch+json"),),
        R.ENVELOPE_INVALID,
        "content-type",
    ),
    ((("content-type", b"application/cloudevents+avro"),), R.ENVELOPE_INVALID, "content-type"),
    ((("h", b""),) * 101, R.TOO_LARGE, None),
    ((("h", b"x" * 65536),), R.TOO_LARGE, None),
]


@pytest.mark.parametrize(("headers", "reason", "field"), HEADERS)
def test_headers(headers: Headers, reason: Reason, field: str | None) -> None:
    assert_refused(body(), headers, reason, field)


def test_a_record_key_beyond_its_limit() -> None:
    refusal = decode(delivery(body(), BINARY, key=b"x" * 4097), TOPICS)
    assert isinstance(refusal, Rejection)
    assert refusal.reason is R.TOO_LARGE
