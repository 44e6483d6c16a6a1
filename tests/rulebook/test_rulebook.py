"""The tables say what named cases ask for: no cell can change and no row can go unnoticed."""

import subprocess
import sys

import pytest

from tests.noticing.change import ROOT, Source
from tests.rulebook.tables import changes_of


def tried(text: str) -> list[str]:
    found = changes_of(Source("monitor.clinical.example", text))
    return [f"{one.place}: {one.before} -> {one.after}" for one in found]


def test_every_cell_has_another_value_and_every_row_goes() -> None:
    assert sorted(tried('TABLE = {"A": ("x", 2), "B": (None, True)}\n')) == sorted([
        "TABLE: ('x', 2) -> (left out)",
        "TABLE: (None, True) -> (left out)",
        "TABLE: 'A' -> 'x'",
        "TABLE: 'B' -> 'A'",
        "TABLE: 'x' -> (left out)",
        "TABLE: 2 -> (left out)",
        "TABLE: None -> (left out)",
        "TABLE: True -> (left out)",
        "TABLE: 'x' -> 'B'",
        "TABLE: 2 -> 3",
        "TABLE: 2 -> 1",
        "TABLE: None -> 'another'",
        "TABLE: True -> False",
    ])  # fmt: skip


def test_numbers_in_texts_change_in_their_last_digit() -> None:
    assert tried('LIMIT = Decimal("1.6")\nLOW = Decimal("0.0")\n') == [
        "LIMIT: '1.6' -> '1.7'",
        "LIMIT: '1.6' -> '1.5'",
        "LOW: '0.0' -> '0.1'",
    ]


def test_a_rank_takes_the_place_of_another() -> None:
    assert "RANKS: 0 -> 1" in tried('RANKS = {"CR": 0, "PR": 1}\n')
    assert "RANKS: 0 -> -1" not in tried('RANKS = {"CR": 0, "PR": 1}\n')


def test_what_is_no_table_stays() -> None:
    assert tried('name = "x"\ndef call() -> str:\n    return "x"\n') == []


def test_words_of_a_row_are_only_said() -> None:
    row = 'ROWS = (Rule("a.b", 1, "FOUND", "low", "D", "4.2", "It is so.", _found),)\n'
    found = changes_of(Source("monitor.clinical.example", row))
    assert {one.before for one in found if not one.said} == {
        "Rule('a.b', 1, 'FOUND', 'low', 'D', '4.2', 'It is so.', _found)", "'FOUND'", "'low'",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_change_of_what_decides_is_noticed_by_a_named_case() -> None:
    # Words too, which takes as long again: `make tables`.
    command = [sys.executable, "-m", "tests.rulebook", "--decisions"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
