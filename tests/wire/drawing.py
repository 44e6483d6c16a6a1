"""Draws small schemas of the words that our own use, changes of them, and values that fit them.

Values lie at the edges: where a bound, a list or a required field moves by one, some value tells.
"""

import re
from random import Random
from typing import Any

from monitor.wire.schemas.generated import Schema

NAMES = ("a", "b", "c")
WORDS = ("x", "y", "z", "zz")
TEXTS = (
    *("P-007", "text ä", "2025-03-01", "1900-01-01", "2100-12-31T23:59:59.5Z"),
    *("2025-03-01T08:15:00+08:00", "0", "1", "12", "3.0", "0.5", "1e3"),
)


def instance(rng: Random, schema: Schema, root: Schema) -> Any:
    """A value of a schema; rules between fields are left to whoever draws."""
    if "$ref" in schema:
        return instance(rng, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "if" in schema:
        return instance(rng, schema[rng.choice(("then", "else"))], root)
    if "anyOf" in schema:
        return instance(rng, rng.choice(schema["anyOf"]), root)
    return rng.choice(schema["enum"]) if "enum" in schema else _of_type(rng, schema, root)


def _of_type(rng: Random, schema: Schema, root: Schema) -> Any:
    match schema.get("type"):
        case "null":
            return None
        case "boolean":
            return rng.random() < 0.5
        case "integer":
            return _number(rng, schema)
        case "number":
            return _number(rng, schema) + rng.choice((0, 0, 0.5)) * ("maximum" not in schema)
        case "string":
            return _text(rng, schema)
        case "array":
            least = schema.get("minItems", 0)
            length = rng.choice((least, min(schema.get("maxItems", 3), least + 3)))
            return [instance(rng, schema.get("items", {}), root) for _ in range(length)]
        case "object":
            return _object(rng, schema, root)
    return rng.choice((None, True, 0, 1.5, "x", [], {}))


def _number(rng: Random, schema: Schema) -> int:
    least = schema.get("minimum", schema.get("maximum", 0) - 3)
    most = schema.get("maximum", least + 6)
    return rng.choice((least, most, rng.randint(least, most)))


def _text(rng: Random, schema: Schema) -> str:
    if "pattern" in schema:
        return rng.choice([text for text in TEXTS if re.search(schema["pattern"], text)])
    least = schema.get("minLength", 0)
    length: int = rng.choice((least, min(schema.get("maxLength", 8), least + 4)))
    return "x" * length


def _object(rng: Random, schema: Schema, root: Schema) -> dict[str, Any]:
    strangers = [] if schema.get("additionalProperties") is False else rng.sample(NAMES, 1)
    made = {name: rng.choice((None, 1, "x")) for name in strangers}
    for name, inner in schema.get("properties", {}).items():
        made.pop(name, None)
        if name in schema.get("required", ()) or rng.random() < 0.5:
            made[name] = instance(rng, inner, root)
    return made


def drawn(rng: Random, depth: int = 2) -> Schema:
    """A small schema."""
    kinds = ("integer", "number", "string", "words", "boolean")
    match kind := rng.choice(
        (*kinds, "object", "object", "object", "array", "any")[: 5 + 5 * depth]
    ):
        case "words":
            return {"enum": rng.sample(WORDS, rng.randint(1, 3))}
        case "any":
            return {"anyOf": [drawn(rng, depth - 1), rng.choice(({"type": "null"}, drawn(rng, 0)))]}
        case "object":
            names = rng.sample(NAMES, rng.randint(0, 3))
            closed = rng.choice(({"additionalProperties": False}, {}))
            inner = {name: drawn(rng, depth - 1) for name in names}
            needed = [name for name in names if rng.random() < 0.5]
            return {"type": kind, "properties": inner, "required": needed, **closed}
        case "array":
            return {"type": kind, "items": drawn(rng, depth - 1), **_bounds(rng, "Items")}
        case "string":
            return {"type": kind, **_bounds(rng, "Length")}
        case "boolean":
            return {"type": kind}
    return {"type": kind, **_bounds(rng, "imum")}


def _bounds(rng: Random, of: str) -> Schema:
    least = rng.randint(0, 2)
    both = {f"min{of}": least, f"max{of}": least + rng.randint(1, 3)}
    return {name: both[name] for name in both if rng.random() < 0.6}


def changed(rng: Random, schema: Schema) -> Schema:
    """The same schema with one small thing changed, somewhere."""
    if rng.random() < 0.1:
        return rng.choice((drawn(rng, 1), {"anyOf": [{"type": "null"}, schema]}, {}))
    if "anyOf" in schema:
        choices = list(schema["anyOf"])
        place = rng.randrange(len(choices))
        choices[place] = changed(rng, choices[place])
        return {"anyOf": choices[rng.choice((0, 0, 1)) :]}
    if "enum" in schema:
        words = [word for word in WORDS if (word in schema["enum"]) != (rng.random() < 0.3)]
        return {"enum": words or list(WORDS)}
    if schema.get("type") == "object":
        return _changed_object(rng, schema)
    if schema.get("type") == "array" and rng.random() < 0.5:
        return {**schema, "items": changed(rng, schema["items"])}
    bounds = [word for word in schema if word.startswith(("min", "max"))]
    if not bounds:
        return {**schema, "type": rng.choice(("integer", "number", "boolean", "string"))}
    word = rng.choice(bounds)
    if rng.random() < 0.2:
        return {name: value for name, value in schema.items() if name != word}
    return {**schema, word: schema[word] + rng.choice((-1, 1))}


def _changed_object(rng: Random, schema: Schema) -> Schema:
    fields, needed = dict(schema["properties"]), list(schema["required"])
    name = rng.choice(NAMES)
    match rng.choice(("field", "field", "required", "closed", "gone")):
        case "field":
            fields[name] = changed(rng, fields[name]) if name in fields else drawn(rng, 0)
        case "required":
            needed = [one for one in NAMES if (one in needed) != (one == name)]
        case "closed":
            return {**schema, "additionalProperties": rng.choice((True, False, drawn(rng, 0)))}
        case "gone":
            fields.pop(name, None)
    return {**schema, "properties": fields, "required": needed}
