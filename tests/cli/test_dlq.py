"""`monitor dlq` in words and for programs, over a database without a broker."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from monitor.exits import Exit
from monitor.ledger import migrate
from monitor.wiring import open_ledger
from tests.cli.conftest import Call
from tests.cli.two_studies import audit
from tests.clinical.facts import PATIENT, STUDY, enrolled, sample
from tests.intake.desk import Desk
from tests.intake.refused import RESULTS, spoilt, take

FIRST = sample(100, "detected", "s1")
OTHER = FIRST.but(call="not_detected")
PLACE = f"{RESULTS}/0/0"
POISON = b"\xff\x00 no JSON"


async def fill(file: Path) -> None:
    """A unit that nobody knows, poison, and two conflicts."""
    url = f"sqlite+aiosqlite:///{file}"
    await migrate.upgrade(url)
    async with open_ledger(url) as ledger:
        desk = Desk(ledger)
        await desk.give(enrolled())
        lines = [FIRST.line("e2"), OTHER.line("e2"), OTHER.line("e3")]
        await take(
            desk,
            spoilt(desk, sample(90, "detected", "s0"), "e1"),
            desk.raw(POISON, RESULTS),
            *(desk.raw(one, RESULTS) for one in lines),
        )


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ledger") / "refused.sqlite3"
    asyncio.run(fill(file))
    return file


@pytest.fixture
def site(refused: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = Path(shutil.copy(refused, tmp_path / "ledger.sqlite3"))
    settings = {
        "DATABASE__URL": f"sqlite:///{file}",
        "KAFKA__TOPIC_PREFIX": "t.",
        "KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "KAFKA__REQUEST_TIMEOUT_S": "1",
        "KAFKA__SESSION_TIMEOUT_S": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"CTDNA_MONITOR_{name}", value)
    return file


def listed(call: Call, *arguments: object) -> list[Any]:
    found = call("dlq", "list", "--format", "json", *arguments)
    assert (found.code, found.err) == (0, "")
    documents: list[Any] = json.loads(found.out)
    return documents


@pytest.mark.usefixtures("site")
class TestList:
    def test_people_see_where_why_and_what(self, call: Call) -> None:
        out = call("dlq", "list").out
        assert f"{PLACE}/0, " in out
        assert "unmapped_code, open" in out
        assert "data.quantity.unit" in out
        assert "https://lab.example/lims, id e1" in out
        assert out.endswith("4 in all. `monitor dlq show PLACE` tells everything of one.\n")

    def test_programs_get_every_field(self, call: Call) -> None:
        first, poison, *conflicts = listed(call)
        assert first["place"] == f"{PLACE}/0"
        assert (first["study_id"], first["patient_id"]) == (STUDY, PATIENT)
        assert (first["record_id"], first["record_version"], first["closed"]) == ("s0", 1, None)
        assert (poison["source"], poison["reason"]) == (None, "undecodable")
        assert [one["reason"] for one in conflicts] == ["duplicate_conflict", "version_conflict"]
        lines = call("dlq", "list", "--format", "ndjson", "--all").out.splitlines()
        assert [json.loads(one) for one in lines] == [first, poison, *conflicts]

    @pytest.mark.parametrize(
        ("options", "offsets"),
        [
            (("--reason", "undecodable"), [1]),
            (("--topic", "ctdna.results", "--limit", 2), [0, 1]),
            (("--topic", "t.ctdna.results.dlq", "--limit", 1), [0]),
            (("--topic", "imaging.reads"), []),
            (("--source", "https://lab.example/lims", "--study", STUDY), [0, 3, 4]),
            (("--patient", f"{STUDY}/{PATIENT}", "--since", "2025-01-01"), [0, 3, 4]),
            (("--until", "2025-01-01T00:00:00Z"), []),
        ],
    )
    def test_options_choose(self, call: Call, options: tuple[str], offsets: list[int]) -> None:
        found = [int(one["place"].split("/")[2]) for one in listed(call, *options)]
        assert found == offsets

    def test_a_limit_says_what_it_left_out(self, call: Call) -> None:
        assert "2 of 4 shown (--limit)" in call("dlq", "list", "--limit", 2).out
        assert call("dlq", "list", "--study", "S-0").out == "No open refused delivery.\n"

    @pytest.mark.parametrize(
        "options",
        [
            ("--since", "yesterday"),
            ("--until", "2025-01-01T00:00:00"),
            ("--patient", "P-1"),
            ("--patient", "S/P", "--study", "T"),
            ("--reason", "bad"),
        ],
    )
    def test_what_cannot_be_meant_is_usage(self, call: Call, options: tuple[str]) -> None:
        found = call("dlq", "list", *options)
        assert found.code == Exit.USAGE
        assert options[0] in found.err


@pytest.mark.usefixtures("site")
class TestShow:
    def test_everything_and_what_to_do_next(self, call: Call) -> None:
        out = call("dlq", "show", PLACE).out
        for words in ("content-type", "FURLONGS", "Ask the sender", "stage", "decode"):
            assert words in out
        conflict = call("dlq", "show", f"{RESULTS}/0/4/0").out
        assert "Cannot be redriven" in conflict
        assert "higher `record_version`" in " ".join(conflict.split())

    def test_the_original_bytes(self, call: Call) -> None:
        found = call("dlq", "show", f"{RESULTS}/0/1", "--json")
        assert json.loads(found.out)["value"] == {"base64": "/wAgbm8gSlNPTg=="}
        assert "\\xff" in call("dlq", "show", f"{RESULTS}/0/1").out

    def test_nothing_there(self, call: Call) -> None:
        found = call("dlq", "show", f"{RESULTS}/0/2")
        assert (found.code, found.out) == (Exit.REFUSED, "")
        assert "dlq list" in found.err
        assert call("dlq", "show", "somewhere").code == Exit.USAGE


class TestPark:
    def test_it_needs_a_choice_and_a_reason(self, call: Call, site: Path) -> None:
        assert call("dlq", "park", "--why", "old").code == Exit.USAGE
        assert call("dlq", "park", PLACE).code == Exit.USAGE
        assert call("dlq", "park", PLACE, "--why", " ").code == Exit.USAGE
        out = call("dlq", "park", "--reason", "undecodable", "--dry-run").out
        assert out == "Would be parked: 1 (1 undecodable).\n"
        assert audit(site) == []

    def test_what_is_parked_is_closed_and_its_patient_complete(
        self, call: Call, site: Path
    ) -> None:
        patient = f"{STUDY}/{PATIENT}"
        asked = ("--patient", patient, "--reason", "unmapped_code")
        found = call("dlq", "park", *asked, "--why", "never drawn", "--by", "anna")
        assert found.out == "Parked: 1 (1 unmapped_code).\n"
        (entry,) = audit(site)
        assert (entry.actor, entry.action, entry.reason) == (
            *("anna", "quarantine.parked", "never drawn"),
        )
        assert len(listed(call)) == 3
        closed = listed(call, "--all")[0]["closed"]
        assert (closed["as"], closed["who"], closed["why"]) == ("parked", "anna", "never drawn")
        assert call("dlq", "park", PLACE, "--why", "again").code == Exit.REFUSED
        assert "parked by anna" in call("dlq", "show", PLACE).out

    def test_a_conflict_of_versions_leaves_its_patient_incomplete_and_help_says_so(
        self, call: Call, site: Path
    ) -> None:
        patient = f"{STUDY}/{PATIENT}"
        found = call("dlq", "park", "--patient", patient, "--why", "given up")
        assert found.out.startswith("Parked: 3 (")
        assert len(audit(site)) == 1
        assert json.loads(call("timeline", patient, "--format", "json").out)["incomplete"]
        words = " ".join(call("dlq", "park", "--help").out.replace("│", " ").split())
        assert "conflict of versions stays incomplete, parked or not" in words


class TestRedrive:
    def test_a_dry_run_says_how_many_and_what_is_left(self, call: Call, site: Path) -> None:
        found = call("dlq", "redrive", "--dry-run")
        assert found.code == 0
        assert found.out.startswith("Would be redriven: 2 (1 undecodable, 1 unmapped_code).\n")
        assert "Left: 1 version_conflict." in found.out
        assert "send" not in found.err
        assert audit(site) == []

    def test_conflicts_say_what_to_ask_the_sender(self, call: Call, site: Path) -> None:
        found = call("dlq", "redrive", "--reason", "duplicate_conflict", "--why", "please")
        assert found.code == Exit.REFUSED
        assert "under a new id" in " ".join(found.out.split())
        assert audit(site) == []

    def test_without_a_broker_nothing_is_sent_and_it_is_noted(self, call: Call, site: Path) -> None:
        assert call("dlq", "redrive", PLACE).code == Exit.USAGE
        found = call("dlq", "redrive", PLACE, "--why", "mapped", "--by", "anna")
        assert (found.code, "acknowledge" in found.err) == (Exit.UNREACHABLE, True)
        assert [one.action for one in audit(site)] == ["redrive.begun", "redrive.finished"]
        assert listed(call)[0]["redriven_at"] is None

    def test_nothing_to_do_is_fine(self, call: Call, site: Path) -> None:
        found = call("dlq", "redrive", "--study", "S-0", "--why", "sure")
        assert (found.code, found.out) == (0, "To redrive: 0 (none).\n")
        assert audit(site) == []


@pytest.mark.usefixtures("site")
class TestTimeline:
    def test_an_open_refusal_makes_the_patient_incomplete(self, call: Call) -> None:
        patient = f"{STUDY}/{PATIENT}"
        assert "Incomplete" in call("timeline", patient).out
        call("dlq", "park", PLACE, "--why", "never drawn")
        call("dlq", "park", f"{RESULTS}/0/3", "--why", "a slip")
        # The conflict of versions is the state's own: only a higher version answers it.
        assert json.loads(call("timeline", patient, "--format", "json").out)["incomplete"]

    def test_one_whom_only_refusals_name_is_told(self, call: Call) -> None:
        found = call("timeline", f"{STUDY}/P-77")
        assert found.code == Exit.REFUSED
        assert "refused deliveries that name them: 0" in found.err
