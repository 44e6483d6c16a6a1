"""Commands that refuse say which field and why; an identifier they never repeat."""

import json
from pathlib import Path

import pytest

from monitor.bulk import evaluation
from monitor.wire.delivery import Reason
from tests.cli.conftest import Call, Called
from tests.identifiers.ears import Ears, listening
from tests.identifiers.planted import MARK, Planter
from tests.identifiers.ways import spoilt

PLANTED_MIN = 3_000


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Refused lines of every kind that a file can hold."""
    planter = Planter()
    parcels = [parcel for _, parcel in spoilt(planter, PLANTED_MIN)]
    written = [parcel.value or parcel.line() for parcel in parcels]
    twice = planter.parcel()
    conflicts = [twice.line(), twice.line().replace(b'"detected"', b'"not_detected"')]
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join([*written, *conflicts]))
    return file


def test_what_evaluate_writes_of_refusals(call: Call, lines: Path, tmp_path: Path) -> None:
    rejections = tmp_path / "rejections.ndjson"
    with listening() as ears:
        called = call("evaluate", lines, "--rejections", rejections)
    assert called.code == 1
    assert MARK not in called.out + called.err + ears.text
    rows = [json.loads(line) for line in rejections.read_text().splitlines()]
    assert len({row["reason"] for row in rows}) >= 8
    assert any(MARK in str(row["source"]) for row in rows)  # they name the event, by contract
    for row in rows:
        assert MARK not in f"{row['reason']} {row['field']} {row['message']}"


@pytest.mark.parametrize("options", [("--format", "ndjson"), ("--limit", "0"), ("--strict",)])
def test_what_validate_says(call: Call, lines: Path, options: tuple[str, ...]) -> None:
    with listening() as ears:
        called = call("validate", lines, *options)
    assert called.code == 1
    assert Reason.UNKNOWN_STATUS in called.out
    assert MARK not in called.out + called.err + ears.text


def test_what_publish_says_without_a_broker(
    call: Call, lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTDNA_MONITOR_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
    with listening() as ears:
        called = call("publish", lines)
    assert called.code not in {0, 2}
    assert MARK not in called.out + called.err + ears.text


def test_what_an_error_of_our_own_says(
    call: Call, lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(line: bytes) -> None:
        raise ValueError(line)

    monkeypatch.setattr(evaluation, "decode_line", failing)
    with listening() as ears:
        called = call("evaluate", lines)
    assert called.code == 4
    assert "BrokenRelease" in called.err
    assert MARK not in called.out + called.err + ears.text


TABLES = {
    "dm.csv": "STUDYID,USUBJID,RFSTDTC\nzq9xS,zq9xP,zq9x\nzq9xS,zq9x P,2025-01-02",
    "tr.csv": "STUDYID,USUBJID,TRLNKID,TRTESTCD,TREVAL,TRSTRESC,TRSTRESU,VISITNUM,TRDTC\n"
    "zq9xS,zq9xP,zq9xT,LDIAM,INVESTIGATOR,zq9x,zq9x,1,zq9x\n"
    "zq9xS,zq9xP,T01,zq9x,zq9x,12,mm,zq9x,2025-01-02",
    "tu.csv": "STUDYID,USUBJID,TULNKID,TUEVAL,TUSTRESC,TULOC,VISITNUM\n"
    "zq9xS,zq9xP,zq9xT,INVESTIGATOR,TARGET,zq9x,1",
}
MAP = """source = "https://lab.example/lims"
[fields]
study_id = { column = "Study" }
patient_id = { column = "Patient" }
record_id = { column = "Accession" }
status = { column = "State", words = { ok = "final" } }
"specimen.collected_at" = { column = "Drawn" }
"assay.lab" = { constant = "LAB" }
"assay.code" = { constant = "MRD" }
call = { column = "Call", words = { yes = "detected" } }
"""
SHEET = (
    "Study,Patient,Accession,State,Drawn,Call\n"
    "zq9xS,zq9xP,zq9xA,zq9x,2025-01-01,yes\n"
    "zq9xS,zq9xP,zq9xB,ok,zq9x,yes\n"
    "zq9xS,zq9xP,zq9xC,ok,2025-01-01,zq9x\n"
    "zq9xS,zq9x P,zq9xD,ok,2025-01-01,yes\n"
)


def assert_silent(called: Called, rejections: Path, ears: Ears) -> None:
    """Standard output holds the events that were made, identifiers and all."""
    rows = [json.loads(line) for line in rejections.read_text().splitlines()]
    assert rows
    for row in rows:
        assert MARK not in f"{row | {'source': None, 'id': None}}"
    assert MARK not in called.err + ears.text


def test_what_convert_says_of_sdtm(call: Call, tmp_path: Path) -> None:
    for name, content in TABLES.items():
        (tmp_path / name).write_text(content)
    with listening() as ears:
        called = call("convert", "sdtm", tmp_path, "--rejections", tmp_path / "rejections")
    assert called.code == 1
    assert_silent(called, tmp_path / "rejections", ears)


def test_what_convert_says_of_a_spreadsheet(call: Call, tmp_path: Path) -> None:
    sheet, map_ = tmp_path / "sheet.csv", tmp_path / "map.toml"
    sheet.write_text(SHEET)
    map_.write_text(MAP)
    with listening() as ears:
        called = call(
            "convert", "csv", sheet, "--map", map_, "--rejections", tmp_path / "rejections"
        )
    assert called.code == 1
    assert_silent(called, tmp_path / "rejections", ears)
    map_.write_text(MAP.replace('"detected"', '"zq9x"').replace("Study", "zq9x"))
    assert MARK not in call("convert", "csv", sheet, "--map", map_).err
