"""Baselines, readers, rows that nobody can place, and enrolments."""

import pytest

from monitor.wire.adapters.sdtm import SdtmSettings
from tests.wire.adapters.tables import WEEKS, Row, converted, dm, reads, refused, rs, tr, tu

TARGET = (tu("T01"), tr("T01", 1, "20"))


def test_the_baseline_is_flagged_or_given_or_where_lesions_are_identified() -> None:
    rows = (tu("T01"), tr("T01", 1, "20"), tr("T01", 2, "18", TRLOBXFL="Y"), tr("T01", 3, "15"))
    flagged = [one["timepoint"]["is_baseline"] for one in reads(converted(*rows))]
    assert flagged == [False, True, False]
    given = SdtmSettings(baseline_visits=frozenset({"WEEK 3"}))
    chosen = [one["timepoint"]["is_baseline"] for one in reads(converted(*rows, settings=given))]
    assert chosen == [False, False, True]
    named = reads(converted(rs("OVRLRESP", 1, "NED"), rs("OVRLRESP", 2, "NED")))
    assert [one["timepoint"]["is_baseline"] for one in named] == [True, False]


def test_every_reader_is_a_series_of_its_own() -> None:
    independent = {"RSEVAL": "INDEPENDENT ASSESSOR"}
    found = converted(
        rs("OVRLRESP", 2, "SD"),
        rs("OVRLRESP", 2, "PR", RSEVALID="RADIOLOGIST 1", RSACPTFL="Y", **independent),
        rs("OVRLRESP", 2, "PD", RSEVALID="RADIOLOGIST 2", **independent),
        rs("OVRLRESP", 2, "PR", RSEVALID="ADJUDICATOR 1", **independent),
    )
    assert [(one["reader"]["role"], one["reader"]["id"]) for one in reads(found)] == [
        ("adjudicator", "ADJUDICATOR 1"),
        ("central", "RADIOLOGIST 1"),
        ("central", "RADIOLOGIST 2"),
        ("investigator", "INVESTIGATOR"),
    ]


def test_a_row_that_cannot_be_placed_keeps_back_every_read_it_may_belong_to() -> None:
    other = {**rs("OVRLRESP", 2, "SD"), "USUBJID": "P-2"}
    unknown_reader = converted(*TARGET, tr("T01", 2, "20", TREVAL="THE BOSS"), other, dm())
    assert [one.content["patient_id"] for one in unknown_reader.events] == ["P-1", "P-2"]
    assert refused(unknown_reader)[0][:2] == ("unmapped_code", "tr.csv row 3, TREVAL")
    unknown_patient = converted(*TARGET, tr("T01", 2, "20", USUBJID=""), other, dm())
    assert [one.content["record_id"] for one in unknown_patient.events] == ["P-1/enrolled"]
    no_visit = converted(*TARGET, tr("T01", 2, "20", VISITNUM="", VISIT=""), other)
    assert [one.content["patient_id"] for one in no_visit.events] == ["P-2"]


def test_lesions_that_contradict_each_other_keep_the_readers_reads_back() -> None:
    found = converted(*TARGET, tu("T01", "NON-TARGET", VISITNUM="2"), tr("T01", 2, "20"))
    assert found.events == ()
    assert refused(found)[0][:2] == ("schema_invalid", "tu.csv row 3, TUSTRESC")


def test_a_patient_is_enrolled_at_the_reference_start() -> None:
    found = converted(
        {**dm(), "SITEID": "701"}, dm("P-2", ""), dm("P-3", "2025-02"), dm("P-4", "x")
    )
    (event,) = found.events
    assert (event.content["enrolled_on"], event.content["site_id"]) == ("2025-01-06", "701")
    assert [place for _, place, _ in refused(found)] == [
        "dm.csv row 4, RFSTDTC",
        "dm.csv row 5, RFSTDTC",
    ]
    assert found.left_out == {"of patients without RFSTDTC, who are not enrolled": 1}


def test_patients_ids_that_the_contract_does_not_take_are_refused_without_being_told() -> None:
    found = converted(dm("John Doe"), dm("P-1"), dm("P-1", "2025-02-01"))
    assert found.events == ()
    (first, second) = refused(found)
    assert first[:2] == ("schema_invalid", "dm.csv row 2, USUBJID")
    assert "must be 1 to 64 letters" in first[2]
    assert second[:2] == ("schema_invalid", "dm.csv row 4, USUBJID")
    assert not any("John" in message for _, _, message in (first, second))


