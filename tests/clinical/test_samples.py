"""What single samples are told for: blackout, another assay, data quality (rules 2.3-2.10)."""

from collections.abc import Sequence
from functools import partial

import pytest

from tests.clinical import table

assert_told = partial(
    table.assert_told, about={"CTDNA_POSITIVE_IN_BLACKOUT", "ASSAY_CHANGED", "DATA_QUALITY"}
)


def kinds(row: str) -> list[object]:
    """The kinds of data quality that a sample of day 100 raises."""
    patient = assert_told(f"0 | enrolled |\n 100 | ctdna s1 {row} |")
    found = patient.timeline()["standing_findings"]
    for finding in (one for one in found if one["finding"] == "DATA_QUALITY"):
        assert finding["severity"] == "low"
        assert finding["evidence"] == ["s1"]
    return [one["details"]["kind"] for one in found if one["finding"] == "DATA_QUALITY"]


def test_a_positive_in_a_blackout_asks_for_another_sample() -> None:
    patient = assert_told("""
          0 | enrolled                          |
          0 | surgery t until=10                |
         -1 | ctdna s0 detected                 | baseline
          0 | ctdna s1 detected                 | blackout
         20 | ctdna s2 not_detected             | blackout
         21 | ctdna s3 indeterminate            | not counted: indeterminate
         22 | ctdna s4 detected status=preliminary | not counted: status
         37 | ctdna s5 detected                 | blackout
         38 | ctdna s6 detected                 | suspected
            | CTDNA_POSITIVE_IN_BLACKOUT @0 s1  |
            | CTDNA_POSITIVE_IN_BLACKOUT @37 s5 |
    """)
    said = patient.last("CTDNA_POSITIVE_IN_BLACKOUT").said
    assert (said.severity, said.details) == ("low", {})
    assert [item.record_id for item in said.evidence] == ["s5", "t"]


def test_a_therapy_that_moves_takes_its_blackout_with_it() -> None:
    patient = assert_told("0 | enrolled |\n 0 | surgery t |\n 20 | ctdna s1 detected | blackout")
    (moved,) = table.parsed("0 | surgery t until=30 |").facts
    (earlier,) = table.parsed("-8 | surgery t until=-8 |").facts
    assert patient.tell(moved.but(version=2)) == []
    assert patient.tell(earlier.but(version=3))[:2] == [
        "withdrawn CTDNA_POSITIVE_IN_BLACKOUT",
        "raised MOLECULAR_RELAPSE_SUSPECTED",
    ]


def changes(*rows: tuple[int, str, str]) -> Sequence[str]:
    """The assay changes that samples (day, record id, words) make."""
    story = "\n".join(f"{day} | ctdna {name} {words} |" for day, name, words in rows)
    patient = assert_told("0 | enrolled |\n" + story)
    return [row for row in patient.standing() if row.startswith("ASSAY_CHANGED")]


def test_a_further_assay_is_told_once_for_each_group() -> None:
    assert changes(
        (100, "s1", "detected"),
        (110, "s2", "not_detected code=B"),
        (120, "s3", "not_detected"),
        (130, "s4", "not_detected code=B"),
        (140, "s5", "not_detected lab=L"),
    ) == ["ASSAY_CHANGED @110 s2", "ASSAY_CHANGED @140 s5"]


def test_of_two_assays_on_one_day_the_second_in_order_is_the_change() -> None:
    assert changes((100, "s2", "detected"), (100, "s1", "detected code=B")) == [
        "ASSAY_CHANGED @100 s2"
    ]


def test_whatever_the_call_but_only_of_a_final_status() -> None:
    assert changes(
        (100, "s1", "cancelled"),
        (110, "s2", "qc_failed code=B"),
        (120, "s3", "detected code=C status=preliminary"),
        (130, "s4", "detected code=C status=corrected"),
    ) == ["ASSAY_CHANGED @110 s2", "ASSAY_CHANGED @130 s4"]
    assert changes(
        (100, "s1", "detected status=preliminary"), (110, "s2", "detected code=B")
    ) == []  # fmt: skip


