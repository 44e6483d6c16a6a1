"""The fact of a laboratory: one ctDNA result (contract 2.1)."""

import datetime
from decimal import Decimal
from typing import ClassVar

from monitor.clinical.record import Part, Record
from monitor.clinical.terms import AssayDesign, Call, ChipFiltered, Comparator, Tube, Unit, day_of


class Specimen(Part, frozen=True, kw_only=True):
    """The blood sample: collection time, ml of plasma, ng/ml of cfDNA, hours to the spin."""

    id: str | None = None
    collected_at: str
    received_at: str | None = None
    tube: Tube | None = None
    plasma_ml: Decimal | None = None
    cfdna_ng_per_ml: Decimal | None = None
    draw_to_spin_h: Decimal | None = None
    haemolysis: bool | None = None


class Limit(Part, frozen=True, kw_only=True):
    """A limit of detection in its own unit."""

    value: Decimal
    unit: Unit


class Assay(Part, frozen=True, kw_only=True):
    """What was measured with; the first four fields are the comparability group (2.10)."""

    lab: str
    code: str
    version: str | None = None
    panel_id: str | None = None
    design: AssayDesign | None = None
    chip_filtered: ChipFiltered | None = None
    lod: Limit | None = None


class Quantity(Part, frozen=True, kw_only=True):
    """The measured amount; a comparator that begins with `<` is left-censored."""

    value: Decimal
    unit: Unit
    comparator: Comparator | None = None
    ci95: tuple[Decimal, ...] | None = None


class Variant(Part, frozen=True, kw_only=True):
    """One variant: allele frequency in percent, alternative reads, depth."""

    gene: str | None = None
    hgvs: str | None = None
    vaf_pct: Decimal | None = None
    alt_reads: int | None = None
    depth: int | None = None


class CtdnaResult(Record, frozen=True, kw_only=True):
    """A laboratory's ctDNA result; `call` is the laboratory's word (contract 2.1)."""

    KIND: ClassVar[str] = "ctdna.result"

    specimen: Specimen
    assay: Assay
    call: Call | None = None
    quantity: Quantity | None = None
    variants: tuple[Variant, ...] | None = None
    reported_at: str | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day that orders the record (contract 1)."""
        return day_of(self.specimen.collected_at)
