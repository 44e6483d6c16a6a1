"""`monitor rules activate` where something is amiss: refused in words, never half done."""

import getpass
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from monitor.activation import Activation
from monitor.clock import Clock
from monitor.deployments import hold_deployment
from monitor.exits import Exit
from monitor.ledger.port import Conflict, RefusedRow
from monitor.ledger.sql import SqlLedger
from tests.cli.conftest import Activate, Call
from tests.cli.two_studies import OTHER, STUDY, audit, change, folder, history, on_ledger


class TestWithoutRules:
    def test_a_study_is_dropped_only_by_name(
        self, call: Call, activate: Activate, database: Path, tmp_path: Path
    ) -> None:
        rules = folder(tmp_path / "rules", NCT06778382="ctdna.confirm.n = 1")
        line = "2 patients of S-1 would have no rules: their events would be refused"
        compared = call("rules", "diff", "--rules", rules)
        assert (compared.code, line in compared.out) == (Exit.REFUSED, True)
        document = json.loads(call("rules", "diff", "--rules", rules, "--format", "json").out)
        assert document["without_rules"] == {OTHER: 2}
        assert call("rules", "diff", "--rules", rules, "--study", OTHER).code == Exit.REFUSED
        refused = activate(rules)
        assert refused.code == Exit.START_REFUSED
        assert line in refused.err
        assert "--without S-1" in refused.err
        assert activate(rules, "--without", "S-2").code == Exit.START_REFUSED
        assert activate(rules, "--without", STUDY).code == Exit.USAGE
        assert len(history(database)) == 1

        before = call("timeline", "S-1/P-1", "--format", "json").out
        assert activate(rules, "--without", OTHER).code == 0
        assert call("timeline", "S-1/P-1", "--format", "json").out == before
        assert "RADIOGRAPHIC_PD" in before
        assert "already active" in activate(rules).out
        assert (
            json.loads(call("rules", "diff", "--rules", rules, "--format", "json").out)[
                "without_rules"
            ]
            == {}
        )

    @pytest.mark.usefixtures("database")
    def test_rules_for_every_study_leave_nobody_without(self, call: Call) -> None:
        out = call("rules", "diff", "--rules", "nct06778382").out
        assert "would have no rules" not in out


class TestUndecided:
    @pytest.mark.parametrize(
        ("document", "why"),
        [
            ('{"format":99}', "1 written by a newer version of the program"),
            ("damaged", "1 on whom the monitor's own code fails (ValueError at monitor.clinical"),
        ],
    )
    def test_one_patient_stops_it_before_anything_is_written(
        self, call: Call, activate: Activate, database: Path, document: str, why: str
    ) -> None:
        change(database, f"UPDATE patient_state SET state = '{document}' "
                         "WHERE study_id = 'S-1' AND patient_id = 'P-2'")  # fmt: skip
        compared = call("rules", "diff", "--rules", "single-positive")
        assert compared.code == Exit.START_REFUSED
        assert f"1 patients cannot be decided by these rules: {why}" in compared.err
        assert " patients would differ: " in compared.out
        refused = activate("single-positive")
        assert refused.code == Exit.START_REFUSED
        assert "nobody was changed: 1 patients cannot be decided" in refused.err
        assert "runbook: rules-differ" in refused.err
        assert len(history(database)) == 1

    def test_a_notice_that_would_be_too_long(
        self, activate: Activate, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("monitor.comparison.NOTICE_BYTES_MAX", 100)
        refused = activate("single-positive")
        assert refused.code == Exit.START_REFUSED
        assert " with a notice that would be too long" in refused.err
        assert len(history(database)) == 1


class TestDeployment:
    def test_another_deployment_is_refused(
        self, activate: Activate, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        on_ledger(database, lambda ledger: hold_deployment(ledger, Clock(), "ward", "worker"))
        refused = activate("single-positive")
        assert refused.code == Exit.CONFIGURATION
        assert "set CTDNA_MONITOR_DEPLOYMENT=ward" in refused.err
        assert len(history(database)) == 1
        monkeypatch.setenv("CTDNA_MONITOR_DEPLOYMENT", "ward")
        assert activate("single-positive").code == 0
        with sqlite3.connect(database) as connection:
            packed = connection.execute("SELECT headers FROM notice ORDER BY position").fetchall()
        connection.close()
        assert b"urn:ctdna-monitor:ward" in packed[-1][0]


class TestWhoAndWhy:
    @pytest.mark.usefixtures("database")
    def test_who_is_asked_for_where_the_machine_does_not_know(
        self, activate: Activate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nobody() -> str:
            raise KeyError("getpwuid(): uid not found: 4711")

        monkeypatch.setattr(getpass, "getuser", nobody)
        assert activate("single-positive").code == Exit.USAGE
        assert activate("single-positive", "--by", " ").code == Exit.USAGE
        assert activate("single-positive", "--by", "Dr A").code == 0

    def test_resumed_it_is_recorded_by_whom_and_why(
        self, activate: Activate, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done: list[Any] = []
        switch = Activation.switch

        async def interrupted(change: Activation, *given: Any) -> Any:
            if len(done) == 3:
                raise KeyboardInterrupt
            done.append(given)
            return await switch(change, *given)

        monkeypatch.setattr(Activation, "switch", interrupted)
        stopped = activate("single-positive", "--by", "Dr A")
        assert stopped.code == 130
        assert stopped.err == "Interrupted: run the same again, it goes on where it ended.\n"
        monkeypatch.setattr(Activation, "switch", switch)
        again = activate("single-positive", "--by", "Dr B")
        assert "activation 2, resumed: " in again.out
        assert [(one.action, one.actor, one.reason) for one in audit(database)[-2:]] == [
            ("rules.activated", "Dr A", "amendment 2"),
            ("rules.activation_resumed", "Dr B", "amendment 2"),
        ]
        assert json.loads(audit(database)[-1].details) == {"activation": 2}
        third = activate("single-positive", "--by", "Dr C")
        assert "activation 2: already active since " in third.out
        assert ", by Dr A; your reason was not recorded" in third.out
        assert len(audit(database)) == 3


class TestWords:
    @pytest.mark.parametrize("problem", [Conflict, RefusedRow])
    @pytest.mark.parametrize("where", ["activate_rules", "record"])
    @pytest.mark.usefixtures("database")
    def test_a_database_s_own_words_are_not_shown(
        self,
        activate: Activate,
        monkeypatch: pytest.MonkeyPatch,
        problem: type[Exception],
        where: str,
    ) -> None:
        async def fails(*_given: object) -> None:
            raise problem("a row of patient_state has moved (SQLSTATE 40001)")

        monkeypatch.setattr(SqlLedger, where, fails)
        refused = activate("single-positive")
        assert refused.code == Exit.START_REFUSED
        assert "SQLSTATE" not in refused.err
        assert "row" not in refused.err
