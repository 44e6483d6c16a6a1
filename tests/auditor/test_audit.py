"""A second implementation of the medicine agrees with the product on generated histories."""

import json
import os
from pathlib import Path

import jsonschema
import pytest

from tests.auditor.audit import audit
from tests.auditor.auditing import audit_many
from tests.auditor.compare import Scope, differences
from tests.auditor.draw_rules import CHOICES
from tests.auditor.generator import draw_history
from tests.auditor.report import explain, report
from tests.auditor.values import RULES

SCHEMAS = Path(__file__).parents[2] / "schemas" / "consumer"
HISTORIES = 20_000
EXPLAINED = 3
ONCE_UNLIKE = {
    846662107: "a recurred site whose new lesion, in doubt, is listed among the targets too",
    1050460: "a review that is corrected to a day after what was withdrawn",
    1053958: "a small node that a biopsy decided, before a complete response",
    1060706: "no growth that counts over a nadir of nothing, on a sum of nothing",
    1113368: "a sample of the very day on which a local therapy ended, without blackout",
    1087696: "a malignant and a benign sample of one site on one day",
    1067360: "a small node beside one that a biopsy decided",
}


def test_generated_events_are_as_the_contract_says() -> None:
    validators = {
        path.stem: jsonschema.Draft202012Validator(json.loads(path.read_text()))
        for path in SCHEMAS.glob("*.json")
    }
    events = [event for seed in range(300) for event in draw_history(seed).events]
    for event in events:
        validators[event["type"].removeprefix("org.ctdnamonitor.")].validate(event["data"])
    assert {event["type"] for event in events} == {
        f"org.ctdnamonitor.{name}"
        for name in validators
        if not name.startswith(("notice", "delivery"))
    }


def test_a_seed_draws_the_same_history_again() -> None:
    assert draw_history(7) == draw_history(7)


def test_the_generator_draws_every_parameter_from_the_same_defaults() -> None:
    assert {key: choices[0] for key, choices in CHOICES.items()} == RULES


def test_a_difference_of_one_cell_is_seen_and_named() -> None:
    read = {"record_id": "r1", "sum_mm": "30.0", "overall": "SD", "flags": []}
    product = {"imaging": [read], "standing_findings": []}
    auditor = {"imaging": [read | {"sum_mm": "30", "overall": "PR"}], "standing_findings": []}
    (found,) = differences(product, auditor, Scope())
    assert (found.kind, found.path) == ("imaging[].overall", "imaging[r1].overall")


@pytest.mark.parametrize("seed", ONCE_UNLIKE, ids=ONCE_UNLIKE.get)
def test_a_history_that_was_once_told_differently_is_told_alike(seed: int) -> None:
    assert audit(seed, Scope()).disagreements == {}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_auditor_agrees_with_the_product() -> None:
    result = audit_many(1, HISTORIES, "", os.cpu_count() or 1)
    print(report(result))
    kinds = list(result.disagreements.items())[:EXPLAINED]
    assert not result.disagreements, "\n".join(explain(min(seeds), "", k) for k, seeds in kinds)
    assert not result.lacking()
