"""Treated sites: the guards in time, recurrences by reads and biopsies, doubts (rules 1.12)."""

import pytest

from tests.clinical.patient import Patient
from tests.clinical.table import IMAGING, assert_told


def assert_story(table: str, rules: dict[str, object] | None = None) -> Patient:
    return assert_told("-1 | enrolled |\n" + table, rules, IMAGING)


EQUIVOCAL, RECURRED, NOTHING = "equivocal", "recurred", "nothing"

# modality, days after its last day (20 for all), what the read says, what it counts as.
GUARDS = [
    ("radiotherapy", 179, "progressed:2", EQUIVOCAL),
    ("radiotherapy", 179, "enlarging", EQUIVOCAL),
    ("radiotherapy", 180, "progressed:2", RECURRED),
    ("radiotherapy", 180, "progressed:1", EQUIVOCAL),
    ("radiotherapy", 180, "enlarging:2", EQUIVOCAL),
    ("radiotherapy", 364, "progressed:1", EQUIVOCAL),
    ("radiotherapy", 364, "progressed:3", RECURRED),
    ("radiotherapy", 365, "progressed", RECURRED),
    ("radiotherapy", 365, "enlarging:2", EQUIVOCAL),
    ("ablation", 89, "progressed:2", NOTHING),
    ("ablation", 89, "enlarging", NOTHING),
    ("ablation", 90, "progressed:2", EQUIVOCAL),
    ("ablation", 90, "enlarging", EQUIVOCAL),
    ("ablation", 179, "progressed", EQUIVOCAL),
    ("ablation", 180, "progressed", RECURRED),
    ("ablation", 180, "enlarging", EQUIVOCAL),
    ("surgery", 10, "progressed", RECURRED),
    ("surgery", 10, "enlarging", EQUIVOCAL),
    ("surgery", 400, "enlarging:2", EQUIVOCAL),
    ("radiotherapy", 400, "no_change", NOTHING),
    ("surgery", 30, "post_treatment_change", NOTHING),
]
EXPECTED = {
    EQUIVOCAL: ("NED", "| TREATED_SITE_EQUIVOCAL @{day} r |"),
    RECURRED: ("PD", "| LOCAL_RECURRENCE @{day} r |\n | RADIOGRAPHIC_PD @{day} r |"),
    NOTHING: ("NED", "| nothing |"),
}


@pytest.mark.parametrize(("modality", "days", "says", "counts_as"), GUARDS)
def test_the_guard_of_a_modality(modality: str, days: int, says: str, counts_as: str) -> None:
    overall, findings = EXPECTED[counts_as]
    day = 20 + days
    assert_story(f"""
          0 | {modality} t until=20 sites=S       |
         21 | base b no-targets                    | baseline
       {day} | read r no-targets site=S:{says}     | {overall}
        {findings.format(day=day)}
    """)


def test_the_guard_counts_from_the_last_therapy_of_the_site() -> None:
    assert_story("""
          0 | radiotherapy t1 until=20 sites=S,Q          |
        300 | ablation t2 round=2 sites=S                 |
        301 | base b no-targets                           | baseline
        389 | read r1 no-targets site=S:progressed site=Q:progressed:0 | PD
            | LOCAL_RECURRENCE @389 r1                    |
            | RADIOGRAPHIC_PD @389 r1                     |
    """)


def test_a_therapy_that_goes_on_leaves_its_guard_closed() -> None:
    table = """
          0 | radiotherapy t until=open sites=S         |
        900 | read r no-targets site=S:progressed       | NE
            | TREATED_SITE_EQUIVOCAL @900 r             |
    """
    assert_story(table)
    assert_story(table.replace("radiotherapy", "ablation").replace(
        "| TREATED_SITE_EQUIVOCAL @900 r             |", "| nothing |"))  # fmt: skip


def test_what_is_said_of_a_site_before_its_therapy_is_ignored() -> None:
    assert_story("""
          0 | surgery t1 sites=Q                     |
         30 | base b no-targets                      | baseline
         99 | read r1 no-targets site=S:progressed   | NED
        100 | surgery t2 round=2 sites=S             |
            | nothing                                |
    """)
    assert_story("""
          0 | surgery t1 sites=S                     |
         -5 | read r0 no-targets site=Q:progressed   | NE episode=0
            | nothing                                |
    """)


def test_a_site_without_a_therapy_on_record_has_no_guard() -> None:
    assert_story("""
         30 | base b no-targets                      | baseline
         40 | read r1 no-targets site=S:progressed   | PD
            | LOCAL_RECURRENCE @40 r1                |
            | RADIOGRAPHIC_PD @40 r1                 |
    """)


