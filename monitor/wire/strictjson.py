"""Bytes become a JSON object with exact numbers, or are refused before they can cost anything.

Absent and null are the same for every field of the contract (section 2, "Content"), so a name with
the value null is dropped here, once.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Final, NoReturn

from monitor.wire.delivery import Reason
from monitor.wire.refusal import Refused

VALUE_BYTES_MAX: Final = 1024 * 1024
DEPTH_MAX: Final = 32
NUMBER_CHARACTERS_MAX: Final = 64

# The closing quote is optional so that a text without end costs one pass, not one per quote.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NOT_A_BRACKET: Final = bytes(set(range(256)) - set(b"[]{}"))


class _NameTwiceError(Exception):
    """An object holds a name twice."""


def parse(value: bytes, *, enveloped: bool) -> dict[str, object]:
    """Read one JSON object; numbers are `int` or `Decimal`, never a binary float.

    `enveloped` says that the top level holds CloudEvents attributes: there a name given twice is
    `envelope_invalid` (contract 6), anywhere else `schema_invalid`. Raises Refused.
    """
    if len(value) > VALUE_BYTES_MAX:
        raise Refused(Reason.TOO_LARGE, None, "the message is larger than 1 MiB")
    if value.count(b"{") + value.count(b"[") > DEPTH_MAX:
        _refuse_too_deep(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise Refused(Reason.UNDECODABLE, None, "the message is not UTF-8 text") from None
    try:
        parsed = _DECODER.decode(text)
    except json.JSONDecodeError:
        raise Refused(Reason.UNDECODABLE, None, "the message is not JSON") from None
    except _NameTwiceError:
        raise _name_twice(text, enveloped=enveloped) from None
    if not isinstance(parsed, dict):
        raise Refused(Reason.UNDECODABLE, None, "the message is not a JSON object")
    return parsed


def _refuse_too_deep(value: bytes) -> None:
    """Count the nesting outside texts; called only when there are enough brackets to matter."""
    depth = 0
    for bracket in _TEXT.sub(b"", value).translate(None, _NOT_A_BRACKET):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            raise Refused(Reason.TOO_LARGE, None, f"nested deeper than {DEPTH_MAX} levels")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NameTwiceError
    if None in members.values():
        return {name: value for name, value in pairs if value is not None}
    return members


def _whole(text: str) -> int:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _number_too_long()
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise _number_too_long()
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what any decimal can have
        raise _number_too_long() from None


def _number_too_long() -> Refused:
    return Refused(Reason.TOO_LARGE, None, "a number has too many digits")


def _not_finite(_: str) -> NoReturn:
    raise Refused(Reason.SCHEMA_INVALID, None, "NaN and Infinity are not JSON numbers")


def _name_twice(text: str, *, enveloped: bool) -> Refused:
    """Say where the doubled name is; a second reading, because it is rare."""
    top: object = json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str)
    if enveloped and isinstance(top, list):
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
