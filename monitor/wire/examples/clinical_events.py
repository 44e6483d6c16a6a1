"""Example records of the other sources, from enrolment to closed days."""

from collections.abc import Mapping
from typing import Final

from monitor.wire.examples.common import Titled, life, record

_ASSESSMENT: Final = record(
    "a1",
    {
        "assessed_on": "2024-12-20",
        "age_years": 61,
        "pathology_confirmed_crc": True,
        "ned_achieved_by": "surgery",
        "ned_on": "2024-01-15",
        "lung_lesion_detected_on": "2024-11-28",
        "prior_systemic": "adjuvant_only",
        "lung_lesion_count": 2,
        "lung_lesions_suitable_for_local": True,
        "largest_lung_lesion_mm": "16.5",
        "prior_lung_rt": False,
        "ecog": 1,
        "expected_survival_months": 24,
        "anc_e9_per_l": "3.2",
        "growth_factor_given": True,
        "days_since_growth_factor": 30,
        "organ_function_ok_for_local": True,
        "childbearing_potential": False,
        "contraception_agreed": None,
        "consent_signed": True,
        "lesions_from_first_diagnosis": False,
        "liver_metastasis": False,
        "bone_metastasis": False,
        "node_metastasis": False,
        "amenable_to_rt": True,
        "resectable": True,
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
        "major_surgery_done": True,
        "days_since_major_surgery": 340,
        "pregnant": False,
        "breastfeeding": False,
        "allergy_to_study_treatment": False,
        "investigator_other": False,
    },
)

CLINICAL_EVENTS: Final[Mapping[str, tuple[Titled, ...]]] = {
    "patient.enrolled": life(
        record(
            "e1",
            {
                "enrolled_on": "2025-01-02",
                "ned_on": "2025-01-10",
                "lung_metastasis_on": "2024-11-28",
                "site_id": "SITE-1",
                "prior_polymetastatic": False,
                "prior_oligometastatic": True,
                "primary_diagnosed_on": "2022-05-11",
            },
        ),
        {"enrolled_on": "2025-01-03"},
        record("e2", {"enrolled_on": "2025-01-02"}),
    ),
    "eligibility.assessed": life(
        _ASSESSMENT, {"ecog": 0}, record("a2", {"assessed_on": "2024-12-21"})
    ),
    "therapy.local": life(
        record(
            "lt1",
            {
                "modality": "radiotherapy",
                "started_on": "2025-01-10",
                "ended_on": "2025-01-20",
                "round": 1,
                "sites": [{"site_id": "S1", "organ": "lung", "lesion_ids": ["T1"]}],
                "total_dose_gy": 50,
                "fractions": 5,
                "bed_gy": 100,
                "margins_clear": None,
            },
        ),
        {"ended_on": "2025-01-21"},
        record("lt2", {"modality": "surgery", "started_on": "2025-08-01", "round": 2}),
    ),
    "therapy.systemic": life(
        record(
            "st1",
            {
                "started_on": "2025-07-20",
                "ended_on": "2025-09-30",
                "regimen": "FOLFIRI",
                "line": 2,
            },
        ),
        {"started_on": "2025-07-21"},
        record("st2", {"started_on": "2025-10-07"}),
    ),
    "marker.result": life(
        record(
            "m1",
            {
                "analyte": "CEA",
                "value": "3.4",
                "unit": "ng/mL",
                "collected_at": "2025-06-20T08:00:00+08:00",
                "upper_limit": 5,
            },
        ),
        {"value": "4.3"},
        record("m2", {"analyte": "CEA", "value": 8, "unit": "ug/L", "collected_at": "2025-09-20"}),
    ),
    "treatability.stated": life(
        record(
            "ts1",
            {"stated_on": "2025-06-30", "read_record_id": "r2", "locally_treatable": "yes"},
        ),
        {"locally_treatable": "no"},
        record("ts2", {"stated_on": "2025-09-30", "locally_treatable": "unknown"}),
    ),
    "biopsy.result": life(
        record(
            "b1",
            {"taken_on": "2025-07-02", "site_id": "S1", "lesion_id": "X1", "malignant": True},
        ),
        {"malignant": False},
        record("b2", {"taken_on": "2025-07-02", "lesion_id": "X1", "malignant": False}),
    ),
    "review.held": life(
        record(
            "rv1",
            {
                "held_on": "2025-07-08",
                "decision": "repeat_local_therapy",
                "notice_ids": ["144de5df-b73a-55e0-be7a-3f06ebfe9cc8"],
            },
        ),
        {"decision": "systemic_therapy"},
        record("rv2", {"held_on": "2025-10-08", "decision": "surveillance"}),
    ),
    "contact.recorded": life(
        record("c1", {"contacted_on": "2025-07-15"}),
        {"contacted_on": "2025-07-16"},
        record("c2", {"contacted_on": "2025-10-15"}),
    ),
    "death.recorded": life(
        record("d1", {"died_on": "2026-03-04", "cause": "disease"}),
        {"cause": "other"},
        record("d2", {"died_on": "2026-03-04"}),
    ),
    "withdrawal.recorded": life(
        record("w1", {"withdrawn_on": "2025-12-01", "scope": "follow_up"}),
        {"scope": "treatment"},
        record("w2", {"withdrawn_on": "2026-01-15", "scope": "consent"}),
    ),
    "day.closed": (
        Titled(
            "a day is over",
            record("NCT06778382/P-007/2025-07-01", {"closed_on": "2025-07-01"}),
        ),
    ),
}
