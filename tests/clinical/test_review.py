"""Review and transition: the causes T1 to T8, their dates, and what answers them (rules 4.3)."""

import pytest

from tests.clinical.clock_table import clocked, facts_of
from tests.clinical.facts import Given, number_of
from tests.clinical.patient import Patient

Rules = dict[str, object]
Cases = dict[str, tuple[str, str, list[str]]]
FRESH = "0 enrolled; 0 surgery t sites=S; 30 base b no-targets"
LESION = f"{FRESH}; 100 read r no-targets new:X"  # a PD of one lung lesion in the first round
OLIGO = f"{LESION}; 101 stated s yes"
CLEAR = "0 enrolled; 0 base b T1=50"
CONFIRMED = f"{CLEAR}; 100 ctdna s1 detected; 114 ctdna s2 detected"
FAST = (
    f"{CLEAR}; 100 ctdna s1 detected value=1; 114 ctdna s2 detected value=2; "
    "142 ctdna s3 detected value=8"
)
SEEN_TWICE = "114 read r1 T1=50; 140 read r2 T1=50"
WORDS = {"MDT_REVIEW_REQUESTED": "MDT", "SYSTEMIC_THERAPY_TRANSITION_TRIGGER": "TRANSITION"}
USUAL = {"MDT": "high", "TRANSITION": "critical"}


def asked(patient: Patient) -> list[str]:
    """`MDT T1+T7 @day evidence`, `TRANSITION T1 LEVEL @day …`, other than usual severities."""
    found = []
    for row in patient.timeline()["standing_findings"]:
        if row["finding"] not in WORDS:
            continue
        details, name = row["details"], WORDS[row["finding"]]
        assert set(details) - {"resolved_on", "resolved_by"} == (
            {"causes"} if name == "MDT" else {"causes", "level"}
        )
        words = [name, "+".join(details["causes"]), details.get("level", "")]
        words += [f"@{number_of(row['effective_on'])}", *row["evidence"]]
        words += ["" if row["severity"] == USUAL[name] else row["severity"]]
        found.append(" ".join(word for word in words if word))
    return sorted(found)


def assert_case(cases: Cases, name: str, rules: Rules | None = None) -> None:
    start, more, expected = cases[name]
    assert asked(clocked(f"{start}; {more}", rules)) == expected


def of_a_read(causes: str, level: str = "", day: int = 100) -> list[str]:
    """What the PD read r asks for when all of its causes have the level, or none has."""
    transition = [f"TRANSITION {causes} {level} @{day} r"] if level else []
    return [f"MDT {causes} @{day} r", *transition]


PDS: Cases = {
    "T1: beyond the limit": (FRESH, "100 read r no-targets new:X active=6,0",
                             of_a_read("T1", "RECOMMENDED")),
    "T1: outside the lungs": (FRESH, "100 read r no-targets new:X active=1,1",
                              of_a_read("T1", "RECOMMENDED")),
    "T1: whatever is stated": (FRESH, "100 read r no-targets new:X active=6,0; 101 stated s no",
                               of_a_read("T1", "RECOMMENDED")),
    "T2: at the limit": (FRESH, "100 read r no-targets new:X active=5,0; 101 stated s no",
                         of_a_read("T2", "RECOMMENDED")),
    "T8: at the limit": (FRESH, "100 read r no-targets new:X active=5,0", of_a_read("T8")),
    "T8: stated as unknown": (LESION, "101 stated s unknown", of_a_read("T8")),
    "T8: no count": (FRESH, "100 read r reported=-,-,PD", of_a_read("T8")),
    "T8: no count, treatable": (FRESH, "100 read r reported=-,-,PD; 101 stated s yes",
                                of_a_read("T8")),
    "T8: no count, not treatable": (FRESH, "100 read r reported=-,-,PD; 101 stated s no",
                                    of_a_read("T8")),
    "T8: a biopsy alone": (FRESH, "100 biopsy r malignant site=S; 101 stated s no",
                           of_a_read("T8")),
    "none: no PD": (FRESH, "100 read r no-targets new:X?; 101 stated s no", []),
    "none: a preliminary read": (FRESH, "100 read r no-targets new:X active=6,0 status=preliminary",
                                 []),
}  # fmt: skip


@pytest.mark.parametrize("name", PDS)
def test_what_a_pd_asks_for(name: str) -> None:
    assert_case(PDS, name)


