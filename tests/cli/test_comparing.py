"""`monitor rules check` and `diff`, and `timeline` while rules change: looked at first."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.activation import Activation
from monitor.exits import Exit
from tests.cli.conftest import Activate, Call
from tests.cli.two_studies import ONE, OTHER, STUDY, folder, history


class TestDiff:
    def test_rules_for_every_study_beside_rules_for_each(
        self, call: Call, activate: Activate, database: Path, tmp_path: Path
    ) -> None:
        rules = folder(tmp_path / "rules", NCT06778382="recist.pd_abs = 7", S_1="")
        assert activate(rules).code == 0
        compared = call("rules", "diff", "--rules", "nct06778382", "--format", "json")
        document = json.loads(compared.out)
        assert document["parameters"] == [
            {"scope": STUDY, "key": "recist.pd_abs", "from": "7 mm", "to": "5 mm"}
        ]
        assert len(history(database)) == 3

    @pytest.mark.usefixtures("database")
    def test_retractions_are_counted_apart(self, call: Call, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text("recist.pd_rel = '0.5'")
        out = call("rules", "diff", "--rules", file, "--study", OTHER).out
        assert "2 retractions after action are among them\n" in out
        document = json.loads(
            call("rules", "diff", "--rules", file, "--study", OTHER, "--format", "json").out
        )
        assert document["retractions"] == 2

    def test_the_timeline_while_an_activation_is_unfinished(
        self, call: Call, activate: Activate, database: Path, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        switch = Activation.switch

        async def only_one(change: Activation, patient: Any, number: int) -> Any:
            if patient == ("S-1", "P-2"):
                raise KeyboardInterrupt
            return await switch(change, patient, number)

        monkeypatch.setattr(Activation, "switch", only_one)
        file = tmp_path / "mine.toml"
        file.write_text("recist.pd_rel = '0.5'")
        assert activate(file).code == 130
        shown = [json.loads(call("timeline", f"S-1/{one}", "--format", "json").out)
                 for one in ("P-1", "P-2")]  # fmt: skip
        names = [{found["finding"] for found in one["standing_findings"]} for one in shown]
        assert ["RADIOGRAPHIC_PD" in found for found in names] == [False, True]
        assert len({row.config_hash for row in history(database)}) == 2
        assert call("timeline", ONE).code == 0


class TestCheck:
    def test_every_file_of_a_folder_is_checked(self, call: Call, tmp_path: Path) -> None:
        rules = folder(tmp_path / "rules", S_1="recist.pd_abs = 7", S_2="x", S_3="reader = 1")
        called = call("rules", "check", rules)
        assert called.code == Exit.CONFIGURATION
        assert called.out.startswith("S-1: valid, ")
        faults = called.err.splitlines()
        assert [line.split(":")[0] for line in faults] == [f"{rules}/S-2.toml", f"{rules}/S-3.toml"]
        for name in ("S-2", "S-3"):
            (rules / f"{name}.toml").write_text("")
        called = call("rules", "check", rules)
        assert called.code == 0
        assert [line.split(":")[0] for line in called.out.splitlines() if ": valid" in line] == [
            "S-1", "S-2", "S-3",
        ]  # fmt: skip

    def test_an_empty_folder_is_told(self, call: Call, tmp_path: Path) -> None:
        called = call("rules", "check", folder(tmp_path / "rules"))
        assert called.code == Exit.CONFIGURATION
        assert "holds no <study_id>.toml" in called.err

    def test_a_misspelt_name_and_what_cannot_be_read(self, call: Call, tmp_path: Path) -> None:
        misspelt = call("rules", "check", "single-positiv")
        assert misspelt.code == Exit.CONFIGURATION
        assert "built-in rulesets are nct06778382, single-positive" in misspelt.err
        (tmp_path / "latin.toml").write_bytes(b'reader = "\xe4"')
        assert "not text in UTF-8" in call("rules", "check", tmp_path / "latin.toml").err
        held = call("rulebook", "--rules", tmp_path)
        assert held.code == Exit.CONFIGURATION
        assert "is a directory" in held.err
        assert "Error" not in misspelt.err + held.err
