"""The class of a progression: what is counted, the limits, and who can treat it (rules 4.3)."""

import pytest

from tests.clinical.facts import enrolled
from tests.clinical.patient import Patient
from tests.clinical.table import assert_told

CLASSES = {"OLIGOPROGRESSION", "POLYPROGRESSION"}
OLIGO = "| OLIGOPROGRESSION @100 r |"
POLY = "| POLYPROGRESSION @100 r |"
WAITS = "| nothing |"
ANYWHERE: dict[str, object] = {"oligo.extrapulmonary_policy": "OLIGO_IF_TOTAL_LE_5"}
CUMULATIVE: dict[str, object] = {"oligo.count_mode": "CUMULATIVE"}


def assert_story(table: str, rules: dict[str, object] | None = None) -> Patient:
    return assert_told("-1 | enrolled |\n" + table, rules, CLASSES)


def assert_judged(
    read: str, expected: str, rules: dict[str, object] | None = None, before: str = ""
) -> Patient:
    """A read of day 100 that is a PD, stated to be treatable."""
    table = f"""
          0 | surgery t sites=Q:lung:L1+L2,S         |
         30 | base b T1=10 M1:present                |
        {before}
        100 | read r {read}                          | PD
        101 | stated s yes                           |
        {expected}
    """
    return assert_story(table, rules)


COUNTS = {  # the read, lung and elsewhere
    "targets, non-targets and new lesions": ("T1=10 M1:present new:X", 3, 0),
    "each lesion once": ("T1=10 M1:present new:X new:X/PET_CT new:M1", 3, 0),
    "states that count": ("T1=split:5+8 T2=small M1:pd new:X/node20", 3, 1),
    "states that do not": ("T1=absent T2=ne T3=into:T1 M1:absent M2:ne new:X", 1, 0),
    "equivocal and benign ones do not": ("T1=10 M1:present new:X new:Y? new:Z!", 3, 0),
    "organs": ("T1=10 M1:present new:X/liver new:Y/pleura", 2, 2),
    "a recurred site": ("T1=10 M1:present site=S:progressed", 3, 0),
    "a site that has not recurred": ("T1=10 M1:present new:X site=S:enlarging", 3, 0),
    "a recurrence that is also a new lesion": ("T1=10 M1:absent new:X/@S site=S:progressed", 2, 0),
    "also when it is in doubt, and listed": (
        "T1=10 X=9 M1:absent new:X?/@S site=S:progressed",
        2,
        0,
    ),
    "but not when it is in doubt alone": ("T1=10 M1:absent new:X?/@S site=S:progressed", 2, 0),
    "a recurrence that is also listed": ("T1=10 L2=12 M1:absent site=Q:progressed", 2, 0),
    "the reader's own count": ("T1=10 M1:present new:X active=5,0", 5, 0),
    "one half of the reader's": ("T1=10 M1:present new:X/liver active=1,-", 1, 1),
    "the other half": ("T1=10 M1:present new:X/liver active=-,0", 2, 0),
    "half of a read of responses": ("reported=PD,-,PD new:X/liver active=2,-", 2, 1),
}


@pytest.mark.parametrize("name", COUNTS)
def test_what_is_counted(name: str) -> None:
    read, lung, elsewhere = COUNTS[name]
    patient = assert_judged(
        read,
        "| OLIGOPROGRESSION @100 r |",
        ANYWHERE,
    )
    assert patient.last("OLIGOPROGRESSION").said.details == {
        "estro_eortc": "REPEAT_OLIGORECURRENCE", "lung": lung, "elsewhere": elsewhere,
    }  # fmt: skip


@pytest.mark.parametrize("read", ["reported=-,-,PD", "sum=30", "sum=30 active=-,-"])
def test_reads_without_lesions_and_without_a_count_wait(read: str) -> None:
    patient = assert_judged(read, WAITS)
    assert patient.timeline()["progression"]["pattern"] is None


@pytest.mark.parametrize(
    ("read", "total_policy", "poly_policy"),
    [
        ("no-targets new:X active=5,0", OLIGO, OLIGO),
        ("no-targets new:X active=6,0", POLY, POLY),
        ("no-targets new:X active=4,1", OLIGO, POLY),
        ("no-targets new:X active=5,1", POLY, POLY),
        ("no-targets new:X active=0,1", OLIGO, POLY),
    ],
)
def test_the_limits_of_both_policies(read: str, total_policy: str, poly_policy: str) -> None:
    patient = assert_judged(read, poly_policy)
    pattern = "OLIGO" if poly_policy == OLIGO else "POLY"
    assert patient.timeline()["progression"]["pattern"] == pattern
    assert_judged(read, total_policy, ANYWHERE)


def test_the_limit_is_a_parameter() -> None:
    assert_judged("no-targets new:X active=3,0", OLIGO, {"oligo.max_lesions": 3})
    assert_judged("no-targets new:X active=3,0", POLY, {"oligo.max_lesions": 2})


def test_polyprogression_has_no_details() -> None:
    said = assert_judged("no-targets new:X active=6,0", POLY).last("POLYPROGRESSION").said
    assert (said.details, said.severity) == ({}, "critical")


