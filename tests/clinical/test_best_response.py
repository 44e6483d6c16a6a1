"""Best overall response, response and clinical benefit, as rows of day and overall value.

A row gives the reads as `value@day` (an image day; the start is day 0), then what they add up to:
the best response with `!` when a pair confirms it, the response and the benefit, each with its day.
"""

from collections.abc import Mapping

import pytest

from tests.clinical.facts import Given, enrolled, images, number_of, read
from tests.clinical.patient import Patient

CONFIRM = {"recist.confirmation_required": True}
NO_CONFIRMATION: Mapping[str, object] = {}

# reads | best | response | benefit
WITHOUT_CONFIRMATION = """
    PR@60 PR@88                          | PR@60!           | 60  | 60
    PR@60 PR@87                          | PR@60            | 60  | 60
    PR@30 SD@90                          | PR@30            | 30  | 30
    CR@60 PR@90                          | CR@60            | 60  | 60
    PR@30 CR@60                          | CR@60            | 30  | 30
    PR@30 CR@60 CR@88                    | CR@60!           | 30  | 30
    SD@41                                | NE@41            | -   | -
    SD@42                                | SD@42            | -   | 42
    SD@41 SD@43                          | SD@43            | -   | 43
    NE@30                                | NE@30            | -   | -
    NE@30 SD@35                          | NE@30            | -   | -
    SD@30 PD@60                          | PD@60            | -   | -
    SD@50 PD@60 PR@90                    | SD@50            | -   | 50
    PD@60 PR@90                          | PD@60            | -   | -
    NON-CR/NON-PD@41                     | NE@41            | -   | -
    NON-CR/NON-PD@42                     | NON-CR/NON-PD@42 | -   | -
    NON-CR/NON-PD@42 SD@84               | NON-CR/NON-PD@42 | -   | 84
    SD@42 NON-CR/NON-PD@84               | SD@42            | -   | 42
    NED@30                               | NED@30           | -   | -
    NED@30 SD@84                         | SD@84            | -   | 84
    NED@30 NON-CR/NON-PD@84              | NON-CR/NON-PD@84 | -   | -
    NED@30 PD@84                         | NED@30           | -   | -
    NE@30 NED@84                         | NED@84           | -   | -
"""
# The same, and one NE but no SD may lie within a confirmation.
WITH_CONFIRMATION = """
    PR@60 PR@88                          | PR@60!           | 60  | 60
    PR@60 PR@87                          | SD@60            | -   | 60
    PR@60 PR@80 PR@88                    | PR@60!           | 60  | 60
    PR@60 CR@88                          | PR@60!           | 60  | 60
    PR@30 CR@60 CR@88                    | CR@60!           | 30  | 30
    CR@60 CR@88                          | CR@60!           | 60  | 60
    CR@60 CR@87                          | SD@60            | -   | 60
    CR@60 NE@70 CR@88                    | CR@60!           | 60  | 60
    CR@60 NE@70 NE@80 CR@88              | SD@60            | -   | 60
    CR@60 SD@70 CR@88                    | SD@60            | -   | 60
    CR@60 PR@88                          | SD@60            | -   | 60
    PR@50 CR@60 PR@90                    | SD@50            | -   | 50
    PR@50 CR@60 PR@70 CR@90              | SD@50            | -   | 50
    PR@50 CR@60 PR@70 CR@98              | PR@50!           | 70  | 50
    CR@60 PR@70 PR@98                    | PR@70!           | 70  | 60
    PR@60 NE@70 PR@88                    | PR@60!           | 60  | 60
    PR@60 NE@70 NE@80 PR@88              | SD@60            | -   | 60
    PR@60 NE@70 PR@80 NE@84 PR@88        | SD@60            | -   | 60
    PR@60 SD@70 PR@88                    | SD@60            | -   | 60
    PR@60 NON-CR/NON-PD@70 PR@88         | SD@60            | -   | 60
    PR@20 SD@30 PR@60 PR@88              | PR@20!           | 60  | 60
    PR@20 SD@41                          | NE@20            | -   | -
    PR@20 SD@42                          | SD@42            | -   | 42
    PR@41 PD@60                          | PD@60            | -   | -
    PR@42 PD@60                          | SD@42            | -   | 42
    CR@42 NE@60                          | SD@42            | -   | 42
    CR@41 NE@60                          | NE@41            | -   | -
    PR@60 PD@70 PR@98                    | SD@60            | -   | 60
    NON-CR/NON-PD@42 PR@84               | SD@84            | -   | 84
    NON-CR/NON-PD@42 SD@84               | SD@84            | -   | 84
"""


