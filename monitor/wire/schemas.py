"""JSON Schemas (2020-12) of every record and of the notice, made from the models that decide."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from monitor.clinical.terms import TOMBSTONES
from monitor.wire.cloudevents import schema_id
from monitor.wire.examples import EXAMPLES
from monitor.wire.models import MODELS
from monitor.wire.models.record import Part
from monitor.wire.notices import NOTICE_KIND, NoticeDocument
from monitor.wire.partial import partial

Schema = dict[str, Any]


def schema_files() -> Iterator[tuple[str, str]]:
    """Give every file of `schemas/` as its name and its text."""
    for kind, model in MODELS.items():
        yield _file(kind, _record_schema(model))
    yield _file(NOTICE_KIND, _model_schema(NoticeDocument))


class _Untitled(GenerateJsonSchema):
    """A field's name says as much as a title made from it."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic asks
        return False


def _file(kind: str, schema: Schema) -> tuple[str, str]:
    document = {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": schema_id(kind),
        "title": kind,
        **schema,
        "examples": EXAMPLES[kind],
    }
    return f"{kind}.v1.json", json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _record_schema(model: type[Part]) -> Schema:
    """A record is checked whole, or as a tombstone that needs the common fields only."""
    whole, partly = _model_schema(model), _model_schema(partial(model))
    definitions = {**whole.pop("$defs", {}), **partly.pop("$defs", {})}
    names = {"whole": model.__name__, "partly": partial(model).__name__}
    return {
        "description": whole.pop("description", ""),
        "if": _has("status", sorted(TOMBSTONES)),
        "then": {"$ref": f"#/$defs/{names['partly']}"},
        "else": {"$ref": f"#/$defs/{names['whole']}"},
        "$defs": {**definitions, names["whole"]: whole, names["partly"]: partly},
    }


def _model_schema(model: type[BaseModel]) -> Schema:
    schema = model.model_json_schema(schema_generator=_Untitled)
    for part in (schema, *schema.get("$defs", {}).values()):
        _null_is_absent(part)
        if conditions := _CONDITIONS.get(part.get("title", "")):
            part["allOf"] = list(conditions)
    return schema


def _null_is_absent(part: Schema) -> None:
    """Allow null for every field that may be left out (contract 2, "Content")."""
    required = part.get("required", ())
    for name, field in part.get("properties", {}).items():
        if name not in required and {"type": "null"} not in field.get("anyOf", ()):
            default = {"default": field.pop("default")} if "default" in field else {}
            part["properties"][name] = {"anyOf": [field, {"type": "null"}], **default}


def _has(name: str, words: list[str]) -> Schema:
    return {"properties": {name: {"enum": words}}, "required": [name]}


def _needs(condition: Schema, needed: str, **form: int) -> Schema:
    given = {"properties": {needed: {"not": {"type": "null"}, **form}}, "required": [needed]}
    return {"if": condition, "then": given}


def _given(name: str) -> Schema:
    return {"properties": {name: {"not": {"type": "null"}}}, "required": [name]}


# What one field makes necessary in another; the models check the same.
_CONDITIONS: Final[Mapping[str, tuple[Schema, ...]]] = {
    "BiopsyResult": ({"anyOf": [_given("site_id"), _given("lesion_id")]},),
    "CtdnaResult": (_needs({"not": _has("status", ["registered"])}, "call"),),
    "Target": (
        _needs(_has("state", ["measured"]), "diameter_mm"),
        _needs(_has("state", ["split"]), "fragments_mm", minItems=1),
        _needs(_has("state", ["merged"]), "merged_into"),
    ),
}
