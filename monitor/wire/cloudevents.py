"""A delivery or a file's line becomes a checked envelope with its JSON body (contract 1).

Three modes come in: binary (`ce_` headers), structured and bare JSON. Two go out: binary and
structured. The SDK is not used: it invents missing attributes and hides doubled ones.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from monitor.wire.delivery import Delivery, Reason, Rejection
from monitor.wire.limits import ATTRIBUTE_CHARACTERS_MAX, check_encoding, check_headers
from monitor.wire.refusal import Refused
from monitor.wire.strictjson import parse

SPEC_VERSION: Final = "1.0"

_CE: Final = "ce_"
_CONTENT_TYPE: Final = "content-type"
_CONTENT_ENCODING: Final = "content-encoding"
_HTTP: Final = frozenset({_CONTENT_TYPE, _CONTENT_ENCODING})
_JSON_MEDIA = re.compile(
    r'(?:application/json|text/json|[\w.+-]+/[\w.+-]+\+json)(?:\s*;\s*charset="?utf-8"?)?\s*',
    re.ASCII | re.IGNORECASE,
)
_STRUCTURED = re.compile(r"application/cloudevents\+json\s*(?:;.*)?", re.ASCII | re.IGNORECASE)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
# CloudEvents allows no control characters and no surrogates in attributes.
_WORDS = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
# A URI-reference; letters of any alphabet, because laboratories write their names with them.
_URI = re.compile(r'[^\s\x00-\x20\x7f-\x9f\ud800-\udfff<>"{}|\\^`]+')
_OPTIONAL: Final = {"subject": _WORDS, "dataschema": _URI, "datacontenttype": _JSON_MEDIA}
_KNOWN: Final = frozenset({"specversion", "id", "source", "type", "time", *_OPTIONAL})


class Envelope(NamedTuple):
    """The checked attributes of one event; `content` is its `data`, members of value null dropped.

    `time` is in UTC.
    """

    source: str
    event_id: str
    type: str
    time: datetime | None
    content: dict[str, object]


def open_delivery(delivery: Delivery) -> Envelope | Rejection:
    """Read a Kafka message in whichever mode it came."""
    attributes: dict[str, object] = {}
    try:
        return _delivered(delivery, attributes)
    except Refused as refused:
        return _rejection(refused, attributes)


def open_line(line: bytes) -> Envelope | Rejection:
    """Read one line of an NDJSON file: a structured event."""
    attributes: dict[str, object] = {}
    try:
        return _enveloped(line, attributes)
    except Refused as refused:
        return _rejection(refused, attributes)


def binary(
    attributes: Mapping[str, str], content: Mapping[str, object]
) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value in Kafka binary mode; the same event always gives the same bytes."""
    headers = [(_CONTENT_TYPE, b"application/json")]
    headers += [(_CE + name, attributes[name].encode()) for name in sorted(attributes)]
    return headers, canonical(content)


def structured(attributes: Mapping[str, str], content: Mapping[str, object]) -> bytes:
    """The event as one JSON object on one line; the same event always gives the same bytes."""
    return canonical({**attributes, "datacontenttype": "application/json", "data": content})


def schema_id(kind: str) -> str:
    """The `dataschema` of a kind: a plain identifier, nothing is fetched from it."""
    return f"https://ctdna-monitor.org/schemas/{kind}.v1.json"


def canonical(value: object) -> bytes:
    """JSON with sorted names and no spaces, UTF-8: one spelling for one content."""
    return _ENCODER.encode(value).encode()


def _delivered(delivery: Delivery, attributes: dict[str, object]) -> Envelope:
    """Fill `attributes` as they are read, so that a refusal can name the event."""
    headers = _headers(delivery)
    media = headers.pop(_CONTENT_TYPE, None)
    encoding = headers.pop(_CONTENT_ENCODING, "")
    if media is not None and media.lower().startswith("application/cloudevents"):
        if not _STRUCTURED.fullmatch(media):
            raise _invalid("content-type", "only single JSON events are read, no batches")
        check_encoding(encoding)
        return _enveloped(delivery.value, attributes)
    if not headers:
        check_encoding(encoding)
        attributes["specversion"] = SPEC_VERSION  # bare JSON need not say it
        return _enveloped(delivery.value, attributes)
    if media is not None:
        attributes["datacontenttype"] = media
    attributes.update(headers)
    check_encoding(encoding)
    time = _checked(attributes)
    return _envelope(attributes, time, _parsed(delivery.value, enveloped=False))


