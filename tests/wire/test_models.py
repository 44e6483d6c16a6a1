"""What reads a kind and what keeps it have the same fields, required in the same way."""

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

import msgspec
import pytest
from pydantic import BaseModel

from monitor.clinical.events import KINDS
from monitor.wire.models import MODELS


def within(annotation: Any, base: type) -> type[Any] | None:
    """The nested object among an annotation's parts, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, base):
        return annotation
    found = (within(inner, base) for inner in get_args(annotation))
    return next((one for one in found if one is not None), None)


def is_list(annotation: Any) -> bool:
    if get_origin(annotation) in {Union, types.UnionType}:
        return any(is_list(inner) for inner in get_args(annotation))
    inner = get_args(annotation)[0] if hasattr(annotation, "__metadata__") else annotation
    return get_origin(inner) is tuple


def read(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, bool, bool]]:
    for name, field in model.model_fields.items():
        yield f"{path}{name}", field.is_required(), is_list(field.annotation)
        nested = within(field.annotation, BaseModel)
        if nested is not None:
            yield from read(nested, f"{path}{name}.")


def kept(struct: type[msgspec.Struct], path: str = "") -> Iterator[tuple[str, bool, bool]]:
    for field in msgspec.structs.fields(struct):
        yield f"{path}{field.name}", field.required, is_list(field.type)
        nested = within(field.type, msgspec.Struct)
        if nested is not None:
            yield from kept(nested, f"{path}{field.name}.")


@pytest.mark.parametrize("kind", MODELS)
def test_the_two_forms_of_a_kind_have_the_same_fields(kind: str) -> None:
    fields = set(read(MODELS[kind]))
    assert fields == set(kept(KINDS[kind]))
    assert len(fields) > 5


def test_every_kind_has_both_forms() -> None:
    assert set(MODELS) == set(KINDS)
