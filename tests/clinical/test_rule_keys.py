"""The keys of the rules: one table, complete, and the built-in files beside it."""

import re
import tomllib
from importlib import resources
from typing import Any

import pytest

from monitor.clinical.keys import KEYS, value_of, value_words, values_of
from monitor.clinical.parameters import Parameters, parameters_from_toml
from monitor.clinical.printed import ORIGINS, rulebook
from monitor.clinical.rule import Rule
from monitor.clinical.rules import RULES
from monitor.rulesets import BUILT_IN, built_in_names, built_in_ruleset
from monitor.rulesets.problems import expected_of
from tests.clinical.table import CTDNA, assert_told

FILE = resources.files("monitor.rulesets").joinpath(f"{BUILT_IN}.toml").read_text("utf-8")
WITHOUT_VALUE = {"reader_id", "recist.no_data"}  # null by default, which TOML cannot say


def leaves(tables: dict[str, Any], path: str = "") -> set[str]:
    found = set()
    for name, value in tables.items():
        found |= leaves(value, f"{path}{name}.") if isinstance(value, dict) else {path + name}
    return found


def test_the_table_has_every_key_and_no_other() -> None:
    assert sorted(KEYS) == sorted(key for key, _ in values_of(Parameters()))
    assert {row.origin for row in KEYS.values()} <= set(ORIGINS)


def test_the_built_in_file_has_every_key_with_its_default() -> None:
    assert leaves(tomllib.loads(FILE)) == set(KEYS) - WITHOUT_VALUE
    assert all(f"# {key.rpartition('.')[2]} = " in FILE for key in WITHOUT_VALUE)
    assert parameters_from_toml(FILE) == Parameters()
    assert parameters_from_toml(FILE).config_hash == Parameters().config_hash


def test_every_line_of_the_built_in_file_says_its_origin_as_the_table_does() -> None:
    lines = [line for line in FILE.splitlines() if " = " in line and "(" in line]
    assert len(lines) == len(KEYS)
    for line in lines:
        name = line.removeprefix("# ").split(" = ")[0]
        said = re.search(r"\(([PLD])\b[^)]*\)$", line)
        assert said, line
        origins = {row.origin for key, row in KEYS.items() if key.rpartition(".")[2] == name}
        assert said[1] in origins, line


@pytest.mark.parametrize("name", built_in_names())
def test_rules_come_back_from_their_recorded_form_with_the_same_hash(name: str) -> None:
    parameters = built_in_ruleset(name).parameters
    again = Parameters.model_validate_json(parameters.model_dump_json())
    assert again == parameters
    assert again.config_hash == parameters.config_hash


def test_equal_rules_have_equal_hashes_however_they_are_spelt() -> None:
    spelt = parameters_from_toml('recist.pd_rel = "0.200"\nctdna.rise.fold = 2\n')
    assert spelt.config_hash == Parameters().config_hash


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_lists_the_thresholds_of_its_sentence_and_only_known_ones(rule: Rule) -> None:
    named = set(re.findall(r"\{rules\.([a-z_.]+)", rule.sentence))
    assert named <= set(rule.thresholds)
    assert set(rule.thresholds) <= set(KEYS)


def test_the_rulebook_names_a_patients_numbers_and_fills_the_thresholds() -> None:
    said = {rule["id"]: rule["sentence"] for rule in rulebook(built_in_ruleset())["rules"]}
    assert "[day]" in said["ctdna.suspected"]
    assert not [text for text in said.values() if "{" in text or "rules." in text]


@pytest.mark.parametrize("key", KEYS)
def test_what_a_key_takes_is_said_and_its_default_reads_well(key: str) -> None:
    expected = expected_of(key.split("."))
    assert expected
    assert "a value" not in expected
    words = value_words(value_of(Parameters(), key), KEYS[key].unit)
    assert words
    assert "(" not in words


def test_published_trials_act_on_the_first_positive() -> None:
    story = """
        day | what
          0 | enrolled
         40 | ctdna s0 not_detected
        100 | ctdna s1 detected
    """
    single = {"ctdna.confirm.n": built_in_ruleset("single-positive").parameters.ctdna.confirm.n}
    assert_told(f"{story}\n | MOLECULAR_RELAPSE_SUSPECTED @100 s1", about=CTDNA)
    assert_told(f"{story}\n | MOLECULAR_RELAPSE_CONFIRMED @100 s1", single, about=CTDNA)
