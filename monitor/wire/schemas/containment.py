"""Whether everything that one schema allows another one takes: for the JSON Schemas made here.

What is not understood counts as a conflict: silence means that no value can pass the first schema
and fail the second.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from monitor.wire.schemas.generated import Schema

_NOTES: Final = frozenset(
    {"$schema", "$id", "$defs", "title", "description", "default", "examples"}
)
_KNOWN: Final = frozenset(
    {
        *("type", "enum", "const", "anyOf", "allOf", "if", "then", "else"),
        *("properties", "required", "additionalProperties", "items", "minItems", "maxItems"),
        *("minLength", "maxLength", "pattern", "format", "minimum", "maximum"),
    }
)
_LEAST: Final = (
    ("minLength", "string", "shorter texts"),
    ("minItems", "array", "fewer entries"),
    ("minimum", "number", "less"),
)
_MOST: Final = (
    ("maxLength", "string", "longer texts"),
    ("maxItems", "array", "more entries"),
    ("maximum", "number", "more"),
)
_TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")


def conflicts(producer: Schema, consumer: Schema) -> list[str]:
    """What may be sent and is refused, a sentence each: `field X: producer may send …`.

    Both are whole documents: references are looked up in their own `$defs`.
    """
    sent, taken = _plain(producer, producer), _plain(consumer, consumer)
    return list(dict.fromkeys(_schema(sent, taken, "")))


def _plain(schema: Any, root: Schema) -> Any:
    """Put what references name in their place, and leave out what decides nothing."""
    if isinstance(schema, bool):
        return {} if schema else {"enum": []}
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    made: Schema = {}
    for word, value in schema.items():
        if word == "properties":
            made[word] = {name: _plain(inner, root) for name, inner in value.items()}
        elif word in {"anyOf", "allOf"}:
            made[word] = [_plain(inner, root) for inner in value]
        elif word in {"items", "if", "then", "else", "not"}:
            made[word] = _plain(value, root)
        elif word == "additionalProperties":
            made[word] = value if isinstance(value, bool) else _plain(value, root)
        elif word not in _NOTES:
            made[word] = value
    return made


def _schema(sent: Schema, taken: Schema, path: str) -> Iterator[str]:
    if not taken or _same(sent, taken):
        return
    if strange := sorted((sent.keys() | taken.keys()) - _KNOWN):
        yield f"field {_shown(path)}: {', '.join(strange)} cannot be compared"
    elif "if" in taken:
        yield from _conditional(sent, taken, path)
    elif "allOf" in taken:
        yield from _schema(sent, _without(taken, "allOf"), path)
        for rule in taken["allOf"]:
            if not any(_same(rule, other) for other in sent.get("allOf", ())):
                yield from _rule(rule, path)
    elif "anyOf" in sent:
        for choice in sent["anyOf"]:
            yield from _schema({**_without(sent, "anyOf"), **choice}, taken, path)
    elif "anyOf" in taken:
        yield from _nearest(sent, taken, path)
    else:
        yield from _flat(sent, taken, path)


def _conditional(sent: Schema, taken: Schema, path: str) -> Iterator[str]:
    if not _same(sent.get("if"), taken["if"]):
        yield f"field {_shown(path)}: the condition that decides what is required is another"
        return
    for branch in ("then", "else"):
        yield from _schema(sent.get(branch, {}), taken.get(branch, {}), path)
    rests = [_without(schema, "if", "then", "else") for schema in (sent, taken)]
    if rests[1]:
        yield from _schema(rests[0], rests[1], path)


def _rule(rule: Schema, path: str) -> Iterator[str]:
    """A rule between fields that the producer does not have."""
    needed = rule.get("then", rule)
    choices = needed.get("anyOf", [needed])
    names = sorted({name for choice in choices for name in choice.get("required", ())})
    for name in names or [""]:
        place = _shown(_inside(path, name))
        yield f"field {place}: producer may leave it out, consumer requires it in some cases"


def _nearest(sent: Schema, taken: Schema, path: str) -> Iterator[str]:
    """What is sent must fit into one of the choices; else say why not of the likeliest one."""
    yield from _schema(sent, _without(taken, "anyOf"), path)
    tried = [list(_schema(sent, choice, path)) for choice in taken["anyOf"]]
    if all(tried):
        alike = [
            found
            for choice, found in zip(taken["anyOf"], tried, strict=True)
            if _types(sent) <= _types(choice)
        ]
        yield from min(alike or tried, key=len)


def _flat(sent: Schema, taken: Schema, path: str) -> Iterator[str]:
    words = _words(sent)
    if words is not None:
        for word in words:
            if not _takes(taken, word):
                yield _refuses(path, repr(word) if isinstance(word, str) else str(word))
        return
    if _words(taken) is not None:
        yield _refuses(path, "other values than those of a list")
        return
    if more := _types(sent) - _types(taken):
        yield _refuses(path, " or ".join(name for name in _TYPES if name in more))
        return
    yield from _bounds(sent, taken, path)
    if "array" in _types(sent):
        yield from _schema(sent.get("items", {}), taken.get("items", {}), path + "[]")
    if "object" in _types(sent):
        yield from _object(sent, taken, path)


def _bounds(sent: Schema, taken: Schema, path: str) -> Iterator[str]:
    types = _types(sent) | ({"number"} if "integer" in _types(sent) else set())
    for word, type_, what in _LEAST:
        least = sent.get(word, None if word == "minimum" else 0)
        if type_ in types and word in taken and (least is None or least < taken[word]):
            yield _refuses(path, f"{what} than {taken[word]}")
    for word, type_, what in _MOST:
        if type_ in types and word in taken and (word not in sent or sent[word] > taken[word]):
            yield _refuses(path, f"{what} than {taken[word]}")
    for word in ("pattern", "format"):
        if "string" in types and word in taken and sent.get(word) != taken[word]:
            yield _refuses(path, f"texts of another {word}")


def _object(sent: Schema, taken: Schema, path: str) -> Iterator[str]:
    for name in taken.get("required", ()):
        if name not in sent.get("required", ()):
            yield f"field {_inside(path, name)}: producer may leave it out, consumer requires it"
    ours, theirs = sent.get("properties", {}), taken.get("properties", {})
    others_taken = taken.get("additionalProperties", True)
    for name, inner in ours.items():
        if name in theirs or others_taken is not False:
            yield from _schema(inner, theirs.get(name, _any(others_taken)), _inside(path, name))
        else:
            yield _refuses(_inside(path, name), "it")
    others = sent.get("additionalProperties", True)
    if others is False:
        return
    for name in sorted(theirs.keys() - ours.keys()):
        yield from _schema(_any(others), theirs[name], _inside(path, name))
    if others_taken is False:
        yield _refuses(path, "any other field")
    else:
        yield from _schema(_any(others), _any(others_taken), _inside(path, "*"))


def _any(others: bool | Schema) -> Schema:  # noqa: FBT001 - it is a schema too
    """The schema of fields that are not named, where they may be there at all."""
    return {} if isinstance(others, bool) else others


def _words(schema: Schema) -> list[Any] | None:
    """The values of a closed list, or None."""
    if "const" in schema:
        return [schema["const"]]
    words: list[Any] | None = schema.get("enum")
    return words


def _takes(taken: Schema, word: object) -> bool:
    """Whether one word of a list is taken; a pattern could only be tried, so it says no."""
    words = _words(taken)
    if words is not None:
        return any(_same(word, other) for other in words)
    limited = taken.keys() & {"pattern", "format", "minLength", "maxLength", "minimum", "maximum"}
    if isinstance(word, str) and limited <= {"minLength", "maxLength"}:
        least, most = taken.get("minLength", 0), taken.get("maxLength", len(word))
        return "string" in _types(taken) and bool(least <= len(word) <= most)
    return not limited and _type_of(word) in _types(taken)


def _types(schema: Schema) -> set[str]:
    named = schema.get("type", _TYPES)
    types = {named} if isinstance(named, str) else set(named)
    return types | {"integer"} if "number" in types else types


def _type_of(word: object) -> str:
    if word is None:
        return "null"
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return names.get(type(word), "a value with parts")  # which no type is


def _same(one: object, other: object) -> bool:
    """Equal as JSON, where true and 1 are different values."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _without(schema: Schema, *words: str) -> Schema:
    return {word: value for word, value in schema.items() if word not in words}


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path + name


def _shown(path: str) -> str:
    return path or "(the whole record)"


def _refuses(path: str, what: str) -> str:
    return f"field {_shown(path)}: producer may send {what}, consumer refuses"
