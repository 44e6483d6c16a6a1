"""The content of made-up records, as a laboratory, an imaging system and a trial's EDC write it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

STUDY = "NCT06778382"
DOSES = (("50", 5, "100"), ("48", 6, "86.4"), ("50", 10, "75"))  # Gy, fractions, BED in Gy

Content = dict[str, Any]


# The trial's own notes: the code in their record ids, and the field with their day.
NOTES = {
    "eligibility.assessed": ("EA", "assessed_on"),
    "therapy.systemic": ("ST", "started_on"),
    "treatability.stated": ("TS", "stated_on"),
    "biopsy.result": ("BX", "taken_on"),
    "review.held": ("RV", "held_on"),
    "contact.recorded": ("CO", "contacted_on"),
    "death.recorded": ("DE", "died_on"),
    "withdrawal.recorded": ("WD", "withdrawn_on"),
    "marker.result": ("MK", "collected_at"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A new lesion as a reader saw it; `size_mm` is a decimal text."""

    lesion_id: str
    organ: str
    site: str
    size_mm: str
    certainty: str = "unequivocal"


def event(kind: str, source: str, patient_id: str, record_id: str, content: Content) -> Content:
    """A structured CloudEvent around the first version of a record; not yet stamped."""
    common = {
        "study_id": STUDY,
        "patient_id": patient_id,
        "record_id": record_id,
        "record_version": 1,
        "status": "final",
    }
    return {
        "specversion": "1.0",
        "id": "",
        "source": source,
        "type": f"org.ctdnamonitor.{kind}.v1",
        "time": "",
        "datacontenttype": "application/json",
        "data": {**common, **content},
    }


def stamped(unsent: Content, at: datetime) -> Content:
    """The event with its own id, made of record and version, and its time."""
    record = unsent["data"]
    name = f"{record['record_id']}/{record['record_version']}"
    return {**unsent, "id": name, "time": at.isoformat()}


def specimen(tube_id: str, drawn: datetime, plasma_ml: str, cfdna_ng_per_ml: str) -> Content:
    """A blood sample in a stabilising tube."""
    return {
        "id": tube_id,
        "collected_at": drawn.isoformat(),
        "tube": "stabilising",
        "plasma_ml": plasma_ml,
        "cfdna_ng_per_ml": cfdna_ng_per_ml,
        "haemolysis": False,
    }


def ctdna_result(panel_id: str, of: Content, said: str) -> Content:
    """The laboratory's call; a number is the value of a detected one, in MTM/mL."""
    call = said if said.replace("_", "").isalpha() else "detected"
    quantity = {"quantity": {"value": said, "unit": "MTM_PER_ML"}} if call == "detected" else {}
    assay = {
        "lab": "JN-MDX",
        "code": "MRD-TI",
        "version": "2",
        "panel_id": panel_id,
        "design": "tumor_informed",
        "chip_filtered": "yes",
        "lod": {"value": "0.05", "unit": "MTM_PER_ML"},
    }
    return {"specimen": of, "assay": assay, "call": call, **quantity}


def imaging_read(reader: str, label: str, taken: date, new: Sequence[Seen]) -> Content:
    """An investigator's read of a CT of chest, abdomen and pelvis."""
    return {
        "reader": {"id": reader, "role": "investigator"},
        "timepoint": {"label": label, "is_baseline": label == "baseline"},
        "images": [ct(taken)],
        "survey": "complete",
        "new_lesions": [new_lesion(seen) for seen in new],
    }


def ct(taken: date) -> Content:
    """A CT of a day."""
    return {
        "modality": "CT",
        "regions": ["chest", "abdomen", "pelvis"],
        "acquired_on": taken.isoformat(),
        "slice_thickness_mm": "1.25",
    }


def target(name: str, site: str, diameter_mm: str) -> Content:
    """A measured lung target, longest diameter in mm."""
    return {
        "lesion_id": name,
        "organ": "lung",
        "site": site,
        "nodal": False,
        "state": "measured",
        "diameter_mm": diameter_mm,
    }


def local_therapy(modality: str, days: tuple[date, date], round_: int, dose: int) -> Content:
    """A round of local therapy from its first to its last day, without its sites."""
    content: Content = {
        "modality": modality,
        "started_on": days[0].isoformat(),
        "ended_on": days[1].isoformat(),
        "round": round_,
    }
    if modality == "radiotherapy":
        total, fractions, bed = DOSES[dose]
        content |= {"total_dose_gy": total, "fractions": fractions, "bed_gy": bed}
    if modality == "surgery":
        content["margins_clear"] = True
    return content


def new_lesion(seen: Seen) -> Content:
    """A new lesion of a read, seen by CT."""
    return {
        "lesion_id": seen.lesion_id,
        "organ": seen.organ,
        "site": seen.site,
        "nodal": False,
        "certainty": seen.certainty,
        "method": "CT",
        "size_mm": seen.size_mm,
    }


# An assessment that meets every criterion.
ELIGIBLE: Content = {
    "age_years": 63,
    "pathology_confirmed_crc": True,
    "ned_achieved_by": "surgery",
    "ned_on": "2022-01-15",
    "lung_lesion_detected_on": "2023-11-28",
    "prior_systemic": "adjuvant_only",
    "lung_lesion_count": 1,
    "lung_lesions_suitable_for_local": True,
    "largest_lung_lesion_mm": "17",
    "prior_lung_rt": False,
    "ecog": 0,
    "expected_survival_months": 24,
    "anc_e9_per_l": "3.2",
    "growth_factor_given": False,
    "organ_function_ok_for_local": True,
    "childbearing_potential": False,
    "consent_signed": True,
    "lesions_from_first_diagnosis": False,
    "liver_metastasis": False,
    "bone_metastasis": False,
    "node_metastasis": False,
    "amenable_to_rt": True,
    "prior_second_line": False,
    "alt_x_uln": "0.8",
    "ast_x_uln": "0.9",
    "bilirubin_x_uln": "0.6",
    "creatinine_x_uln": "1.1",
    "cea": {"value": "6.5", "unit": "ug/L"},
    "serious_condition": False,
    "severe_infection": False,
    "autoimmune_active": False,
    "cns_dysfunction": False,
    "major_surgery_done": False,
    "pregnant": False,
    "breastfeeding": False,
    "allergy_to_study_treatment": False,
    "investigator_other": False,
}
