"""`monitor convert --previous`: what is new or changed is sent, and nothing is lost unseen."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.cli.test_convert import EXAMPLES
from tests.wire.adapters.tables import SAMPLE, as_dataset_json


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "now"))


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "before"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_later_snapshot_sends_what_changed_and_holds_what_vanished(
    call: Call, folder: Path, earlier: Path
) -> None:
    edit(
        folder / "tr.csv",
        "LDIAM,Longest Diameter,21,mm,21,21.0,",
        "LDIAM,Longest Diameter,22,mm,22,22,",
    )
    lines = (folder / "rs.csv").read_text().splitlines(keepends=True)
    (folder / "rs.csv").write_text("".join(lines[:-1]))
    arguments = ("convert", "sdtm", folder, "--partial-date", "first", "--previous", earlier)
    called = call(*arguments, "--as-of", "2026-01-31")
    assert called.code == 1
    events = [*map(json.loads, called.out.splitlines())]
    assert {event["data"]["record_version"] for event in events} == {20260131}
    precise = [one for one in events if "date_precision" not in one["data"]["images"][0]]
    assert [one["data"]["targets"][0]["diameter_mm"] for one in precise] == ["22"]
    first, again, hint, keep, counts = called.err.splitlines()
    assert first.startswith("held: rs.csv row 31: in the previous snapshot is no longer there")
    assert again.startswith("sent again: 3 of the events")
    assert "--confirm-vanished" in hint
    assert "keep giving as --previous the last snapshot of which everything was sent" in keep
    assert counts == "4 events, 0 refused, 1 held, 37 unchanged"
    confirmed = call(*arguments, "--as-of", "2026-01-31", "--confirm-vanished")
    assert (confirmed.code, len(confirmed.out.splitlines())) == (0, 5)
    same = call("convert", "sdtm", earlier, "--previous", earlier, "--as-of", "2026-02-01")
    assert same.out == ""
    assert "Nothing to send" not in same.err  # some rows of it are refused
    assert "keep giving as --previous" in same.err
    sent_now = call(
        *("convert", "sdtm", earlier, "--previous", earlier, "--as-of", "2026-02-01"),
        *("--partial-date", "last"),
    )
    assert (sent_now.code, len(sent_now.out.splitlines())) == (0, 3)  # refused the day before
    for path in earlier.iterdir():
        path.write_text(path.read_text().replace(",2014-02,", ",2014-02-10,"))
    nothing = call("convert", "sdtm", earlier, "--previous", earlier, "--as-of", "2026-02-01")
    assert nothing.code == 0
    assert nothing.err.startswith("Nothing to send: no row gives a new or changed record.")


def test_a_second_snapshot_needs_a_later_day(call: Call, folder: Path, earlier: Path) -> None:
    called = call("convert", "sdtm", folder, "--previous", earlier)
    assert called.code == 2
    assert "--previous needs --as-of" in called.err
    for path in earlier.iterdir():
        content = as_dataset_json(path.read_bytes(), path.stem.upper())
        path.with_suffix(".json").write_bytes(content)
        path.unlink()
    before = call("convert", "sdtm", folder, "--previous", earlier, "--as-of", "2026-01-31")
    assert before.code == 2
    assert "must be later" in before.err


def test_a_later_export_sends_what_changed(call: Call, tmp_path: Path) -> None:
    by = ("--map", EXAMPLES / "results.map.toml")
    later = tmp_path / "later.csv"
    shutil.copy(EXAMPLES / "results.csv", later)
    edit(later, "released;11.06.2025", "corrected;11.06.2025")
    arguments = ("convert", "csv", *by, later, "--previous", EXAMPLES / "results.csv")
    assert call(*arguments).code == 2
    called = call(*arguments, "--as-of", "2026-02-01")
    assert called.code == 0
    (event,) = map(json.loads, called.out.splitlines())
    assert event["data"]["status"] == "corrected"
    assert called.err == "1 events, 0 refused, 0 held, 2 unchanged\n"


def test_a_previous_snapshot_that_cannot_be_read_is_no_empty_one(
    call: Call, folder: Path, earlier: Path, tmp_path: Path
) -> None:
    edit(earlier / "tr.csv", "TRLNKID", "TRLINK")
    arguments = ("convert", "sdtm", folder, "--previous", earlier, "--as-of", "2026-02-01")
    called = call(*arguments, "--partial-date", "first")
    assert (called.code, called.out) == (2, "")
    assert "tr.csv, TRLNKID" in " ".join(called.err.split())
    export = tmp_path / "before.csv"
    export.write_text("A;B\n")
    by = ("--map", EXAMPLES / "results.map.toml", "--as-of", "2026-02-01")
    wrong = call("convert", "csv", *by, EXAMPLES / "results.csv", "--previous", export)
    assert (wrong.code, wrong.out) == (2, "")


def test_refusals_of_the_previous_snapshot_are_told(
    call: Call, folder: Path, earlier: Path
) -> None:
    edit(earlier / "rs.csv", "INDEPENDENT ASSESSOR", "INDEPENDANT")
    arguments = ("convert", "sdtm", folder, "--previous", earlier, "--as-of", "2026-02-01")
    called = call(*arguments, "--partial-date", "first")
    assert called.code == 0
    assert "previous snapshot: 1 refusals; nothing is compared" in called.err


@pytest.mark.parametrize("more", [(), ("--confirm-vanished",)])
def test_a_table_that_only_the_previous_snapshot_has_is_an_error(
    call: Call, folder: Path, earlier: Path, more: tuple[str, ...]
) -> None:
    (folder / "dm.csv").unlink()
    (folder / "tr.csv").unlink()
    arguments = ("convert", "sdtm", folder, "--previous", earlier, "--as-of", "2026-02-01")
    called = call(*arguments, *more)
    assert (called.code, called.out) == (2, "")
    assert "lacks dm, tr" in called.err


def test_what_a_refused_row_may_be_of_is_left_as_it_is_and_told(
    call: Call, folder: Path, earlier: Path
) -> None:
    edit(folder / "dm.csv", "01-701-1015,1015", ",1015")
    called = call(
        *("convert", "sdtm", folder, "--previous", earlier, "--as-of", "2026-02-01"),
        *("--partial-date", "first", "--confirm-vanished"),
    )
    assert called.code == 1
    assert "entered_in_error" not in called.out
    assert "left as they are: 1 records of the previous snapshot" in called.err


def test_a_word_that_the_map_does_not_know_takes_no_result_away(call: Call, tmp_path: Path) -> None:
    later = tmp_path / "later.csv"
    shutil.copy(EXAMPLES / "results.csv", later)
    edit(later, "released;11.06.2025", "relesed;11.06.2025")
    by = ("--map", EXAMPLES / "results.map.toml", "--as-of", "2026-02-01")
    arguments = ("convert", "csv", *by, later, "--previous", EXAMPLES / "results.csv")
    for more in ((), ("--confirm-vanished",)):
        called = call(*arguments, *more)
        assert (called.code, called.out) == (1, "")
        assert "1 refused, 0 held, 2 unchanged" in called.err


def test_another_baseline_visit_sends_what_it_changes(
    call: Call, folder: Path, earlier: Path
) -> None:
    arguments = ("convert", "sdtm", folder, "--partial-date", "first", "--baseline-visit")
    wrong = call(*arguments, "SCREENIN")
    assert (wrong.code, wrong.out) == (2, "")
    assert "no row has this visit" in wrong.err
    later = ("--previous", earlier, "--as-of", "2026-02-01")
    called = call(*arguments, "week 3", *later)
    labels = [json.loads(line)["data"]["timepoint"] for line in called.out.splitlines()]
    assert {"label": "WEEK 3", "is_baseline": True} in labels
    assert {"label": "SCREENING", "is_baseline": False} in labels
