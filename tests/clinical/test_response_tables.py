"""The tables of RECIST 1.1 (clinical rules 1.7), typed here a second time, cell by cell."""

import pytest

from monitor.clinical.recist import overall_response

# target, non-target, new lesion seen -> overall; as the rules print them.
PRINTED = """
CR   CR            no  CR
CR   NONE          no  CR
CR   NON-CR/NON-PD no  PR
CR   NE            no  PR
PR   CR            no  PR
PR   NONE          no  PR
PR   NON-CR/NON-PD no  PR
PR   NE            no  PR
SD   CR            no  SD
SD   NONE          no  SD
SD   NON-CR/NON-PD no  SD
SD   NE            no  SD
NE   CR            no  NE
NE   NONE          no  NE
NE   NON-CR/NON-PD no  NE
NE   NE            no  NE
PD   CR            no  PD
PD   NONE          no  PD
PD   NON-CR/NON-PD no  PD
PD   NE            no  PD
PD   PD            no  PD
CR   PD            no  PD
PR   PD            no  PD
SD   PD            no  PD
NE   PD            no  PD
NONE CR            no  CR
NONE NON-CR/NON-PD no  NON-CR/NON-PD
NONE NE            no  NE
NONE PD            no  PD
NONE NONE          no  NED
"""
ROWS = [row.split() for row in PRINTED.split("\n") if row]
NOT_IN_FULL = {  # an incomplete survey takes these overalls away
    ("CR", "CR"), ("CR", "NONE"), ("CR", "NON-CR/NON-PD"), ("CR", "NE"), ("NONE", "CR"),
    ("NONE", "NONE"),
}  # fmt: skip


def test_every_pair_of_target_and_non_target_is_printed_once() -> None:
    pairs = {(target, non_target) for target, non_target, *_ in ROWS}
    assert len(pairs) == len(ROWS) == 6 * 5


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
def test_a_cell_of_the_tables(row: list[str]) -> None:
    target, non_target, _, overall = row
    for seen in ("none", "equivocal"):
        assert overall_response(target, non_target, seen, full_survey=True) == overall
    for full in (True, False):
        assert overall_response(target, non_target, "unequivocal", full_survey=full) == "PD"


@pytest.mark.parametrize("row", ROWS, ids=" ".join)
@pytest.mark.parametrize("seen", ["incomplete", "equivocal"])
def test_an_incomplete_survey(row: list[str], seen: str) -> None:
    target, non_target, _, overall = row
    expected = "NE" if (target, non_target) in NOT_IN_FULL else overall
    assert overall_response(target, non_target, seen, full_survey=False) == expected
