"""What passes every eligibility criterion, and what lies on either side of each boundary."""

from collections.abc import Mapping

# An assessment that passes everything, on the side of the boundaries that counts.
PASSING: Mapping[str, object] = {
    "age_years": 60,
    "pathology_confirmed_crc": True,
    "ned_achieved_by": "surgery",
    "ned_on": "2024-01-15",
    "lung_lesion_detected_on": "2024-12-01",
    "prior_systemic": "none",
    "lung_lesion_count": 2,
    "lung_lesions_suitable_for_local": True,
    "largest_lung_lesion_mm": "18",
    "prior_lung_rt": False,
    "ecog": 1,
    "expected_survival_months": 12,
    "anc_e9_per_l": "3.0",
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
    "alt_x_uln": 1,
    "ast_x_uln": 1,
    "bilirubin_x_uln": 1,
    "creatinine_x_uln": 1,
    "cea": {"value": 3, "unit": "ng/mL"},
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

# What differs from the passing assessment | criteria that do not pass then | conflicts told.
BOUNDARIES = """
    pathology_confirmed_crc=true                                  |
    pathology_confirmed_crc=false                                 | I01 FAIL
    pathology_confirmed_crc=null                                  | I01 UNKNOWN
    ned_achieved_by=emr                                           |
    ned_achieved_by=rfa                                           |
    ned_achieved_by=radiotherapy                                  |
    ned_achieved_by=chemotherapy_only                             | I02 FAIL
    ned_achieved_by=null                                          | I02 UNKNOWN
    ned_on=2024-01-15 lung_lesion_detected_on=2024-07-15          |
    ned_on=2024-01-15 lung_lesion_detected_on=2024-07-14          | I03 FAIL
    ned_on=2024-08-31 lung_lesion_detected_on=2025-02-28          |
    ned_on=2024-08-31 lung_lesion_detected_on=2025-02-27          | I03 FAIL
    ned_on=2023-08-30 lung_lesion_detected_on=2024-02-29          |
    ned_on=2023-08-30 lung_lesion_detected_on=2024-02-28          | I03 FAIL
    ned_on=2024-06-30 lung_lesion_detected_on=2024-12-30          |
    ned_on=null                                                   | I03 UNKNOWN
    lung_lesion_detected_on=null                                  | I03 UNKNOWN
    prior_systemic=adjuvant_only                                  |
    prior_systemic=first_line_only                                |
    prior_systemic=second_line                                    | I04 FAIL
    prior_systemic=null                                           | I04 UNKNOWN
    lung_lesion_count=0                                           | I05 FAIL
    lung_lesion_count=1                                           |
    lung_lesion_count=5                                           |
    lung_lesion_count=6                                           | I05 FAIL, E02 FAIL
    lung_lesion_count=null                                        | I05 UNKNOWN, E02 UNKNOWN
    lung_lesions_suitable_for_local=false                         | I05 FAIL
    lung_lesions_suitable_for_local=null                          | I05 UNKNOWN
    lung_lesion_count=0 lung_lesions_suitable_for_local=null      | I05 FAIL
    prior_lung_rt=true                                            | I06 FAIL
    prior_lung_rt=null                                            | I06 UNKNOWN
    largest_lung_lesion_mm=9.9                                    | I07 FAIL
    largest_lung_lesion_mm=10                                     |             | I07
    largest_lung_lesion_mm=15                                     |             | I07
    largest_lung_lesion_mm=15.1                                   |
    largest_lung_lesion_mm=null                                   | I07 UNKNOWN
    ecog=0                                                        |
    ecog=2                                                        |
    ecog=3                                                        | I08 FAIL
    ecog=null                                                     | I08 UNKNOWN
    expected_survival_months=2.9                                  | I09 FAIL
    expected_survival_months=3                                    |
    expected_survival_months=null                                 | I09 UNKNOWN
    anc_e9_per_l=1.59                                             | I10 FAIL
    anc_e9_per_l=1.6                                              |
    anc_e9_per_l=null                                             | I10 UNKNOWN
    growth_factor_given=true days_since_growth_factor=6           | I10 FAIL
    growth_factor_given=true days_since_growth_factor=7           |
    growth_factor_given=true                                      | I10 UNKNOWN
    growth_factor_given=false days_since_growth_factor=1          |
    growth_factor_given=null days_since_growth_factor=400         |
    growth_factor_given=null                                      | I10 UNKNOWN
    growth_factor_given=null anc_e9_per_l=1.59                    | I10 FAIL
    anc_e9_per_l=null growth_factor_given=true days_since_growth_factor=5 | I10 FAIL
    organ_function_ok_for_local=false                             | I11 FAIL
    organ_function_ok_for_local=null                              | I11 UNKNOWN
    childbearing_potential=true contraception_agreed=true         |
    childbearing_potential=true contraception_agreed=false        | I12 FAIL
    childbearing_potential=true                                   | I12 UNKNOWN
    childbearing_potential=false contraception_agreed=false       |
    childbearing_potential=null contraception_agreed=true         | I12 UNKNOWN
    childbearing_potential=null contraception_agreed=false        | I12 UNKNOWN
    consent_signed=false                                          | I13 FAIL
    consent_signed=null                                           | I13 UNKNOWN
    age_years=17                                                  | I14 FAIL
    age_years=18                                                  |
    age_years=75                                                  |
    age_years=76                                                  | I14 FAIL
    age_years=null                                                | I14 UNKNOWN
    lesions_from_first_diagnosis=true                             | E01 FAIL
    lesions_from_first_diagnosis=null                             | E01 UNKNOWN
    liver_metastasis=true                                         | E02 FAIL
    bone_metastasis=true                                          | E02 FAIL
    node_metastasis=true                                          | E02 FAIL
    liver_metastasis=null                                         | E02 UNKNOWN
    bone_metastasis=null                                          | E02 UNKNOWN
    node_metastasis=null                                          | E02 UNKNOWN
    liver_metastasis=null node_metastasis=true                    | E02 FAIL
    amenable_to_rt=false                                          | E03 FAIL    | E03
    amenable_to_rt=null                                           | E03 UNKNOWN
    prior_second_line=true                                        | E04 FAIL
    prior_second_line=null                                        | E04 UNKNOWN
    alt_x_uln=3 ast_x_uln=3.0                                     |
    alt_x_uln=3.01                                                | E05 FAIL
    ast_x_uln=3.01                                                | E05 FAIL
    alt_x_uln=null                                                | E05 UNKNOWN
    alt_x_uln=null ast_x_uln=3.01                                 | E05 FAIL
    bilirubin_x_uln=2                                             |
    bilirubin_x_uln=2.01                                          | E06 FAIL
    bilirubin_x_uln=null                                          | E06 UNKNOWN
    creatinine_x_uln=1.5                                          |
    creatinine_x_uln=1.51                                         | E07 FAIL
    creatinine_x_uln=null                                         | E07 UNKNOWN
    cea={"value":"49.9","unit":"ng/mL"}                           |
    cea={"value":"50.0","unit":"ng/mL"}                           | E08 FAIL
    cea={"value":"49.9","unit":"ug/L"}                            |
    cea={"value":"50","unit":"ug/L"}                              | E08 FAIL
    cea=null                                                      | E08 UNKNOWN
    serious_condition=true                                        | E09 FAIL
    serious_condition=null                                        | E09 UNKNOWN
    severe_infection=true                                         | E10 FAIL
    severe_infection=null                                         | E10 UNKNOWN
    autoimmune_active=true                                        | E11 FAIL
    autoimmune_active=null                                        | E11 UNKNOWN
    cns_dysfunction=true                                          | E12 FAIL
    cns_dysfunction=null                                          | E12 UNKNOWN
    major_surgery_done=true days_since_major_surgery=30           | E13 FAIL
    major_surgery_done=true days_since_major_surgery=31           |
    major_surgery_done=true                                       | E13 UNKNOWN
    major_surgery_done=null days_since_major_surgery=31           |
    major_surgery_done=null                                       | E13 UNKNOWN
    major_surgery_done=false days_since_major_surgery=1           |
    pregnant=true                                                 | E14 FAIL
    breastfeeding=true                                            | E14 FAIL
    pregnant=null                                                 | E14 UNKNOWN
    pregnant=null breastfeeding=true                              | E14 FAIL
    allergy_to_study_treatment=true                               | E15 FAIL
    allergy_to_study_treatment=null                               | E15 UNKNOWN
    investigator_other=true                                       | E16 FAIL
    investigator_other=null                                       | E16 UNKNOWN
"""
