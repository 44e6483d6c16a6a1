"""Reads that are odd: the kinds of DATA_QUALITY that they make (rules 4.2)."""

import pytest

from tests.clinical.facts import read
from tests.clinical.patient import Patient
from tests.clinical.table import assert_told


def kinds(table: str, rules: dict[str, object] | None = None) -> list[str]:
    """The findings of quality that stand, as `kind record`."""
    patient = assert_told("0 | enrolled |\n" + table, rules)
    return found(patient)


def found(patient: Patient) -> list[str]:
    return sorted(
        f"{row['details']['kind']} {' '.join(row['evidence'])}"
        for row in patient.timeline()["standing_findings"]
        if row["finding"] == "DATA_QUALITY"
    )


START = "0 | base b T1=50 M1:present |\n"
REPORTED = {  # a read, and whether what was reported differs
    "nothing reported": ("T1=50 M1:present", False),
    "nulls": ("T1=50 M1:present reported=-,-,-", False),
    "the same": ("T1=50 M1:present reported=SD,NON-CR/NON-PD,SD", False),
    "target": ("T1=50 M1:present reported=PR,-,-", True),
    "non-target": ("T1=50 M1:present reported=-,CR,-", True),
    "overall": ("T1=50 M1:present reported=-,-,PD", True),
    "sum only, the overall": ("sum=50 reported=-,CR,PR", True),
    "sum only, its own non-target": ("sum=50 reported=-,CR,-", False),
    "sum only, lesions beside it": ("sum=50 M1:present reported=-,CR,-", True),
    "responses only": ("reported=PR,CR,PD", False),
    "responses only, lesions beside them": ("M1:present reported=PR,CR,PD", True),
    "responses only, the same lesions": ("M1:absent reported=PR,CR,PD", False),
}


@pytest.mark.parametrize("name", REPORTED)
def test_what_was_reported_differs(name: str) -> None:
    words, differs = REPORTED[name]
    expected = ["reported_differs r"] if differs else []
    assert kinds(START + f"84 | read r {words} |") == expected


def test_a_computed_none_differs_from_nothing_and_a_baseline_has_no_overall() -> None:
    assert kinds("0 | base b no-targets reported=CR,CR,SD |") == []
    assert kinds("0 | base b no-targets |\n 84 | read r no-targets reported=SD,CR,NED |") == []
    assert kinds("0 | base b T1=50 M1:present reported=-,CR,- |") == ["reported_differs b"]


def test_the_sentence_names_the_differences() -> None:
    patient = assert_told(
        "0 | enrolled |\n" + START + "84 | read r T1=50 M1:present reported=PR,CR,SD |"
    )
    assert patient.last("DATA_QUALITY").said.explanation == (
        "In the read of 2025-03-26 the response that was reported is not the one that the rules "
        "compute: target PR reported, SD computed; non-target CR reported, NON-CR/NON-PD computed. "
        "The computed one counts. "
        "This rule is a design choice of the study team, not an established criterion."
    )


@pytest.mark.parametrize(
    ("words", "differs"),
    [
        ("M1:present group=CR", True),
        ("M1:present group=NON-CR/NON-PD", False),
        ("group=CR", False),
        ("M1:present", False),
    ],
)
def test_the_non_target_group_differs_from_its_lesions(words: str, differs: bool) -> None:  # noqa: FBT001
    expected = ["non_target_response_differs r"] if differs else []
    assert kinds(START + f"84 | read r T1=50 {words} |") == expected


def test_the_read_that_does_not_count_of_one_day() -> None:
    table = START + "84 | read r1 T1=50 M1:present reported=PR,-,- |\n 84 | read r2 T1=50 M1:ne |"
    assert kinds(table) == ["same_day_read r1"]
    assert kinds(table.replace("r2", "r0")) == ["reported_differs r1", "same_day_read r0"]
    assert kinds(START + "84 | read r1 T1=50 M1:ne status=preliminary |") == []


def test_a_second_baseline_in_each_episode() -> None:
    table = """
        -60 | base a1 T1=50                 | flags=
        -30 | base a2 T1=50                 | flags=DATA_QUALITY
          0 | surgery t1 until=10           |
         10 | base b0 T1=50                 | flags=
         50 | base b1 T1=50                 | flags=
         90 | base b2 T1=50                 | flags=DATA_QUALITY
        100 | surgery t2 round=2            |
        140 | base c1 T1=50                 | flags=
    """
    assert kinds(table) == ["second_baseline a2", "second_baseline b2"]


WINDOWS = [
    *(("surgery", day, 28 <= day <= 56) for day in (27, 28, 56, 57)),
    *(("ablation", day, 28 <= day <= 42) for day in (27, 28, 42, 43)),
    *(("radiotherapy", day, 42 <= day <= 90) for day in (41, 42, 90, 91)),
]


@pytest.mark.parametrize(("modality", "days", "inside"), WINDOWS)
def test_the_window_of_the_surveillance_baseline(modality: str, days: int, inside: bool) -> None:  # noqa: FBT001
    flags = "" if inside else "DATA_QUALITY"
    table = f"""
          0 | {modality} t until=10                |
    {10 + days} | base b T1=50                     | baseline flags={flags}
    """
    assert kinds(table) == ([] if inside else ["baseline_window b"])


