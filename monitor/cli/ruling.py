"""What the commands about rules share: reading rules, and going over every patient with them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.activation import Activation, Begun
from monitor.active_rules import latest, parameters_of
from monitor.clinical.keys import KEYS, differing, value_words
from monitor.clinical.parameters import Parameters
from monitor.clinical.retraction import NAME as RETRACTION
from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock
from monitor.comparison import Comparison, Shadow, without_rules_words
from monitor.exits import ConfigurationError, StartRefusedError
from monitor.ledger.port import Conflict, RefusedRow
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
    comparison = Comparison(ledger, given, Clock(), "")
    patients = await comparison.patients(study)
    found: list[Document] = []
    totals: Counter[str] = Counter()
    undecided: Counter[str] = Counter()
    with bar("comparing", len(patients)) as advance:
        async for shadow in comparison.shadows(patients):
            advance()
            lines = _notices(shadow)
            if lines:
                found.append({**shadow.patient._asdict(), "notices": lines})
                totals.update(line["action"] for line in lines)
                totals[RETRACTION] += sum(line["finding"] == RETRACTION for line in lines)
            if shadow.problem is not None:
                undecided[shadow.problem] += 1
    return {
        "parameters": await _changed(ledger, given),
        "compared": len(patients),
        "patients": found,
        "totals": {action: totals[action] for action in ("raised", "amended", "withdrawn")},
        "retractions": totals[RETRACTION],  # also among the totals
        "without_rules": await comparison.without_rules(study),
        "undecided": dict(undecided),
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
    """The keys whose values are not the active ones, of each scope.

    Rules for every study are compared with those of each study, where there are such.
    """
    active = latest(await ledger.active_rules())
    changed: list[Document] = []
    scopes = given.by_scope.keys()
    if EVERY_STUDY in scopes and active and EVERY_STUDY not in active:
        scopes = active.keys()
    for scope in sorted(scopes):
        row, ruleset = active.get(scope) or active.get(EVERY_STUDY), given(scope)
        before = parameters_of(row) if row else Parameters()
        for key, old, new in differing(before, ruleset.parameters) if ruleset else ():
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
    for line in without_rules_words(found["without_rules"]):
        words.show(out, line)
    totals = ", ".join(f"{count} {action}" for action, count in found["totals"].items())
    words.show(
        out, f"{len(found['patients'])} of {found['compared']} patients would differ: {totals}"
    )
    if found["retractions"]:
        words.show(out, f"{found['retractions']} retractions after action are among them")


@dataclass(frozen=True, slots=True)
class Activated:
    """What an activation did: how many patients changed to its rules, how many notices it told."""

    begun: Begun
    patients: int
    told: int


async def activated(
    ledger: SqlLedger, given: Rulesets, who: str, why: str, without: Collection[str]
) -> Activated:
    """Activate the rules. Raises what `Activation` does, but for conflicts."""
    from monitor import settings

    activation = Activation(ledger, given, Clock(), settings.load().deployment)
    patients = await activation.patients()
    with _activation_in_words():
        with bar("checking", len(patients)) as advance:
            begun = await activation.begin(who, why, without=without, looked_at=advance)
        changed = told = 0
        # One whose first fact came since it was checked has to change too.
        patients = [] if begun.how == "already" else await activation.patients()
        with bar("activating", len(patients)) as advance:
            for patient in patients:
                outcome = (await activation.switch(patient, begun.number)).outcome
                changed += outcome is not None
                told += len(outcome.notices) if outcome else 0
                advance()
        await activation.finished(begun.number)
    return Activated(begun, changed, told)


@contextmanager
def _activation_in_words() -> Iterator[None]:
    try:
        yield
    except Conflict:
        raise StartRefusedError(
            "something else goes on writing to this database: stop it, then run this once more"
        ) from None
    except RefusedRow:
        raise StartRefusedError(
            "the database cannot keep what would be written: give --reason and --by as plain text"
        ) from None


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal's standard error; in a pipe nothing."""
    from rich.progress import Progress

    from monitor.cli import words

    terminal: Console = words.console(stderr=True)
    shown = terminal.is_terminal
    with Progress(console=terminal, disable=not shown, transient=True) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda: bars.advance(bar)
