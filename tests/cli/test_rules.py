"""`monitor rulebook` and `monitor rules`: what is checked, compared and activated."""

import json
import re
from pathlib import Path

import pytest

from monitor.clinical.rules import RULES
from monitor.exits import Exit
from monitor.rulesets import built_in_names
from tests.cli.conftest import Activate, Call
from tests.cli.two_studies import ONE, on_ledger

BAD = """
reader = "nobody"
[recist]
pd_abs = 500
pd_rel = "much"
benefit_values = ["QQ"]
[ctdna]
rise = 5
redraw_window = [28, 14]
[ctdna.confirm]
n = 3
min_gapp = 1
[local_therapy]
alpha_beta_gy = 0
"""


class TestRulebook:
    def test_every_rule_is_printed_in_every_form(self, call: Call) -> None:
        document = json.loads(call("rulebook", "--format", "json").out)
        assert [rule["id"] for rule in document["rules"]] == [rule.id for rule in RULES]
        table, markdown = call("rulebook").out, call("rulebook", "--format", "markdown").out
        for rule in RULES:
            assert f" {rule.id} {rule.version} " in table
            assert f"| {rule.id} {rule.version} | {rule.finding} | {rule.severity} |" in markdown
        for part in ("Eligibility criteria", "I01", "E16", "T8", "NON-CR/NON-PD", "confirmed by"):
            assert part in table
            assert part in markdown

    def test_the_thresholds_are_those_of_the_file(self, call: Call, tmp_path: Path) -> None:
        file = tmp_path / "mine.toml"
        file.write_text("recist.pd_abs = 7\nctdna.redraw_window = [10, 20]")
        document = json.loads(call("rulebook", "--rules", file, "--format", "json").out)
        assert document["ruleset"] == "mine"
        values = {one["key"]: one["value"] for one in document["parameters"]}
        assert values["recist.pd_abs"] == "7 mm"
        assert values["ctdna.redraw_window"] == "10 to 20 days"
        assert values["recist.no_data"] == "not set"
        assert "ctdna.redraw_window = 10 to 20 days" in call("rulebook", "--rules", file).out

    def test_a_file_that_cannot_be_used_is_3(self, call: Call, tmp_path: Path) -> None:
        assert call("rulebook", "--rules", tmp_path / "none.toml").code == Exit.CONFIGURATION


class TestCheck:
    def test_every_fault_is_told_with_key_kind_bounds_and_unit(
        self, call: Call, tmp_path: Path
    ) -> None:
        file = tmp_path / "bad.toml"
        file.write_text(BAD)
        called = call("rules", "check", file)
        assert (called.code, called.out) == (Exit.CONFIGURATION, "")
        lines = called.err.splitlines()
        assert all(line.startswith(f"{file}: ") for line in lines)
        told = [line.removeprefix(f"{file}: ") for line in lines]
        assert [line.split(":")[0] for line in told] == [
            "reader", "recist.pd_rel", "recist.pd_abs", "recist.benefit_values",
            "ctdna.confirm.n", "ctdna.confirm.min_gapp", "ctdna.rise", "ctdna.redraw_window",
            "local_therapy.alpha_beta_gy",
        ]  # fmt: skip
        assert told[2].endswith("(a whole number was given; expected: a number from 0 to 100 mm)")
        assert "did you mean ctdna.confirm.min_gap?" in told[5]
        assert "a list of 2, each a whole number from 0 to 3650 days" in told[7]
        assert "500" not in called.err
        assert "much" not in called.err

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("ctdna.confirm.min_gap = 121", "ctdna.confirm: min_gap is above max_gap"),
            ("schedule.landmark_from_days = 57", "schedule: landmark_from_days is after"),
            ("x", "not TOML"),
        ],
    )
    def test_keys_that_contradict_each_other(
        self, call: Call, tmp_path: Path, text: str, key: str
    ) -> None:
        (tmp_path / "bad.toml").write_text(text)
        called = call("rules", "check", tmp_path / "bad.toml")
        assert called.code == Exit.CONFIGURATION
        assert key in called.err

    def test_a_number_with_a_point_is_told_to_be_written_in_quotes(
        self, call: Call, tmp_path: Path
    ) -> None:
        file = tmp_path / "points.toml"
        file.write_text("recist.pd_rel = 0.25\nctdna.redraw_window = [14.5, 28]")
        called = call("rules", "check", file)
        assert called.code == Exit.CONFIGURATION
        share, window = (one.removeprefix(f"{file}: ") for one in called.err.splitlines())
        assert share == (
            'recist.pd_rel: a number with a point stands in quotes, such as "0.2" '
            "(a number without quotes was given; expected: a number above 0 below 10 share)"
        )
        assert window.startswith("ctdna.redraw_window: input should be a valid integer, got")
        file.write_text('recist.pd_rel = "0.25"')
        assert call("rules", "check", file).code == 0

    def test_what_differs_from_the_defaults(self, call: Call) -> None:
        called = call("rules", "check", "single-positive")
        assert called.code == 0
        assert called.out.startswith("single-positive: valid, ")
        assert "  ctdna.confirm.n = 1 positives (default 2 positives)\n" in called.out
        assert call("rules", "check", "nct06778382").out.endswith("all values are the defaults\n")

    def test_every_built_in_ruleset_is_valid(self, call: Call) -> None:
        assert {"nct06778382", "single-positive"} <= set(built_in_names())
        assert all(call("rules", "check", name).code == 0 for name in built_in_names())


