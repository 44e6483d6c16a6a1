"""The fact of a screening: a field for each criterion (contract 5), unknown when missing."""

import datetime
from decimal import Decimal
from typing import ClassVar

from monitor.clinical.record import Part, Record
from monitor.clinical.terms import MarkerUnit, NedBy, PriorSystemic, day_of


class Cea(Part, frozen=True, kw_only=True):
    """Carcinoembryonic antigen; 1 ug/L is 1 ng/mL."""

    value: Decimal
    unit: MarkerUnit


class EligibilityAssessed(Record, frozen=True, kw_only=True):
    """One assessment of the inclusion and exclusion criteria. Units are in the names."""

    KIND: ClassVar[str] = "eligibility.assessed"

    assessed_on: str
    age_years: Decimal | None = None
    pathology_confirmed_crc: bool | None = None
    ned_achieved_by: NedBy | None = None
    ned_on: str | None = None
    lung_lesion_detected_on: str | None = None
    prior_systemic: PriorSystemic | None = None
    lung_lesion_count: int | None = None
    lung_lesions_suitable_for_local: bool | None = None
    largest_lung_lesion_mm: Decimal | None = None
    prior_lung_rt: bool | None = None
    ecog: int | None = None
    expected_survival_months: Decimal | None = None
    anc_e9_per_l: Decimal | None = None
    growth_factor_given: bool | None = None
    days_since_growth_factor: Decimal | None = None
    organ_function_ok_for_local: bool | None = None
    childbearing_potential: bool | None = None
    contraception_agreed: bool | None = None
    consent_signed: bool | None = None
    lesions_from_first_diagnosis: bool | None = None
    liver_metastasis: bool | None = None
    bone_metastasis: bool | None = None
    node_metastasis: bool | None = None
    amenable_to_rt: bool | None = None
    resectable: bool | None = None
    prior_second_line: bool | None = None
    alt_x_uln: Decimal | None = None
    ast_x_uln: Decimal | None = None
    bilirubin_x_uln: Decimal | None = None
    creatinine_x_uln: Decimal | None = None
    cea: Cea | None = None
    serious_condition: bool | None = None
    severe_infection: bool | None = None
    autoimmune_active: bool | None = None
    cns_dysfunction: bool | None = None
    major_surgery_done: bool | None = None
    days_since_major_surgery: Decimal | None = None
    pregnant: bool | None = None
    breastfeeding: bool | None = None
    allergy_to_study_treatment: bool | None = None
    investigator_other: bool | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day of the assessment (contract 1)."""
        return day_of(self.assessed_on)
