"""Records that are refused, each with the reason and the field that the refusal must name.

They break one thing each of the full example of their kind. What only the codec can see, a schema
cannot: a therapy that ends before it starts, 30 February, a number of 40 digits.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from monitor.wire.delivery import Reason
from monitor.wire.examples.common import Example

_ABSENT: Final = object()
_DAYS: Final = {
    "ctdna.result": "specimen.collected_at",
    "imaging.read": "images.0.acquired_on",
    "patient.enrolled": "enrolled_on",
    "eligibility.assessed": "assessed_on",
    "therapy.local": "started_on",
    "therapy.systemic": "started_on",
    "marker.result": "collected_at",
    "treatability.stated": "stated_on",
    "biopsy.result": "taken_on",
    "review.held": "held_on",
    "contact.recorded": "contacted_on",
    "death.recorded": "died_on",
    "withdrawal.recorded": "withdrawn_on",
    "day.closed": "closed_on",
}
_CODE, _PLAUSIBLE, _FORM = Reason.UNMAPPED_CODE, Reason.IMPLAUSIBLE_VALUE, Reason.SCHEMA_INVALID


class Broken(NamedTuple):
    """An example that is refused, why, and the field that the refusal names (without `data.`)."""

    title: str
    content: Example
    reason: Reason
    field: str


class _Fault(NamedTuple):
    """One change of a full example; the new value `_ABSENT` leaves the field out."""

    title: str
    path: str
    new: object
    reason: Reason


_COMMON: Final = (
    _Fault("without a patient", "patient_id", _ABSENT, _FORM),
    _Fault("a patient's name in place of a pseudonym", "patient_id", "Jane Doe", _FORM),
    _Fault("a status that no list has", "status", "done", Reason.UNKNOWN_STATUS),
    _Fault("versions count from 1", "record_version", 0, _FORM),
)

_FAULTS: Final[Mapping[str, tuple[_Fault, ...]]] = {
    "ctdna.result": (
        _Fault("a wrong unit", "quantity.unit", "percent", _CODE),
        _Fault("a word of another list", "call", "positive", _CODE),
        _Fault("a result without a call", "call", _ABSENT, _FORM),
        _Fault("without a laboratory", "assay.lab", _ABSENT, _FORM),
        _Fault("a negative measure", "quantity.value", "-0.12", _PLAUSIBLE),
        _Fault("a comparator inside the number", "quantity.value", "<0.01", _FORM),
        _Fault("half an interval", "quantity.ci95", [0.08], _FORM),
    ),
    "imaging.read": (
        _Fault("no image", "images", [], _FORM),
        _Fault("a word of another list", "reported.overall", "PARTIAL RESPONSE", _CODE),
        _Fault("an organ in free text", "targets.0.organ", "right lower lobe", _CODE),
        _Fault("measured, without a diameter", "targets.0.diameter_mm", _ABSENT, _FORM),
        _Fault("split, without its fragments", "targets.1.fragments_mm", [], _FORM),
        _Fault("a unit inside the number", "sum_of_diameters_mm", "27 mm", _FORM),
        _Fault("a text for true or false", "targets.0.nodal", "no", _FORM),
    ),
    "eligibility.assessed": (
        _Fault("a wrong unit", "cea.unit", "g/L", _CODE),
        _Fault("half a point", "ecog", 1.5, _FORM),
        _Fault("a text for true or false", "pregnant", "no", _FORM),
    ),
    "therapy.local": (
        _Fault("a word of another list", "modality", "SBRT", _CODE),
        _Fault("rounds count from 1", "round", 0, _FORM),
        _Fault("a negative dose", "total_dose_gy", -50, _PLAUSIBLE),
    ),
    "therapy.systemic": (_Fault("a line in words", "line", "second", _FORM),),
    "marker.result": (
        _Fault("a wrong unit", "unit", "mg/dL", _CODE),
        _Fault("a marker that is not followed", "analyte", "CA19-9", _CODE),
        _Fault("a comparator inside the number", "value", "<0.5", _FORM),
    ),
    "treatability.stated": (_Fault("a word of no list", "locally_treatable", "maybe", _CODE),),
    "biopsy.result": (_Fault("a word for true or false", "malignant", "yes", _FORM),),
    "review.held": (_Fault("a decision in free text", "decision", "wait and see", _CODE),),
    "withdrawal.recorded": (_Fault("a scope that no list has", "scope", "all", _CODE),),
    "death.recorded": (_Fault("a cause that is a code", "cause", 4, _FORM),),
}


def refused(kind: str, full: Example) -> Iterator[Broken]:
    """Break the full example of a kind in one place after the other."""
    day = _DAYS[kind]
    faults = (
        *_COMMON,
        _Fault("without its day", day, _ABSENT, _FORM),
        _Fault("a month in place of a day", day, "2025-03", _FORM),
        _Fault("a date-time without an offset", day, "2025-03-01T08:15:00", _FORM),
        _Fault("a year before 1900", day, "1825-03-01", _PLAUSIBLE),
        *_FAULTS.get(kind, ()),
    )
    for fault in faults:
        content = _changed(full, fault.path.split("."), fault.new)
        yield Broken(fault.title, content, fault.reason, fault.path)


def _changed(full: Example, path: list[str], new: object) -> Example:
    """A copy with another value at the path, or with none."""
    content: Any = json.loads(json.dumps(full))
    inner = content
    for step in path[:-1]:
        inner = inner[int(step) if step.isdigit() else step]
    if new is _ABSENT:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return dict(content)