@pytest.fixture(scope="session")
def told(cohort: Path) -> Path:
    return cohort


@pytest.mark.usefixtures("database")
class TestDiffAndActivate:
    def test_the_same_rules_differ_in_nothing(self, call: Call) -> None:
        called = call("rules", "diff", "--rules", "nct06778382")
        assert called.code == 0
        expected = r"0 of (\d+) patients would differ: 0 raised, 0 amended, 0 withdrawn\n"
        found = re.fullmatch(expected, called.out)
        assert found
        assert int(found[1]) > 20

    def test_a_comparison_says_what_an_activation_then_tells(
        self, call: Call, activate: Activate
    ) -> None:
        compared = call("rules", "diff", "--rules", "single-positive", "--format", "json")
        assert compared.code == Exit.REFUSED
        document = json.loads(compared.out)
        told_before = json.loads(call("notices", "--format", "json").out)
        expected = sum(document["totals"].values())
        assert {one["key"] for one in document["parameters"]} >= {"ctdna.confirm.n"}

        called = activate("single-positive")
        assert called.code == 0, called.err
        all_ = document["compared"]
        assert f"activation 2: {all_} patients changed to it, {expected} notices\n" in called.out
        told = json.loads(call("notices", "--format", "json").out)[len(told_before) :]
        assert {one["details"]["origin"] for one in told} == {"rules_changed"}
        said = sorted((one["patient_id"], one["action"], one["finding"]) for one in told)
        assert said == sorted(
            (patient["patient_id"], line["action"], line["finding"])
            for patient in document["patients"]
            for line in patient["notices"]
        )
        assert call("rules", "diff", "--rules", "single-positive").code == 0
        again = call("rules", "activate", "--rules", "single-positive", "--reason", "once more")
        assert again.code == 0
        assert "activation 2: already active since " in again.out
        assert "your reason was not recorded" in again.out

    def test_people_see_keys_patients_and_totals(self, call: Call) -> None:
        out = call("rules", "diff", "--rules", "single-positive").out
        assert "ctdna.confirm.n: 2 positives -> 1 positives" in out
        assert f"{ONE}   withdrawn   molecular relapse suspected" in out
        assert " patients would differ: " in out

    def test_another_study_has_no_patients(self, call: Call) -> None:
        out = call("rules", "diff", "--rules", "single-positive", "--study", "OTHER").out
        assert "0 of 0 patients would differ" in out

    def test_the_timeline_is_that_of_the_active_rules(self, call: Call, activate: Activate) -> None:
        activate("single-positive")
        document = json.loads(call("timeline", ONE, "--format", "json").out)
        standing = {one["finding"] for one in document["standing_findings"]}
        assert "MOLECULAR_RELAPSE_CONFIRMED" in standing
        assert "MOLECULAR_RELAPSE_SUSPECTED" not in standing

    def test_a_reason_is_asked_for(self, call: Call) -> None:
        assert call("rules", "activate", "--rules", "single-positive").code == Exit.USAGE
        assert call("rules", "activate", "--rules", "single-positive", "--reason", " ").code == 2

    def test_not_while_a_worker_runs(self, activate: Activate, database: Path) -> None:
        assert on_ledger(database, lambda ledger: ledger.acquire_lease("worker", "host:1", 20))
        called = activate("single-positive")
        assert called.code == Exit.START_REFUSED
        assert "stop every worker first" in called.err
