"""Whether the patient's latest eligibility assessment passes, criterion by criterion.

Clinical rules 5 and 5.1. Overall: FAIL when any criterion fails, else UNKNOWN when any is
unknown, else PASS. A conflict of the protocol's text is told and changes no result.
"""

import functools
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from monitor.clinical.criteria import CRITERIA, Criterion
from monitor.clinical.eligibility_assessed import Cea, EligibilityAssessed
from monitor.clinical.state import Held
from monitor.clinical.terms import day_of, plain

Result = Literal["PASS", "FAIL", "UNKNOWN"]
RESULTS: Mapping[bool | None, Result] = {True: "PASS", False: "FAIL", None: "UNKNOWN"}


class Conflict(Struct, frozen=True):
    """An ambiguity of the protocol (5.1) in words, and whether it replaces a violation."""

    ambiguity: str
    words: str
    replaces_violation: bool = False


# Lung lesions of these sizes, both included, are measurable by one reading of the text only.
CONTESTED_MM = (Decimal(10), Decimal(15))
MEASURABILITY = Conflict(
    "A1",
    "the lesion is measurable by RECIST 1.1, which decides here, while the protocol's own words "
    "may ask for more than 15 mm",
)
RADIOTHERAPY = Conflict(
    "A3",
    "the protocol excludes patients whom radiotherapy cannot treat, although it has groups for "
    "surgery and radiofrequency ablation",
    replaces_violation=True,
)
CONFLICTS: Mapping[tuple[str, Result], Conflict] = {("E03", "FAIL"): RADIOTHERAPY}


class Judgement(Struct, frozen=True):
    """A criterion as one assessment answers it."""

    criterion: Criterion
    result: Result
    conflict: Conflict | None = None


class Screening(Struct, frozen=True):
    """The assessment that counts, and what it says of every criterion."""

    held: Held[EligibilityAssessed]
    judgements: Sequence[Judgement]

    @property
    def overall(self) -> Result:
        """FAIL before UNKNOWN before PASS."""
        found = {judgement.result for judgement in self.judgements}
        return "FAIL" if "FAIL" in found else "UNKNOWN" if "UNKNOWN" in found else "PASS"

    def why(self, judgement: Judgement) -> str:
        """What was recorded for a criterion, in words."""
        return _recorded(self.held.fact, judgement)


def _answers(row: Criterion) -> Mapping[bool | None, Judgement]:
    """What each outcome of a criterion's check means; made once, not per assessment."""
    return {
        truth: Judgement(row, result, CONFLICTS.get((row.id, result)))
        for truth, result in RESULTS.items()
    }


ANSWERS = tuple((row.check.judge, _answers(row)) for row in CRITERIA)
I07 = next(place for place, row in enumerate(CRITERIA) if row.id == "I07")
CONTESTED = Judgement(CRITERIA[I07], "PASS", MEASURABILITY)


def screening_of(assessments: Sequence[Held[EligibilityAssessed]]) -> Screening | None:
    """Judge the latest assessment of a final status, given in order; None without one."""
    for held in reversed(assessments):
        if held.final:
            return Screening(held, _judged(held.fact))
    return None


@functools.lru_cache(maxsize=2**12)  # every fact of a patient asks again what it says
def _judged(assessed: EligibilityAssessed) -> tuple[Judgement, ...]:
    judgements = [answers[judge(assessed)] for judge, answers in ANSWERS]
    size = assessed.largest_lung_lesion_mm
    if size is not None and CONTESTED_MM[0] <= size <= CONTESTED_MM[1]:
        judgements[I07] = CONTESTED
    return tuple(judgements)


def _recorded(assessed: EligibilityAssessed, judgement: Judgement) -> str:
    """The values of the criterion's fields; those not given are told when they left it open."""
    words = []
    for name in judgement.criterion.check.fields:
        value = getattr(assessed, name)
        label, unit = LABELS[name]
        if value is not None:
            shown = str(day_of(value)) if name.endswith("_on") else _shown(value)
            words.append(f"{label} {shown} {unit}".rstrip())
        elif judgement.result == "UNKNOWN":
            words.append(f"{label} unknown")
    return ", ".join(words)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Cea):
        return f"{plain(value.value)} {value.unit}"
    return str(value).replace("_", " ")


# What a field is called, and its unit.
LABELS: Mapping[str, tuple[str, str]] = {
    "age_years": ("age", "years"),
    "pathology_confirmed_crc": ("confirmed by pathology:", ""),
    "ned_achieved_by": ("no evidence of disease by", ""),
    "ned_on": ("no evidence of disease on", ""),
    "lung_lesion_detected_on": ("lung lesion detected on", ""),
    "prior_systemic": ("earlier systemic therapy:", ""),
    "lung_lesion_count": ("lung lesions", ""),
    "lung_lesions_suitable_for_local": ("suitable for local therapy:", ""),
    "largest_lung_lesion_mm": ("largest lung lesion", "mm"),
    "prior_lung_rt": ("earlier radiotherapy of the lung:", ""),
    "ecog": ("ECOG", ""),
    "expected_survival_months": ("expected survival", "months"),
    "anc_e9_per_l": ("neutrophils", "x10^9/L"),
    "growth_factor_given": ("growth factor given:", ""),
    "days_since_growth_factor": ("growth factor", "days before"),
    "organ_function_ok_for_local": ("organ function good enough:", ""),
    "childbearing_potential": ("childbearing potential:", ""),
    "contraception_agreed": ("contraception agreed:", ""),
    "consent_signed": ("consent signed:", ""),
    "lesions_from_first_diagnosis": ("lesions of the first diagnosis:", ""),
    "liver_metastasis": ("liver metastasis:", ""),
    "bone_metastasis": ("bone metastasis:", ""),
    "node_metastasis": ("lymph node metastasis:", ""),
    "amenable_to_rt": ("amenable to radiotherapy:", ""),
    "prior_second_line": ("earlier second line:", ""),
    "alt_x_uln": ("ALT", "x the upper limit"),
    "ast_x_uln": ("AST", "x the upper limit"),
    "bilirubin_x_uln": ("bilirubin", "x the upper limit"),
    "creatinine_x_uln": ("creatinine", "x the upper limit"),
    "cea": ("CEA", ""),
    "serious_condition": ("serious condition:", ""),
    "severe_infection": ("severe infection:", ""),
    "autoimmune_active": ("active autoimmune disease:", ""),
    "cns_dysfunction": ("disorder of the central nervous system:", ""),
    "major_surgery_done": ("major surgery done:", ""),
    "days_since_major_surgery": ("major surgery", "days before"),
    "pregnant": ("pregnant:", ""),
    "breastfeeding": ("breastfeeding:", ""),
    "allergy_to_study_treatment": ("allergy to the study treatment:", ""),
    "investigator_other": ("other reason of the investigator:", ""),
}
