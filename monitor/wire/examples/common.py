"""What example records are made of: one invented person in one study, and a record's whole life."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from pydantic import JsonValue

Example = Mapping[str, JsonValue]

STUDY: Final[Example] = {"study_id": "NCT06778382", "patient_id": "P-007"}
OTHER_PATIENT: Final = "P-008"


class Titled(NamedTuple):
    """An example, and what it is an example of."""

    title: str
    content: Example


def record(record_id: str, fields: Example) -> Example:
    """The first version of a final record with these fields."""
    common: Example = {**STUDY, "record_id": record_id, "record_version": 1, "status": "final"}
    return {**common, **fields}


def life(full: Example, correction: Example, short: Example) -> tuple[Titled, ...]:
    """Two records, each from its first version to what became of it.

    The full one is corrected and then cancelled; the short one, which has the required fields
    only, moves to another patient. In this order a monitor accepts them all.
    """
    again: Example = {"record_version": 2, "status": "corrected"}
    return (
        Titled("as full as it can be", full),
        Titled("as short as it can be", short),
        Titled("a correction", {**full, **again, **correction}),
        Titled("moved to another patient", {**short, **again, "patient_id": OTHER_PATIENT}),
        Titled("a cancellation", _taken_away(full, "cancelled", 3)),
        Titled(
            "entered in error",
            {**_taken_away(short, "entered_in_error", 3), "patient_id": OTHER_PATIENT},
        ),
    )


def _taken_away(content: Example, status: str, version: int) -> Example:
    """The next version, as short as it can be, which takes the record away."""
    last: Example = {"record_version": version, "status": status}
    return {**STUDY, "record_id": content["record_id"], **last}
