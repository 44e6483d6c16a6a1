"""`monitor schema check` holds this program against everything that was ever released."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.schema import app
from monitor.wire.schemas.releases import Release, broken_promises, current, read, written

RELEASED = Path(__file__).parents[2] / "schemas" / "released"
# A release is never changed: this is the SHA-256 over its files in the order of their names.
DIGESTS = {"1": "6ec3dab4843d24cee72a5f7912427e37f06024db0001e13ee137322b330b43a3"}
State = dict[str, Any]
NOW = current()


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas") / "new"
    told = run("export", folder, "--release")
    assert told.exit_code == 0, told.output
    assert "1 is released" in told.output
    return folder


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "schemas"))


def test_a_release_is_never_changed() -> None:
    found = {}
    for place in RELEASED.iterdir():
        contents = b"".join(path.read_bytes() for path in sorted(place.iterdir()))
        found[place.name] = hashlib.sha256(contents).hexdigest()
    assert found == DIGESTS


def test_what_is_exported_is_as_it_must_be(folder: Path) -> None:
    told = run("check", folder)
    assert told.exit_code == 0, told.output
    assert "this version and 1 released read each other" in told.output
    assert "1 is this state already" in run("export", folder, "--release").output


def test_changed_surplus_and_missing_files_are_named(folder: Path) -> None:
    changed = folder / "consumer" / "notice.v1.json"
    changed.write_text(changed.read_text() + " ")
    (folder / "producer" / "surplus.v1.json").write_text("{}")
    (folder / "asyncapi.json").unlink()
    told = run("check", folder)
    assert told.exit_code == 1
    for name in ("consumer/notice.v1.json", "producer/surplus.v1.json", "asyncapi.json"):
        assert f"{name} is not this program's" in told.output


def test_without_a_release_it_says_that_nothing_was_compared(folder: Path) -> None:
    shutil.rmtree(folder / "released")
    told = run("check", folder)
    assert told.exit_code == 0
    assert "nothing is released" in told.output


def test_a_release_that_is_not_whole_is_an_error_that_says_what_to_do(folder: Path) -> None:
    (folder / "released" / "1" / "events.ndjson").unlink()
    told = run("check", folder)
    assert "take it from the repository again" in str(told.exception)


def test_a_change_of_state_becomes_the_next_release(folder: Path) -> None:
    events = folder / "released" / "1" / "events.ndjson"
    events.write_text(events.read_text().partition("\n")[0] + "\n")
    told = run("export", folder, "--release")
    assert "2 is released" in told.output
    assert run("check", folder).exit_code == 0


def sends_a_word_more(state: State) -> None:
    organ = state["producer"]["imaging.read.v1"]["$defs"]["Target"]["properties"]["organ"]
    organ["enum"].append("spleen")


def reads_a_word_less(state: State) -> None:
    organ = state["consumer"]["imaging.read.v1"]["$defs"]["Target"]["properties"]["organ"]
    organ["enum"].remove("pleura")


def sends_another_kind(state: State) -> None:
    state["producer"]["tumour.board.v1"] = {"type": "object"}


def sent_what_is_refused(state: State) -> None:
    state["events"][0] = state["events"][0].replace(b"VAF_PCT", b"PERCENT")


def sent_what_reads_otherwise(state: State) -> None:
    state["hashes"]["ctdna.result-1"] = "0" * 64


def told_what_is_no_notice(state: State) -> None:
    place = next(n for n, line in enumerate(state["events"]) if b"notice.raised" in line)
    state["events"][place] = state["events"][place].replace(b'"severity":"high"', b'"severity":1')


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (
            sends_a_word_more,
            "from release 0 to this program: field targets[].organ: producer may send 'spleen', ",
        ),
        (
            reads_a_word_less,
            "from this program to release 0: field targets[].organ: producer may send 'pleura', ",
        ),
        (sends_another_kind, "tumour.board.v1, of release 0: is read no more"),
        (
            sent_what_is_refused,
            "release 0, event ctdna.result-1: is refused (unmapped_code: data.assay.lod.unit: ",
        ),
        (sent_what_reads_otherwise, "release 0, event ctdna.result-1: reads as another content"),
        (told_what_is_no_notice, "is no NoticeDocument"),
    ],
)
def test_a_planted_broken_promise_is_told(plant: Callable[[State], None], told: str) -> None:
    now = read(written(NOW))
    state: State = {**now._asdict(), "events": list(now.events)}
    plant(state)
    found = list(broken_promises({"release 0": Release(**state)}, NOW))
    assert any(told in one for one in found), found


def test_a_release_is_read_as_it_was_written() -> None:
    files = written(NOW)
    assert written(read(files)) == files
    assert len(json.loads(files["content-hashes.json"])) > 80
    assert list(broken_promises({"release 0": read(files)}, NOW)) == []