def test_a_recurrence_is_told_once_until_the_site_is_treated_again() -> None:
    patient = assert_story("""
          0 | surgery t1 sites=S                     |
         30 | base b1 no-targets                     | baseline
        100 | read r1 no-targets site=S:progressed   | PD
        200 | read r2 no-targets site=S:progressed   | PD
        220 | surgery t2 round=2 sites=S             |
        250 | base b2 no-targets                     | baseline
        300 | read r3 no-targets site=S:progressed   | PD
            | LOCAL_RECURRENCE @100 r1               |
            | LOCAL_RECURRENCE @300 r3               |
            | RADIOGRAPHIC_PD @100 r1                |
            | RADIOGRAPHIC_PD @300 r3                |
    """)
    assert patient.last("LOCAL_RECURRENCE").said.details == {}


def test_the_pd_of_a_site_is_dated_to_its_sections() -> None:
    table = """
          0 | surgery t sites=S                                                   |
         30 | base b no-targets                                                   |
        100 | read r no-targets site=S:progressed images=PET_CT@0,CT@2,MRI@5      | PD pd_on=102
            | LOCAL_RECURRENCE @102 r                                             |
            | RADIOGRAPHIC_PD @102 r                                              |
    """
    assert_story(table)
    assert_story(table.replace("102", "105"), {"recist.pd_date_rule": "last_scan_day"})
    doubt = """
          0 | surgery t sites=S                                                   |
        100 | read r no-targets site=S:enlarging images=PET_CT@0,CT@2,MRI@5       |
            | TREATED_SITE_EQUIVOCAL @102 r                                       |
    """
    assert_story(doubt, {"recist.pd_date_rule": "last_scan_day"})


def test_the_baselines_recurred_site_is_told_without_a_pd() -> None:
    assert_story("""
          0 | surgery t sites=S,Q                                    |
         30 | base b no-targets site=S:progressed site=Q:enlarging   | baseline overall=- pd_on=-
            | LOCAL_RECURRENCE @30 b                                 |
            | TREATED_SITE_EQUIVOCAL @30 b                           |
    """)


def test_a_given_overall_stands_beside_a_recurred_site() -> None:
    assert_story("""
          0 | surgery t sites=S,Q                                |
        100 | read r1 site=S:progressed reported=-,-,SD          | SD pd_on=-
        200 | read r2 site=Q:progressed reported=-,-,-           | PD pd_on=200
            | LOCAL_RECURRENCE @100 r1                           |
            | LOCAL_RECURRENCE @200 r2                           |
            | RADIOGRAPHIC_PD @200 r2                            |
    """)


def test_a_new_lesion_at_a_treated_site_is_a_recurrence_with_its_date() -> None:
    assert_story("""
          0 | radiotherapy t sites=S                  |
         50 | base b no-targets                       | baseline
        100 | read r1 no-targets new:X?/@S            | NED
        150 | read r2 no-targets new:X/@S             | PD
        200 | read r3 no-targets new:X/@S new:Y/@S    | PD
            | NEW_LESION @100 r2 r1                   |
            | NEW_LESION @200 r3                      |
            | LOCAL_RECURRENCE @100 r2 r1             |
            | RADIOGRAPHIC_PD @100 r2 r1              |
    """)


@pytest.mark.parametrize(
    ("later", "stands"),
    [
        ("300 | read r2 no-targets |", True),
        ("300 | read r2 no-targets site=S:no_change |", False),
        ("300 | read r2 no-targets site=S:post_treatment_change |", False),
        ("99 | read r0 no-targets site=S:no_change |", True),
        ("300 | read r2 no-targets site=Q:no_change |", True),
        ("100 | biopsy p benign site=S |", False),
        ("99 | biopsy p benign site=S |", True),
        ("500 | biopsy p benign site=S |", False),
        ("500 | biopsy p benign site=S status=preliminary |", True),
        ("500 | biopsy p benign site=Q |", True),
        ("500 | biopsy p benign lesion=S |", True),
    ],
)
def test_what_ends_a_doubt(later: str, stands: bool) -> None:  # noqa: FBT001 - the table's word
    patient = assert_story(f"""
          0 | radiotherapy t sites=S,Q              |
         50 | base b no-targets                     |
        100 | read r1 no-targets site=S:enlarging   | NED
        {later}
    """)
    assert ("TREATED_SITE_EQUIVOCAL @100 r1" in patient.standing()) is stands


def test_every_read_that_leaves_the_doubt_raises_it_and_the_recurrence_ends_all() -> None:
    table = """
          0 | radiotherapy t sites=S                   |
         50 | base b no-targets                        |
        100 | read r1 no-targets site=S:enlarging      |
        170 | read r2 no-targets site=S:progressed:2   | NED
    """
    doubts = "| TREATED_SITE_EQUIVOCAL @100 r1 |\n | TREATED_SITE_EQUIVOCAL @170 r2 |"
    assert_story(table + doubts)
    assert_story(
        table
        + """
        180 | read r3 no-targets site=S:progressed:2   | PD
        200 | read r4 no-targets site=S:enlarging      | NED
            | LOCAL_RECURRENCE @180 r3                 |
            | RADIOGRAPHIC_PD @180 r3                  |
    """
    )
