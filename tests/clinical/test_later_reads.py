"""The class at reads after the first PD of an episode (rules 4.3)."""

import pytest

from tests.clinical.table import assert_told

CLASSES = {"OLIGOPROGRESSION", "POLYPROGRESSION", "RADIOGRAPHIC_PD"}
START = """
         -1 | enrolled                              |
          0 | surgery t                             |
         30 | base b no-targets                     |
        100 | read r no-targets new:X active={},0   | PD
        101 | stated s yes                          |
"""
PD = "\n | RADIOGRAPHIC_PD @100 r |"
OLIGO = PD + "\n | OLIGOPROGRESSION @100 r |"


def test_a_later_read_beyond_the_limits_adds_a_polyprogression_of_its_own() -> None:
    patient = assert_told(
        START.format(1)
        + "150 | read r1 no-targets active=5,0 |\n"
        + "200 | read r2 no-targets active=6,0 | NED\n"
        + "250 | read r3 no-targets active=9,0 |"
        + OLIGO
        + "\n | POLYPROGRESSION @200 r2 |",
        about=CLASSES,
    )
    assert patient.timeline()["progression"]["pattern"] == "OLIGO"


@pytest.mark.parametrize(
    ("later", "turns"),
    [
        ("200 | read r2 no-targets active=6,0 |", True),
        ("200 | read r2 no-targets active=6,0 survey=incomplete | NE", False),
        ("200 | ablation u round=2 |\n 200 | read r2 no-targets active=6,0 |", False),
        ("201 | ablation u round=2 |\n 200 | read r2 no-targets active=6,0 |", True),
        ("200 | ablation u |\n 200 | read r2 no-targets new:X active=6,0 | PD", False),
        ("201 | ablation u |\n 200 | read r2 no-targets new:X active=6,0 | PD", True),
        ("99 | read r2 no-targets active=6,0 |", False),
    ],
)
def test_evaluable_reads_until_the_next_local_therapy(later: str, turns: bool) -> None:  # noqa: FBT001
    found = "\n | POLYPROGRESSION @200 r2 |" if turns else ""
    assert_told(START.format(1) + later + OLIGO + found, about=CLASSES)


def test_where_one_stood_before_nothing_is_added() -> None:
    assert_told(
        START.format(6)
        + "200 | read r2 no-targets active=9,0 |"
        + PD
        + "\n | POLYPROGRESSION @100 r |",
        about=CLASSES,
    )


def test_after_a_pd_by_a_biopsy_alone() -> None:
    assert_told(
        """
         -1 | enrolled                              |
          0 | surgery t sites=S                     |
         30 | base b no-targets                     |
        100 | biopsy p malignant site=S             |
        101 | stated s yes                          |
        150 | read r1 no-targets new:X              | PD
        200 | read r2 no-targets active=6,0         |
            | RADIOGRAPHIC_PD @100 p                |
            | POLYPROGRESSION @200 r2               |
    """,
        about=CLASSES,
    )