def test_baseline_samples_belong_to_it_and_pairing_across_assays_does_not_silence_it() -> None:
    assert_told("""
          0 | enrolled                       |
          0 | surgery t                      |
         -9 | ctdna s1 detected              | baseline
         40 | ctdna s2 not_detected code=B   | clearance_provisional
            | ASSAY_CHANGED @40 s2           |
    """, {"ctdna.cross_assay_confirm": True})  # fmt: skip


def test_version_and_panel_are_part_of_the_group() -> None:
    first = table.parsed("100 | ctdna s1 detected |").facts[0]
    for field in ("version", "panel_id"):
        patient = assert_told("0 | enrolled |").tell_all([first])
        again = table.parsed("110 | ctdna s2 detected |").facts[0]
        changed = again.but(assay={"lab": "LAB", "code": "A", field: "2"})
        assert "raised ASSAY_CHANGED" in patient.tell(changed)


@pytest.mark.parametrize(
    ("row", "mismatch"),
    [
        ("not_detected value=0.2 lod=0.2", True),
        ("not_detected value=0.19 lod=0.2", False),
        ("not_detected value=<0.2 lod=0.2", False),
        ("not_detected value=<=0.3 lod=0.2", False),
        ("not_detected value=>0.3 lod=0.2", True),
        ("not_detected value=0.001", True),
        ("not_detected value=<0.001", False),
        ("not_detected value=0", False),
        ("not_detected value=0 lod=0.2", False),
        ("not_detected", False),
        ("not_detected lod=0.2", False),
        ("not_detected value=0.003:VAF_FRACTION lod=0.2", True),
        ("not_detected value=0.0019:VAF_FRACTION lod=0.2", False),
        ("not_detected value=3:HGE_PER_ML lod=3:COPIES_PER_ML", True),
        ("not_detected value=9:MTM_PER_ML lod=0.2", False),
        ("not_detected value=9:COPIES_PER_ML lod=0.2", False),
        ("not_detected value=9:COPIES_PER_ML lod=0.2 cfdna=10", True),
        ("not_detected value=6:COPIES_PER_ML lod=0.2 cfdna=10", False),
        ("detected value=0.1 lod=0.2", False),
        ("detected value=0", False),
        ("indeterminate value=9", False),
        ("not_detected value=9 status=preliminary", False),
        ("not_detected value=9 status=amended", True),
    ],
)
def test_a_number_that_contradicts_the_call(row: str, mismatch: bool) -> None:  # noqa: FBT001
    assert kinds(row) == (["call_value"] if mismatch else [])


@pytest.mark.parametrize(
    ("row", "warned"),
    [
        ("detected tube=edta spin=6", False),
        ("detected tube=edta spin=6.01", True),
        ("detected tube=stabilising spin=168", False),
        ("detected tube=stabilising spin=168.5", True),
        ("detected tube=other spin=500", False),
        ("detected spin=500", False),
        ("detected tube=edta", False),
        ("detected plasma=4", False),
        ("detected plasma=3.99", True),
        ("detected plasma=3 tube=edta spin=7", True),
        ("qc_failed plasma=3", True),
        ("cancelled plasma=3", True),
        ("detected plasma=3 status=preliminary", False),
    ],
)
def test_preanalytic_warnings(row: str, warned: bool) -> None:  # noqa: FBT001
    assert kinds(row) == (["preanalytic"] if warned else [])


def test_kinds_of_one_sample_are_findings_of_their_own() -> None:
    assert sorted(map(str, kinds("not_detected value=9 plasma=3 genes=TET2"))) == [
        "call_value",
        "chip",
        "preanalytic",
    ]


def test_a_number_never_overrides_the_call() -> None:
    assert_told("100 | ctdna s1 not_detected value=9 | negative counted=True")
    assert_told("100 | ctdna s1 detected value=0 | suspected counted=True")