SECOND = "0 enrolled; 0 surgery t; 30 base b0 no-targets; 50 surgery t2"
ROUNDS: Cases = {
    "T3: one round of two": (OLIGO, "", of_a_read("T3")),
    "T3: two therapies of one round": (OLIGO, "5 ablation t2", of_a_read("T3")),
    "T3: without any": ("0 enrolled; 0 base b no-targets; 100 read r no-targets new:X",
                        "101 stated s yes", of_a_read("T3")),
    "T4: the second ended on the day": (
        SECOND, "50 ablation t3 round=2 until=100; 100 read r no-targets new:X; 101 stated s yes",
        of_a_read("T4", "CONSIDER")),
    "T3: it ended the day after": (
        SECOND, "50 ablation t3 round=2 until=101; 100 read r no-targets new:X; 101 stated s yes",
        of_a_read("T3")),
    "T3: it has no end": (
        SECOND, "50 ablation t3 round=2 until=open; 100 read r no-targets new:X; 101 stated s yes",
        of_a_read("T3")),
    "T3: it is not final": (
        f"{SECOND}; 50 ablation t3 round=2 status=preliminary",
        "100 read r no-targets new:X; 101 stated s yes", of_a_read("T3")),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUNDS)
def test_another_round_or_no_more(name: str) -> None:
    assert_case(ROUNDS, name)


def test_how_many_rounds_is_a_parameter() -> None:
    rules: Rules = {"local_therapy.max_rounds": 1}
    assert asked(clocked(OLIGO, rules)) == of_a_read("T4", "CONSIDER")
    assert asked(clocked(OLIGO, {"local_therapy.max_rounds": 2})) == of_a_read("T3")


def test_a_later_read_of_the_episode_that_became_poly_asks_for_itself() -> None:
    later = "150 read r2 no-targets new:X active=6,0; 180 read r3 no-targets new:X active=7,0"
    assert asked(clocked(f"{OLIGO}; {later}")) == [
        "MDT T1 @150 r2", "MDT T3 @100 r", "TRANSITION T1 RECOMMENDED @150 r2",
    ]  # fmt: skip


T5 = ["MDT T5 @114 s1 s2"]
MOLECULAR: Cases = {
    "the baseline is clear": (CONFIRMED, "", T5),
    "one positive": (CLEAR, "100 ctdna s1 detected; 113 ctdna s2 detected", []),
    "no read": ("0 enrolled", "100 ctdna s1 detected; 114 ctdna s2 detected", []),
    "the first read after it": (
        "0 enrolled; 100 ctdna s1 detected", "114 ctdna s2 detected; 115 base b no-targets", []),
    "a read before treatment": (
        "0 enrolled; -9 base b T1=9; 0 surgery t",
        "100 ctdna s1 detected; 114 ctdna s2 detected", []),
    "the latest is NE": (CONFIRMED, "110 read r T1=ne", T5),
    "PD on the day": (
        CONFIRMED, "114 read r T1=60 active=6,0", of_a_read("T1", "RECOMMENDED", 114)),
    "PD the day after": (
        CONFIRMED, "115 read r T1=60 active=6,0", [*T5, *of_a_read("T1", "RECOMMENDED", 115)]),
    "no PD any more": (
        CONFIRMED, "50 read r T1=60 active=6,0; 90 read r2 T1=50",
        [*of_a_read("T1", "RECOMMENDED", 50), *T5]),
    "a negative since": (CONFIRMED, "120 ctdna s3 not_detected", T5),
}  # fmt: skip


@pytest.mark.parametrize("name", MOLECULAR)
def test_a_confirmed_relapse_with_clear_imaging(name: str) -> None:
    start, more, expected = MOLECULAR[name]
    assert asked(clocked(f"{start}; {more}")) == sorted(expected)


def test_one_positive_that_confirms_is_the_only_evidence() -> None:
    assert asked(clocked(f"{CLEAR}; 100 ctdna s1 detected", {"ctdna.confirm.n": 1})) == [
        "MDT T5 @100 s1"
    ]


T6 = ["MDT T5+T6 @114 s1 s2 critical"]
RISES: Cases = {
    "fast and clear twice": (FAST, SEEN_TWICE, T6),
    "twice on one day": (FAST, "114 read r1 T1=50; 114 read r2 T1=50 images=CT@0,MRI@1", T6),
    "clear once": (FAST, "140 read r1 T1=50", T5),
    "once before the confirming sample": (FAST, "113 read r1 T1=50; 140 read r2 T1=50", T5),
    "an NE between": (FAST, "114 read r1 T1=50; 120 read n T1=ne; 140 read r2 T1=50", T6),
    "clear once and NE": (FAST, "114 read r1 T1=50; 120 read n T1=ne", T5),
    "a later PD": (
        FAST, f"{SEEN_TWICE}; 300 read r T1=60 active=6,0",
        [*of_a_read("T1", "RECOMMENDED", 300), *T5]),
    "not fast": (CONFIRMED, f"142 ctdna s3 detected value=9; {SEEN_TWICE}", T5),
    "without T5": (
        FAST, f"90 read r T1=60 active=6,0; {SEEN_TWICE.replace('114', '115')}",
        of_a_read("T1", "RECOMMENDED", 90)),
}  # fmt: skip


