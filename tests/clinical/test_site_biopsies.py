"""Biopsies of treated sites and of small nodes: what they prove, and when (rules 1.12)."""

import pytest

from tests.clinical.facts import number_of
from tests.clinical.test_treated_sites import assert_story

BIOPSY = """
          0 | radiotherapy t sites=S                   |
         50 | base b no-targets                        | baseline
        100 | read r1 no-targets site=S:no_change      | NED
        120 | read r2 no-targets site=S:enlarging      | {r2}
        150 | read r3 no-targets site=S:progressed     | {r3}
"""


def test_a_malignant_biopsy_dates_to_the_first_read_that_called_the_site_larger() -> None:
    patient = assert_story(
        BIOPSY.format(r2="PD pd_on=120", r3="PD")
        + """
        120 | biopsy p malignant site=S                |
            | LOCAL_RECURRENCE @120 r2 p               |
            | RADIOGRAPHIC_PD @120 r2 p                |
    """
    )
    assert patient.timeline()["progression"]["record_id"] == "r2"


def test_without_such_a_read_the_pd_is_of_the_biopsys_day_and_has_no_count() -> None:
    patient = assert_story(
        BIOPSY.format(r2="NED", r3="PD")
        + """
        119 | biopsy p malignant site=S                |
            | LOCAL_RECURRENCE @119 p                  |
            | RADIOGRAPHIC_PD @119 p                   |
    """
    )
    first = patient.timeline()["progression"]
    assert (number_of(first["pd_on"]), first["record_id"], first["pattern"]) == (119, "p", None)


def test_a_biopsy_of_another_therapys_time_or_before_it_shows_nothing() -> None:
    assert_story("""
          0 | surgery t1 sites=Q                        |
         50 | base b no-targets                         |
        100 | biopsy p malignant site=S                 |
        101 | surgery t2 round=2 sites=S                |
            | nothing                                   |
    """)
    assert_story("""
          0 | radiotherapy t1 sites=S                   |
         90 | read r1 no-targets site=S:enlarging       | NE
        100 | surgery t2 round=2 sites=S                |
        120 | biopsy p malignant site=S                 |
            | LOCAL_RECURRENCE @120 p                   |
            | RADIOGRAPHIC_PD @120 p                    |
    """)


def test_a_benign_biopsy_takes_away_what_reads_up_to_it_said() -> None:
    table = """
          0 | surgery t sites=S                        |
         50 | base b no-targets                        |
        100 | read r1 no-targets site=S:progressed     | {r1}
        {day} | biopsy p benign site=S                 |
    """
    assert_story(table.format(r1="NED", day=100) + "| nothing |")
    assert_story(table.format(r1="PD", day=99)
          + "| LOCAL_RECURRENCE @100 r1 |\n | RADIOGRAPHIC_PD @100 r1 |")  # fmt: skip
    later = "120 | read r2 no-targets site=S:progressed | PD\n 130 | biopsy q malignant site=S |\n"
    assert_story(table.format(r1="NED", day=110) + later
          + "| LOCAL_RECURRENCE @120 r2 |\n | RADIOGRAPHIC_PD @120 r2 |")  # fmt: skip


def test_the_biopsy_is_no_evidence_where_the_read_shows_it_alone() -> None:
    assert_story("""
          0 | surgery t sites=S                        |
         50 | base b T1=50                             |
        100 | read r1 T1=50 site=S:progressed          | PD
        120 | biopsy p malignant site=S                |
            | LOCAL_RECURRENCE @100 r1                 |
            | RADIOGRAPHIC_PD @100 r1                  |
    """)
    assert_story("""
          0 | surgery t sites=S                        |
         50 | base b T1=50                             |
        100 | read r1 T1=70 site=S:enlarging           | PD
        120 | biopsy p malignant site=S                |
            | LOCAL_RECURRENCE @100 r1 p               |
            | RADIOGRAPHIC_PD @100 r1                  |
    """)


NODES = {  # the new lesion of both reads, what they must be with a malignant biopsy of X
    "small, unequivocal": ("new:X/node12", "PD"),
    "small, equivocal": ("new:X?/node10", "PD"),
    "PET alone": ("new:X/node12/PET_CT", "SD"),
    "no node": ("new:X?", "SD"),
    "another lesion": ("new:Y/node12", "SD"),
}


@pytest.mark.parametrize("name", NODES)
def test_a_malignant_biopsy_makes_a_small_node_count(name: str) -> None:
    lesion, overall = NODES[name]
    table = f"""
          0 | base b T1=50                    | baseline
        100 | read r1 T1=50 {lesion}          | {{}}
        300 | biopsy p {{}} lesion=X          |
    """
    assert_story(table.format("SD", "benign"))
    patient = assert_story(table.format(overall, "malignant"))
    found = ["NEW_LESION @100 r1 p", "RADIOGRAPHIC_PD @100 r1 p"] if overall == "PD" else []
    stands = [row for row in patient.standing() if row.split()[0] in found or "100 r1 p" in row]
    assert [row for row in stands if row in found] == found
    assert (overall == "PD") is not any("EQUIVOCAL" in row for row in patient.standing())


def test_the_biopsy_of_a_node_that_counts_anyway_is_no_evidence() -> None:
    assert_story("""
          0 | base b T1=50                    | baseline
        100 | read r1 T1=60 new:X/node12      | PD
        300 | biopsy p malignant lesion=X     |
            | NEW_LESION @100 r1              |
            | RADIOGRAPHIC_PD @100 r1         |
    """)
