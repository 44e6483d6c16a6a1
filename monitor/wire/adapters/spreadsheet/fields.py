"""The fields of a ctDNA result that a table can give, and what kind of value each takes."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, get_args

from monitor.clinical.terms import (
    AssayDesign,
    Call,
    ChipFiltered,
    Comparator,
    Status,
    Tube,
    Unit,
)

Kind = Literal["text", "number", "count", "moment", "word", "flag"]


class FieldKind(NamedTuple):
    """What a field takes; `words` are the contract's, where it has a list of them."""

    kind: Kind
    words: tuple[str, ...] = ()


def _word(words: object) -> FieldKind:
    return FieldKind("word", get_args(words))


_TEXT: Final = FieldKind("text")
_NUMBER: Final = FieldKind("number")
_MOMENT: Final = FieldKind("moment")
STATUS: Final = "status"
CALL: Final = "call"
VERSION: Final = "record_version"
VALUE: Final = "quantity.value"
COMPARATOR: Final = "quantity.comparator"
FIELDS: Final[Mapping[str, FieldKind]] = {
    "study_id": _TEXT,
    "patient_id": _TEXT,
    "record_id": _TEXT,
    VERSION: FieldKind("count"),
    STATUS: _word(Status),
    "specimen.id": _TEXT,
    "specimen.collected_at": _MOMENT,
    "specimen.received_at": _MOMENT,
    "specimen.tube": _word(Tube),
    "specimen.plasma_ml": _NUMBER,
    "specimen.cfdna_ng_per_ml": _NUMBER,
    "specimen.draw_to_spin_h": _NUMBER,
    "specimen.haemolysis": FieldKind("flag"),
    "assay.lab": _TEXT,
    "assay.code": _TEXT,
    "assay.version": _TEXT,
    "assay.panel_id": _TEXT,
    "assay.design": _word(AssayDesign),
    "assay.chip_filtered": _word(ChipFiltered),
    "assay.lod.value": _NUMBER,
    "assay.lod.unit": _word(Unit),
    CALL: _word(Call),
    VALUE: _NUMBER,
    "quantity.unit": _word(Unit),
    COMPARATOR: _word(Comparator),
    "reported_at": _MOMENT,
}
COMMON: Final = ("study_id", "patient_id", "record_id")
REQUIRED: Final = (*COMMON, "specimen.collected_at", "assay.lab", "assay.code", CALL)
# A number and its unit: one without the other means nothing.
PAIRS: Final = ((VALUE, "quantity.unit"), ("assay.lod.value", "assay.lod.unit"))
