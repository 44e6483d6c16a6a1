"""Bytes become a JSON object with exact numbers, or are refused before they can cost anything.

Absent and null are the same for every field of the contract (section 2, "Content"), so a name with
the value null is dropped here, once.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Final, NoReturn

from monitor.wire.delivery import Reason
from monitor.wire.limits import NUMBER_CHARACTERS_MAX, check_value, number_too_long
from monitor.wire.refusal import Refused


class _NameTwiceError(Exception):
    """An object holds a name twice."""


def parse(value: bytes, *, enveloped: bool) -> dict[str, object]:
    """Read one JSON object; numbers are `int` or `Decimal`, never a binary float.

    `enveloped` says that the top level holds CloudEvents attributes: there a name given twice is
    `envelope_invalid` (contract 6), anywhere else `schema_invalid`. Raises Refused.
    """
    check_value(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise Refused(Reason.UNDECODABLE, None, "the message is not UTF-8 text") from None
    try:
        parsed = _DECODER.decode(text)
    except json.JSONDecodeError:
        raise _not_json() from None
    except _NameTwiceError:
        raise _name_twice(text, enveloped=enveloped) from None
    if not isinstance(parsed, dict):
        raise _no_object()
    return parsed


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NameTwiceError
    if None in members.values():
        return {name: value for name, value in pairs if value is not None}
    return members


def _whole(text: str) -> int:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise number_too_long()
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise number_too_long()
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what any decimal can have
        raise number_too_long() from None


def _not_finite(_: str) -> NoReturn:
    raise Refused(Reason.SCHEMA_INVALID, None, "NaN and Infinity are not JSON numbers")


class _Pairs(list[tuple[str, object]]):
    """An object's names and values, as told apart from an array."""


def _no_object() -> Refused:
    return Refused(Reason.UNDECODABLE, None, "the message is not a JSON object")


def _not_json() -> Refused:
    return Refused(Reason.UNDECODABLE, None, "the message is not JSON")


def _name_twice(text: str, *, enveloped: bool) -> Refused:
    """Say where the doubled name is; a second reading, because it is rare.

    The first reading ended at the doubled name: what comes after it may not even be JSON.
    """
    try:
        top: object = json.loads(text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str)
    except json.JSONDecodeError:
        return _not_json()
    if not isinstance(top, _Pairs):
        return _no_object()
    if enveloped:
        names = [name for name, _ in top]
        if len(names) != len(set(names)):
            return Refused(Reason.ENVELOPE_INVALID, None, "an attribute is given twice")
    return Refused(Reason.SCHEMA_INVALID, "data", "data: a name is given twice in one object")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_fraction,
    parse_int=_whole,
    parse_constant=_not_finite,
)
