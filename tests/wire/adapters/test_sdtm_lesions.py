"""Lesions that split, merge, are too small, absent or not evaluable, and nodes by short axis."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.acceptance.evaluated import evaluate
from tests.wire.adapters.tables import Row, converted, dm, reads, refused, rs, tr, tu

NODE = {"location": "LYMPH NODE"}


def targets(*rows: Row, read: int = -1) -> dict[str, Mapping[str, Any]]:
    """What a read says of each target, beside where it lies; the last read if no other."""
    listed = reads(converted(*rows))[read]["targets"]
    place = {"lesion_id", "organ", "nodal", "site"}
    return {
        one["lesion_id"]: {name: value for name, value in one.items() if name not in place}
        for one in listed
    }


def timeline(*rows: Row) -> list[Mapping[str, Any]]:
    """The reads as the monitor values them, sum and response."""
    found = converted(dm(), *rows)
    assert not found.refusals
    told = evaluate(event.line for event in found.events)
    assert not told.rejections
    return [*told.timelines["S/P-1"]["imaging"]]


def test_a_target_has_its_longest_diameter_and_a_node_its_perpendicular_one() -> None:
    node = tu("T02", **NODE)
    found = targets(
        *(tu("T01"), node, tr("T01", 1, "21"), tr("T01", 1, "14", "LPERP")),
        *(tr("T02", 1, "30"), tr("T02", 1, "17.50", "LPERP")),
    )
    assert found == {
        "T01": {"state": "measured", "diameter_mm": "21"},
        "T02": {"state": "measured", "diameter_mm": "17.5"},
    }


def test_the_plain_diameter_is_what_counts_for_either() -> None:
    node = tu("T02", **NODE)
    rows = (tu("T01"), node, tr("T01", 1, "21", "DIAMETER"), tr("T02", 1, "16", "DIAMETER"))
    assert [one["diameter_mm"] for one in targets(*rows).values()] == ["21", "16"]


@pytest.mark.parametrize(
    ("result", "more", "said"),
    [
        ("2.1", {"TRORRESU": "cm"}, {"state": "measured", "diameter_mm": "21"}),
        ("0", {}, {"state": "absent"}),
        ("0", {"TRORRESU": ""}, {"state": "absent"}),
        ("ABSENT", {}, {"state": "absent"}),
        ("too small  to measure", {}, {"state": "too_small_to_measure"}),
        (
            "TOO SMALL TO MEASURE",
            {"TRSTRESC": "5", "TRSTRESN": "5", "TRSTRESU": "mm"},
            {"state": "too_small_to_measure"},
        ),
        ("", {"TRSTAT": "NOT DONE", "TRREASND": "SCAN NOT PERFORMED"}, {"state": "not_evaluable"}),
        ("NOT EVALUABLE", {}, {"state": "not_evaluable"}),
        ("", {"TRSTRESN": "1.2e1", "TRSTRESU": "mm"}, {"state": "measured", "diameter_mm": "12"}),
        (
            "1.24",
            {"TRORRESU": "cm", "TRSTRESN": "12", "TRSTRESU": "mm"},
            {"state": "measured", "diameter_mm": "12"},
        ),
    ],
)
def test_what_a_row_says_of_a_size(
    result: str, more: dict[str, str], said: Mapping[str, object]
) -> None:
    rows = (tu("T01"), tu("T02"), tr("T01", 1, result, **more), tr("T02", 1, "10"))
    assert targets(*rows)["T01"] == said


@pytest.mark.parametrize(
    ("result", "more", "reason", "column"),
    [
        ("21", {"TRORRESU": ""}, "schema_invalid", "TRORRESU"),
        ("21", {"TRORRESU": "in"}, "unmapped_code", "TRORRESU"),
        ("-2.0", {"TRORRESU": "mm"}, "implausible_value", "TRORRES"),
        ("<5", {"TRORRESU": "mm"}, "no_discrete_value", "TRORRES"),
        ("about 20", {}, "no_discrete_value", "TRORRES"),
        ("", {}, "no_discrete_value", "TRORRES"),
        ("21", {"TRSTAT": "PARTLY"}, "unmapped_code", "TRSTAT"),
        ("2.1", {"TRSTRESN": "21", "TRSTRESU": "mm"}, "implausible_value", "TRSTRESN"),
        ("9" * 70, {}, "no_discrete_value", "TRORRES"),
    ],
)
def test_a_size_that_cannot_be_read_keeps_the_read_back(
    result: str, more: dict[str, str], reason: str, column: str
) -> None:
    found = converted(
        *(tu("T01"), tr("T01", 1, "20"), tr("T01", 2, result, **more), tr("T01", 3, "18"))
    )
    assert [(said, place) for said, place, _ in refused(found)] == [
        (reason, f"tr.csv row 3, {column}")
    ]
    assert [json.loads(one.line)["data"]["timepoint"]["label"] for one in found.events] == [
        "SCREENING",
        "WEEK 3",
    ]


def test_fragments_are_one_lesion_that_split() -> None:
    rows = (
        *(tu("T04"), tr("T04", 1, "14")),
        *(tu("T04.1", TUTESTCD="TUSPLIT", TUGRPID="T04", VISITNUM="2"), tu("T04.2", VISITNUM="2")),
        *(tr("T04.1", 2, "6"), tr("T04.2", 2, "TOO SMALL TO MEASURE")),
        *(tr("T04", 2, "", TRSTAT="NOT DONE"), tr("T04.1", 3, "0"), tr("T04.2", 3, "0")),
    )
    assert targets(*rows, read=1) == {"T04": {"state": "split", "fragments_mm": ["6", "5"]}}
    assert targets(*rows) == {"T04": {"state": "absent"}}
    assert [one["sum_mm"] for one in timeline(*rows)] == ["14.0", "11.0", "0.0"]


def test_a_fragment_that_is_no_longer_told_leaves_its_lesion_not_evaluable() -> None:
    split = (tu("T04"), tr("T04", 1, "14"), tr("T04.1", 2, "6"), tr("T04.2", 2, "7"))
    assert targets(*split, tr("T04.1", 3, "6")) == {"T04": {"state": "not_evaluable"}}
    whole_again = targets(*split, tr("T04", 3, "12"))
    assert whole_again == {"T04": {"state": "measured", "diameter_mm": "12"}}


def test_a_mass_counts_once_on_the_first_of_its_lesions() -> None:
    rows = (
        *(tu("T02"), tu("T03"), tr("T02", 1, "20"), tr("T03", 1, "15")),
        *(tu("T02/T03", TUTESTCD="TUMERGE", VISITNUM="2"), tr("T02/T03", 2, "41")),
        *(tr("T02", 2, "", TRSTAT="NOT DONE", TRREASND="TUMOR MERGED"), tr("T02/T03", 3, "0")),
    )
    assert targets(*rows, read=1) == {
        "T02": {"state": "measured", "diameter_mm": "41"},
        "T03": {"state": "merged", "merged_into": "T02"},
    }
    assert targets(*rows) == {"T02": {"state": "absent"}, "T03": {"state": "absent"}}
    assert [one["sum_mm"] for one in timeline(*rows)] == ["35.0", "41.0", "0.0"]
    assert timeline(*rows)[1]["sum_complete"] is True


def test_fragments_that_grow_together_are_their_lesion_again() -> None:
    rows = (tu("T04"), tr("T04", 1, "14"), tr("T04.1", 2, "6"), tr("T04.2", 2, "7"))
    found = targets(*rows, tr("T04.1/T04.2", 3, "13"))
    assert found == {"T04": {"state": "measured", "diameter_mm": "13"}}


def test_merged_without_a_row_of_the_mass_is_not_evaluable() -> None:
    rows = (tu("T02"), tr("T02", 1, "20"))
    merged = tr("T02", 2, "", TRSTAT="NOT DONE", TRREASND="TUMOR MERGED")
    assert targets(*rows, merged) == {"T02": {"state": "not_evaluable"}}


@pytest.mark.parametrize(
    "rows",
    [
        (tr("T02/T03", 2, "41"), tr("T03", 2, "15")),
        (tr("T02.1", 2, "4"), tr("T02.2", 2, "5"), tr("T02", 2, "9")),
        (tr("T02/T03", 2, "41"), tr("T03/T02", 2, "41")),
    ],
)
def test_what_would_count_twice_is_refused(rows: tuple[Row, ...]) -> None:
    before = (tu("T02"), tu("T03"), tr("T02", 1, "20"), tr("T03", 1, "15"))
    found = converted(*before, *rows)
    assert [reason for reason, _, _ in refused(found)] == ["schema_invalid"]
    assert len(found.events) == 1


def test_ids_that_only_look_split_or_merged_are_names() -> None:
    rows = (tu("L1.2"), tu("left/upper"), tr("L1.2", 1, "20"), tr("left/upper", 1, "15"))
    assert [*targets(*rows)] == ["L1.2", "left/upper"]


def test_a_target_of_the_baseline_without_a_row_is_not_evaluable() -> None:
    rows = (tu("T01"), tu("T02"), tr("T01", 1, "20"), tr("T02", 1, "15"), tr("T01", 2, "18"))
    assert targets(*rows)["T02"] == {"state": "not_evaluable"}
    assert [one["overall"] for one in timeline(*rows)] == [None, "NE"]


def test_without_a_location_the_kind_of_diameter_tells_a_node_or_the_read_is_refused() -> None:
    group = {"TRGRPID": "TARGET"}
    found = reads(converted(tr("T01", 1, "20", **group), tr("T02", 1, "16", "LPERP", **group)))
    assert [(one["organ"], one["nodal"]) for one in found[0]["targets"]] == [
        ("unspecified", False),
        ("unspecified", True),
    ]
    unknown = converted(tr("T01", 1, "20", "DIAMETER", **group))
    assert [place for _, place, _ in refused(unknown)] == ["tr.csv row 2, TRLNKID"]
    assert "no row of TU names this lesion" in refused(unknown)[0][2]
    nowhere = converted(tu("T01", location=""), tr("T01", 1, "20", "DIAMETER"))
    assert [place for _, place, _ in refused(nowhere)] == ["tu.csv row 2, TULOC"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((tr("T01", 1, "9", "LPERP"),), "no_discrete_value"),
        ((tr("T01", 1, "PRESENT", "TUMSTATE"),), "no_discrete_value"),
        ((tr("T01", 1, "20"), tr("T01", 1, "20")), "schema_invalid"),
        ((tr("", 1, "20"),), "schema_invalid"),
    ],
)
def test_a_target_needs_one_row_of_the_diameter_that_counts(
    rows: tuple[Row, ...], reason: str
) -> None:
    assert [one for one, _, _ in refused(converted(tu("T01"), *rows))] == [reason]


def test_absent_of_a_node_is_no_size() -> None:
    node = tu("T01", **NODE)
    found = converted(node, tr("T01", 1, "16", "LPERP"), tr("T01", 2, "ABSENT", "TUMSTATE"))
    assert [reason for reason, _, _ in refused(found)] == ["no_discrete_value"]
    sized = (tr("T01", 2, "ABSENT", "TUMSTATE"), tr("T01", 2, "8", "LPERP"))
    assert targets(node, tr("T01", 1, "16", "LPERP"), *sized)["T01"]["diameter_mm"] == "8"


def test_a_visit_of_responses_alone_has_no_lesion_depth() -> None:
    rows = (tu("T01"), tr("T01", 1, "20"), rs("OVRLRESP", 2, "PD"))
    assert "targets" not in reads(converted(*rows))[1]
    assert [one["overall"] for one in timeline(*rows)] == [None, "PD"]


def test_the_first_row_of_tu_names_a_lesion_in_whichever_order_the_rows_come() -> None:
    rows = [tu("T01", TULAT="LEFT"), tu("T01", TULAT="RIGHT", VISITNUM="2", TUMETHOD="MRI")]
    seen = (tr("T01", 1, "20"), tr("T01", 2, "18"))
    found = [reads(converted(*order, *seen)) for order in (rows, rows[::-1])]
    assert found[0] == found[1]
    assert found[0][0]["targets"][0]["site"] == "liver, left"


def test_targets_of_a_baseline_that_is_refused_are_expected_nevertheless() -> None:
    other = tu("NT01", "NON-TARGET", "LUNG")
    follow_up = (rs("OVRLRESP", 2, "NE"), tr("NT01", 2, "PRESENT", "TUMSTATE"))
    found = converted(tu("T01"), other, tr("T01", 1, "20", TRDTC="2025-01"), *follow_up)
    assert len(found.refusals) == 1
    (read,) = [json.loads(one.line)["data"] for one in found.events]
    assert [(one["lesion_id"], one["state"]) for one in read["targets"]] == [
        ("T01", "not_evaluable")
    ]
    nameless = {"VISIT": "", "VISITNUM": "1"}
    unknown = converted({**tu("T01"), **nameless, "VISITNUM": ""}, other, *follow_up)
    assert "targets" not in reads(unknown)[-1]
