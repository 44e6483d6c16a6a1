"""What counts as the content of a delivery: literal tables of known fields (contract 2)."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

TEXT: Final = "text"  # also dates, booleans and words: kept as written
NUMBER: Final = "number"  # JSON number or decimal string: normalised
Shape = Any  # a leaf, a table of fields, or a list of one shape


def texts(names: str) -> dict[str, str]:
    """Fields, named in one text, that are kept as written."""
    return dict.fromkeys(names.split(), TEXT)


def numbers(names: str) -> dict[str, str]:
    """Fields, named in one text, that hold numbers."""
    return dict.fromkeys(names.split(), NUMBER)


COMMON: Final[dict[str, Shape]] = {
    "study_id": TEXT,
    "patient_id": TEXT,
    "record_id": TEXT,
    "record_version": NUMBER,
    "status": TEXT,
}
AMOUNT: Final = {"value": NUMBER, "unit": TEXT}
RESULT: Final = {
    "specimen": {
        **texts("id collected_at received_at tube haemolysis"),
        **numbers("plasma_ml cfdna_ng_per_ml draw_to_spin_h"),
    },
    "assay": {
        **texts("lab code version panel_id design chip_filtered"),
        "lod": AMOUNT,
    },
    "call": TEXT,
    "quantity": {**AMOUNT, "comparator": TEXT, "ci95": [NUMBER]},
    "variants": [
        {"gene": TEXT, "hgvs": TEXT, "vaf_pct": NUMBER, "alt_reads": NUMBER, "depth": NUMBER}
    ],
    "reported_at": TEXT,
}
READ: Final = {
    "reader": {"id": TEXT, "role": TEXT},
    "timepoint": {"label": TEXT, "is_baseline": TEXT},
    "images": [
        {
            **texts("modality acquired_on date_precision"),
            "regions": [TEXT],
            "slice_thickness_mm": NUMBER,
        }
    ],
    "survey": TEXT,
    "targets": [
        {
            **texts("lesion_id organ site nodal state merged_into"),
            "diameter_mm": NUMBER,
            "fragments_mm": [NUMBER],
        }
    ],
    "non_targets": {
        "lesions": [texts("lesion_id organ nodal state")],
        "response": TEXT,
    },
    "tumour_markers_normal": TEXT,
    "new_lesions": [
        {
            **texts("lesion_id organ site nodal certainty method"),
            **texts("treated_site_id seen_on"),
            "size_mm": NUMBER,
        }
    ],
    "treated_sites": [
        {"site_id": TEXT, "finding": TEXT, "size_mm": NUMBER, "high_risk_signs": [TEXT]}
    ],
    "active_lesions": {"lung": NUMBER, "elsewhere": NUMBER},
    "sum_of_diameters_mm": NUMBER,
    "reported": {"target": TEXT, "non_target": TEXT, "overall": TEXT},
    "signed_at": TEXT,
}
ELIGIBILITY: Final = {
    **texts(
        "assessed_on pathology_confirmed_crc ned_achieved_by ned_on lung_lesion_detected_on"
        " prior_systemic lung_lesions_suitable_for_local prior_lung_rt growth_factor_given"
        " organ_function_ok_for_local childbearing_potential contraception_agreed consent_signed"
        " lesions_from_first_diagnosis liver_metastasis bone_metastasis node_metastasis"
        " amenable_to_rt resectable prior_second_line serious_condition severe_infection"
        " autoimmune_active cns_dysfunction major_surgery_done pregnant breastfeeding"
        " allergy_to_study_treatment investigator_other"
    ),
    **numbers(
        "age_years lung_lesion_count largest_lung_lesion_mm ecog expected_survival_months"
        " anc_e9_per_l days_since_growth_factor alt_x_uln ast_x_uln bilirubin_x_uln"
        " creatinine_x_uln days_since_major_surgery"
    ),
    "cea": AMOUNT,
}
KNOWN: Final[Mapping[str, dict[str, Shape]]] = {
    "ctdna.result": RESULT,
    "imaging.read": READ,
    "patient.enrolled": texts(
        "enrolled_on ned_on lung_metastasis_on site_id prior_polymetastatic"
        " prior_oligometastatic primary_diagnosed_on"
    ),
    "eligibility.assessed": ELIGIBILITY,
    "therapy.local": {
        **texts("modality started_on ended_on margins_clear"),
        **numbers("round total_dose_gy fractions bed_gy"),
        "sites": [{"site_id": TEXT, "organ": TEXT, "lesion_ids": [TEXT]}],
    },
    "therapy.systemic": {
        **texts("started_on ended_on regimen"),
        "line": TEXT,
    },
    "marker.result": {
        **texts("analyte unit collected_at"),
        **numbers("value upper_limit"),
    },
    "treatability.stated": texts("stated_on read_record_id locally_treatable"),
    "biopsy.result": texts("taken_on site_id lesion_id malignant"),
    "review.held": {"held_on": TEXT, "decision": TEXT, "notice_ids": [TEXT]},
    "contact.recorded": {"contacted_on": TEXT},
    "death.recorded": {"died_on": TEXT, "cause": TEXT},
    "withdrawal.recorded": {"withdrawn_on": TEXT, "scope": TEXT},
    "day.closed": {"closed_on": TEXT},
}


def canonical(value: Any, shape: Shape) -> Any:
    """The known fields of a value, numbers in one spelling, nulls as if absent."""
    if value is None:
        return None
    if isinstance(shape, dict):
        kept = {name: canonical(value.get(name), inner) for name, inner in shape.items()}
        return {name: inner for name, inner in kept.items() if inner is not None}
    if isinstance(shape, list):
        return [canonical(inner, shape[0]) for inner in value]
    if shape is NUMBER:
        number = Decimal(str(value))
        return "0" if number == 0 else format(number.normalize(), "f")
    return value


def content(kind: str, told: Mapping[str, Any]) -> str:
    """The content of one delivery, as one text that is equal when the contents are."""
    shape = COMMON | KNOWN[kind]
    return json.dumps([kind, canonical(told, shape)], sort_keys=True, default=str)
