"""All that is wrong with a line, in words: the codec's verdict first, then what it did not reach.

Nothing that the sender wrote is repeated: a name that is not known is told by its place, and a hint
is always a word of the contract.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.clinical.events import CLOCK_SOURCE
from monitor.clinical.terms import TOMBSTONES
from monitor.wire.cloudevents import SPEC_VERSION
from monitor.wire.codec import TYPES, decode_line
from monitor.wire.delivery import Event, Reason, Rejection
from monitor.wire.faults import MISSING, faults, refused
from monitor.wire.nearest import nearest, quoted
from monitor.wire.partial import partial
from monitor.wire.refusal import Refused
from monitor.wire.strangers import Stranger, strangers
from monitor.wire.strictjson import parse

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; `hint` says what may have been meant, or what to do."""

    reason: Reason
    field: str | None
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a line is: `event` when the codec accepts it, else every fault that can be told.

    `type` is the event's type where it is one of the monitor's. `strangers` are names that the
    monitor does not know and ignores.
    """

    type: str | None
    event: Event | None
    faults: tuple[Fault, ...]
    strangers: tuple[Stranger, ...]


def inspect_line(line: bytes) -> Inspection:
    """Read one line as `codec.decode_line` does, and go on where that stops. Never raises."""
    decoded = decode_line(line)
    if isinstance(decoded, Event):
        return Inspection(decoded.type, decoded, (), strangers(decoded.type, _loose(line)))
    first = Fault(decoded.reason, decoded.field, decoded.message)
    try:
        attributes = parse(line, enveloped=True)
    except Refused as fault:
        hint = _reading_hint(line) if fault.reason is Reason.UNDECODABLE else None
        return Inspection(None, None, (Fault(first.reason, first.field, first.message, hint),), ())
    type_ = attributes.get("type")
    known = type_ if isinstance(type_, str) and type_ in TYPES else None
    found = [*_of_envelope(attributes), *_of_content(known, attributes.get("data"))]
    named = [fault for fault in found if _place(fault) == _place(first)][:1] or [first]
    rest = [fault for fault in found if _place(fault) != _place(first)]
    return Inspection(known, None, (*named, *rest), strangers(known, _loose(line)))


def _place(fault: Fault) -> tuple[Reason, str | None]:
    return fault.reason, fault.field


def _loose(line: bytes) -> Content:
    """The members of a line that is known to be JSON, those of value null too."""
    try:
        members = msgspec.json.decode(line)
    except msgspec.DecodeError:  # half a surrogate pair, for example
        members = json.loads(line)
    return members if isinstance(members, dict) else {}


def _of_envelope(attributes: Content) -> Iterator[Fault]:
    """Mend one attribute after the other and ask the codec again, until it is content."""
    event = {name: _outline(attributes[name]) for name in _MENDED if name in attributes}
    for _ in _MENDED:
        told = decode_line(json.dumps(event).encode())
        if not isinstance(told, Rejection) or told.reason not in _OF_ENVELOPE:
            return
        hint = None
        if told.reason is Reason.UNSUPPORTED_TYPE:
            hint = _meant(nearest(str(event["type"]), TYPES))
        yield Fault(told.reason, told.field, told.message, hint)
        if told.field is None or _MENDED.get(told.field) == event.get(told.field):
            return
        event[told.field] = _MENDED.get(told.field)


def _outline(value: object) -> object:
    """What an attribute is like, as far as its checks look at it."""
    if isinstance(value, str):
        return value
    return {} if isinstance(value, dict) else 0


def _of_content(type_: str | None, content: object) -> Iterator[Fault]:
    if type_ is None or not isinstance(content, dict):
        return
    status = content.get("status")
    gone = isinstance(status, str) and status in TOMBSTONES
    model = partial(TYPES[type_]) if gone else TYPES[type_]
    try:
        model.model_validate(content)
    except ValidationError as error:
        for fault in faults(error):
            told = refused(fault)
            yield Fault(told.reason, told.field, told.message, _hint(fault, content))


def _hint(fault: ErrorDetails, content: object) -> str | None:
    name = str(fault["loc"][-1]) if fault["loc"] else ""
    if fault["type"] in MISSING and name.endswith(_ENDS_OF_TIMES):
        return "it is the day by which the record is ordered"
    if fault["type"] != "literal_error":
        return None
    given: Any = content
    for step in fault["loc"]:  # the library came this way
        given = given[step]
    return _meant(nearest(given, quoted(fault["ctx"]["expected"]))) if given else None


def _meant(word: str | None) -> str | None:
    return f"perhaps {word} is meant" if word else None


def _reading_hint(line: bytes) -> str | None:
    """What is usually the matter with a line that is no JSON object."""
    for start, words in _STARTS.items():
        if line.startswith(start):
            return words
    if line.strip() in _PIECES or line.startswith(b'"'):
        return _ONE_LINE
    try:
        json.loads(line)
    except json.JSONDecodeError as problem:
        # The part before a colon: what follows may be a character of the line.
        return f"{problem.msg.partition(':')[0]}, at character {problem.pos + 1}"
    except (ValueError, RecursionError):
        return None
    return None


_ENDS_OF_TIMES: Final = ("_on", "_at")  # required times are the clinical days (contract 1)
_OF_ENVELOPE: Final = frozenset(
    {Reason.ENVELOPE_INVALID, Reason.UNDECODABLE, Reason.UNSUPPORTED_TYPE}
)
# What each attribute is mended with so that the next fault shows itself.
_MENDED: Final[Mapping[str, object]] = {
    "specversion": SPEC_VERSION,
    "id": "0",
    "source": CLOCK_SOURCE,
    "type": next(iter(TYPES)),
    "subject": "0",
    "dataschema": "0",
    "datacontenttype": "application/json",
    "time": "2000-01-01T00:00:00Z",
    "data": {},
    "data_base64": None,
}
_ONE_LINE: Final = "each event must be on one line of its own (`jq -c . FILE` writes them so)"
_PIECES: Final = frozenset({b"{", b"}", b"},", b"[", b"]", b"],"})
_STARTS: Final = {
    b"\xef\xbb\xbf": "the file begins with a byte order mark: save it as UTF-8 without one",
    b"\xff\xfe": "the file is UTF-16: save it as UTF-8",
    b"\xfe\xff": "the file is UTF-16: save it as UTF-8",
    b"[": _ONE_LINE,
}
