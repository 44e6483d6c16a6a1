"""Drawn eligibility assessments, whose values lie on or beside each limit of the criteria."""

import datetime
from collections.abc import Callable
from decimal import Decimal

from tests.auditor.drawing import Json, Pen, after

CLEAN: Json = {  # an assessment that passes every criterion
    "age_years": 60, "pathology_confirmed_crc": True, "ned_achieved_by": "surgery",
    "prior_systemic": "adjuvant_only", "lung_lesion_count": 3,
    "lung_lesions_suitable_for_local": True, "largest_lung_lesion_mm": 18,
    "prior_lung_rt": False, "ecog": 1, "expected_survival_months": 12, "anc_e9_per_l": "3.1",
    "growth_factor_given": False, "organ_function_ok_for_local": True,
    "childbearing_potential": False, "consent_signed": True,
    "lesions_from_first_diagnosis": False, "liver_metastasis": False, "bone_metastasis": False,
    "node_metastasis": False, "amenable_to_rt": True, "resectable": True,
    "prior_second_line": False, "alt_x_uln": 1, "ast_x_uln": "1.2", "bilirubin_x_uln": 1,
    "creatinine_x_uln": 1, "cea": {"value": 5, "unit": "ng/mL"}, "serious_condition": False,
    "severe_infection": False, "autoimmune_active": False, "cns_dysfunction": False,
    "major_surgery_done": False, "pregnant": False, "breastfeeding": False,
    "allergy_to_study_treatment": False, "investigator_other": False,
}  # fmt: skip
WORDS: dict[str, tuple[str, ...]] = {
    "ned_achieved_by": ("emr", "surgery", "rfa", "radiotherapy", "chemotherapy_only"),
    "prior_systemic": ("none", "adjuvant_only", "first_line_only", "second_line"),
}
WHOLE: dict[str, tuple[int, ...]] = {
    "age_years": (17, 18, 19, 74, 75, 76),
    "lung_lesion_count": (0, 1, 5, 6, 2),
    "ecog": (0, 2, 3, 4),
    "days_since_growth_factor": (0, 6, 7, 8),
    "days_since_major_surgery": (0, 29, 30, 31),
}
LIMITS: dict[str, tuple[str, ...]] = {
    "largest_lung_lesion_mm": ("10", "15"),
    "expected_survival_months": ("3",),
    "anc_e9_per_l": ("1.6",),
    "alt_x_uln": ("3",),
    "ast_x_uln": ("3",),
    "bilirubin_x_uln": ("2",),
    "creatinine_x_uln": ("1.5",),
}
FLAGS = (
    *(name for name, value in CLEAN.items() if isinstance(value, bool)),
    "contraception_agreed",
)


def draw_assessment(pen: Pen, day: datetime.date) -> Json:
    """Passes all but a few criteria, whose fields are at a limit, false, or missing."""
    given: Json = {"assessed_on": pen.dated(day)} | CLEAN | neds(pen, day)
    changes = pen.weighed({0: 18, 1: 22, 3: 30, 6: 20, 14: 10})
    makers: tuple[Callable[[Pen, Json, datetime.date], None], ...] = (
        *(at_a_limit, at_a_limit, whole, flag, word, marker, missing, pair, pair),
    )
    for _ in range(changes):
        pen.pick(makers)(pen, given, day)
    return given


def neds(pen: Pen, day: datetime.date) -> Json:
    """Six calendar months between NED and the lung lesion, or a day beside them; month ends."""
    detected = after(day, -pen.whole(5, 60))
    if pen.chance(35):
        month = pen.pick((2, 4, 6, 8, 9, 11))
        last = (datetime.date(detected.year, month, 28), 1)
        detected = after(last[0], pen.pick((-1, 0, 1, 2, 3)))
    month, year = detected.month - 6, detected.year
    if month < 1:
        month, year = month + 12, year - 1
    day_of_month = min(detected.day, 28)
    ned = datetime.date(year, month, day_of_month)
    ned = after(ned, pen.pick((-200, -100, 0, 0, 1, -1, 2, 3)))
    return {"ned_on": ned.isoformat(), "lung_lesion_detected_on": detected.isoformat()}


def at_a_limit(pen: Pen, given: Json, _: datetime.date) -> None:
    name = pen.pick(tuple(LIMITS))
    limit = Decimal(pen.pick(LIMITS[name]))
    given[name] = pen.number(pen.beside(limit, Decimal("0.01")))


def whole(pen: Pen, given: Json, _: datetime.date) -> None:
    name = pen.pick(tuple(WHOLE))
    given[name] = pen.pick(WHOLE[name])


def flag(pen: Pen, given: Json, _: datetime.date) -> None:
    given[pen.pick(FLAGS)] = pen.pick((True, False, None))


def word(pen: Pen, given: Json, _: datetime.date) -> None:
    name = pen.pick(tuple(WORDS))
    given[name] = pen.pick(WORDS[name])


def marker(pen: Pen, given: Json, _: datetime.date) -> None:
    value = pen.beside(Decimal(50), Decimal("0.1"))
    given["cea"] = {"value": pen.number(value), "unit": pen.pick(("ng/mL", "ug/L"))}


def missing(pen: Pen, given: Json, _: datetime.date) -> None:
    name = pen.pick(tuple(given))
    if name != "assessed_on" and pen.chance(50):
        del given[name]
    elif name != "assessed_on":
        given[name] = None


def pair(pen: Pen, given: Json, day: datetime.date) -> None:
    """Fields that are judged together."""
    match pen.whole(0, 3):
        case 0:
            given["growth_factor_given"] = pen.pick((True, True, False, None))
            given["days_since_growth_factor"] = pen.pick((6, 7, 8, None))
        case 1:
            given["major_surgery_done"] = pen.pick((True, True, False, None))
            given["days_since_major_surgery"] = pen.pick((29, 30, 31, None))
        case 2:
            given["childbearing_potential"] = pen.pick((True, True, None))
            given["contraception_agreed"] = pen.pick((True, False, None))
        case _:
            given |= neds(pen, day)
