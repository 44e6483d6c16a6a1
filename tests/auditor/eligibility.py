"""The eligibility criteria of clinical-rules 5: parts that hold, fail or are unknown.

A criterion fails when a part fails, else is unknown when a part is, else passes.
"""

import calendar
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tests.auditor.values import Found, Record, maybe_day, num, of_kind

Fields = Mapping[str, Any]
Part = Callable[[Fields], bool | None]
VERDICT: Final[dict[bool | None, str]] = {True: "PASS", False: "FAIL", None: "UNKNOWN"}


def true(name: str) -> Part:
    """The field must be true."""
    return lambda fields: fields.get(name)


def false(name: str) -> Part:
    """The field must be false."""
    return lambda fields: None if fields.get(name) is None else not fields[name]


def among(name: str, words: set[str]) -> Part:
    """The field must be one of the words."""
    return lambda fields: None if fields.get(name) is None else fields[name] in words


def number(name: str, holds: Callable[[Decimal], bool]) -> Part:
    """The number must satisfy the condition."""

    def part(fields: Fields) -> bool | None:
        value = num(fields.get(name))
        return None if value is None else holds(value)

    return part


def unless_never(given: str, name: str, holds: Callable[[Decimal], bool]) -> Part:
    """`given` false says never: then the days do not matter."""

    def part(fields: Fields) -> bool | None:
        return True if fields.get(given) is False else number(name, holds)(fields)

    return part


def six_months_after(start: date) -> date:
    """The same day of the month six calendar months later, or the last day of that month."""
    month = start.month + 6
    year, month = (start.year + 1, month - 12) if month > 12 else (start.year, month)
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def ned_for_six_months(fields: Fields) -> bool | None:
    """I03."""
    ned, seen = maybe_day(fields.get("ned_on")), maybe_day(fields.get("lung_lesion_detected_on"))
    return None if ned is None or seen is None else seen >= six_months_after(ned)


def contraception(fields: Fields) -> bool | None:
    """I12: agreement is needed only when `childbearing_potential` is true."""
    potential = fields.get("childbearing_potential")
    if potential is None or not potential:
        return None if potential is None else True
    agreed: bool | None = fields.get("contraception_agreed")
    return agreed


def cea_below_50(fields: Fields) -> bool | None:
    """E08: ng/mL, and 1 ug/L is 1 ng/mL."""
    value = num((fields.get("cea") or {}).get("value"))
    return None if value is None else value < 50


CRITERIA: Final[dict[str, list[Part]]] = {
    "I01": [true("pathology_confirmed_crc")],
    "I02": [among("ned_achieved_by", {"emr", "surgery", "rfa", "radiotherapy"})],
    "I03": [ned_for_six_months],
    "I04": [among("prior_systemic", {"none", "adjuvant_only", "first_line_only"})],
    "I05": [
        number("lung_lesion_count", lambda x: 1 <= x <= 5),
        true("lung_lesions_suitable_for_local"),
    ],
    "I06": [false("prior_lung_rt")],
    "I07": [number("largest_lung_lesion_mm", lambda x: x >= 10)],
    "I08": [number("ecog", lambda x: 0 <= x <= 2)],
    "I09": [number("expected_survival_months", lambda x: x >= 3)],
    "I10": [
        number("anc_e9_per_l", lambda x: x >= Decimal("1.6")),
        unless_never("growth_factor_given", "days_since_growth_factor", lambda x: x >= 7),
    ],
    "I11": [true("organ_function_ok_for_local")],
    "I12": [contraception],
    "I13": [true("consent_signed")],
    "I14": [number("age_years", lambda x: 18 <= x <= 75)],
    "E01": [false("lesions_from_first_diagnosis")],
    "E02": [
        false("liver_metastasis"),
        false("bone_metastasis"),
        false("node_metastasis"),
        number("lung_lesion_count", lambda x: x <= 5),
    ],
    "E03": [true("amenable_to_rt")],
    "E04": [false("prior_second_line")],
    "E05": [number("alt_x_uln", lambda x: x <= 3), number("ast_x_uln", lambda x: x <= 3)],
    "E06": [number("bilirubin_x_uln", lambda x: x <= 2)],
    "E07": [number("creatinine_x_uln", lambda x: x <= Decimal("1.5"))],
    "E08": [cea_below_50],
    "E09": [false("serious_condition")],
    "E10": [false("severe_infection")],
    "E11": [false("autoimmune_active")],
    "E12": [false("cns_dysfunction")],
    "E13": [unless_never("major_surgery_done", "days_since_major_surgery", lambda x: x > 30)],
    "E14": [false("pregnant"), false("breastfeeding")],
    "E15": [false("allergy_to_study_treatment")],
    "E16": [false("investigator_other")],
}
NAME: Final = {"FAIL": "ELIGIBILITY_VIOLATION", "UNKNOWN": "ELIGIBILITY_INCOMPLETE"}


def verdict(parts: Sequence[bool | None]) -> str:
    """FAIL when one fails, else UNKNOWN when one is unknown, else PASS."""
    if False in parts:
        return VERDICT[False]
    return VERDICT[None] if None in parts else VERDICT[True]


def standing_assessment(records: Sequence[Record]) -> Record | None:
    """The one with the latest `assessed_on` counts; of several on that day the last in order."""
    assessments = of_kind(records, "eligibility.assessed")
    return assessments[-1] if assessments else None


def results(assessment: Record) -> dict[str, str]:
    """The result of every criterion."""
    return {
        name: verdict([part(assessment.data) for part in parts]) for name, parts in CRITERIA.items()
    }


def eligibility(records: Sequence[Record]) -> dict[str, Any]:
    """The timeline's part (contract 4.1)."""
    assessment = standing_assessment(records)
    if assessment is None:
        return {"overall": None, "criteria": []}
    told = results(assessment)
    names = {"PASS": "the values pass", "FAIL": "a value fails", "UNKNOWN": "a value is missing"}
    overall = next((word for word in ("FAIL", "UNKNOWN") if word in told.values()), "PASS")
    rows = [{"id": name, "result": word, "why": names[word]} for name, word in told.items()]
    return {"overall": overall, "criteria": rows}


def eligibility_findings(records: Sequence[Record]) -> list[Found]:
    """One finding per criterion that is not passed, and the conflicts A1 and A3 of 5.1."""
    assessment = standing_assessment(records)
    if assessment is None:
        return []
    made = [(NAME[word], name) for name, word in results(assessment).items() if word != "PASS"]
    size = num(assessment.get("largest_lung_lesion_mm"))
    if size is not None and 10 <= size <= 15:
        made.append(("ELIGIBILITY_CONFLICT", "I07"))
    if assessment.get("amenable_to_rt") is False:
        made.remove(("ELIGIBILITY_VIOLATION", "E03"))
        made.append(("ELIGIBILITY_CONFLICT", "E03"))
    return [
        Found(name, assessment.clinical_day, [assessment.key], {"criterion": one}, one)
        for name, one in made
    ]