def reads(text: str) -> list[Given]:
    """Reads of responses only: what the reader reported stands."""
    words = (word.rsplit("@", 1) for word in text.split())
    return [
        read(int(day), f"r{day}", reported={"overall": value}, targets=None) for value, day in words
    ]


def told(given: list[Given], rules: Mapping[str, object]) -> Patient:
    by_table = {"recist.disease_after_cr": "by_table"}
    return Patient({**by_table, **rules}).tell_all([enrolled(), *given])


def summary(patient: Patient) -> tuple[str, str, str]:
    document = patient.timeline()
    best = document["best_overall_response"]
    mark = "!" if best["confirmed"] else ""
    days = []
    for name in ("response", "clinical_benefit"):
        found = document[name]
        assert found["value"] is (found["on"] is not None)
        days.append("-" if found["on"] is None else str(number_of(found["on"])))
    return f"{best['value']}@{number_of(best['on'])}{mark}", days[0], days[1]


def rows(table: str) -> list[tuple[str, ...]]:
    return [tuple(map(str.strip, row.split("|"))) for row in table.splitlines() if row.strip()]


@pytest.mark.parametrize("row", rows(WITHOUT_CONFIRMATION), ids=lambda row: row[0])
def test_without_confirmation(row: tuple[str, ...]) -> None:
    assert summary(told(reads(row[0]), NO_CONFIRMATION)) == row[1:]


@pytest.mark.parametrize("row", rows(WITH_CONFIRMATION), ids=lambda row: row[0])
def test_with_confirmation(row: tuple[str, ...]) -> None:
    assert summary(told(reads(row[0]), CONFIRM)) == row[1:]


# Changed parameters | reads | best | response | benefit
PARAMETERS: list[tuple[Mapping[str, object], str, tuple[str, str, str]]] = [
    ({**CONFIRM, "recist.confirm_accept_sd": True}, "PR@60 SD@70 PR@88", ("PR@60!", "60", "60")),
    (
        {**CONFIRM, "recist.confirm_accept_sd": True},
        "PR@60 SD@70 SD@80 PR@88",
        ("SD@60", "-", "60"),
    ),
    ({**CONFIRM, "recist.confirm_accept_sd": True}, "CR@60 SD@70 CR@88", ("SD@60", "-", "60")),
    ({**CONFIRM, "recist.confirm_max_ne": 0}, "PR@60 NE@70 PR@88", ("SD@60", "-", "60")),
    (
        {**CONFIRM, "recist.confirm_max_ne": 2},
        "PR@60 NE@70 NE@80 PR@88",
        ("PR@60!", "60", "60"),
    ),
    ({**CONFIRM, "recist.confirm_days": 27}, "PR@60 PR@87", ("PR@60!", "60", "60")),
    ({"recist.cut_at_pd": False}, "SD@50 PD@60 PR@90", ("PR@90", "90", "50")),
    ({"recist.min_sd_days": 28}, "SD@28", ("SD@28", "-", "-")),
    ({"recist.benefit_min_days": 28}, "SD@28", ("NE@28", "-", "28")),
    ({"recist.benefit_min_days": 29}, "SD@28", ("NE@28", "-", "-")),
    ({"recist.benefit_values": ["SD"]}, "CR@10 SD@50", ("CR@10", "10", "10")),
    ({"recist.benefit_values": []}, "SD@50", ("SD@50", "-", "-")),
    (
        {"recist.benefit_values": ["NON-CR/NON-PD"]},
        "NON-CR/NON-PD@42 SD@84",
        ("NON-CR/NON-PD@42", "-", "42"),
    ),
]


@pytest.mark.parametrize(("rules", "given", "expected"), PARAMETERS)
def test_parameters(
    rules: Mapping[str, object], given: str, expected: tuple[str, str, str]
) -> None:
    assert summary(told(reads(given), rules)) == expected


@pytest.mark.parametrize("no_data", [None, "NE"])
def test_without_a_read_the_study_says_what_is_best(no_data: str | None) -> None:
    rules = {} if no_data is None else {"recist.no_data": no_data}
    document = Patient(rules).tell_all([enrolled()]).timeline()
    assert document["best_overall_response"] == {"value": no_data, "on": None, "confirmed": False}
    assert document["response"] == document["clinical_benefit"] == {"value": False, "on": None}


def test_days_count_from_the_latest_image_of_a_visit() -> None:
    shots = images(("CT", 30), ("MRI", 42))
    late = read(30, "r1", reported={"overall": "SD"}, images=shots)
    assert summary(told([late], NO_CONFIRMATION)) == ("SD@42", "-", "42")


def test_the_start_is_the_enrolment_or_the_first_local_therapy() -> None:
    patient = told(reads("SD@42"), {})
    patient.tell(enrolled(1).but(version=2, status="corrected"))
    assert summary(patient) == ("NE@42", "-", "-")
