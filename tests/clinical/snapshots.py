"""Every sentence that a coordinator can read of the example cohort, by rule, in a text file.

`python -m tests.clinical.snapshots` writes it again; then read what changed in it.
"""

import datetime
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from monitor import examples
from monitor.clinical.rule import Rule
from monitor.clinical.rules import RULES
from monitor.rulesets import Rulesets
from tests.cli.evaluated import evaluate

FILE = Path(__file__).with_name("explanations.txt")
CLOSED_ON = datetime.date(2026, 6, 30)  # the follow-up of everybody in the cohort is over
SINGLE = Path(examples.__file__).parents[1] / "rulesets" / "single-positive.toml"
TOLD = ("raised", "amended")
ACTIONS = (*TOLD, "withdrawn")
WIDTH = 98
_NUMBER = re.compile(r"(?<![A-Za-z])\d+(?:[.-]\d+)*")

Notice = dict[str, Any]


def text() -> str:
    """The whole file: the study's rules, then what other rules make read otherwise."""
    own = told(Rulesets())
    shown: set[object] = set()
    parts = [
        "What a coordinator reads: every wording once, of the patients of the example cohort.\n"
    ]
    parts += [_rule_text(rule, own, shown) for rule in RULES]
    parts.append(
        "=== Under the rules of the single-positive trials, where they read otherwise ===\n"
    )
    other = told(Rulesets(SINGLE))
    parts += [part for rule in RULES if "\n  " in (part := _rule_text(rule, other, shown, TOLD))]
    return "\n".join(parts)


def told(rulesets: Rulesets) -> list[Notice]:
    """Every notice of the cohort until everybody's follow-up is over."""
    return evaluate(examples.lines(examples.MADE_UP), CLOSED_ON, rulesets).notices


def _rule_text(
    rule: Rule,
    notices: Iterable[Notice],
    shown: set[object],
    actions: Iterable[str] = ACTIONS,
) -> str:
    head = f"{rule.finding}, rule {rule.id} ({rule.severity}, origin {rule.origin})"
    own = [notice for notice in notices if notice["rule"]["id"] == rule.id]
    lines = (line for action in actions for line in _of_action(action, own, shown))
    return "\n".join([head, *lines, ""])


def _of_action(action: str, notices: Iterable[Notice], shown: set[object]) -> Iterator[str]:
    """Each wording of a rule once; of withdrawals, which repeat what was said, one is enough."""
    for notice in notices:
        wording = _NUMBER.sub("#", notice["explanation"].partition(" Resolved on ")[0])
        first = (notice["rule"]["id"], action)
        if notice["action"] != action or {wording, first} <= shown:
            continue
        shown |= {wording, first}
        patient, on = notice["patient_id"], notice["effective_on"]
        yield f"  {action}, {notice['severity']}, {patient}, {on}"
        yield textwrap.fill(
            notice["explanation"],
            WIDTH,
            initial_indent="    ",
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
        if action == "withdrawn":
            return


if __name__ == "__main__":
    FILE.write_text(text())
