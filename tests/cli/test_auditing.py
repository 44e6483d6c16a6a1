"""`monitor audit` and `monitor rebuild` in words, over a database without a broker."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from monitor.exits import Exit
from monitor.ledger.sql import SqlLedger
from monitor.notified import Notified
from monitor.passes import read_pass
from tests.cli.conftest import Call
from tests.cli.two_studies import ONE, STUDY, audit, change, on_ledger

DAMAGE = f"SET ruleset_hash = 'x' WHERE study_id = '{STUDY}' AND patient_id = 'SDCH-003'"


@pytest.fixture(autouse=True)
def deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTDNA_MONITOR_DEPLOYMENT", "test")
    monkeypatch.setenv("CTDNA_MONITOR_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")


def lines(file: Path) -> list[Any]:
    """Every state and notice as text, by what people know it by."""
    with sqlite3.connect(file) as connection:
        states = connection.execute(
            "SELECT study_id, patient_id, version, state, next_due_on, ruleset_hash, incomplete "
            "FROM patient_state ORDER BY 1, 2"
        ).fetchall()
        notices = connection.execute(
            "SELECT study_id, patient_id, sequence, notice_id, document, headers, value "
            "FROM notice ORDER BY 1, 2, 3"
        ).fetchall()
    connection.close()
    return [*states, *notices]


class TestAudit:
    def test_nothing_differs(self, call: Call, database: Path) -> None:
        before = audit(database)
        found = call("audit", "--all", "--no-topic")
        assert (found.code, found.err) == (0, "")
        assert found.out.startswith("40 patients, ")
        assert "the topic of notices was left out" in found.out
        assert found.out.endswith("Nothing differs.\n")
        assert audit(database) == before, "the topic may still differ"

    def test_a_full_pass_is_recorded(
        self, call: Call, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def empty(_kafka: object, deployments: frozenset[str], _keys: None) -> Notified:
            assert deployments == {"test"}
            return Notified({0: (0, 0)})

        monkeypatch.setattr("monitor.cli.auditing.read_notified", empty)
        assert call("audit").code == 0
        recorded = read_pass(audit(database)[-1:])
        assert recorded is not None
        assert (recorded.patients, recorded.differences) == (40, {})

    def test_a_difference_is_told_with_whom_and_what_it_means(
        self, call: Call, database: Path
    ) -> None:
        change(database, f"UPDATE patient_state {DAMAGE}")
        change(database, "DELETE FROM notice WHERE study_id = 'S-1'")
        found = call("audit", "--no-topic")
        assert found.code == Exit.REFUSED
        assert "1  a patient's state is not what the accepted events give" in found.out
        assert f"          {ONE}\n" in found.out
        assert "          S-1/P-1, S-1/P-2\n" in found.out
        document = json.loads(call("audit", "--no-topic", "--format", "json").out)
        assert document["differences"]["state_differs"]["patients"] == [
            {"study_id": STUDY, "patient_id": "SDCH-003"}
        ]
        assert document["differences"]["notice_missing"]["count"] > 2
        assert document["patients"] == 40

    def test_many_patients_are_not_all_named(self, call: Call, database: Path) -> None:
        change(database, "UPDATE patient_state SET next_due_on = '2000-01-01'")
        found = call("audit", "--no-topic")
        assert " and 30 more\n" in found.out

    def test_a_sample_is_not_recorded(self, call: Call, database: Path) -> None:
        before = len(audit(database))
        found = call("audit", "--sample", 5, "--no-topic")
        assert found.out.startswith("5 patients, ")
        assert len(audit(database)) == before
        assert call("audit", "--sample", 5, "--all").code == Exit.USAGE

    @pytest.mark.usefixtures("database")
    def test_without_a_broker_it_says_so(self, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("monitor.stream.preflight.TIMEOUT_SECONDS", 0.2)
        found = call("audit")
        assert found.code == Exit.UNREACHABLE
        assert "no answer from the broker" in found.err

    def test_a_state_of_a_newer_program_ends_it(self, call: Call, database: Path) -> None:
        change(database, """UPDATE patient_state SET state = '{"format":99}' """
                         "WHERE patient_id = 'P-2'")  # fmt: skip
        found = call("audit", "--no-topic")
        assert found.code == Exit.START_REFUSED
        assert "runbook: newer-state" in found.err

    def test_rules_of_another_program_end_it(self, call: Call, database: Path) -> None:
        change(database, """UPDATE active_rules SET parameters = '{"unknown": 1}'""")
        found = call("audit", "--no-topic")
        assert found.code == Exit.RULES_DIFFER
        assert "runbook: rules-differ" in found.err


class TestRebuild:
    def test_lost_rows_come_back_byte_for_byte(self, call: Call, database: Path) -> None:
        before = lines(database)
        change(database, "DELETE FROM patient_state")
        change(database, "DELETE FROM notice")
        said = call("rebuild", "--from", "ledger", "--check", "--no-topic")
        assert said.code == Exit.REFUSED
        assert "40 patients looked at, 40 would be changed: 40 states" in said.out
        assert lines(database) == []
        done = call(
            "rebuild", "--from", "ledger", "--no-topic", "--by", "Dr A", "--reason", "drill"
        )
        assert (done.code, done.err) == (0, "")
        assert "monitor rebuild review" in done.out
        assert lines(database) == before
        trail = [(one.action, one.actor, one.reason) for one in audit(database)]
        assert trail[-2:] == [
            ("rebuild.begun", "Dr A", "drill"),
            ("rebuild.finished", "Dr A", "drill"),
        ]
        assert call("rebuild", "--from", "ledger", "--check", "--no-topic").code == 0
        assert call("audit", "--no-topic").code == 0

    def test_what_waits_is_listed_and_released_by_name(self, call: Call, database: Path) -> None:
        change(database, "DELETE FROM notice WHERE study_id = 'S-1'")
        call("rebuild", "--from", "ledger", "--no-topic", "--by", "Dr A")
        listed = call("rebuild", "review").out
        assert "S-1/P-1" in listed
        assert "S-1/P-2" in listed
        assert ONE not in listed
        one = call("rebuild", "release", "--patient", "S-1/P-1", "--by", "Dr A", "--reason", "read")
        assert one.code == 0
        assert one.out.endswith(" notices are sent by the workers now.\n")
        assert "S-1/P-1" not in call("rebuild", "review").out
        entry = audit(database)[-1]
        assert (entry.action, entry.actor, entry.reason) == ("rebuild.released", "Dr A", "read")
        assert "P-1" not in entry.details
        assert call("rebuild", "release", "--by", "Dr A", "--reason", "read").code == 0
        assert call("rebuild", "review").out == "No notice waits for a release.\n"
        assert call("rebuild", "release", "--by", "A", "--reason", "r").code == Exit.REFUSED

    def test_who_is_left_is_named(self, call: Call, database: Path) -> None:
        change(database, "DELETE FROM accepted_event WHERE patient_id = 'P-2' AND arrival = 2")
        change(database, "DELETE FROM patient_state WHERE patient_id = 'P-2'")
        left = call("rebuild", "--from", "ledger", "--no-topic", "--by", "Dr A")
        assert left.code == Exit.REFUSED
        assert "1  patients were left as they are: their accepted events are missing" in left.out
        assert "S-1/P-2" in left.out
        assert "1 of them have no state" in left.out
        refused = call("rebuild", "release", "--by", "A", "--reason", "r")
        assert (refused.code, "was not finished" in refused.err) == (Exit.START_REFUSED, True)

    def test_not_beside_a_worker(self, call: Call, database: Path) -> None:
        on_ledger(database, lambda ledger: ledger.acquire_lease("worker", "host:1", 60))
        refused = call("rebuild", "--from", "ledger", "--no-topic", "--by", "Dr A")
        assert refused.code == Exit.START_REFUSED
        assert "stop every worker first" in refused.err
        assert [one.action for one in audit(database)].count("rebuild.begun") == 0
        assert call("rebuild", "--from", "ledger", "--check", "--no-topic").code == 0

    def test_a_rebuild_that_ended_half_way_is_run_again(
        self, call: Call, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change(database, "DELETE FROM patient_state")
        done: list[Any] = []
        restore = SqlLedger.restore

        async def interrupted(ledger: SqlLedger, *given: Any) -> None:
            if len(done) == 3:
                raise KeyboardInterrupt
            done.append(given)
            await restore(ledger, *given)

        monkeypatch.setattr(SqlLedger, "restore", interrupted)
        arguments = ("rebuild", "--from", "ledger", "--no-topic", "--by", "Dr A")
        assert call(*arguments).code == Exit.INTERRUPTED
        monkeypatch.setattr(SqlLedger, "restore", restore)
        refused = call("rebuild", "release", "--by", "A", "--reason", "r")
        assert refused.code == Exit.START_REFUSED
        assert "was not finished" in refused.err
        assert "37 would be changed" in call(*arguments[:-2], "--check").out
        assert call(*arguments).code == 0
        assert call("audit", "--no-topic").code == 0

    @pytest.mark.usefixtures("database")
    def test_usage(self, call: Call) -> None:
        assert call("rebuild").code == Exit.USAGE
        assert call("rebuild", "--from", "files").code == Exit.USAGE
        assert call("rebuild", "--from", "topics", "--check").code == Exit.USAGE
        assert call("rebuild", "release", "--reason", " ").code == Exit.USAGE
        assert call("rebuild", "release", "--reason", "r", "--patient", "P").code == Exit.USAGE
