"""Non-target and new lesions, responses and images of a visit."""

from typing import Any

import pytest

from tests.wire.adapters.tables import Row, converted, reads, refused, rs, tr, tu

TARGET = (tu("T01"), tr("T01", 1, "20"))
OTHER = tu("NT01", "NON-TARGET", "PERITONEUM")


def last(*rows: Row) -> dict[str, Any]:
    return dict(reads(converted(*rows))[-1])


def state(row: Row) -> str:
    """The state that a row gives a non-target lesion."""
    (lesion,) = last(*TARGET, OTHER, tr("NT01", 1, "PRESENT", "TUMSTATE"), row)["non_targets"][
        "lesions"
    ]
    return str(lesion["state"])


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("PRESENT", "present"),
        ("Absent", "absent"),
        ("UNEQUIVOCAL", "unequivocal_progression"),
        ("UNEQUIVOCAL INCREASE", "unequivocal_progression"),
        ("EQUIVOCAL", "present"),
        ("NOT EVALUABLE", "not_evaluable"),
    ],
)
def test_the_state_of_a_non_target_lesion(result: str, said: str) -> None:
    assert state(tr("NT01", 2, result, "TUMSTATE")) == said


def test_a_non_target_lesion_may_be_measured_or_not_seen_to() -> None:
    assert state(tr("NT01", 2, "12")) == "present"
    assert state(tr("NT01", 2, "0")) == "absent"
    assert state(tr("NT01", 2, "", "TUMSTATE", TRSTAT="NOT DONE")) == "not_evaluable"
    assert state(tr("T01", 2, "20")) == "not_evaluable"


def test_a_non_target_node_below_10_mm_is_as_if_absent() -> None:
    node = tu("NT01", "NON-TARGET", "LUNG HILAR LYMPH NODE")
    rows = (*TARGET, node, tr("NT01", 1, "12", "LPERP"), tr("NT01", 2, "9.9", "LPERP"))
    (before, after) = (one["non_targets"]["lesions"][0] for one in reads(converted(*rows)))
    assert (before["state"], before["organ"], before["nodal"]) == ("present", "lymph_node", True)
    assert after["state"] == "absent"


def test_of_a_non_target_lesion_in_parts_the_worst_counts() -> None:
    rows = (*TARGET, OTHER, tr("NT01", 1, "PRESENT", "TUMSTATE"))
    parts = (tr("NT01.1", 2, "ABSENT", "TUMSTATE"), tr("NT01.2", 2, "UNEQUIVOCAL", "TUMSTATE"))
    assert last(*rows, *parts)["non_targets"]["lesions"] == [
        {
            "lesion_id": "NT01",
            "organ": "peritoneum",
            "nodal": False,
            "state": "unequivocal_progression",
        }
    ]


def test_without_target_disease_targets_are_an_empty_list() -> None:
    found = last(OTHER, tr("NT01", 1, "PRESENT", "TUMSTATE"))
    assert found["targets"] == []
    assert found["timepoint"] == {"label": "SCREENING", "is_baseline": True}


def test_a_new_lesion_is_as_certain_as_its_row_says_and_keeps_its_name() -> None:
    rows = (
        *(*TARGET, tu("NEW01", "NEW", "LUNG", TULAT="LEFT", VISITNUM="2", TUMETHOD="PET/CT SCAN")),
        *(tr("NEW01", 2, "EQUIVOCAL", "TUMSTATE"), tr("NEW01", 2, "7"), tr("T01", 2, "20")),
        *(tr("NEW01", 3, "UNEQUIVOCAL", "TUMSTATE", TRMETHOD="CT SCAN"), tr("T01", 3, "20")),
    )
    _, second, third = reads(converted(*rows))
    assert second["new_lesions"] == [
        {
            "lesion_id": "NEW01",
            "organ": "lung",
            "site": "lung, left",
            "nodal": False,
            "certainty": "equivocal",
            "method": "PET_CT",
            "size_mm": "7",
        }
    ]
    assert [(one["lesion_id"], one["certainty"]) for one in third["new_lesions"]] == [
        ("NEW01", "unequivocal")
    ]
    assert third["new_lesions"][0]["method"] == "CT"


@pytest.mark.parametrize(
    ("answer", "certainty"),
    [("Y", "unequivocal"), ("UNEQUIVOCAL", "unequivocal"), ("EQUIVOCAL", "equivocal")],
)
def test_the_word_in_rs_says_how_certain_a_new_lesion_is(answer: str, certainty: str) -> None:
    named = (tu("NEW01", "NEW", "BONE", VISITNUM="2"), rs("NEWLPROG", 2, answer))
    (lesion,) = last(*TARGET, *named)["new_lesions"]
    assert (lesion["lesion_id"], lesion["certainty"]) == ("NEW01", certainty)
    (nameless,) = last(*TARGET, rs("NEWLPROG", 2, answer))["new_lesions"]
    assert (nameless["lesion_id"], nameless["organ"]) == ("new at 2", "unspecified")
    assert nameless["certainty"] == certainty


