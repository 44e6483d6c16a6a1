"""A laboratory's export becomes results as its map says, and nothing is guessed."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.examples import published
from monitor.wire.adapters.conversion import Conversion
from monitor.wire.adapters.snapshots import since
from monitor.wire.adapters.spreadsheet import convert, read_map
from tests.acceptance.evaluated import evaluate
from tests.wire.adapters.tables import refused

MAP = """
source = "https://lims.example/ctdna"
[file]
delimiter = ";"
decimal = ","
dates = "DD.MM.YYYY hh:mm"
offset = "+08:00"
empty = ["NA"]
[fields]
study_id = { constant = "S" }
patient_id = { column = "Patient" }
record_id = { columns = ["Sample", "Test"] }
status = { column = "State", words = { "ok" = "final", "void" = "cancelled" } }
specimen.collected_at = { column = "Drawn" }
specimen.haemolysis = { column = "Red", words = { "yes" = true, "no" = false } }
assay.lab = { constant = "LAB" }
assay.code = { column = "Test" }
call = { column = "Result", words = { "POS" = "detected", "NEG" = "not_detected" } }
quantity.value = { column = "Amount", comparator = true }
quantity.unit = { column = "Unit", words = { "MTM/mL" = "MTM_PER_ML", "%" = "VAF_PCT" } }
reported_at = { column = "Reported", dates = "DD-MON-YYYY" }
"""
HEADER = "Patient;Sample;Test;State;Drawn;Red;Result;Amount;Unit;Reported"
ROW = "P-1;s1;MRD;ok;14.03.2025 08:40;no;POS;0,31;MTM/mL;28-Mar-2025"


def made(*rows: str, text: str = MAP, version: int = 7) -> Conversion:
    content = "\r\n".join([HEADER, *rows]).encode()
    return convert({"lab.csv": content}, read_map(text), version)


def result(row: str = ROW, text: str = MAP) -> dict[str, Any]:
    (event,) = made(row, text=text).events
    content: dict[str, Any] = json.loads(event.line)["data"]
    return content


def test_a_row_is_a_result() -> None:
    assert result() == {
        "study_id": "S",
        "patient_id": "P-1",
        "record_id": "s1/MRD",
        "record_version": 7,
        "status": "final",
        "specimen": {"collected_at": "2025-03-14T08:40:00+08:00", "haemolysis": False},
        "assay": {"lab": "LAB", "code": "MRD"},
        "call": "detected",
        "quantity": {"value": "0.31", "unit": "MTM_PER_ML"},
        "reported_at": "2025-03-28",
    }


def test_a_number_below_a_limit_keeps_its_comparator() -> None:
    found = result(ROW.replace("POS;0,31", "neg;< 0,02"))
    assert found["call"] == "not_detected"
    assert found["quantity"] == {"value": "0.02", "unit": "MTM_PER_ML", "comparator": "<"}


def test_an_empty_cell_gives_nothing() -> None:
    found = result("P-1;s1;MRD;ok;14.03.2025 08:40;NA;NEG;NA;MTM/mL;")
    assert "quantity" not in found
    assert "reported_at" not in found
    assert found["specimen"] == {"collected_at": "2025-03-14T08:40:00+08:00"}


def test_a_taken_away_result_needs_no_call() -> None:
    found = result("P-1;s1;MRD;void;14.03.2025 08:40;;;;;")
    assert (found["status"], found.get("call")) == ("cancelled", None)


def test_a_time_without_an_offset_is_its_day() -> None:
    text = MAP.replace('offset = "+08:00"', "")
    assert result(text=text)["specimen"]["collected_at"] == "2025-03-14"
    iso = text.replace('"DD.MM.YYYY hh:mm"', '"ISO"')
    row = ROW.replace("14.03.2025 08:40", "2025-03-14 08:40")
    assert result(row, iso)["specimen"]["collected_at"] == "2025-03-14"
    aware = ROW.replace("14.03.2025 08:40", "2025-03-14T08:40:00Z")
    assert result(aware, iso)["specimen"]["collected_at"] == "2025-03-14T08:40:00Z"


@pytest.mark.parametrize(
    ("old", "new", "reason", "column"),
    [
        ("POS", "maybe", "unmapped_code", "Result"),
        ("POS", "", "no_discrete_value", "Result"),
        ("0,31", "0.31", "no_discrete_value", "Amount"),
        ("0,31", "see report", "no_discrete_value", "Amount"),
        ("0,31", "-1", "implausible_value", "Amount"),
        ("MTM/mL", "", "schema_invalid", "Unit"),
        ("MTM/mL", "mg", "unmapped_code", "Unit"),
        ("14.03.2025 08:40", "03/14/2025", "schema_invalid", "Drawn"),
        ("14.03.2025 08:40", "31.02.2025 08:40", "schema_invalid", "Drawn"),
        ("14.03.2025 08:40", "", "schema_invalid", "Drawn"),
        ("14.03.2025 08:40", "14.03.1825 08:40", "implausible_value", "Drawn"),
        ("28-Mar-2025", "28-Foo-2025", "schema_invalid", "Reported"),
        ("P-1", "Jane Doe", "schema_invalid", "Patient"),
        ("P-1", "", "schema_invalid", "Patient"),
        ("s1", "", "schema_invalid", "Sample/Test"),
        ("ok", "lost", "unmapped_code", "State"),
        ("no", "perhaps", "unmapped_code", "Red"),
    ],
)
def test_what_cannot_be_read_is_refused_with_row_and_column(
    old: str, new: str, reason: str, column: str
) -> None:
    found = made(ROW.replace("s1", "s0"), ROW.replace(old, new, 1))
    assert len(found.events) == 1
    (one,) = refused(found)
    assert one[:2] == (reason, f"lab.csv row 3, {column}")
    assert not new or new not in one[2]


def test_a_repeated_row_is_one_result_and_a_contradicting_one_is_none() -> None:
    again = made(ROW, ROW)
    assert (len(again.events), again.left_out) == (1, {"that repeat another row": 1})
    found = made(ROW, ROW.replace("POS", "NEG"), ROW.replace("s1", "s2"))
    assert [one.content["record_id"] for one in found.events] == ["s2/MRD"]
    assert [one[:2] for one in refused(found)] == [
        ("version_conflict", "lab.csv row 3, Sample/Test")
    ]


def test_the_version_may_be_a_column() -> None:
    text = MAP.replace("[fields]", '[fields]\nrecord_version = { column = "Amount" }').replace(
        "quantity.value", "assay.lod.value"
    )
    text = text.replace("quantity.unit", "assay.lod.unit").replace(", comparator = true", "")
    found = made(ROW.replace("0,31", "02"), ROW.replace("0,31", "2.0"), text=text)
    assert [one.content["record_version"] for one in found.events] == [2]


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"A;B\n1;2\n", b"\xff\xff", b""])
def test_what_is_no_such_table_is_refused(content: bytes) -> None:
    found = convert({"lab.csv": content}, read_map(MAP), 1)
    assert (len(found.refusals), found.events, found.readable) == (1, (), False)


def test_the_example_map_reads_the_example_export() -> None:
    folder = Path(published.__file__).parent
    by = read_map((folder / "results.map.toml").read_text())
    found = convert({"results.csv": (folder / "results.csv").read_bytes()}, by, 1)
    assert found.refusals == ()
    told = evaluate(event.line for event in found.events)
    assert told.rejections == []
    assert [one["call"] for one in told.timelines["NCT06778382/SDCH-041"]["ctdna"]] == [
        "not_detected",
        "detected",
    ]


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "spared"),
    [
        ("POS", "POSS", 0),
        ("ok", "lost", 0),
        ("P-1", "", 0),
        ("s1", "", 1),
        ("s1", "s" * 300, 1),
    ],
)
def test_a_refused_row_has_not_vanished(
    old: str, new: str, spared: int, *, confirmed: bool
) -> None:
    found = since(made(ROW), made(ROW.replace(old, new, 1)), 8, confirmed=confirmed)
    assert len(found.refusals) == 1
    assert (found.events, found.held, found.spared) == ((), (), spared)
    gone = since(made(ROW), made(ROW.replace("s1", "s2"), ROW), 8, confirmed=confirmed)
    assert [one.content["record_id"] for one in gone.events] == ["s2/MRD"]


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace("Drawn", "DRAWN"), "but one with other capital letters"),
        ("Exported by the laboratory;", "(is file.header_row right?)"),
        (HEADER.replace(";", ","), "the header is one cell, is the delimiter right?"),
    ],
)
def test_a_column_that_is_missing_says_what_to_look_at(header: str, words: str) -> None:
    found = convert({"lab.csv": f"{header}\n".encode()}, read_map(MAP), 1)
    assert words in found.refusals[0].message


@pytest.mark.parametrize(
    ("content", "words"),
    [(f"{HEADER}\n{ROW};x\n", "quote cells that hold semicolons"), ("A,B\n1;2\n", "")],
)
def test_a_row_of_too_many_cells_names_the_delimiter(content: str, words: str) -> None:
    (one,) = convert({"lab.csv": content.encode()}, read_map(MAP), 1).refusals
    assert (words or "is the delimiter right?") in one.message
