"""The fact of a laboratory: one ctDNA result (contract 2.1)."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from monitor.clinical.terms import (
    TOMBSTONES,
    AssayDesign,
    Call,
    ChipFiltered,
    ClinicalTime,
    Comparator,
    Count,
    Flag,
    Measure,
    Name,
    Text,
    Tube,
    Unit,
)
from monitor.wire.models.record import Many, Part, Record, missing


class Specimen(Part):
    """The blood sample: collection time, ml of plasma, ng/ml of cfDNA, hours to the spin."""

    id: Text | None = None
    collected_at: ClinicalTime
    received_at: ClinicalTime | None = None
    tube: Tube | None = None
    plasma_ml: Measure | None = None
    cfdna_ng_per_ml: Measure | None = None
    draw_to_spin_h: Measure | None = None
    haemolysis: Flag | None = None


class Limit(Part):
    """A limit of detection in its own unit."""

    value: Measure
    unit: Unit


class Assay(Part):
    """What was measured with; the first four fields are the comparability group (2.10)."""

    lab: Name
    code: Name
    version: Text | None = None
    panel_id: Text | None = None
    design: AssayDesign | None = None
    chip_filtered: ChipFiltered | None = None
    lod: Limit | None = None


class Quantity(Part):
    """The measured amount; a comparator that begins with `<` is left-censored."""

    value: Measure
    unit: Unit
    comparator: Comparator | None = None
    ci95: Annotated[tuple[Measure, ...], Field(min_length=2, max_length=2)] | None = None


class Variant(Part):
    """One variant: allele frequency in percent, alternative reads, depth."""

    gene: Text | None = None
    hgvs: Text | None = None
    vaf_pct: Measure | None = None
    alt_reads: Count | None = None
    depth: Count | None = None


class CtdnaResult(Record):
    """A laboratory's ctDNA result; `call` is the laboratory's word (contract 2.1)."""

    KIND: ClassVar[str] = "ctdna.result"

    specimen: Specimen
    assay: Assay
    call: Call | None = None
    quantity: Quantity | None = None
    variants: Many[Variant] | None = None
    reported_at: ClinicalTime | None = None

    @model_validator(mode="after")
    def _call_given(self) -> Self:
        if self.call is None and self.status != "registered" and self.status not in TOMBSTONES:
            raise missing("call")
        return self
