"""What costs too much is refused before it is read, and every record of the contract is not."""

import json
from typing import Any

import pytest

from monitor.wire import limits, strictjson
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Event, Reason, Rejection
from tests.wire.deliveries import (
    ATTRIBUTES,
    BINARY,
    READ_TYPE,
    STRUCTURED,
    Headers,
    accepted,
    assert_refused,
    body,
    envelope,
    read,
)

R = Reason
MIB = 1024 * 1024


class Read(Exception):
    """The parser was asked."""


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on parsing anything is an error."""

    class Unread:
        def decode(self, _: str) -> None:
            raise Read

    monkeypatch.setattr(strictjson, "_DECODER", Unread())


COSTLY: list[tuple[bytes, Reason, str]] = [
    (b"[" * 10**6, R.TOO_LARGE, "50000 values"),
    (b'{"x":' * 33, R.TOO_LARGE, "32 levels"),
    (b'["]]]]",' + b"[" * 33, R.TOO_LARGE, "32 levels"),
    (b'["\\\\",' + b"[" * 33, R.TOO_LARGE, "32 levels"),
    (b'["\\\\\\"]]",' + b"[" * 33, R.TOO_LARGE, "32 levels"),
    (b'{"x":"' + b"x" * 20 * MIB, R.TOO_LARGE, "1 MiB"),
    (b"[" + b"1," * 10_000 + b"1]", R.TOO_LARGE, "10000 entries"),
    (b'[1,{"x":[' + b"{}," * 10_000 + b"{}]}]", R.TOO_LARGE, "10000 entries"),
    (b"{" + b'"planted":1,' * 1_000 + b'"x":1}', R.TOO_LARGE, "1000 names"),
    (b"[%s]" % b",".join([b"[%s1]" % (b"1," * 99)] * 501), R.TOO_LARGE, "50000 values"),
    (b'{"":"",' * 120_000, R.TOO_LARGE, "50000 values"),
    (b"\x1f\x8b\x08\x00planted", R.UNDECODABLE, "compressed"),
    (b"PK\x03\x04planted", R.UNDECODABLE, "compressed"),
    (b"\x28\xb5\x2f\xfdplanted", R.UNDECODABLE, "compressed"),
    (b"BZh91AY&SYplanted", R.UNDECODABLE, "compressed"),
    (b"\xfd7zXZ\x00planted", R.UNDECODABLE, "compressed"),
    (b"\x04\x22\x4d\x18planted", R.UNDECODABLE, "compressed"),
    (b"x\x9cplanted", R.UNDECODABLE, "compressed"),
    (b"\x1f\x8b" + b"\x00" * 20 * MIB, R.UNDECODABLE, "compressed"),
]


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(("value", "reason", "words"), COSTLY)
def test_what_costs_too_much_is_never_parsed(value: bytes, reason: Reason, words: str) -> None:
    refused = assert_refused(value, BINARY, reason, None)
    assert words in refused.message
    assert (refused.source, refused.event_id) == (ATTRIBUTES["source"], ATTRIBUTES["id"])
    from_a_file = decode_line(value)
    assert isinstance(from_a_file, Rejection)
    assert from_a_file.reason is reason


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    "value",
    [
        b'{"x":"' + b"[{" * 500_000 + b'"}',
        b'{"x":"' + b"," * 500_000 + b'"}',
        b'{"x":"' + b'\\",[' * 200_000 + b'"}',
        b'{"x":"' + b"\\\\" * 500_000 + b'"}',
        b"[" + b"1," * 9_999 + b"1]",
        b"{" + b'"x":1,' * 999 + b'"x":1}',
        b'["\\\\\\"' + b"[" * 40 + b'"]',
        b"[" + b"[]," * 9_999 + b"[]]",
    ],
)
def test_up_to_the_limits_and_whatever_stands_in_texts_it_is_parsed(value: bytes) -> None:
    with pytest.raises(Read):
        strictjson.parse(value, enveloped=False)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("coding", [b"gzip", b"GZIP", b" br ", b"zstd", b"identity, gzip"])
@pytest.mark.parametrize("headers", [(), STRUCTURED, BINARY], ids=["bare", "structured", "binary"])
def test_a_compressed_body_is_refused_by_its_header(coding: bytes, headers: Headers) -> None:
    given = (*headers, ("Content-Encoding", coding))
    refused = assert_refused(envelope(), given, R.UNDECODABLE, "content-encoding")
    assert "send plain JSON" in refused.message
    assert refused.event_id == (ATTRIBUTES["id"] if headers is BINARY else None)


@pytest.mark.parametrize("coding", [b"identity", b"", None])
def test_a_body_that_is_not_compressed_may_say_so(coding: bytes | None) -> None:
    with_header = accepted(body(), (*BINARY, ("content-encoding", coding)))
    assert with_header == accepted(body(), BINARY)


@pytest.mark.parametrize(
    "headers",
    [
        (("content-encoding", b"gzip"), ("content-encoding", b"gzip")),
        (("content-encoding", b"\xff"),),
    ],
)
def test_an_encoding_that_cannot_be_read(headers: Headers) -> None:
    assert_refused(body(), (*BINARY, *headers), R.ENVELOPE_INVALID, "content-encoding")


def test_the_sizes_of_headers_are_looked_at_before_what_they_say() -> None:
    big = (("ce_id", b"\xff" * limits.HEADERS_BYTES_MAX), *BINARY)
    assert_refused(body(), big, R.TOO_LARGE, None)


@pytest.mark.parametrize("number", [b"9" * 10**5, b"0." + b"9" * 10**5, b"1e" + b"9" * 10**5])
def test_a_number_is_never_converted_that_is_too_long(number: bytes) -> None:
    assert_refused(b'{"planted": %s}' % number, BINARY, R.TOO_LARGE, None)


@pytest.mark.parametrize("after", [b", ]", b"", b"} x", b', "y": 1}}', b', "y": \x01}'])
@pytest.mark.parametrize("headers", [(), BINARY], ids=["enveloped", "binary"])
def test_a_doubled_name_before_what_is_no_json(headers: Headers, after: bytes) -> None:
    twice = b'{"a": {"planted": 1, "planted": 1}' + after
    assert_refused(twice, headers, R.UNDECODABLE, None)


@pytest.mark.parametrize("whole", [b'[1, {"a": 1, "a": 2}]', b'[[[], 1], {"a": 1, "a": 2}]'])
@pytest.mark.parametrize("headers", [(), BINARY], ids=["enveloped", "binary"])
def test_a_doubled_name_in_what_is_no_object(headers: Headers, whole: bytes) -> None:
    assert_refused(whole, headers, R.UNDECODABLE, None)


def fullest_read() -> dict[str, Any]:
    """Every list of a read as long as it may be, in texts as long as they may be."""
    many, long = limits_of_lists(), "é" * 256
    lesion = {"lesion_id": long, "organ": "lymph_node", "nodal": True}
    sized = {"size_mm": "123456789012.123456789012"}
    return {
        "study_id": "S" * 64,
        "patient_id": "P" * 64,
        "record_id": long,
        "record_version": 1,
        "status": "final",
        "reader": {"id": long, "role": "adjudicator"},
        "images": [{"modality": "PET_CT", "acquired_on": "2025-01-01", "regions": ["a"] * many}]
        * many,
        "targets": [{**lesion, "state": "split", "fragments_mm": [10.5] * many}] * many,
        "non_targets": {"lesions": [{**lesion, "state": "present"}] * many},
        "new_lesions": [{**lesion, **sized, "certainty": "benign", "method": "CT"}] * many,
        "treated_sites": [
            {"site_id": long, **sized, "finding": "enlarging", "high_risk_signs": ["b"] * many}
        ]
        * many,
    }


def limits_of_lists() -> int:
    return 100  # contract 2: no list of a record may be longer


def test_the_fullest_read_is_accepted() -> None:
    line = json.dumps({**ATTRIBUTES, "type": READ_TYPE, "data": fullest_read()}).encode()
    assert len(line) > MIB // 2
    assert isinstance(decode_line(line), Event)


def test_unknown_fields_may_say_much() -> None:
    extra = {"report": "," * 300_000, "rows": [[1, 2, 3]] * 9_000, "by_gene": dict.fromkeys("ab")}
    assert isinstance(read(body({"lims": extra}), BINARY), Event)
