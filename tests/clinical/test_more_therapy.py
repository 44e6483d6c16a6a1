"""What was done: systemic therapy, deviations from the protocol, death (clinical rules 4.2, 5)."""

from collections.abc import Mapping

import pytest

from tests.clinical.facts import Given, died, enrolled, number_of, reviewed, stated, systemic
from tests.clinical.facts import therapy as local
from tests.clinical.patient import Patient
from tests.clinical.table import parsed

DONE = ("SYSTEMIC_THERAPY_STARTED", "PROTOCOL_DEVIATION", "DEATH")


def done(given: list[Given], rules: Mapping[str, object] | None = None) -> list[str]:
    """What was done, as it stands: `FINDING severity @day evidence [kind]`."""
    rows = Patient(rules).tell_all([enrolled(0), *given]).timeline()["standing_findings"]
    return sorted(
        " ".join([
            row["finding"], row["severity"], f"@{number_of(row['effective_on'])}",
            *row["evidence"], *row["details"].values(),
        ])
        for row in rows
        if row["finding"] in DONE
    )  # fmt: skip


STARTED = "SYSTEMIC_THERAPY_STARTED info @100 systemic"
UNASKED = "PROTOCOL_DEVIATION high @100 systemic systemic_therapy"


def test_systemic_therapy_that_nothing_asked_for_is_a_deviation() -> None:
    assert done([systemic(100)]) == [UNASKED, STARTED]
    assert done([systemic(100, status="preliminary")]) == []


@pytest.mark.parametrize(
    ("review", "deviates"),
    [(reviewed(99), False), (reviewed(100), False), (reviewed(101), True),
     (reviewed(99, status="preliminary"), True)],
)  # fmt: skip
def test_a_review_up_to_the_day_answers_for_it(review: Given, deviates: bool) -> None:  # noqa: FBT001
    assert done([review, systemic(100)]) == ([UNASKED, STARTED] if deviates else [STARTED])


@pytest.mark.parametrize(("pd_day", "deviates"), [(99, False), (100, False), (101, True)])
def test_a_transition_trigger_up_to_the_day_answers_for_it(pd_day: int, deviates: bool) -> None:  # noqa: FBT001
    poly = parsed(f"0 | base b T1=50 |\n{pd_day} | read r T1=60 T2=5 new:X/liver |").facts
    assert done([*poly, systemic(100)]) == ([UNASKED, STARTED] if deviates else [STARTED])


def test_a_review_request_alone_is_no_trigger() -> None:
    treatable = stated(90, "yes", "s")
    oligo = parsed("0 | base b T1=50 |\n90 | read r T1=60 |").facts
    assert done([*oligo, treatable, systemic(100)]) == [UNASKED, STARTED]


def test_what_began_before_the_start_is_history() -> None:
    first = local(100, "surgery", "t", ended=100)
    later = local(101, "surgery", "t", ended=101)
    assert done([first, systemic(100)]) == [UNASKED, STARTED]
    assert done([later, systemic(100)]) == []
    assert done([later, systemic(100)], {"endpoints.start": "ENROLMENT"}) == [UNASKED, STARTED]


@pytest.mark.parametrize(
    ("dose", "outside"),
    [
        ({"bed_gy": "71.9"}, True),
        ({"bed_gy": "72"}, False),
        ({"bed_gy": "100"}, False),
        ({"bed_gy": "100.1"}, True),
        ({"total_dose_gy": "50", "fractions": 5}, False),  # 50 x (1 + 10 / 10) = 100
        ({"total_dose_gy": "50.1", "fractions": 5}, True),
        ({"total_dose_gy": "60", "fractions": 30}, False),  # 60 x (1 + 2 / 10) = 72
        ({"total_dose_gy": "59.9", "fractions": 30}, True),
        ({"total_dose_gy": "54", "fractions": 3, "bed_gy": "80"}, False),
        ({"total_dose_gy": "54"}, False),
        ({"fractions": 3}, False),
        ({}, False),
    ],
)
def test_the_dose(dose: Mapping[str, object], outside: bool) -> None:  # noqa: FBT001
    given = local(10, "radiotherapy", "rt", ended=14).but(**dose)
    assert done([given]) == (["PROTOCOL_DEVIATION medium @10 rt dose"] if outside else [])
    assert done([given.but(status="preliminary")]) == []


def test_a_dose_is_judged_whatever_gave_it() -> None:
    given = local(10, "ablation", "a", ended=10, bed_gy="10")
    assert done([given]) == ["PROTOCOL_DEVIATION medium @10 a dose"]


def test_the_study_says_which_dose() -> None:
    given = local(10, "radiotherapy", "rt", ended=14, total_dose_gy="50", fractions=5)
    assert done([given], {"local_therapy.alpha_beta_gy": 3})
    assert done([given], {"local_therapy.bed_gy": [101, 120]})
    assert not done([given], {"local_therapy.bed_gy": [100, 120]})


def test_a_death_is_told() -> None:
    assert done([died(200)]) == ["DEATH info @200 death"]
    assert done([died(200, status="preliminary")]) == []
