"""The models of what a tombstone may still say: every field of a kind, none of them required."""

import types
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import create_model
from pydantic.fields import FieldInfo

from monitor.wire.models.record import Part, Record


@cache
def partial(model: type[Part]) -> type[Part]:
    """Derive the same fields with the same checks, all optional, down to every nested object.

    Checks across fields are left out: they say what is required together. The fields that every
    record has stay required (contract 2, "Same record again").
    """
    common = Record.model_fields if issubclass(model, Record) else {}
    fields: dict[str, Any] = {
        name: (_whole(field), ...) if name in common else (_loose(_whole(field)) | None, None)
        for name, field in model.model_fields.items()
    }
    return create_model(f"{model.__name__}Partly", __base__=Part, **fields)


def _whole(field: FieldInfo) -> Any:
    """Put back together the annotation that pydantic took apart."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _loose(annotation: Any) -> Any:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[_loose(inner[0]), *inner[1:]]
    if origin in {Union, types.UnionType}:
        return Union[tuple(_loose(choice) for choice in inner)]  # noqa: UP007 - built, not written
    if origin is tuple:
        return tuple[tuple(_loose(item) for item in inner)]  # type: ignore[misc]
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return partial(annotation)
    return annotation