def baselines(*rows: Row, given: str = "") -> list[str]:
    """The visits that are baselines."""
    settings = SdtmSettings(baseline_visits=frozenset(filter(None, [given])))
    found = reads(converted(*rows, settings=settings))
    return [one["timepoint"]["label"] for one in found if one["timepoint"]["is_baseline"]]


@pytest.mark.parametrize("given", ["1", "1.0", "screening", " Screening "])
def test_a_baseline_visit_may_be_given_in_any_spelling(given: str) -> None:
    assert baselines(*TARGET, tr("T01", 2, "18"), given=given) == ["SCREENING"]


def test_a_baseline_visit_that_no_row_has_is_told_and_series_without_one_are_counted() -> None:
    given = SdtmSettings(baseline_visits=frozenset({"SCREENIN", "1"}))
    assert converted(*TARGET, settings=given).unmatched == {"SCREENIN"}
    assert converted(dm(), settings=given).unmatched == frozenset()
    nothing = [{**one, "VISIT": "WEEK 0", "VISITNUM": ""} for one in TARGET]
    nothing[0]["VISIT"] = ""
    assert converted(*nothing).no_baseline == 1
    assert converted(*TARGET).no_baseline == 0


@pytest.mark.parametrize("group", ["BENIGN ABNORMALITY", "NON-TARGET", "NEW"])
def test_what_is_found_later_makes_no_baseline(group: str) -> None:
    later = (tu("X01", group, VISITNUM="2"), tr("X01", 2, "EQUIVOCAL", "TUMSTATE"))
    assert baselines(*TARGET, tr("T01", 2, "20"), *later) == ["SCREENING"]


def test_without_targets_the_first_visit_with_a_non_target_lesion_is_the_baseline() -> None:
    found = [tu("N1", "NON-TARGET", VISITNUM="2"), tu("N2", "NON-TARGET", "BONE", VISITNUM="1")]
    seen = [tr(f"N{n}", visit, "PRESENT", "TUMSTATE") for n in (1, 2) for visit in (1, 2)]
    assert baselines(*found, *seen) == ["SCREENING"]
    named = [{**one, "VISITNUM": "", "TUDTC": WEEKS[2 - n]} for n, one in enumerate(found)]
    assert baselines(*named, *({**one, "VISITNUM": ""} for one in seen)) == ["SCREENING"]


def test_a_visit_has_one_read_whether_its_rows_say_the_number_or_the_name() -> None:
    answer = rs("OVRLRESP", 2, "SD", VISITNUM="", VISIT="Week 2")
    found = reads(converted(*TARGET, tr("T01", 2, "18"), answer))
    assert [one["record_id"] for one in found] == [
        "P-1/investigator/INVESTIGATOR/1",
        "P-1/investigator/INVESTIGATOR/2",
    ]
    assert found[1]["reported"] == {"overall": "SD"}


@pytest.mark.parametrize("row", [tr("T01", 3, "18", VISIT="WEEK 2"), tr("T01", 3, "18", VISIT="")])
def test_a_name_that_may_be_of_more_than_one_visit_keeps_the_patient_back(row: Row) -> None:
    names = {2: "WEEK 2", 3: row["VISIT"]}
    answer = rs("OVRLRESP", 2, "SD", VISITNUM="", VISIT=names[3] or "WEEK 9")
    found = converted(*TARGET, tr("T01", 2, "18"), row, answer)
    assert found.events == ()
    assert [one[:2] for one in refused(found)] == [("schema_invalid", "rs.csv row 2, VISITNUM")]


def test_a_sponsors_response_is_left_out_and_a_misspelt_reader_is_not() -> None:
    found = converted(
        *(*TARGET, rs("OVRLRESP", 2, "PD", RSEVAL="SPONSOR"), rs("OVRLRESP", 2, "SD")),
        tr("", 2, "18", "SUMDIAM", TREVAL="Sponsor"),
    )
    assert found.left_out == {"of responses and sums that no reader gave": 2}
    assert reads(found)[-1]["reported"] == {"overall": "SD"}
    for row in (rs("OVRLRESP", 2, "PD", RSEVAL="SPONSER"), tr("T01", 2, "1", TREVAL="SPONSOR")):
        assert converted(*TARGET, row).events == ()


def test_a_reader_is_the_same_in_capital_letters_or_not() -> None:
    node = tu("T02", location="LYMPH NODE", TUEVALID="Radiologist 1")
    found = reads(converted(node, tr("T02", 1, "16", "LPERP", TREVALID="RADIOLOGIST  1")))
    assert found[0]["reader"]["id"] == "RADIOLOGIST 1"
    assert found[0]["targets"][0]["nodal"] is True
