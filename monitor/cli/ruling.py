"""What the commands about rules share: reading rules, and going over every patient with them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.activation import Activation, Shadow
from monitor.active_rules import latest, parameters_of
from monitor.clinical.keys import KEYS, differing, value_words
from monitor.clinical.parameters import Parameters
from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock
from monitor.exits import ConfigurationError
from monitor.ledger.sql import SqlLedger
from monitor.rulesets import (
    EVERY_STUDY,
    Rulesets,
    RulesInvalid,
    built_in_ruleset,
    read_ruleset,
)

if TYPE_CHECKING:
    from rich.console import Console

Document = Mapping[str, Any]


def ruleset_of(path: Path | None) -> Ruleset:
    """One ruleset: a file, a built-in name, or the seed protocol's. Raises ConfigurationError."""
    try:
        return built_in_ruleset() if path is None else read_ruleset(path)
    except RulesInvalid as problem:
        raise ConfigurationError(str(problem)) from None


def rulesets_of(path: Path | None) -> Rulesets:
    """The rules of every study: a file, a folder, a built-in name. Raises ConfigurationError."""
    try:
        return Rulesets(path)
    except RulesInvalid as problem:
        raise ConfigurationError(str(problem)) from None


async def compared(ledger: SqlLedger, given: Rulesets, study: str | None) -> Document:
    """What the rules given would say of every patient, as a document; nothing is written."""
    activation = Activation(ledger, given, Clock(), "")
    patients = await activation.patients(study)
    found: list[Document] = []
    totals: Counter[str] = Counter()
    with _bar("comparing", len(patients)) as advance:
        async for shadow in activation.shadows(patients):
            advance()
            lines = _notices(shadow)
            if lines:
                found.append({**shadow.patient._asdict(), "notices": lines})
                totals.update(line["action"] for line in lines)
    return {
        "parameters": await _changed(ledger, given),
        "compared": len(patients),
        "patients": found,
        "totals": {action: totals[action] for action in ("raised", "amended", "withdrawn")},
    }


def _notices(shadow: Shadow) -> list[Document]:
    if shadow.outcome is None:
        return []
    return [
        {
            "action": one.said.action,
            "finding": one.said.finding,
            "severity": one.said.severity,
            "effective_on": one.said.effective_on.isoformat(),
            "explanation": one.said.explanation,
        }
        for one in shadow.outcome.notices
    ]


async def _changed(ledger: SqlLedger, given: Rulesets) -> list[Document]:
    """The keys whose values are not the active ones, of each scope."""
    active = latest(await ledger.active_rules())
    changed: list[Document] = []
    for scope, ruleset in sorted(given.by_scope.items()):
        row = active.get(scope) or active.get(EVERY_STUDY)
        before = parameters_of(row) if row else Parameters()
        for key, old, new in differing(before, ruleset.parameters):
            unit = KEYS[key].unit
            changed.append({
                "scope": scope, "key": key, "from": value_words(old, unit),
                "to": value_words(new, unit),
            })  # fmt: skip
    return changed


def show_comparison(found: Document) -> None:
    """A comparison for people."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from monitor.cli import words

    out = words.console()
    for one in found["parameters"]:
        scope = "" if one["scope"] == EVERY_STUDY else f"{one['scope']}: "
        words.show(out, f"{scope}{one['key']}: {one['from']} -> {one['to']}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("Patient", "Would be", "Finding", "Severity", "Day"):
        table.add_column(name, overflow="fold")
    for patient in found["patients"]:
        for line in patient["notices"]:
            table.add_row(
                f"{patient['study_id']}/{patient['patient_id']}",
                Text(line["action"], words.ACTION_STYLES[line["action"]]),
                words.finding_words(line["finding"]),
                words.severity_text(line["severity"]),
                line["effective_on"],
            )
    if found["patients"]:
        words.show(out, table)
    totals = ", ".join(f"{count} {action}" for action, count in found["totals"].items())
    words.show(
        out, f"{len(found['patients'])} of {found['compared']} patients would differ: {totals}"
    )


async def activated(ledger: SqlLedger, given: Rulesets, who: str, why: str) -> tuple[int, int, int]:
    """Activate the rules: their number, how many patients changed to them, how many notices.

    Raises StartRefusedError while a worker runs.
    """
    from monitor import settings

    activation = Activation(ledger, given, Clock(), settings.load().deployment)
    number = await activation.begin(who, why)
    changed = told = 0
    patients = await activation.patients()
    with _bar("activating", len(patients)) as advance:
        for patient in patients:
            outcome = (await activation.switch(patient, number)).outcome
            changed += outcome is not None
            told += len(outcome.notices) if outcome else 0
            advance()
    await activation.finished()
    return number, changed, told


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal's standard error; in a pipe nothing."""
    from rich.progress import Progress

    from monitor.cli import words

    terminal: Console = words.console(stderr=True)
    shown = terminal.is_terminal
    with Progress(console=terminal, disable=not shown, transient=True) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda: bars.advance(bar)