def test_the_window_is_that_of_the_therapy_that_ended_last() -> None:
    table = """
          0 | radiotherapy t1 until={end}          |
          5 | surgery t2 until=10                  |
         60 | base b T1=50                         | baseline
    """
    assert kinds(table.format(end=9)) == []
    assert kinds(table.format(end=11)) == []
    assert kinds(table.format(end=19)) == ["baseline_window b"]
    narrow: dict[str, object] = {"surveillance_baseline_window.surgery": (28, 49)}
    assert kinds(table.format(end=9), narrow) == ["baseline_window b"]
    assert kinds("60 | base b T1=50 |") == []


@pytest.mark.parametrize(
    ("baseline", "words", "unknown"),
    [
        ("T1=50", "T1=50 T2=10", True),
        ("T1=50", "T1=50 T2=absent", True),
        ("T1=50 T2=10", "T1=50", False),
        ("no-targets", "T1=50", True),
        ("sum=50", "T1=50", False),
        ("T1=50", "sum=50", False),
    ],
)
def test_a_target_that_the_baseline_does_not_list(
    baseline: str,
    words: str,
    unknown: bool,  # noqa: FBT001 - the table's word
) -> None:
    expected = ["unknown_target r"] if unknown else []
    assert kinds(f"0 | base b {baseline} |\n 84 | read r {words} |") == expected
    before = f"-50 | base b {baseline} |\n -20 | read r {words} |\n 0 | surgery t |"
    assert kinds(before) == expected
    assert kinds(f"0 | read q T9=10 |\n 1 | base b {baseline} |") == []


def test_pr_after_cr() -> None:
    table = (
        START
        + """
         84 | read r1 T1=absent M1:absent     | CR
        168 | read r2 T1=absent M1:ne         | PR
        252 | read r3 T1=50 M1:present        | {}
    """
    )
    assert kinds(table.format("PD")) == ["pr_after_cr r2"]
    by_table: dict[str, object] = {"recist.disease_after_cr": "by_table"}
    other = START + "84 | read r1 T1=absent M1:absent | CR\n 168 | read r2 T1=2 M1:absent | PR"
    assert kinds(other, by_table) == ["pr_after_cr r2"]
    assert kinds(START + "84 | read r1 T1=5 M1:absent | PR\n 168 | read r2 T1=5 M1:ne | PR") == []


MEASURABLE = {  # the targets of a baseline, and those that are too small
    "at 10 mm and 15 mm": ("T1=10 N1=15", []),
    "below": ("T1=9.9 N1=14.9", ["T1", "N1"]),
    "fragments": ("T1=split:4+6 T2=split:4+5.9", ["T2"]),
    "too small to measure, absent": ("T1=small T2=absent", ["T1", "T2"]),
    "no size": ("T1=20 T2=ne T3=into:T1", []),
    "thick slices": ("slices=2,6 T1=12 T2=11.9", ["T2"]),
    "very thick slices, a node": ("slices=8 T1=16 N1=15.9", ["N1"]),
    "slices of 5 mm": ("slices=5 T1=10", []),
}


@pytest.mark.parametrize("name", MEASURABLE)
@pytest.mark.parametrize("day", [0, 100])
def test_targets_of_a_baseline_that_are_not_measurable(name: str, day: int) -> None:
    words, small = MEASURABLE[name]
    patient = assert_told(f"""
         -1 | enrolled              |
        {day} | base b {words}      | baseline
        {day + 60} | read r T1=3    |
         70 | surgery t             |
    """)
    rows = [row["details"] for row in patient.timeline()["standing_findings"]
            if row["details"].get("kind") == "not_measurable"]  # fmt: skip
    assert rows == ([{"kind": "not_measurable", "lesions": small}] if small else [])


def capped(*organs: str) -> list[str]:
    targets = [
        {"lesion_id": f"T{number}", "organ": organ.rstrip("*"), "nodal": organ.endswith("*"),
         "state": "measured", "diameter_mm": 20}
        for number, organ in enumerate(organs)
    ]  # fmt: skip
    patient = assert_told("0 | enrolled |")
    patient.tell(read(0, "b", baseline=True, targets=targets))
    return found(patient)


@pytest.mark.parametrize(
    ("organs", "over"),
    [
        (("lung", "lung", "liver", "liver", "bone"), False),
        (("lung", "lung", "liver", "liver", "bone", "pleura"), True),
        (("lung", "lung", "lung"), True),
        (("other", "other", "other", "unspecified", "unspecified"), False),
        (("lymph_node*", "lung*"), False),
        (("lymph_node*", "lung*", "lymph_node"), True),
    ],
)
def test_the_caps_of_targets(organs: tuple[str, ...], over: bool) -> None:  # noqa: FBT001
    assert capped(*organs) == (["target_caps b"] if over else [])


def test_only_the_studys_series_is_looked_at() -> None:
    assert kinds("0 | base b T1=5 reader=C@central |") == []
    central: dict[str, object] = {"reader": "central"}
    assert kinds("0 | base b T1=5 reader=C@central |", central) == ["not_measurable b"]
