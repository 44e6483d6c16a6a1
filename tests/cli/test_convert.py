"""`monitor convert`: tables in, events out, and a report of what was refused or held."""

import json
import shutil
from pathlib import Path

import pytest

from monitor import examples
from tests.cli.conftest import Call
from tests.wire.adapters.tables import SAMPLE, as_dataset_json, sample

EXAMPLES = Path(examples.__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "now"))


def test_tables_become_events_on_standard_output(call: Call, folder: Path) -> None:
    called = call("convert", "sdtm", folder, "--partial-date", "first")
    assert called.code == 0
    assert len(called.out.splitlines()) == 42
    assert called.err == "42 events, 0 refused, 0 held, 0 unchanged\n"
    assert call("convert", "sdtm", folder, "--partial-date", "first").out == called.out


def test_what_is_refused_is_told_with_its_place_and_code_1(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    out, rejections = tmp_path / "out.ndjson", tmp_path / "rejections.ndjson"
    called = call("convert", "sdtm", folder, "--out", out, "--rejections", rejections)
    assert (called.code, called.out) == (1, "")
    first, *_, counts = called.err.splitlines()
    assert first.startswith("refused: tr.csv row 50, TRDTC: is a month without a day: --partial-")
    assert counts == "39 events, 3 refused, 0 held, 0 unchanged"
    assert len(out.read_bytes().splitlines()) == 39
    rows = [json.loads(line) for line in rejections.read_bytes().splitlines()]
    assert [(one["held"], one["file"], one["row"], one["column"]) for one in rows] == [
        (False, "tr.csv", row, "TRDTC") for row in (50, 54, 58)
    ]
    assert set(rows[0]) == {"held", "file", "row", "column", "reason", "message"}


def test_dataset_json_gives_its_day_as_the_version(call: Call, tmp_path: Path) -> None:
    (tmp_path / "DM.json").write_bytes(as_dataset_json(sample()["dm.csv"], "DM"))
    called = call("convert", "sdtm", tmp_path)
    assert called.code == 0
    versions = {json.loads(line)["data"]["record_version"] for line in called.out.splitlines()}
    assert versions == {20260131}


def test_a_folder_without_tables_is_usage(call: Call, tmp_path: Path) -> None:
    called = call("convert", "sdtm", tmp_path)
    assert called.code == 2
    assert "dm, tu, tr or rs" in called.err
    assert call("convert", "sdtm", tmp_path / "none").code == 2


def test_the_source_is_a_uri(call: Call, folder: Path) -> None:
    assert call("convert", "sdtm", folder, "--source", "our lab").code == 2
    called = call("convert", "sdtm", folder, "--source", "https://core.example/imaging")
    sources = {json.loads(line)["source"] for line in called.out.splitlines()}
    assert sources == {"https://core.example/imaging"}


def test_an_output_never_overwrites_a_table(call: Call, folder: Path) -> None:
    called = call("convert", "sdtm", folder, "--out", folder / "tr.csv")
    assert called.code == 2
    assert (folder / "tr.csv").read_bytes() == sample()["tr.csv"]


def test_an_output_that_cannot_be_written_is_told(call: Call, folder: Path) -> None:
    called = call("convert", "sdtm", folder, "--out", folder / "none" / "out")
    assert called.code == 4
    assert called.err.endswith("/none/out: no such file or directory\n")


def test_an_export_becomes_results_by_its_map(call: Call) -> None:
    by = ("--map", EXAMPLES / "results.map.toml")
    called = call("convert", "csv", *by, EXAMPLES / "results.csv", "--as-of", "2026-01-31")
    assert called.code == 0
    assert called.err == "3 events, 0 refused, 0 held, 0 unchanged\n"
    events = [json.loads(line) for line in called.out.splitlines()]
    assert {one["type"] for one in events} == {"org.ctdnamonitor.ctdna.result.v1"}
    assert {one["data"]["record_version"] for one in events} == {20260131}


def test_the_example_map_is_printed_and_checks(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(call("convert", "csv", "--example").out)
    checked = call("convert", "csv", "--map", path, "--check", EXAMPLES / "results.csv")
    assert (checked.code, checked.out) == (0, f"{path}: 18 fields of 12 columns\n")
    other = tmp_path / "other.csv"
    other.write_text("A;B\n")
    wrong = call("convert", "csv", "--map", path, "--check", other)
    assert wrong.code == 3
    words = "there is no such column (is file.header_row right?)"
    assert wrong.err == f"monitor: other.csv, Drawn: {words}\n"


def test_a_map_that_cannot_be_used_is_code_3_with_every_key(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text('source = "x"\n[fields]\ncal = { column = "Result" }\n')
    called = call("convert", "csv", "--map", path, EXAMPLES / "results.csv")
    assert called.code == 3
    assert "  fields.cal: results have no such field; did you mean call?" in called.err
    assert "  fields.call: is required: a column or a constant" in called.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("csv",), "--example prints one"), (("csv", "--map", "MAP"), "--check")],
)
def test_what_is_missing_is_told(call: Call, arguments: tuple[str, ...], words: str) -> None:
    given = [str(EXAMPLES / "results.map.toml") if one == "MAP" else one for one in arguments]
    called = call("convert", *given)
    assert called.code == 2
    assert words in called.err


def test_help_says_what_there_is(call: Call) -> None:
    called = call("convert", "--help")
    assert called.code == 0
    assert "sdtm" in called.out
    assert "csv" in called.out


def test_series_without_a_baseline_are_counted(call: Call, folder: Path) -> None:
    for name in ("tu.csv", "tr.csv", "rs.csv"):
        text = (folder / name).read_text().replace("SCREENING,1.0", ",").replace("SCREENING", "X")
        (folder / name).write_text(text)
    called = call("convert", "sdtm", folder, "--partial-date", "first")
    assert "no baseline: 9 readers' series of measurements have none" in called.err


def test_a_map_may_begin_with_a_byte_order_mark(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (EXAMPLES / "results.map.toml").read_bytes())
    assert call("convert", "csv", "--map", path, EXAMPLES / "results.csv").code == 0


def test_help_says_when_to_send_once_without_the_previous_snapshot(call: Call) -> None:
    for which, words in (("sdtm", "After changing --source"), ("csv", "After changing the map")):
        told = " ".join(call("convert", which, "--help").out.replace("│", " ").split())
        assert words in told
