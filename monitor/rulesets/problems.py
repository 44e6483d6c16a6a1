"""What is wrong with a study's rules, key by key: what was given, what is expected in which unit.

Values are not repeated: only their kind is said.
"""

import types
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from monitor.clinical.keys import KEYS
from monitor.clinical.parameters import Parameters

_LIMITS: Mapping[type, tuple[str, str]] = {
    annotated_types.Gt: ("gt", "above"),
    annotated_types.Ge: ("ge", "from"),
    annotated_types.Lt: ("lt", "below"),
    annotated_types.Le: ("le", "to"),
}
_GIVEN: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number without quotes",
    str: "a text",
    list: "a list",
    dict: "a table of keys",
}


class Problem(NamedTuple):
    """One fault: the dotted key, the kind of what was given, what is expected and why."""

    key: str
    given: str
    expected: str
    message: str

    def __str__(self) -> str:
        """All of it in one line."""
        given = f" ({self.given} was given; expected: {self.expected})" if self.expected else ""
        return f"{self.key}: {self.message}{given}"


def problems_of(error: ValidationError) -> tuple[Problem, ...]:
    """Every fault that validation found, in its order."""
    return tuple(map(_problem, error.errors(include_url=False, include_context=False)))


def _problem(found: Any) -> Problem:
    names = [part for part in found["loc"] if isinstance(part, str)]
    key = ".".join(names)
    given = _GIVEN.get(type(found["input"]), "another kind of value")
    if found["type"] == "extra_forbidden":
        return Problem(key, given, "", f"there is no such key{_meant(key)}")
    message = found["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if found["type"] == "number_format" and isinstance(found["input"], float):
        message = 'a number with a point stands in quotes, such as "0.2"'
    if found["type"] == "model_type":
        message = "a table of keys belongs here"
    return Problem(key, given, expected_of(names), message)


def _meant(key: str) -> str:
    close = get_close_matches(key, KEYS, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def expected_of(names: Sequence[str]) -> str:
    """What a key takes, in words with its bounds and unit; empty for a table or an unknown key."""
    section: type[BaseModel] = Parameters
    for place, name in enumerate(names):
        field = section.model_fields.get(name)
        if field is None:
            return ""
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            section = inner
            continue
        row = KEYS[".".join(names[: place + 1])]
        return f"{kind_words(field.annotation, field.metadata)} {row.unit}".rstrip()
    return ""


def kind_words(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """A type with its bounds in words."""
    if get_origin(annotation) is Annotated:
        inner, *rest = get_args(annotation)
        return kind_words(inner, [*rest, *metadata])
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        return _alternatives(arguments)
    if get_origin(annotation) in {Union, types.UnionType}:
        return " or ".join(kind_words(one) for one in arguments if one is not types.NoneType)
    if get_origin(annotation) is tuple:
        if Ellipsis in arguments:
            return f"a list, each {kind_words(arguments[0])}"
        return f"a list of {len(arguments)}, each {kind_words(arguments[0])}"
    kinds = {bool: "true or false", int: "a whole number", Decimal: "a number", str: "a text"}
    return " ".join([kinds.get(annotation, "a value"), *_bounds(metadata)])


def _alternatives(words: Sequence[object]) -> str:
    shown = [f'"{word}"' if isinstance(word, str) else str(word) for word in words]
    return shown[0] if len(shown) == 1 else f"one of {', '.join(shown)}"


def _bounds(metadata: Sequence[Any]) -> Iterator[str]:
    for one in metadata:
        if isinstance(one, FieldInfo):
            yield from _bounds(one.metadata)
        elif type(one) in _LIMITS:
            attribute, word = _LIMITS[type(one)]
            yield f"{word} {getattr(one, attribute)}"