EARLIER = {  # an earlier read that is no PD by itself, what the read shows, its lung count
    "still there unless it is called gone": ("new:X", "T1=20 M1:present", 3),
    "called absent as a target": ("new:X", "T1=20 X=absent M1:present", 2),
    "called absent as a non-target": ("new:X", "T1=20 M1:present X:absent", 2),
    "merged into another": ("new:X", "T1=20 X=into:T1 M1:present", 2),
    "merged into one that is not there": ("new:X", "T1=20 X=into:T9 M1:present", 3),
    "merged into one that is absent": ("new:X", "T1=20 T9=absent X=into:T9 M1:present", 3),
    "equivocal now": ("new:X", "T1=20 M1:present new:X?", 3),
    "never more than equivocal": ("new:X?", "T1=20 M1:present", 2),
    "benign later": ("new:X", "T1=20 M1:present new:X!", 2),
}


@pytest.mark.parametrize("name", EARLIER)
def test_new_lesions_of_earlier_reads(name: str) -> None:
    earlier, read, lung = EARLIER[name]
    before = f"60 | read r0 reported=-,-,SD {earlier} | SD"
    assert (
        assert_judged(read, OLIGO, before=before).last("OLIGOPROGRESSION").said.details["lung"]
        == lung
    )


def test_the_cumulative_count_adds_what_was_treated() -> None:
    # L1, L2 and the bare site S beside two active ones: five in all.
    read = "T1=10 M1:absent new:X"
    assert assert_judged(read, OLIGO, CUMULATIVE).last("OLIGOPROGRESSION").said.details["lung"] == 5
    assert_judged("T1=10 M1:present new:X", POLY, CUMULATIVE)
    assert_judged("T1=10 M1:present new:X", OLIGO)
    listed = "T1=10 L1=11 M1:absent new:X site=S:progressed"  # L1 and S are among the active
    assert (
        assert_judged(listed, OLIGO, CUMULATIVE).last("OLIGOPROGRESSION").said.details["lung"] == 5
    )
    assert_judged("no-targets new:X active=2,0", OLIGO, CUMULATIVE)
    assert_judged("no-targets new:X active=3,0", POLY, CUMULATIVE)


def test_the_cumulative_count_takes_therapies_up_to_the_pd_date_and_their_organ() -> None:
    table = """
          0 | surgery t1 sites=S                     |
         30 | base b no-targets                      |
      {day} | ablation t2 sites=Q:liver              |
        100 | read r no-targets new:X                |
        102 | stated s yes                           |
    """
    assert_story(table.format(day=100) + POLY, CUMULATIVE)
    assert_story(table.format(day=101) + OLIGO, CUMULATIVE)


TREATABLE = {  # statements, and what becomes of a PD of day 100 within the limits
    "none": ("", WAITS),
    "yes, of the read": ("90 | stated s yes read=r |", OLIGO),
    "yes, of another read": ("110 | stated s yes read=b |", WAITS),
    "yes, of the latest by then": ("100 | stated s yes |", OLIGO),
    "yes, before it": ("99 | stated s yes |", WAITS),
    "no": ("110 | stated s no |", WAITS),
    "unknown": ("110 | stated s unknown |", WAITS),
    "the latest stands": ("110 | stated s yes |\n 120 | stated u no read=r |", WAITS),
    "however it came": ("120 | stated u yes |\n 110 | stated s no |", OLIGO),
    "on one day the higher record": ("110 | stated s2 yes |\n 110 | stated s1 no |", OLIGO),
    "preliminary": ("110 | stated s yes status=preliminary |", WAITS),
}


@pytest.mark.parametrize("name", TREATABLE)
def test_whose_statement_counts(name: str) -> None:
    statements, expected = TREATABLE[name]
    assert_story(f"""
          0 | surgery t                     |
         30 | base b no-targets             |
        100 | read r no-targets new:X       | PD
        {statements}
        {expected}
    """)


def test_a_statement_that_names_no_read_is_of_the_latest_pd_by_then() -> None:
    table = """
          0 | surgery t                             |
         30 | base b1 no-targets                    |
        100 | read r no-targets new:X               | PD
        150 | read r2 no-targets new:Y              | PD
        200 | surgery t2 round=2                    |
        230 | base b2 no-targets                    |
        300 | read q no-targets new:Z               | PD
    """
    assert_story(table + "299 | stated s yes |\n" + OLIGO)
    assert_story(table + "300 | stated s yes |\n | OLIGOPROGRESSION @300 q |")
    assert_story(table + "160 | stated s yes read=r2 |\n | nothing |")


def test_a_clinicians_answer_keeps_the_date_of_the_pd() -> None:
    patient = assert_story("""
          0 | surgery t                     |
         30 | base b no-targets             |
         80 | read r0 no-targets new:X?     |
        100 | read r no-targets new:X       | PD
        400 | stated s yes                  |
            | OLIGOPROGRESSION @80 r r0     |
    """)
    assert patient.timeline()["progression"]["pattern"] == "OLIGO"


@pytest.mark.parametrize(
    ("prior", "word"),
    [(True, "INDUCED_OLIGORECURRENCE"), (False, "REPEAT_OLIGORECURRENCE"),
     (None, "REPEAT_OLIGORECURRENCE")],
)  # fmt: skip
def test_the_class_of_estro_and_eortc(prior: bool | None, word: str) -> None:  # noqa: FBT001 - a field
    patient = assert_judged("no-targets new:X", OLIGO)
    patient.tell(enrolled(-1).but(version=2, prior_polymetastatic=prior))
    assert patient.last("OLIGOPROGRESSION").said.details["estro_eortc"] == word
