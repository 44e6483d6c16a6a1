"""What a coordinator reads of treated sites, classes and biopsies, whole (rules 1.12, 4.3)."""

from tests.clinical.table import told

DESIGN = " This rule is a design choice of the study team, not an established criterion."


def said_of(finding: str, table: str, rules: dict[str, object] | None = None) -> str:
    return told("-1 | enrolled |\n" + table, rules).last(finding).said.explanation


SITES = """
          0 | radiotherapy t sites=S                  |
         50 | base b no-targets                       |
        100 | read r no-targets site=S:enlarging      |
"""


def test_a_doubt_and_what_a_biopsy_proves() -> None:
    assert said_of("TREATED_SITE_EQUIVOCAL", SITES) == (
        "A treated site looks larger in the read of 2025-04-11, 100 days after its therapy began. "
        "So soon after this kind of therapy, or by this call alone, that is no proof of "
        "recurrence: image it again, or take a biopsy." + DESIGN
    )
    proven = SITES + "120 | biopsy p malignant site=S |"
    assert said_of("LOCAL_RECURRENCE", proven) == (
        "A treated site has recurred in the read of 2025-04-11, dated 2025-04-11: "
        "a biopsy of 2025-05-01 was malignant." + DESIGN
    )
    assert said_of("RADIOGRAPHIC_PD", proven) == (
        "The overall response of the read of 2025-04-11 is PD, dated 2025-04-11: "
        "a treated site has recurred."
    )


def test_a_recurrence_by_the_reader_a_new_lesion_or_a_biopsy_alone() -> None:
    called = "0 | surgery t sites=S |\n 100 | read r no-targets {} |"
    beginning = "A treated site has recurred in the read of 2025-04-11, dated 2025-04-11: "
    assert said_of("LOCAL_RECURRENCE", called.format("site=S:progressed")) == (
        beginning + "the reader calls it progressed." + DESIGN
    )
    assert said_of("LOCAL_RECURRENCE", called.format("new:X/@S")) == (
        beginning + "there is an unequivocal new lesion at it." + DESIGN
    )
    alone = "0 | surgery t sites=S |\n 100 | biopsy p malignant site=S |"
    assert said_of("LOCAL_RECURRENCE", alone) == (
        "A treated site has recurred: its biopsy of 2025-04-11 was malignant. No read between the "
        "therapy and the biopsy had called the site enlarging or progressed." + DESIGN
    )
    assert said_of("RADIOGRAPHIC_PD", alone) == (
        "PD is dated 2025-04-11 by the malignant biopsy of a treated site: no read between the "
        "therapy and the biopsy had called the site enlarging or progressed." + DESIGN
    )


CLASS = "0 | base b no-targets |\n 100 | read r no-targets new:X active={} |\n"


def test_the_class_in_words() -> None:
    assert said_of("OLIGOPROGRESSION", CLASS.format("1,0") + "101 | stated s yes |") == (
        "The progression dated 2025-04-11 is within the limits of the study, with 1 active lesion "
        "in the lung and 0 elsewhere, and a clinician states that it is locally treatable." + DESIGN
    )
    beyond = "The progression dated 2025-04-11 shows 6 active lesions in the lung and 1 elsewhere"
    assert said_of("POLYPROGRESSION", CLASS.format("6,1")) == (
        beyond + ", beyond the limits of the study (at most 5, all in the lung)." + DESIGN
    )
    rules: dict[str, object] = {
        "oligo.extrapulmonary_policy": "OLIGO_IF_TOTAL_LE_5", "oligo.count_mode": "CUMULATIVE",
    }  # fmt: skip
    assert said_of("POLYPROGRESSION", CLASS.format("6,1"), rules) == (
        beyond + ", those that were treated counted in, beyond the limits of the study "
        "(at most 5 in any organ)." + DESIGN
    )
    later = CLASS.format("1,0") + "200 | read r2 no-targets active=6,0 |"
    assert said_of("POLYPROGRESSION", later) == (
        "After a progression the read of 2025-07-20 shows 6 active lesions in the lung and 0 "
        "elsewhere, beyond the limits of the study (at most 5, all in the lung)." + DESIGN
    )
