"""What every input record has, and what its nested objects are made of (contract 2)."""

from typing import Annotated, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from monitor.clinical.terms import (
    LIST_LENGTH_MAX,
    FromOne,
    Name,
    Pseudonym,
    Status,
)

T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(max_length=LIST_LENGTH_MAX)]


def missing(field: str) -> PydanticCustomError:
    """The error of a field that another field makes necessary; the wire names it by `ctx`."""
    return PydanticCustomError("field_missing", "{field} is required here", {"field": field})


class Part(BaseModel):
    """A nested object of a record."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Record(Part):
    """The fields that every input record has."""

    KIND: ClassVar[str]

    study_id: Pseudonym
    patient_id: Pseudonym
    record_id: Name
    record_version: FromOne
    status: Status
