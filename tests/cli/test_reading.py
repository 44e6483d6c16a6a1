"""`monitor notices` and `monitor timeline` over a database that holds the made-up cohort."""

import asyncio
import json
from pathlib import Path

import pytest

from monitor import examples
from tests.cli.conftest import Call
from tests.cli.evaluated import evaluate
from tests.cli.two_studies import fill

CONFIRMED = "NCT06778382/SDCH-003"
RAISED_IN_VAIN = "NCT06778382/SDCH-017"
QUIET = "NCT06778382/SDCH-001"


@pytest.fixture
def database(cohort: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTDNA_MONITOR_DATABASE__URL", f"sqlite:///{cohort}")


@pytest.mark.usefixtures("database")
class TestNotices:
    def test_json_holds_what_was_told_in_its_order(self, call: Call) -> None:
        told = json.loads(call("notices", "--format", "json").out)
        assert {one.pop("published_at") for one in told} == {None}
        assert told == evaluate(examples.lines(examples.MADE_UP)).notices

    def test_ndjson_is_a_line_each(self, call: Call) -> None:
        lines = call("notices", "--format", "ndjson").out.splitlines()
        assert [json.loads(line) for line in lines] == json.loads(
            call("notices", "--format", "json").out
        )

    def test_one_patient(self, call: Call) -> None:
        told = json.loads(call("notices", "--patient", CONFIRMED, "--format", "json").out)
        assert {one["patient_id"] for one in told} == {"SDCH-003"}

    def test_open_leaves_out_what_was_withdrawn_or_resolved(self, call: Call) -> None:
        told = json.loads(call("notices", "--open", "--format", "json").out)
        assert "SDCH-017" not in {one["patient_id"] for one in told}
        mine = [one["finding"] for one in told if one["patient_id"] == "SDCH-003"]
        assert {"MOLECULAR_RELAPSE_CONFIRMED", "NEW_LESION", "RADIOGRAPHIC_PD"} <= set(mine)
        assert "MOLECULAR_RELAPSE_SUSPECTED" not in mine  # it was confirmed

    def test_people_read_words(self, call: Call) -> None:
        out = call("notices", "--patient", RAISED_IN_VAIN).out
        assert "high      withdrawn  radiographic PD, NCT06778382/SDCH-017, 2025-" in out
        assert "(waits to be published)" in out
        assert not [line for line in out.splitlines() if line != line.rstrip()]

    def test_none_is_said(self, call: Call) -> None:
        assert call("notices", "--patient", QUIET).out == "No notices.\n"
        assert call("notices", "--patient", QUIET, "--format", "json").out == "[]\n"
        assert call("notices", "--patient", QUIET, "--format", "ndjson").out == ""


@pytest.mark.usefixtures("database")
class TestTimeline:
    def test_json_is_the_document_of_evaluate(self, call: Call) -> None:
        expected = evaluate(examples.lines(examples.MADE_UP)).timelines
        document = json.loads(call("timeline", CONFIRMED, "--format", "json").out)
        assert document in expected

    def test_people_read_scans_results_and_findings_with_their_reasons(self, call: Call) -> None:
        out = call("timeline", CONFIRMED).out
        for part in ("Imaging", "unequivocal", "ctDNA", "confirmed", "Standing findings"):
            assert part in out
        assert "molecular relapse suspected, 2025-02-01, resolved 2025-02-24" in out
        assert "radiographic PD, 2025-07-24, open" in out
        assert "there is an unequivocal new lesion" in " ".join(out.split())

    def test_a_patient_without_findings(self, call: Call) -> None:
        assert call("timeline", QUIET).out.endswith("No finding stands.\n")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("command", [("timeline",), ("notices", "--patient")])
class TestWrongPatients:
    def test_unknown_is_code_1(self, call: Call, command: tuple[str, ...]) -> None:
        called = call(*command, "NCT06778382/NOBODY")
        assert (called.code, called.out) == (1, "")
        assert "no record of this patient was ever accepted" in called.err

    def test_not_a_patient_is_code_2(self, call: Call, command: tuple[str, ...]) -> None:
        assert call(*command, "SDCH-003").code == 2


def test_what_is_held_before_enrolment_says_so(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite3"
    lines = [line for line in examples.lines(examples.MADE_UP) if b"SDCH-018" in line]
    asyncio.run(fill(url, [line for line in lines if b"enrolled" not in line]))
    monkeypatch.setenv("CTDNA_MONITOR_DATABASE__URL", url)
    out = call("timeline", "NCT06778382/SDCH-018").out
    assert "Not enrolled" in out
    assert "molecular relapse confirmed, 2025-08-31, held" in out
    assert call("notices").out == "No notices.\n"


def test_a_database_that_is_not_there_is_not_made(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTDNA_MONITOR_DATABASE__URL", f"sqlite:///{tmp_path}/none.sqlite3")
    called = call("notices")
    assert called.code == 69
    assert "CTDNA_MONITOR_DATABASE__URL" in called.err
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_says_what_to_run(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.sqlite3").touch()
    monkeypatch.setenv("CTDNA_MONITOR_DATABASE__URL", f"sqlite:///{tmp_path}/empty.sqlite3")
    called = call("timeline", QUIET)
    assert called.code == 78
    assert "monitor db upgrade" in called.err
