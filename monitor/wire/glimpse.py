"""What a refused delivery says of its names, where they are valid in themselves.

Nobody is refused or accepted by it: it tells to whom and to which record a refusal belongs.
Whatever the bytes are, it answers, and as cheaply as decoding.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from monitor.clinical.terms import FromOne, Name, Pseudonym
from monitor.wire.delivery import Delivery
from monitor.wire.limits import (
    ATTRIBUTE_CHARACTERS_MAX,
    NUMBER_CHARACTERS_MAX,
    check_headers,
    check_value,
)
from monitor.wire.refusal import Refused

T = TypeVar("T")
_CE: Final = "ce_"
_NAME: Final[TypeAdapter[str]] = TypeAdapter(Name)
_PSEUDONYM: Final[TypeAdapter[str]] = TypeAdapter(Pseudonym)
_FROM_ONE: Final[TypeAdapter[int]] = TypeAdapter(FromOne)


class Glimpse(NamedTuple):
    """The names of a delivery; each is None where it is missing, doubled or not valid."""

    source: str | None = None
    event_id: str | None = None
    study_id: str | None = None
    patient_id: str | None = None
    record_id: str | None = None
    record_version: int | None = None


def glimpse(delivery: Delivery) -> Glimpse:
    """Read the names out of any delivery; never raises."""
    try:
        check_headers(delivery.key, delivery.headers)
    except Refused:
        return Glimpse()
    attributes = _attributes(delivery.headers)
    content: object = _body(delivery.value)
    if not attributes or _is_structured(delivery.headers):
        attributes = content if isinstance(content, dict) else {}
        content = attributes.get("data")
    named: Mapping[str, Any] = content if isinstance(content, dict) else {}
    return Glimpse(
        source=_attribute(attributes.get("source"), spaces=False),
        event_id=_attribute(attributes.get("id"), spaces=True),
        study_id=_valid(_PSEUDONYM, named.get("study_id")),
        patient_id=_valid(_PSEUDONYM, named.get("patient_id")),
        record_id=_valid(_NAME, named.get("record_id")),
        record_version=_valid(_FROM_ONE, named.get("record_version")),
    )


def _attributes(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, Any]:
    pairs = [
        (name.lower().removeprefix(_CE), _text(value))
        for name, value in headers
        if name.lower().startswith(_CE)
    ]
    return _unambiguous(pairs)


def _text(value: bytes | None) -> str | None:
    try:
        return (value or b"").decode()
    except UnicodeDecodeError:
        return None


def _is_structured(headers: Sequence[tuple[str, bytes | None]]) -> bool:
    media = next((value for name, value in headers if name.lower() == "content-type"), None)
    return (media or b"").lower().startswith(b"application/cloudevents")


def _body(value: bytes | None) -> object:
    try:
        check_value(value or b"")
        return json.loads(
            (value or b"").decode(),
            object_pairs_hook=_unambiguous,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_nothing,
        )
    except (Refused, ValueError, RecursionError):
        return None


def _unambiguous(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A name that is given twice says nothing."""
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    times = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if times[name] == 1}


def _number(text: str) -> Decimal | None:
    if len(text) > NUMBER_CHARACTERS_MAX:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _nothing(_text: str) -> None:
    return None


def _attribute(value: object, *, spaces: bool) -> str | None:
    """A CloudEvents attribute that could name something: printable, and not too long."""
    if not isinstance(value, str) or not 0 < len(value) <= ATTRIBUTE_CHARACTERS_MAX:
        return None
    fits = value.isprintable() and (spaces or " " not in value)
    return value if fits else None


def _valid(adapter: TypeAdapter[T], value: object) -> T | None:
    try:
        return adapter.validate_python(value)
    except ValidationError:
        return None