def test_a_new_lesion_of_no_known_certainty_is_refused() -> None:
    found = converted(*TARGET, tu("NEW01", "NEW", "BONE", VISITNUM="2", TUDTC="2025-03-03"))
    assert [(reason, place) for reason, place, _ in refused(found)] == [
        ("no_discrete_value", "tu.csv row 3")
    ]


@pytest.mark.parametrize("word", ["ABSENT", "NOT EVALUABLE"])
def test_a_new_lesion_that_is_not_seen_is_not_listed(word: str) -> None:
    rows = (
        *TARGET,
        tu("NEW01", "NEW", "BONE", VISITNUM="2"),
        tr("NEW01", 2, "EQUIVOCAL", "TUMSTATE"),
    )
    assert "new_lesions" not in last(*rows, tr("NEW01", 3, word, "TUMSTATE"))
    assert "new_lesions" not in last(*TARGET, rs("NEWLPROG", 2, "N"))


def test_a_search_for_new_lesions_that_was_not_possible_leaves_the_survey_incomplete() -> None:
    assert last(*TARGET, rs("NEWLPROG", 2, "NE"))["survey"] == "incomplete"
    assert last(*TARGET, rs("NEWLPROG", 2, "", RSSTAT="NOT DONE"))["survey"] == "incomplete"


def test_responses_and_the_sum_are_kept_as_reported() -> None:
    found = last(
        *(*TARGET, tr("", 2, "1.8", "SUMDIAM", TRORRESU="cm", TRDTC=""), rs("TRGRESP", 2, "SD")),
        *(rs("NTRGRESP", 2, "Non-CR/Non-PD"), rs("OVRLRESP", 2, "NA", RSSTRESC="PR")),
    )
    assert found["reported"] == {"target": "SD", "non_target": "NON-CR/NON-PD", "overall": "PR"}
    assert found["sum_of_diameters_mm"] == "18"
    assert found["images"] == [{"modality": "OTHER", "regions": [], "acquired_on": "2025-03-03"}]


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        (rs("OVRLRESP", 2, "iCR"), "unmapped_code", "RSORRES"),
        (rs("OVRLRESP", 2, ""), "no_discrete_value", "RSSTRESC"),
        (rs("OVRLRESP", 2, "PD", RSDTC="2025"), "schema_invalid", "RSDTC"),
        (rs("OVRLRESP", 2, "PD", RSDTC="2025-02-30"), "schema_invalid", "RSDTC"),
        (rs("OVRLRESP", 2, "PD", RSDTC="1025-02-03"), "implausible_value", "RSDTC"),
        (rs("OVRLRESP", 2, "PD", RSDTC=""), "schema_invalid", ""),
    ],
)
def test_a_response_that_cannot_be_read_is_refused(row: Row, reason: str, column: str) -> None:
    place = f"rs.csv row 2, {column}" if column else "rs.csv row 2"
    found = refused(converted(*TARGET, row))
    assert [(one, where) for one, where, _ in found] == [(reason, place)]


def test_other_tests_and_other_criteria_are_left_out_and_counted() -> None:
    found = converted(
        *(*TARGET, tr("T01", 2, "20"), tr("", 2, "-3", "ACNSD"), rs("SYMPTDTR", 2, "PD")),
        *(rs("OVRLRESP", 2, "iUPD", RSCAT="iRECIST"), rs("OVRLRESP", 2, "SD", RSCAT="RECIST 1.1")),
    )
    assert reads(found)[-1]["reported"] == {"overall": "SD"}
    assert found.left_out == {
        "of tests that reads do not carry": 2,
        "of other criteria than RECIST": 1,
    }


def test_a_visit_has_each_day_and_modality_once() -> None:
    mri = {"TRMETHOD": "MRI", "TRDTC": "2025-03-05T09:30"}
    found = last(
        *(*TARGET, tu("T02"), tr("T02", 1, "12"), tr("T01", 2, "20"), tr("T02", 2, "11", **mri)),
        tr("T02", 2, "9", "LPERP", **mri),
    )
    assert found["images"] == [
        {"modality": "CT", "regions": [], "acquired_on": "2025-03-03"},
        {"modality": "MRI", "regions": [], "acquired_on": "2025-03-05"},
    ]


def test_a_response_that_is_more_certain_than_every_new_lesion_is_refused() -> None:
    named = (tu("NEW01", "NEW", "BONE", VISITNUM="2"), tr("NEW01", 2, "EQUIVOCAL", "TUMSTATE"))
    found = refused(converted(*TARGET, *named, rs("NEWLPROG", 2, "UNEQUIVOCAL")))
    assert [one[:2] for one in found] == [("schema_invalid", "rs.csv row 2, RSORRES")]
    assert "more certain" in found[0][2]
    same = last(*TARGET, *named, rs("NEWLPROG", 2, "EQUIVOCAL"))
    assert [one["certainty"] for one in same["new_lesions"]] == ["equivocal"]


def test_a_lesions_other_test_is_counted_by_its_code_alone() -> None:
    rows = (tr("T01", 1, "9", "SAXIS"), tr("T01", 1, "9", "Jane Doe"), tr("", 1, "9", "ACNSD"))
    assert converted(*TARGET, *rows).left_out == {
        "of the test SAXIS, which reads do not carry": 1,
        "of tests that reads do not carry": 2,
    }
