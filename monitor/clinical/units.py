"""What a measured amount may be compared with: unit families, limit of detection, censoring.

Clinical rules 2.2 and 2.3. Amounts stay exact decimals.
"""

from collections.abc import Mapping
from decimal import Decimal

from monitor.clinical.ctdna_result import CtdnaResult, Limit, Quantity
from monitor.clinical.terms import Unit, plain

Family = str

VAF = "allele frequency"  # in percent
MUTANT_DNA = "mutant DNA"  # in pg per ml of plasma

# A haploid genome weighs 3.3 pg: scaled up, never divided, copies and allele frequencies meet
# exactly. PPM has no percent here, because no field says that the vendor defines it so.
PG_PER_GENOME = Decimal("3.3")
PG_PER_PERCENT_OF_NG = Decimal(10)  # 1 % of 1 ng
SCALES: Mapping[Unit, tuple[Family, Decimal]] = {
    "VAF_PCT": (VAF, Decimal(1)),
    "VAF_FRACTION": (VAF, Decimal(100)),
    "COPIES_PER_ML": (MUTANT_DNA, PG_PER_GENOME),
    "HGE_PER_ML": (MUTANT_DNA, PG_PER_GENOME),
    "MTM_PER_ML": ("tumour molecules", Decimal(1)),
    "PPM": ("parts per million", Decimal(1)),
    "TF_PCT": ("tumour fraction", Decimal(1)),
}
UNIT_WORDS: Mapping[Unit, str] = {
    "VAF_PCT": "% VAF",
    "VAF_FRACTION": "VAF (fraction)",
    "COPIES_PER_ML": "copies/mL",
    "HGE_PER_ML": "hGE/mL",
    "MTM_PER_ML": "MTM/mL",
    "PPM": "ppm",
    "TF_PCT": "% tumour fraction",
}


def scales_of(unit: Unit, cfdna_ng_per_ml: Decimal | None) -> dict[Family, Decimal]:
    """The families that an amount of a sample can be told in, its own first, and each's factor.

    An allele frequency becomes an amount of mutant DNA where the sample's cfDNA is known (2.2).
    """
    family, scale = SCALES[unit]
    if family == VAF and cfdna_ng_per_ml:
        return {VAF: scale, MUTANT_DNA: scale * PG_PER_PERCENT_OF_NG * cfdna_ng_per_ml}
    return {family: scale}


def left_censored(result: CtdnaResult) -> bool:
    """Whether the laboratory says that the amount is below the value (contract 2.1)."""
    return bool(result.quantity and (result.quantity.comparator or "").startswith("<"))


def reaches_lod(result: CtdnaResult) -> bool | None:
    """Whether the value is at or above the limit of detection; None where nothing compares."""
    quantity, lod = result.quantity, result.assay.lod
    if quantity is None or lod is None:
        return None
    if quantity.unit == lod.unit:
        return quantity.value >= lod.value
    cfdna = result.specimen.cfdna_ng_per_ml
    of_lod = scales_of(lod.unit, cfdna)
    for family, scale in scales_of(quantity.unit, cfdna).items():
        if family in of_lod:
            return quantity.value * scale >= lod.value * of_lod[family]
    return None


def quantified(result: CtdnaResult) -> bool:
    """Whether kinetics may use the value: above zero, not censored, not below the LoD (2.3)."""
    quantity = result.quantity
    return (
        quantity is not None
        and quantity.value > 0
        and not left_censored(result)
        and reaches_lod(result) is not False
    )


def differs_from_call(result: CtdnaResult) -> bool:
    """Whether the number says something else than the laboratory's call, which stands (2.3)."""
    quantity = result.quantity
    if result.call != "not_detected" or quantity is None or left_censored(result):
        return False
    if result.assay.lod is None:
        return quantity.value > 0
    return reaches_lod(result) is True


def words_of(amount: Quantity | Limit) -> str:
    """An amount as a coordinator reads it, in the unit it was reported in."""
    return f"{plain(amount.value)} {UNIT_WORDS[amount.unit]}"


def amount_words(result: CtdnaResult) -> str:
    """The measured amount in words; empty where none was reported."""
    return words_of(result.quantity) if result.quantity else ""
