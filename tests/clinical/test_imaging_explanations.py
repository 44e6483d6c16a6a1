"""What a coordinator reads of treated sites, classes and biopsies, whole (rules 1.12, 4.3)."""

import pytest

from tests.clinical.facts import on
from tests.clinical.table import assert_told

DESIGN = " This rule is a design choice of the study team, not an established criterion."


def said_of(finding: str, table: str, rules: dict[str, object] | None = None) -> str:
    return assert_told("-1 | enrolled |\n" + table, rules).last(finding).said.explanation


SITES = """
          0 | radiotherapy t sites=S                  |
         50 | base b no-targets                       |
        100 | read r no-targets site=S:enlarging      |
"""


def test_a_doubt_and_what_a_biopsy_proves() -> None:
    assert said_of("TREATED_SITE_EQUIVOCAL", SITES) == (
        "In the read of 2025-04-11 a treated site is called enlarging, 100 days after its "
        "radiotherapy ended, with no high-risk signs. Earlier than 180 days after radiotherapy, "
        "growth is no proof of recurrence, whatever the signs: image it again, or take a biopsy."
        + DESIGN
    )
    proven = SITES + "120 | biopsy p malignant site=S |"
    assert said_of("LOCAL_RECURRENCE", proven) == (
        "A treated site has recurred in the read of 2025-04-11, dated 2025-04-11: "
        "a biopsy of 2025-05-01 was malignant." + DESIGN
    )
    assert said_of("RADIOGRAPHIC_PD", proven) == (
        "The overall response of the read of 2025-04-11 is PD, dated 2025-04-11: "
        "a treated site has recurred (how treated sites are judged after local therapy is a design "
        "choice of the study team)."
    )


WHATEVER = "whatever the signs"
UNLESS = "unless the site is called progressed with 2 or more such signs"
ALONE = "Enlarging alone is at no time proof of recurrence"
OPEN = "The time in which growth is no proof of recurrence counts from then: it is not over"


def early(days: int, modality: str, unless: str) -> str:
    return f"Earlier than {days} days after {modality}, growth is no proof of recurrence, {unless}"


# therapy, day of the read, what it says; what is said of the therapy, and why it is no proof.
DOUBTS = [
    ("radiotherapy t until=20 sites=S", 199, "progressed:1",
     "179 days after its radiotherapy ended, with 1 high-risk sign",
     early(180, "radiotherapy", WHATEVER)),
    ("radiotherapy t until=20 sites=S", 200, "enlarging:2",
     "180 days after its radiotherapy ended, with 2 high-risk signs",
     early(365, "radiotherapy", UNLESS)),
    ("radiotherapy t until=20 sites=S", 385, "enlarging:2",
     "365 days after its radiotherapy ended", ALONE),
    ("ablation t sites=S", 179, "progressed:2",
     "179 days after its ablation ended, with 2 high-risk signs",
     early(180, "ablation", WHATEVER)),
    ("ablation t sites=S", 180, "enlarging", "180 days after its ablation ended", ALONE),
    ("surgery t sites=S", 1, "enlarging", "1 day after its surgery ended", ALONE),
    ("surgery t until=20 sites=S", 18, "enlarging", "2 days before its surgery ended", ALONE),
    ("radiotherapy t until=open sites=S", 900, "progressed:2",
     "with no last day of its radiotherapy on record", OPEN),
    ("surgery t until=open sites=S", 900, "enlarging",
     "with no last day of its surgery on record", ALONE),
    ("surgery t sites=Q", 100, "enlarging:2", "with no therapy of it on record", ALONE),
]  # fmt: skip


@pytest.mark.parametrize(("therapy", "day", "says", "since", "why"), DOUBTS)
def test_why_growth_is_no_proof(therapy: str, day: int, says: str, since: str, why: str) -> None:
    told_of = said_of(
        "TREATED_SITE_EQUIVOCAL", f"0 | {therapy} |\n {day} | read r no-targets site=S:{says} |"
    )
    assert told_of == (
        f"In the read of {on(day)} a treated site is called {says.partition(':')[0]}, {since}. "
        f"{why}: image it again, or take a biopsy." + DESIGN
    )


def test_of_two_words_on_a_site_the_one_in_doubt_is_told() -> None:
    read = "200 | read r no-targets site=S:no_change site=S:progressed:1 site=S:enlarging |"
    sentence = said_of("TREATED_SITE_EQUIVOCAL", f"0 | radiotherapy t sites=S |\n {read}")
    assert "is called progressed, 200 days after its radiotherapy ended, with 1 high" in sentence


def test_a_recurrence_by_the_reader_a_new_lesion_or_a_biopsy_alone() -> None:
    called = "0 | surgery t sites=S |\n 100 | read r no-targets {} |"
    beginning = "A treated site has recurred in the read of 2025-04-11, dated 2025-04-11: "
    assert said_of("LOCAL_RECURRENCE", called.format("site=S:progressed")) == (
        beginning + "the reader calls it progressed, 100 days after its surgery ended." + DESIGN
    )
    assert said_of("LOCAL_RECURRENCE", called.format("new:X/@S site=S:progressed")) == (
        beginning + "the reader calls it progressed, 100 days after its surgery ended; there is an "
        "unequivocal new lesion at it." + DESIGN
    )
    irradiated = called.replace("surgery t", "radiotherapy t until=-100").replace(
        "0 |", "-200 |", 1
    )
    assert said_of("LOCAL_RECURRENCE", irradiated.format("site=S:progressed:2")) == (
        beginning + "the reader calls it progressed, 200 days after its radiotherapy ended, with "
        "2 high-risk signs (before day 365 at least 2 are asked for)." + DESIGN
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
