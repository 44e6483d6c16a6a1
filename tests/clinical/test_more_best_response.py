"""The ranks of best overall response (clinical rules 1.9), every pair in both orders."""

import itertools
from collections.abc import Mapping

import pytest

from tests.clinical.facts import images, read
from tests.clinical.test_best_response import CONFIRM, reads, summary, told

# From the best to the worst; each value lasts long enough, and its second read confirms it.
RANKED = ("CR", "PR", "SD", "NON-CR/NON-PD", "NED", "PD", "NE")
NEIGHBOURS_ALIKE = {frozenset({"SD", "NON-CR/NON-PD"})}  # without confirmation the first counts
BEYOND_PD = {"recist.cut_at_pd": False}


def best(first: str, second: str, rules: Mapping[str, object]) -> str:
    visits = f"{first}@100 {first}@140 {second}@200 {second}@240"
    return summary(told(reads(visits), {**BEYOND_PD, **rules}))[0].rstrip("!")


@pytest.mark.parametrize(("better", "worse"), list(itertools.combinations(RANKED, 2)))
def test_the_better_of_two_counts_with_confirmation(better: str, worse: str) -> None:
    assert best(better, worse, CONFIRM) == f"{better}@100"
    assert best(worse, better, CONFIRM) == f"{better}@200"


@pytest.mark.parametrize(("better", "worse"), list(itertools.combinations(RANKED, 2)))
def test_the_better_of_two_counts_without_confirmation(better: str, worse: str) -> None:
    assert best(better, worse, {}) == f"{better}@100"
    second = f"{worse}@100" if {better, worse} in NEIGHBOURS_ALIKE else f"{better}@200"
    assert best(worse, better, {}) == second


def test_no_response_confirms_itself() -> None:
    rules = {**CONFIRM, "recist.confirm_days": 0}
    for value in ("CR", "PR"):
        assert summary(told(reads(f"{value}@60"), rules)) == ("SD@60", "-", "60")
        assert summary(told(reads(f"{value}@60 {value}@61"), rules)) == (f"{value}@60!", "60", "60")


def test_a_cr_between_does_not_stand_in_the_way_of_a_later_cr() -> None:
    assert summary(told(reads("PR@60 CR@70 CR@88"), CONFIRM)) == ("PR@60!", "60", "60")
    assert summary(told(reads("CR@60 CR@70 CR@88"), CONFIRM)) == ("CR@60!", "60", "60")


def test_a_pd_that_is_best_has_its_own_date() -> None:
    late = read(30, "r1", reported={"overall": "PD"}, images=images(("CT", 30), ("MRI", 33)))
    assert summary(told([late], {})) == ("PD@30", "-", "-")
