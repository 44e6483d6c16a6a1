"""What a coordinator reads of the example cohort is what somebody has read and found good.

After a change on purpose: `python -m tests.clinical.snapshots`, and read what differs.
"""

import pytest

from monitor.clinical.rule import Rule
from monitor.clinical.rules import RULES
from monitor.rulesets import Rulesets
from tests.clinical import snapshots

READ = snapshots.FILE.read_text()


def test_every_explanation_is_the_one_that_was_read() -> None:
    assert snapshots.text() == READ


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_every_rule_says_something(rule: Rule) -> None:
    assert f"rule {rule.id} ({rule.severity}, origin {rule.origin})\n  raised, " in READ


def test_no_explanation_names_a_patient_or_a_record() -> None:
    for notice in snapshots.told(Rulesets()):
        named = {notice["patient_id"], notice["study_id"]}
        named |= {item["record_id"] for item in notice["evidence"]}
        assert not [name for name in named if name in notice["explanation"]]