def _headers(delivery: Delivery) -> dict[str, str]:
    """The CloudEvents attributes and what tells how to read the body, each at most once."""
    check_headers(delivery.key, delivery.headers)
    found: dict[str, str] = {}
    for key, value in delivery.headers:
        name = key.lower()
        if name.startswith(_CE):
            name = name[len(_CE) :]
        elif name not in _HTTP:
            continue
        shown = name if name in _KNOWN or name in _HTTP else None
        if name in found:
            raise _invalid(shown, "is given twice")
        try:
            found[name] = (value or b"").decode()
        except UnicodeDecodeError:
            raise _invalid(shown, "is not UTF-8 text") from None
    return found


def _enveloped(value: bytes | None, attributes: dict[str, object]) -> Envelope:
    attributes.update(_parsed(value, enveloped=True))
    time = _checked(attributes)
    if "data_base64" in attributes:
        raise Refused(Reason.UNDECODABLE, "data", "data: must be JSON, not data_base64")
    if "data" not in attributes:
        raise Refused(Reason.UNDECODABLE, "data", "data: is missing")
    return _envelope(attributes, time, attributes["data"])


def _parsed(value: bytes | None, *, enveloped: bool) -> dict[str, object]:
    if value is None:
        raise Refused(Reason.UNDECODABLE, None, "the message has no value")
    return parse(value, enveloped=enveloped)


def _envelope(attributes: Mapping[str, object], time: datetime | None, content: object) -> Envelope:
    if not isinstance(content, dict):
        raise Refused(Reason.UNDECODABLE, "data", "data: must be a JSON object")
    return Envelope(
        str(attributes["source"]), str(attributes["id"]), str(attributes["type"]), time, content
    )


def _checked(attributes: Mapping[str, object]) -> datetime | None:
    """Refuse missing and wrong attributes; the event's time, in UTC, or None."""
    version = attributes.get("specversion")
    if version is None:
        raise _invalid("specversion", "is required")
    if version != SPEC_VERSION:
        raise _invalid("specversion", "must be the text 1.0")
    for name, form in (("id", _WORDS), ("source", _URI), ("type", _WORDS)):
        if name not in attributes:
            raise _invalid(name, "is required")
        _well_formed(name, attributes[name], form)
    for name, form in _OPTIONAL.items():
        if name in attributes:
            _well_formed(name, attributes[name], form)
    return _time(attributes["time"]) if "time" in attributes else None


def _well_formed(name: str, value: object, form: re.Pattern[str]) -> None:
    if not isinstance(value, str):
        raise _invalid(name, "must be text")
    if len(value) > ATTRIBUTE_CHARACTERS_MAX:
        raise _invalid(name, f"is longer than {ATTRIBUTE_CHARACTERS_MAX} characters")
    if not form.fullmatch(value):
        raise _invalid(name, _FORMS[form])


def _time(value: object) -> datetime:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):  # no such day, or no such instant in UTC
            pass
    raise _invalid("time", "must be an RFC 3339 date-time with an offset")


def _invalid(name: str | None, message: str) -> Refused:
    return Refused(Reason.ENVELOPE_INVALID, name, f"{name or 'an attribute'}: {message}")


def _rejection(refused: Refused, attributes: Mapping[str, object]) -> Rejection:
    """Name the event by what can be read of `source` and `id`."""
    named: list[str | None] = []
    for name, form in (("source", _URI), ("id", _WORDS)):
        value = attributes.get(name)
        fits = isinstance(value, str) and len(value) <= ATTRIBUTE_CHARACTERS_MAX
        named.append(value if isinstance(value, str) and fits and form.fullmatch(value) else None)
    return refused.rejection(*named)


_FORMS: Final = {
    _WORDS: "must not be empty and must not hold control characters",
    _URI: "must be a URI reference without spaces",
    _JSON_MEDIA: "must be JSON in UTF-8, such as application/json",
}
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
