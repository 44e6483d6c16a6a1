"""The eligibility criteria, each a row: what it asks, and its three-valued check.

Clinical rules 5. A check gives True (passes), False (fails) or None (unknown); boundaries follow
the protocol's own comparison signs.
"""

import calendar
import datetime
import operator
from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from monitor.clinical.eligibility_assessed import EligibilityAssessed
from monitor.clinical.terms import day_of

Truth = bool | None
Judge = Callable[[EligibilityAssessed], Truth]
NED_MONTHS = 6
NO_LIMIT = Decimal("Infinity")


class Check(Struct, frozen=True):
    """A three-valued check and the fields that it reads."""

    fields: tuple[str, ...]
    judge: Judge


class Criterion(Struct, frozen=True):
    """One row: the id of the protocol, what it asks for in words, and its check."""

    id: str
    asks: str
    check: Check


def _is(name: str, wanted: bool) -> Check:  # noqa: FBT001 - the word of the table is the argument
    get = operator.attrgetter(name)

    def judge(assessed: EligibilityAssessed) -> Truth:
        value = get(assessed)
        return None if value is None else value is wanted

    return Check((name,), judge)


def _true(name: str) -> Check:
    return _is(name, True)


def _false(name: str) -> Check:
    return _is(name, False)


def _one_of(name: str, *words: str) -> Check:
    get, accepted = operator.attrgetter(name), frozenset(words)

    def judge(assessed: EligibilityAssessed) -> Truth:
        value = get(assessed)
        return None if value is None else value in accepted

    return Check((name,), judge)


def _within(name: str, low: str, high: Decimal | str = NO_LIMIT) -> Check:
    """From `low` to `high`, both included."""
    get, lowest, highest = operator.attrgetter(name), Decimal(low), Decimal(high)

    def judge(assessed: EligibilityAssessed) -> Truth:
        value = get(assessed)
        return None if value is None else lowest <= value <= highest

    return Check((name,), judge)


def _at_most(name: str, high: str) -> Check:
    return _within(name, "0", high)


def _more_than(name: str, low: str) -> Check:
    get, limit = operator.attrgetter(name), Decimal(low)

    def judge(assessed: EligibilityAssessed) -> Truth:
        value = get(assessed)
        return None if value is None else value > limit

    return Check((name,), judge)


def _never(name: str, otherwise: Check) -> Check:
    """It never happened (`name` is false), or else the other check decides."""
    get = operator.attrgetter(name)
    return Check(
        (name, *otherwise.fields),
        lambda assessed: True if get(assessed) is False else otherwise.judge(assessed),
    )


def _only_if(name: str, needed: Check) -> Check:
    """The other check is needed only when `name` is true; while that is unknown, so is this."""
    get = operator.attrgetter(name)

    def judge(assessed: EligibilityAssessed) -> Truth:
        applies = get(assessed)
        return needed.judge(assessed) if applies else None if applies is None else True

    return Check((name, *needed.fields), judge)


def _all(*checks: Check) -> Check:
    """Fails when one fails, else is unknown when one is unknown."""
    judges = tuple(check.judge for check in checks)

    def judge(assessed: EligibilityAssessed) -> Truth:
        found: Truth = True
        for one in judges:
            truth = one(assessed)
            if truth is False:
                return False
            found = None if truth is None else found
        return found

    return Check(tuple(name for check in checks for name in check.fields), judge)


def _ned_long_enough(assessed: EligibilityAssessed) -> Truth:
    ned_on, detected_on = assessed.ned_on, assessed.lung_lesion_detected_on
    if ned_on is None or detected_on is None:
        return None
    return day_of(detected_on) >= months_after(day_of(ned_on), NED_MONTHS)


