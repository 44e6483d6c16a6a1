"""What a coordinator reads about samples: rises, clearance, comparability, data quality."""

import pytest

from tests.clinical.table import assert_told

DESIGN = " This rule is a design choice of the study team, not an established criterion."


def said(finding: str, table: str, **rules: object) -> str:
    """The sentence of the latest notice about a finding of this name."""
    named = {key.replace("__", "."): value for key, value in rules.items()}
    sentence = assert_told("0 | enrolled |\n" + table, named).last(finding).said.explanation
    assert sentence.endswith(DESIGN)
    return sentence.removesuffix(DESIGN)


def test_a_rise_by_fold() -> None:
    story = """
        100 | ctdna s1 detected value=0.30            |
        114 | ctdna s2 detected value=0.5 ci=0.4..0.7 |
        160 | ctdna s3 detected value=0.899           |
    """
    assert said("RISING_CTDNA", story) == (
        "ctDNA rises: 0.899 % VAF in the sample of 2025-06-10 is 2.99 times the 0.3 % VAF of "
        "2025-04-11, the lowest before it in this run of positives (the rule asks for 2 times, "
        "with confidence intervals apart where both are known). Over the quantified samples of "
        "the run the amount doubles in 41.0 days."
    )
    fast = said("RISING_CTDNA", story, ctdna__rise__fast_dt=41)
    assert fast.endswith("doubles in 41.0 days, which is fast (at most 41 days).")
    assert said("RISING_CTDNA", "\n".join(story.splitlines()[1:3]), ctdna__rise__fold="1.5") == (
        "ctDNA rises: 0.5 % VAF in the sample of 2025-04-25 is 1.66 times the 0.3 % VAF of "
        "2025-04-11, the lowest before it in this run of positives (the rule asks for 1.5 times, "
        "with confidence intervals apart where both are known)."
    )


def test_a_rise_by_trend() -> None:
    assert said("RISING_CTDNA", """
        100 | ctdna s1 detected value=10:PPM |
        121 | ctdna s2 detected value=15:PPM |
        142 | ctdna s3 detected value=19:PPM |
    """) == (
        "ctDNA rises: 19 ppm in the sample of 2025-05-23 is 1.90 times the 10 ppm of 2025-04-11, "
        "and each sample between rose over the one before it (the rule asks for 3 rising samples "
        "over at least 42 days that double within 90 days). Over the quantified samples of the "
        "run the amount doubles in 45.4 days."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("VAF_PCT", "% VAF"),
        ("VAF_FRACTION", "VAF (fraction)"),
        ("COPIES_PER_ML", "copies/mL"),
        ("HGE_PER_ML", "hGE/mL"),
        ("MTM_PER_ML", "MTM/mL"),
        ("PPM", "ppm"),
        ("TF_PCT", "% tumour fraction"),
    ],
)
def test_units_in_words(unit: str, words: str) -> None:
    assert f"ctDNA rises: 4.5 {words} in" in said(
        "RISING_CTDNA",
        f"1 | ctdna s1 detected value=1:{unit} |\n 2 | ctdna s2 detected value=4.50:{unit} |",
    )


def test_clearances() -> None:
    story = """
        100 | ctdna s1 detected     |
        120 | ctdna s2 detected     |
        140 | ctdna s3 not_detected |
        160 | ctdna s4 not_detected |
        170 | ctdna s5 not_detected |
        180 | ctdna s6 detected     |
    """
    assert said("CTDNA_CLEARANCE_PROVISIONAL", story) == (
        "ctDNA was not detected in the counted sample of 2025-05-21, after it had been detected "
        "in that of 2025-05-01: a provisional clearance. It is sustained by 2 counted negatives "
        "in a row over at least 28 days. A negative ctDNA does not rule out a lung relapse."
    )
    assert said("CTDNA_CLEARANCE_SUSTAINED", story) == (
        "ctDNA was not detected in 3 counted samples in a row, from 2025-05-21 to 2025-06-20 "
        "(30 days), after it had been detected in that of 2025-05-01: a sustained clearance "
        "(the rule asks for 2 over at least 28 days). A negative ctDNA does not rule out a lung "
        "relapse."
    )
    assert said("CTDNA_CLEARANCE_LOST", story) == (
        "ctDNA was detected in the sample of 2025-06-30: the sustained clearance that began on "
        "2025-05-21 is lost."
    )
    early = story.replace("170 | ctdna s5 not_detected |", "")
    assert "the provisional clearance" in said("CTDNA_CLEARANCE_LOST", early)


def test_a_positive_in_a_blackout() -> None:
    sentence = (
        "ctDNA was detected in the sample of 2025-01-21, inside the blackout of the local therapy "
        "of {}, and does not count: draw again {}."
    )
    story = "0 | surgery t until=10 |\n 20 | ctdna s1 detected |"
    name = "CTDNA_POSITIVE_IN_BLACKOUT"
    assert said(name, story) == sentence.format("2025-01-01", "from 2025-02-08 on")
    more = "15 | ablation t2 until=18 round=2 |\n" + story
    assert said(name, more) == sentence.format("2025-01-01 and 2025-01-16", "from 2025-02-16 on")
    open_end = more.replace("until=18", "until=open")
    assert said(name, open_end) == sentence.format(
        "2025-01-01 and 2025-01-16", "when the therapy and its blackout are over"
    )


def test_another_assay() -> None:
    story = "100 | ctdna s1 detected |\n 120 | ctdna s2 detected code=B |"
    changed = (
        "The sample of 2025-05-01 was measured with another assay, version or panel than that of "
        "2025-04-11: "
    )
    assert said("ASSAY_CHANGED", story) == changed + (
        "no positives are paired and no amounts compared between the two, and a negative in one "
        "clears nothing in the other."
    )
    assert said("ASSAY_CHANGED", story, ctdna__cross_assay_confirm=True) == (
        changed + "this study pairs their calls, and compares no amounts."
    )


def test_a_unit_that_does_not_compare() -> None:
    assert said("UNIT_NOT_COMPARABLE", """
        100 | ctdna s1 detected value=1            |
        120 | ctdna s2 detected value=9:MTM_PER_ML |
    """) == (
        "The sample of 2025-05-01 is reported in MTM/mL, that of 2025-04-11 in % VAF, and the two "
        "do not convert: calls still count, but amounts are no longer compared in this run of "
        "positives."
    )  # fmt: skip


def test_quality_of_samples() -> None:
    def quality(row: str) -> str:
        return said("DATA_QUALITY", f"100 | ctdna s1 {row} |")

    assert quality("not_detected value=0.2 lod=0.001:VAF_FRACTION") == (
        "The sample of 2025-04-11 was called not detected, but its amount is given as 0.2 % VAF, "
        "at or above the limit of detection of 0.001 VAF (fraction). The laboratory's call "
        "stands; ask the laboratory."
    )
    assert ", above zero without a limit of detection. The" in quality("not_detected value=0.2")
    assert quality("detected genes=TET2,ASXL1,TET2") == (
        "The result of 2025-04-11 rests on genes of clonal haematopoiesis only (ASXL1, TET2), and "
        "it is not known to have been filtered for it: such a result may come from blood cells "
        "and cannot confirm a relapse."
    )
    assert quality("detected plasma=3.50 tube=edta spin=7") == (
        "The blood of 2025-04-11 was outside the usual limits before the test: EDTA blood waited "
        "7 h for the spin (at most 6 h); there were 3.5 mL of plasma (at least 4 mL). This is a "
        "warning, no rejection."
    )
    assert "the stabilising tube waited 169 h for the spin (at most 168 h)" in quality(
        "detected tube=stabilising spin=169"
    )
