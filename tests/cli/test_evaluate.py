"""`monitor evaluate`: files in, files out, and an exit code for every end."""

import io
import json
import sys
from pathlib import Path

import pytest

from monitor import examples
from tests.cli.conftest import Call
from tests.clinical.facts import died, enrolled, lines, on

ACCEPTED = [line for line in examples.lines(examples.MADE_UP) if b"ng/mL" not in line]
REFUSED = [line for line in examples.lines(examples.MADE_UP) if b"ng/mL" in line]


def written(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    return written(tmp_path / "accepted.ndjson", ACCEPTED)


def test_everything_accepted_is_code_0_and_every_output_is_written(
    call: Call, accepted: Path, tmp_path: Path
) -> None:
    notices, timelines, rejections = (tmp_path / name for name in ("n", "t", "r"))
    called = call(
        "evaluate", accepted, "--notices", notices, "--timelines", timelines,
        "--rejections", rejections,
    )  # fmt: skip
    assert (called.code, called.out) == (0, "")
    assert called.err == f"{len(ACCEPTED)} accepted, 0 refused, {len(read(notices))} notices\n"
    assert len(read(timelines)) == 38
    assert {one["specversion"] for one in read(notices)} == {"1.0"}
    assert read(rejections) == []


def test_a_refused_line_is_code_1_and_named(call: Call, tmp_path: Path) -> None:
    lines = [b"", ACCEPTED[0], b"", REFUSED[0], b"not json"]
    called = call("evaluate", written(tmp_path / "f", lines), "--rejections", "-")
    assert called.code == 1
    told = [json.loads(line) for line in called.out.splitlines()]
    assert [(one["line"], one["reason"]) for one in told] == [
        (4, "unmapped_code"),
        (5, "undecodable"),
    ]
    assert set(told[0]) == {"line", "source", "id", "reason", "field", "message"}


def test_several_files_are_taken_as_one_after_the_other(
    call: Call, accepted: Path, tmp_path: Path
) -> None:
    one, two = (
        written(tmp_path / name, part)
        for name, part in (("1", ACCEPTED[:99]), ("2", ACCEPTED[99:]))
    )
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert call("evaluate", accepted, "--notices", whole).code == 0
    assert call("evaluate", one, two, "--notices", parts).code == 0
    assert parts.read_bytes() == whole.read_bytes()


def test_standard_input_and_output(
    call: Call, accepted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = call("evaluate", accepted, "--notices", "-")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(accepted.read_bytes())))
    called = call("evaluate", "-", "--notices", "-")
    assert called == expected
    assert called.out


def test_a_closed_day_changes_nothing_that_was_told(
    call: Call, accepted: Path, tmp_path: Path
) -> None:
    without, closed = tmp_path / "without", tmp_path / "closed"
    call("evaluate", accepted, "--notices", without)
    called = call("evaluate", accepted, "--notices", closed, "--as-of", "2026-06-30")
    assert called.code == 0
    assert closed.read_bytes().startswith(without.read_bytes())


def test_without_a_time_a_fact_is_detected_on_its_day_or_on_that_of_the_version_before(
    call: Call, tmp_path: Path
) -> None:
    first, second = died(100, "d1"), died(100, "d2")
    own_day = {"died_on": f"{on(105)}T23:00:00-05:00"}
    givens = [enrolled(), first, first.gone(2), second, second.gone(2).but(**own_day)]
    notices = tmp_path / "notices"
    assert call("evaluate", written(tmp_path / "f", lines(givens)), "--notices", notices).code == 0
    told = [one["data"] for one in read(notices) if isinstance(one["data"], dict)]
    found = [(one["action"], one["detected_at"]) for one in told]
    day, other = f"{on(100)}T00:00:00Z", f"{on(105)}T00:00:00Z"
    assert found == [("raised", day), ("withdrawn", day), ("raised", day), ("withdrawn", other)]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("no-such-file",),
        ("FILE", "--as-of", "yesterday"),
        ("FILE", "--as-of", "1066-10-14"),
        ("FILE", "--unknown"),
    ],
)
def test_wrong_usage_is_code_2(call: Call, accepted: Path, arguments: tuple[str, ...]) -> None:
    given = (accepted if one == "FILE" else one for one in arguments)
    called = call("evaluate", *given)
    assert called.code == 2
    assert "Traceback" not in called.err


@pytest.mark.parametrize("name", ["S-1.toml", "new.toml", "../rules/S-1.toml"])
def test_an_output_is_no_file_of_the_folder_of_rules(call: Call, tmp_path: Path, name: str) -> None:
    folder, events = tmp_path / "rules", tmp_path / "events"
    folder.mkdir()
    (folder / "S-1.toml").write_text("recist.pd_abs = 7")
    events.write_bytes(b"")
    called = call("evaluate", events, "--rules", folder, "--notices", folder / name)
    assert called.code == 2
    assert [file.name for file in folder.iterdir()] == ["S-1.toml"]
    assert (folder / "S-1.toml").read_text() == "recist.pd_abs = 7"
    beside = call("evaluate", events, "--rules", folder, "--notices", folder / "told.ndjson")
    assert beside.code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--notices", "FILE"),
        ("--notices", "folder/../FILE"),
        ("--notices", "new", "--timelines", "new"),
        ("--notices", "-", "--rejections", "-"),
        ("--rules", "rules", "--notices", "rules"),
    ],
)
def test_an_output_never_overwrites_what_is_read_or_written(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "rules").write_text('reader = "central"\n')
    given = written(tmp_path / "FILE", ACCEPTED)
    before = given.read_bytes()
    assert call("evaluate", given, *arguments).code == 2
    assert given.read_bytes() == before
    assert (tmp_path / "rules").read_text()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "text", ["[ctdna.confirm]\nm = 2\n", "not toml", "[ctdna.confirm]\nn = 'two'\n", None]
)
def test_rules_that_cannot_be_used_are_code_3(
    call: Call, accepted: Path, tmp_path: Path, text: str | None
) -> None:
    rules = tmp_path / "rules.toml"
    if text is not None:
        rules.write_text(text)
    called = call("evaluate", accepted, "--rules", rules)
    assert called.code == 3
    assert str(rules) in called.err
    assert called.err.count("\n") == 1


def test_an_output_that_cannot_be_written_is_code_4(
    call: Call, accepted: Path, tmp_path: Path
) -> None:
    called = call("evaluate", accepted, "--notices", tmp_path / "no" / "folder")
    assert called.code == 4
    assert "No such file or directory" in called.err
    assert "Traceback" not in called.err


def test_an_error_of_our_own_is_code_4_without_its_text(
    call: Call, accepted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("SDCH-003")

    monkeypatch.setattr("monitor.bulk.evaluation.closed_day", broken)
    called = call("evaluate", accepted, "--as-of", "2026-06-30")
    assert called.code == 4
    assert "ZeroDivisionError" in called.err
    assert "SDCH" not in called.err