def months_after(day: datetime.date, months: int) -> datetime.date:
    """The same day of the month so many calendar months later, else that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return datetime.date(year, month, min(day.day, last))


def _cea_below_50(assessed: EligibilityAssessed) -> Truth:
    """CEA below 50 ng/mL; 1 ug/L is 1 ng/mL, so that both units compare as they are."""
    return None if assessed.cea is None else assessed.cea.value < Decimal(50)


CRITERIA: tuple[Criterion, ...] = (
    Criterion("I01", "colorectal cancer confirmed by pathology", _true("pathology_confirmed_crc")),
    Criterion(
        "I02", "no evidence of disease reached by endoscopic resection, surgery, radiofrequency "
        "ablation or radiotherapy",
        _one_of("ned_achieved_by", "emr", "surgery", "rfa", "radiotherapy"),
    ),
    Criterion(
        "I03", "at least six calendar months from no evidence of disease to the lung lesion",
        Check(("ned_on", "lung_lesion_detected_on"), _ned_long_enough),
    ),
    Criterion(
        "I04", "no earlier systemic therapy but adjuvant or first line",
        _one_of("prior_systemic", "none", "adjuvant_only", "first_line_only"),
    ),
    Criterion(
        "I05", "one to five lung lesions, suitable for destructive local therapy",
        _all(_within("lung_lesion_count", "1", "5"), _true("lung_lesions_suitable_for_local")),
    ),
    Criterion("I06", "no earlier radiotherapy of the lung", _false("prior_lung_rt")),
    Criterion(
        "I07", "a measurable lung lesion by RECIST 1.1: longest diameter of 10 mm or more",
        _within("largest_lung_lesion_mm", "10"),
    ),
    Criterion("I08", "ECOG 0 to 2", _within("ecog", "0", "2")),
    Criterion(
        "I09", "an expected survival of 3 months or more",
        _within("expected_survival_months", "3"),
    ),
    Criterion(
        "I10", "neutrophils of 1.6 x10^9/L or more, no growth factor for 7 days or more before",
        _all(
            _within("anc_e9_per_l", "1.6"),
            _never("growth_factor_given", _within("days_since_growth_factor", "7")),
        ),
    ),
    Criterion(
        "I11", "organ function good enough for local therapy",
        _true("organ_function_ok_for_local"),
    ),
    Criterion(
        "I12", "contraception agreed until one year after treatment, if of childbearing potential",
        _only_if("childbearing_potential", _true("contraception_agreed")),
    ),
    Criterion("I13", "a signed consent", _true("consent_signed")),
    Criterion("I14", "an age of 18 to 75 years at consent", _within("age_years", "18", "75")),
    Criterion(
        "E01", "lung lesions that are not those of the first diagnosis",
        _false("lesions_from_first_diagnosis"),
    ),
    Criterion(
        "E02", "no metastasis in liver, bone or lymph node, and at most five lung lesions",
        _all(
            _false("liver_metastasis"), _false("bone_metastasis"), _false("node_metastasis"),
            _at_most("lung_lesion_count", "5"),
        ),
    ),
    Criterion("E03", "lesions that radiotherapy could treat", _true("amenable_to_rt")),
    Criterion("E04", "no earlier second line", _false("prior_second_line")),
    Criterion(
        "E05", "ALT and AST of at most 3 x the upper limit",
        _all(_at_most("alt_x_uln", "3"), _at_most("ast_x_uln", "3")),
    ),
    Criterion(
        "E06", "bilirubin of at most 2 x the upper limit", _at_most("bilirubin_x_uln", "2")
    ),
    Criterion(
        "E07", "creatinine of at most 1.5 x the upper limit", _at_most("creatinine_x_uln", "1.5")
    ),
    Criterion("E08", "CEA below 50 ng/mL", Check(("cea",), _cea_below_50)),
    Criterion("E09", "no serious other condition", _false("serious_condition")),
    Criterion("E10", "no severe or uncontrolled infection", _false("severe_infection")),
    Criterion("E11", "no active autoimmune disease", _false("autoimmune_active")),
    Criterion(
        "E12", "no clinically significant disorder of the central nervous system",
        _false("cns_dysfunction"),
    ),
    Criterion(
        "E13", "no major surgery in the last 30 days",
        _never("major_surgery_done", _more_than("days_since_major_surgery", "30")),
    ),
    Criterion(
        "E14", "neither pregnant nor breastfeeding",
        _all(_false("pregnant"), _false("breastfeeding")),
    ),
    Criterion(
        "E15", "no allergy to the study treatment", _false("allergy_to_study_treatment")
    ),
    Criterion("E16", "no other reason of the investigator", _false("investigator_other")),
)  # fmt: skip
