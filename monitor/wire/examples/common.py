"""The fields that every example record has: one invented person in one study."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

Example = Mapping[str, JsonValue]

STUDY: Final[Example] = {"study_id": "NCT06778382", "patient_id": "P-007"}


def record(record_id: str, fields: Example) -> Example:
    """The first version of a final record with these fields."""
    common: Example = {**STUDY, "record_id": record_id, "record_version": 1, "status": "final"}
    return {**common, **fields}


def cancelled(record_id: str) -> Example:
    """The second version of a record, as short as allowed, which takes it away."""
    return {**STUDY, "record_id": record_id, "record_version": 2, "status": "cancelled"}