@pytest.mark.parametrize("name", RISES)
def test_a_fast_rise_with_imaging_clear_twice(name: str) -> None:
    start, more, expected = RISES[name]
    assert asked(clocked(f"{start}; {more}")) == sorted(expected)


def test_ctdna_alone_makes_a_transition_only_where_the_study_says_so() -> None:
    story = f"{FAST}; {SEEN_TWICE}"
    alone: Rules = {"transition.ctdna_alone": "TRANSITION"}
    assert asked(clocked(story, alone)) == [*T6, "TRANSITION T6 CONSIDER @142 s1 s2"]
    assert asked(clocked(CONFIRMED, alone)) == T5
    patient = clocked(story)
    assert patient.tell(patient_pd()) == [
        *(f"withdrawn {name}" for name in ("DISCORDANCE_CTDNA_POS_IMAGING_NEG",
                                           "RETROSPECTIVE_READ_REQUESTED")),
        "amended MDT_REVIEW_REQUESTED", "raised RADIOGRAPHIC_PD", "raised POLYPROGRESSION",
        "raised MDT_REVIEW_REQUESTED", "raised SYSTEMIC_THERAPY_TRANSITION_TRIGGER",
    ]  # fmt: skip
    assert asked(patient) == sorted([*of_a_read("T1", "RECOMMENDED", 300), *T5])


def patient_pd() -> Given:
    return facts_of("300 read r T1=60 active=6,0")[0]


def joint(transition_on: int) -> list[str]:
    return ["MDT T3+T7 @100 r", f"TRANSITION T7 CONSIDER @{transition_on} r"]


TOGETHER: Cases = {
    "begun before": (OLIGO, "40 ctdna s1 detected; 60 ctdna s2 detected", joint(100)),
    "confirmed later": (OLIGO, "60 ctdna s1 detected; 130 ctdna s2 detected", joint(130)),
    "begun at the end of the window": (
        OLIGO, "142 ctdna s1 detected; 156 ctdna s2 detected", joint(156)),
    "begun after it": (OLIGO, "143 ctdna s1 detected; 157 ctdna s2 detected", of_a_read("T3")),
    "not confirmed": (OLIGO, "40 ctdna s1 detected; 53 ctdna s2 detected", of_a_read("T3")),
    "ended by a negative the day before": (
        OLIGO, "40 ctdna s1 detected; 60 ctdna s2 detected; 99 ctdna n not_detected",
        of_a_read("T3")),
    "ended by one on the day": (
        OLIGO, "40 ctdna s1 detected; 60 ctdna s2 detected; 100 ctdna n not_detected", joint(100)),
    "ended by a therapy the day before": (
        OLIGO, "40 ctdna s1 detected; 60 ctdna s2 detected; 99 ablation t2 round=2 until=open",
        of_a_read("T3")),
    "ended by one on the day of the PD": (
        OLIGO, "40 ctdna s1 detected; 60 ctdna s2 detected; 100 ablation t2 round=2 until=open",
        joint(100)),
    "two runs": (
        f"{OLIGO}; 50 ctdna s1 detected; 120 ctdna s2 detected",
        "40 ctdna s3 detected code=B; 110 ctdna s4 detected code=B", joint(110)),
    "no class yet": (LESION, "40 ctdna s1 detected; 104 ctdna s2 detected", of_a_read("T8")),
    "beyond the limits": (
        f"{FRESH}; 60 ctdna s1 detected; 104 ctdna s2 detected",
        "100 read r no-targets new:X active=6,0",
        of_a_read("T1", "RECOMMENDED")),
}  # fmt: skip


@pytest.mark.parametrize("name", TOGETHER)
def test_oligoprogression_together_with_a_confirmed_relapse(name: str) -> None:
    start, more, expected = TOGETHER[name]
    patient = clocked(f"{start}; {more}")
    found = [row for row in asked(patient) if "T5" not in row]
    assert found == expected


def test_causes_of_one_pd_are_one_review_dated_to_the_earliest() -> None:
    rules: Rules = {"local_therapy.max_rounds": 1}
    patient = clocked(f"{OLIGO}; 60 ctdna s1 detected; 130 ctdna s2 detected", rules)
    assert asked(patient) == ["MDT T4+T7 @100 r", "TRANSITION T4+T7 CONSIDER @100 r"]
    evidence = patient.last("MDT_REVIEW_REQUESTED").said.evidence
    roles = [(item.record_id, item.role) for item in evidence]
    assert roles == [("r", "identifying"), ("s1", "supporting"), ("s2", "supporting")]
