"""What a coordinator reads: every sentence whole, with this patient's numbers and dates."""

from tests.clinical.facts import enrolled
from tests.clinical.table import assert_told

DESIGN = " This rule is a design choice of the study team, not an established criterion."


def explanations(table: str, **rules: object) -> list[str]:
    named = {key.replace("__", "."): value for key, value in rules.items()}
    patient = assert_told("0 | enrolled |\n" + table, named)
    return [notice.said.explanation for notice in patient.notices]


def test_a_suspicion_and_its_answers() -> None:
    said = explanations("""
          0 | surgery t             |
         40 | ctdna s0 not_detected |
        100 | ctdna s1 detected     |
        110 | ctdna s2 not_detected |
    """)
    suspicion = (
        "ctDNA was detected in the sample of 2025-04-11, after a negative since the last local "
        "therapy (relapse). One positive is a suspicion: draw again from 2025-04-25 to 2025-05-09."
    )
    assert [text for text in said if "Imaging is asked for" not in text] == [
        suspicion,
        suspicion.replace(
            ": draw again from 2025-04-25 to 2025-05-09",
            ", not confirmed by the sample of 2025-04-21",
        )
        + " Resolved on 2025-04-21.",
        "The suspicion of 2025-04-11 is not confirmed: ctDNA was not detected in the counted "
        "sample of 2025-04-21. A negative ctDNA does not rule out a lung relapse." + DESIGN,
    ]


def test_how_a_suspicion_was_answered() -> None:
    def answer(row: str) -> str:
        said = explanations(f"0 | surgery t |\n 100 | ctdna s1 detected |\n {row}")
        return next(text for text in said if "Resolved on" in text).partition("a suspicion")[2]

    assert answer("114 | ctdna s2 detected |") == (
        ", confirmed by the sample of 2025-04-25. Resolved on 2025-04-25."
    )
    assert answer("114 | ablation t2 |") == (
        ", ended by the local therapy of 2025-04-25. Resolved on 2025-04-25."
    )
    assert answer("300 | ctdna s2 detected |") == (
        ", gone stale: the next positive, of 2025-10-28, came more than 120 days after the one "
        "before it. Resolved on 2025-10-28."
    )


def test_a_suspicion_by_genes_of_clonal_haematopoiesis() -> None:
    assert explanations("100 | ctdna s1 detected genes=TET2 |")[0] == (
        "ctDNA was detected in the sample of 2025-04-11, with no negative before it (persistence); "
        "its genes are those of clonal haematopoiesis only, so that it cannot confirm a relapse. "
        "One positive is a suspicion: draw again from 2025-04-25 to 2025-05-09."
    )


def test_the_pattern_in_words() -> None:
    assert (
        ", with no negative before it (persistence). "
        in explanations("""
        100 | ctdna s1 detected |
    """)[0]
    )
    assert (
        ", after a negative (relapse). "
        in explanations("""
         90 | ctdna s0 not_detected |
        100 | ctdna s1 detected     |
    """)[0]
    )
    assert (
        ", with no negative since the last local therapy (persistence). "
        in explanations("""
          0 | surgery t         |
        100 | ctdna s1 detected |
    """)[0]
    )


def test_a_confirmed_relapse() -> None:
    table = "100 | ctdna s1 detected |\n 120 | ctdna s2 detected |"
    pair = (
        "ctDNA was detected in the sample of 2025-04-11 and again in that of 2025-05-01, 20 days "
        "later, in comparable assays and without a counted negative between: "
        "this study asks for two positives at least 14 days apart, and at most 120 days from one "
        "positive to the next."
    )
    assert pair + DESIGN in explanations(table)
    across = explanations(table.replace("s2 detected", "s2 detected code=B"),
                          ctdna__cross_assay_confirm=True)  # fmt: skip
    assert pair.replace("in comparable assays and ", "") + DESIGN in across
    one = "ctDNA was detected in the sample of 2025-04-11: in this study one positive is enough."
    assert explanations(table, ctdna__confirm__n=1)[0] == one + DESIGN


def said_of(finding: str, table: str) -> list[str]:
    notices = assert_told("0 | enrolled |\n" + table).notices
    return [notice.said.explanation for notice in notices if notice.said.finding == finding]


