"""Reads a CloudEvent from a Kafka message in each of the three modes of contract 1."""

import json
from decimal import Decimal
from typing import Any

from tests.chaos.checker.rows import Headers

Json = dict[str, Any]
STRUCTURED = b"application/cloudevents+json"
ATTRIBUTES = ("type", "source", "id")


class Unreadable(Exception):
    """No event of ours."""


def event_of(headers: Headers, value: bytes | None) -> Json:
    """`type`, `source`, `id` and `data` of a message. Raises Unreadable."""
    body = _object(value)
    named = {name.lower(): text for name, text in headers if text is not None}
    structured = named.get("content-type", b"").startswith(STRUCTURED)
    if any(name.startswith("ce_") for name in named) and not structured:
        texts = {name: named.get(f"ce_{name}", b"").decode(errors="replace") for name in ATTRIBUTES}
        event: Json = {**texts, "data": body}
    else:
        event = {name: body.get(name) for name in (*ATTRIBUTES, "data")}
    if not all(isinstance(event[name], str) for name in ATTRIBUTES):
        raise Unreadable("an attribute is missing")
    if not isinstance(event["data"], dict):
        raise Unreadable("there is no data")
    return event


def _object(value: bytes | None) -> Json:
    try:
        body = json.loads(value or b"", parse_float=Decimal)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("no JSON") from problem
    if not isinstance(body, dict):
        raise Unreadable("no object")
    return body
