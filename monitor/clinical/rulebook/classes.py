"""Rules of the class of a progression: within the oligometastatic limits or beyond (4.3)."""

from collections.abc import Iterator

from monitor.clinical.classes import Pd
from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.parameters import Oligo
from monitor.clinical.rule import Rule

THRESHOLDS = ("oligo.max_lesions", "oligo.organ", "oligo.count_mode", "oligo.extrapulmonary_policy")


def _oligo(course: Course) -> Iterator[Finding]:
    before = course.enrolled[0].fact if course.enrolled else None
    induced = before is not None and before.prior_polymetastatic is True
    for pd in course.pds:
        if pd.first and pd.klass == "OLIGO":
            yield Finding(
                "OLIGOPROGRESSION",
                pd.pd_on,
                pd.identifying,
                details={
                    "estro_eortc": "INDUCED_OLIGORECURRENCE"
                    if induced
                    else "REPEAT_OLIGORECURRENCE",
                    "lung": pd.lung,
                    "elsewhere": pd.elsewhere,
                },
                numbers={"on": pd.pd_on, "count": _count(pd, course.rules.oligo)},
            )


def _poly(course: Course) -> Iterator[Finding]:
    for pd in course.pds:
        if pd.klass == "POLY":
            yield Finding(
                "POLYPROGRESSION",
                pd.pd_on,
                pd.identifying,
                numbers={
                    "shown": f"The progression dated {pd.pd_on} shows"
                    if pd.first
                    else f"After a progression the read of {pd.pd_on} shows",
                    "count": _count(pd, course.rules.oligo),
                    "limits": _limits(course.rules.oligo),
                },
            )


def _count(pd: Pd, rules: Oligo) -> str:
    lesions = "lesion" if pd.lung == 1 else "lesions"
    treated = ", those that were treated counted in" if rules.count_mode == "CUMULATIVE" else ""
    return f"{pd.lung} active {lesions} in the lung and {pd.elsewhere} elsewhere{treated}"


def _limits(rules: Oligo) -> str:
    if rules.extrapulmonary_policy == "POLY":
        return f"at most {rules.max_lesions}, all in the lung"
    return f"at most {rules.max_lesions} in any organ"


ROWS: tuple[Rule, ...] = (
    Rule(
        "class.oligo", 1, "OLIGOPROGRESSION", "high", "D", "1.13, 4.3",
        "The progression dated {on} is within the limits of the study, with {count}, and a "
        "clinician states that it is locally treatable.",
        _oligo, THRESHOLDS,
    ),
    Rule(
        "class.poly", 1, "POLYPROGRESSION", "critical", "D", "4.3",
        "{shown} {count}, beyond the limits of the study ({limits}).",
        _poly, THRESHOLDS,
    ),
)  # fmt: skip
