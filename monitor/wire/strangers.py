"""Names in an event that the monitor does not know: it ignores them, but they may be misspelt.

The name itself is never repeated, because a sender may write anything there: its place is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final, get_args

from monitor.wire.codec import TYPES
from monitor.wire.models.record import Part
from monitor.wire.nearest import nearest

UNKNOWN_FIELD: Final = "unknown_field"
MISPLACED_FIELD: Final = "misplaced_field"
STRANGERS_MAX: Final = 50  # of one event: no sender means more than so many fields

Steps = tuple[str | int, ...]

_ATTRIBUTES: Final = (
    *("specversion", "id", "source", "type", "time", "subject"),
    *("dataschema", "datacontenttype", "data"),
)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A name that is not known: the object it is in, its number there, what may be meant."""

    reason: str
    field: str
    message: str
    hint: str | None


def strangers(type_: str | None, event: Mapping[str, Any]) -> tuple[Stranger, ...]:
    """Every unknown name of an event's `data`, and attributes that look misspelt or misplaced.

    Other attributes are extensions, which CloudEvents allows.
    """
    model = TYPES.get(type_ or "")
    found = list(islice(_attributes(model, event), STRANGERS_MAX))
    content = event.get("data")
    if model is not None and isinstance(content, dict):
        for one in _unknown(model, content, ("data",)):
            hint = one.hint or _elsewhere(model, one.name, one.steps)
            found.append(one.told(hint))
            if len(found) >= STRANGERS_MAX:
                break
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Unknown:
    name: str
    steps: Steps
    position: int
    hint: str | None

    def told(self, hint: str | None) -> Stranger:
        where = ".".join(map(str, self.steps))
        words = f"{where}: its {_ordinal(self.position)} name is not known, so it is ignored"
        return Stranger(UNKNOWN_FIELD, where, words, hint)


def _unknown(model: type[Part], content: Mapping[str, Any], steps: Steps) -> Iterator[_Unknown]:
    parts = _parts(model)
    for position, (name, value) in enumerate(content.items(), 1):
        if name not in parts:
            word = nearest(name, parts.keys() - content.keys())
            yield _Unknown(name, steps, position, f"perhaps {word} is meant" if word else None)
            continue
        part = parts[name]
        if part is None:
            continue
        if isinstance(value, dict):
            yield from _unknown(part, value, (*steps, name))
        elif isinstance(value, list):
            for number, entry in enumerate(value):
                if isinstance(entry, dict):
                    yield from _unknown(part, entry, (*steps, name, number))


def _attributes(model: type[Part] | None, event: Mapping[str, Any]) -> Iterator[Stranger]:
    fields = _parts(model) if model is not None else {}
    for position, name in enumerate(event, 1):
        if name in _ATTRIBUTES:
            continue
        number = _ordinal(position)
        if name in fields:
            words = f"the event: its {number} name is a field of `data`, so it is ignored here"
            yield Stranger(MISPLACED_FIELD, "", words, f"put {name} into data")
        elif word := nearest(name, set(_ATTRIBUTES) - event.keys()):
            words = f"the event: its {number} name is taken as an extension, and ignored"
            yield Stranger(UNKNOWN_FIELD, "", words, f"perhaps {word} is meant")


def _elsewhere(model: type[Part], name: str, steps: Steps) -> str | None:
    """Where else in the record a field of this very name belongs."""
    places = [place for place in _places(model).get(name, ()) if place != steps[1:]]
    if not places:
        return None
    return f"perhaps {'.'.join(('data', *map(str, places[0]), name))} is meant"


@cache
def _places(model: type[Part]) -> Mapping[str, list[Steps]]:
    """For each name of a field the objects that have it, as steps from `data`."""
    found: dict[str, list[Steps]] = {}
    for name, part in _parts(model).items():
        found.setdefault(name, []).append(())
        for inner, steps in _places(part).items() if part is not None else ():
            found.setdefault(inner, []).extend((name, *one) for one in steps)
    return found


@cache
def _parts(model: type[Part]) -> Mapping[str, type[Part] | None]:
    """The fields of a model, each with the model of the objects that it holds."""
    return {name: _part(field.annotation) for name, field in model.model_fields.items()}


def _part(annotation: Any) -> type[Part] | None:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next(filter(None, map(_part, get_args(annotation))), None)


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else _ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"


_ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