def test_new_lesions() -> None:
    said = said_of(
        "NEW_LESION",
        """
          0 | base b T1=50                                 |
         84 | read r1 T1=50 new:X?                         |
        168 | read r2 T1=50 new:X new:Y/liver new:Z/lymph_node |
        252 | read r3 T1=50 new:W/unspecified              |
    """,
    )
    assert said[0] == (
        "3 new lesions counted as unequivocal in the read of 2025-06-18 (lung, liver, lymph node), "
        "first seen on 2025-03-26."
    )
    assert said[1] == (
        "A new lesion counted as unequivocal in the read of 2025-09-10 (an organ not named), "
        "first seen on 2025-09-10."
    )


def pd(read: str, baseline: str = "T1=50 T2=5 M1:present", more: str = "") -> str:
    table = f"0 | base b {baseline} |\n {more} 168 | read r {read} |"
    sentence = said_of("RADIOGRAPHIC_PD", table)[-1]
    opening, _, reasons = sentence.partition(": ")
    assert opening == "The overall response of the read of 2025-06-18 is PD, dated 2025-06-18"
    return reasons


def test_why_a_read_is_pd() -> None:
    growth = "mm is {} over the nadir of {} mm (PD from 20 % and 5 mm)"
    assert pd("T1=61 T2=5") == "the target sum of 66 " + growth.format("11 mm, 20.0 %,", 55) + "."
    assert pd("T1=70.5 T2=ne") == (
        "the target sum of 70.5 mm (some targets not evaluable) is 15.5 mm, 28.2 %, "
        "over the nadir of 55 mm (PD from 20 % and 5 mm)."
    )
    gone = "84 | read r0 T1=absent T2=absent M1:absent |\n"
    assert pd("T1=5 T2=absent M1:absent", more=gone) == (
        "the target sum of 5 " + growth.format("5 mm", 0) + "."
    )
    assert pd("T1=1 T2=absent M1:absent", more=gone) == (
        "disease is seen again after the overall CR of 2025-03-26 (target sum 1 mm)."
    )
    again = gone + "126 | read r1 T1=absent T2=absent M1:absent |\n"
    assert pd("T1=absent T2=absent M1:present", more=again) == (
        "disease is seen again after the overall CR of 2025-05-07."
    )
    assert pd("T1=50 T2=5 M1:pd new:X/brain") == (
        "the non-target lesions progressed unequivocally; there is an unequivocal new lesion."
    )
    assert pd("reported=-,-,PD") == "the reader reported PD."
    assert pd("reported=PD,-,-") == "the target lesions are reported as PD."


def test_a_back_dated_pd_says_when_the_lesion_was_first_seen() -> None:
    table = """
          0 | base b T1=50         |
         84 | read r1 T1=50 new:X? |
        168 | read r2 T1=50 new:X  |
    """
    assert said_of("NEW_LESION_EQUIVOCAL", table)[0] == (
        "A new lesion in the read of 2025-03-26 (lung) may or may not be disease, counts as "
        "equivocal and makes no PD now: image again from 2025-04-23 to 2025-05-21. These days are "
        "a design choice of the study team."
    )
    assert said_of("RADIOGRAPHIC_PD", table)[-1] == (
        "The overall response of the read of 2025-06-18 is PD, dated 2025-03-26: "
        "there is an unequivocal new lesion, first seen on 2025-03-26."
    )


def test_a_withdrawal_for_want_of_an_enrolment_says_that_the_finding_is_held() -> None:
    patient = assert_told("0 | enrolled |\n 100 | ctdna s1 detected |")
    said = patient.notices[0].said.explanation
    assert "withdrawn MOLECULAR_RELAPSE_SUSPECTED" in patient.tell(enrolled(0).gone(2))
    assert patient.last("MOLECULAR_RELAPSE_SUSPECTED").said.explanation == (
        "Withdrawn: the patient's enrolment no longer stands, and the finding is held until one "
        "does. It had said: " + said
    )


def test_a_withdrawal_says_what_had_been_said() -> None:
    said = said_of(
        "RADIOGRAPHIC_PD",
        """
         84 | read r1 reported=-,-,PD |
         84 | read r2 reported=-,-,SD |
    """,
    )
    assert said[1] == (
        "Withdrawn: the patient's current records no longer support this. It had said: " + said[0]
    )
