"""The fact of a screening: a field for each criterion; what is missing is unknown (contract 5)."""

from typing import ClassVar

from monitor.clinical.terms import (
    ClinicalTime,
    Count,
    Flag,
    MarkerUnit,
    Measure,
    NedBy,
    PriorSystemic,
)
from monitor.wire.models.record import Part, Record


class Cea(Part):
    """Carcinoembryonic antigen in blood."""

    value: Measure
    unit: MarkerUnit


class EligibilityAssessed(Record):
    """One assessment of the inclusion and exclusion criteria. Units are in the names."""

    KIND: ClassVar[str] = "eligibility.assessed"

    assessed_on: ClinicalTime
    age_years: Measure | None = None
    pathology_confirmed_crc: Flag | None = None
    ned_achieved_by: NedBy | None = None
    ned_on: ClinicalTime | None = None
    lung_lesion_detected_on: ClinicalTime | None = None
    prior_systemic: PriorSystemic | None = None
    lung_lesion_count: Count | None = None
    lung_lesions_suitable_for_local: Flag | None = None
    largest_lung_lesion_mm: Measure | None = None
    prior_lung_rt: Flag | None = None
    ecog: Count | None = None
    expected_survival_months: Measure | None = None
    anc_e9_per_l: Measure | None = None
    growth_factor_given: Flag | None = None
    days_since_growth_factor: Measure | None = None
    organ_function_ok_for_local: Flag | None = None
    childbearing_potential: Flag | None = None
    contraception_agreed: Flag | None = None
    consent_signed: Flag | None = None
    lesions_from_first_diagnosis: Flag | None = None
    liver_metastasis: Flag | None = None
    bone_metastasis: Flag | None = None
    node_metastasis: Flag | None = None
    amenable_to_rt: Flag | None = None
    resectable: Flag | None = None
    prior_second_line: Flag | None = None
    alt_x_uln: Measure | None = None
    ast_x_uln: Measure | None = None
    bilirubin_x_uln: Measure | None = None
    creatinine_x_uln: Measure | None = None
    cea: Cea | None = None
    serious_condition: Flag | None = None
    severe_infection: Flag | None = None
    autoimmune_active: Flag | None = None
    cns_dysfunction: Flag | None = None
    major_surgery_done: Flag | None = None
    days_since_major_surgery: Measure | None = None
    pregnant: Flag | None = None
    breastfeeding: Flag | None = None
    allergy_to_study_treatment: Flag | None = None
    investigator_other: Flag | None = None
