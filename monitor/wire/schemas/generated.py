"""JSON Schemas (2020-12) of every record and of what is told, made from the models that decide.

Each comes twice. The producer's is closed: a field that it does not name is refused, so a sender
finds a misspelt one. The consumer's is open: what a later version adds is no error for it.
"""

import copy
import json
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from monitor.clinical.findings import CATALOGUE
from monitor.clinical.terms import TOMBSTONES
from monitor.wire.acknowledgement import ACKNOWLEDGEMENT_KIND, AcknowledgementDocument
from monitor.wire.cloudevents import schema_id
from monitor.wire.codec import VERSION_SUFFIX
from monitor.wire.delivery import Reason
from monitor.wire.examples import EXAMPLES
from monitor.wire.models import MODELS
from monitor.wire.models.record import Part
from monitor.wire.notices import NOTICE_KIND, NoticeDocument
from monitor.wire.partial import partial

Schema = dict[str, Any]
Flavour = Literal["producer", "consumer"]
FLAVOURS: Final[tuple[Flavour, ...]] = ("producer", "consumer")

_TOLD: Final[Mapping[str, type[BaseModel]]] = {
    NOTICE_KIND: NoticeDocument,
    ACKNOWLEDGEMENT_KIND: AcknowledgementDocument,
}
# Words that the monitor sends today; subscribers take any text there, because the lists may grow.
_SENT_TODAY: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    NOTICE_KIND: {"finding": CATALOGUE},
    ACKNOWLEDGEMENT_KIND: {"reason": tuple(Reason)},
}


def schemas(flavour: Flavour) -> dict[str, Schema]:
    """Every schema of one flavour by its name, such as `ctdna.result.v1`."""
    made = {kind: _record_schema(model) for kind, model in MODELS.items()}
    made |= {kind: _model_schema(model) for kind, model in _TOLD.items()}
    return {
        kind + VERSION_SUFFIX: _document(kind, schema, flavour) for kind, schema in made.items()
    }


def text(schema: Schema) -> str:
    """A schema as the text of its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _document(kind: str, schema: Schema, flavour: Flavour) -> Schema:
    identity = schema_id(kind)
    if flavour == "producer":
        schema = _closed(schema)
        identity = schema_id(f"producer/{kind}")
        for name, words in _SENT_TODAY.get(kind, {}).items():
            _narrow(schema["properties"][name], words)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": identity,
        **schema,
        "title": kind,
        "examples": list(EXAMPLES[kind]),
    }


def _closed(schema: Schema) -> Schema:
    """The same, where no object may hold a field that its model does not name."""
    schema = copy.deepcopy(schema)
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part:
            part["additionalProperties"] = False
    return schema


def _narrow(field: Schema, words: tuple[str, ...]) -> None:
    for choice in field.get("anyOf", (field,)):
        if choice.get("type") == "string":
            choice["enum"] = list(words)


class _Untitled(GenerateJsonSchema):
    """A field's name says as much as a title made from it."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic asks
        return False


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
