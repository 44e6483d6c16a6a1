"""What an audit says: counts, thresholds hit, disagreements, and one disagreement explained."""

import json
from collections.abc import Iterator

from tests.auditor.audit import Check, Result, checks_of, end, guarded
from tests.auditor.compare import Difference, Scope
from tests.auditor.generator import draw_history
from tests.auditor.history import History
from tests.auditor.shrink import Shows, shrunk
from tests.auditor.tally import SIDES


def report(result: Result) -> str:
    return "\n".join(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    yield f"{result.histories} histories, {result.prefixes} prefixes compared"
    yield "outcomes: " + ", ".join(f"{name} {n}" for name, n in sorted(result.outcomes.items()))
    yield f"{'standing finding':<48}{'times':>9}"
    yield from (f"{name:<48}{count:>9}" for name, count in sorted(result.findings.items()))
    yield f"{'threshold':<48}" + "".join(f"{side:>9}" for side in SIDES)
    for name in sorted({name for name, _ in result.hits}):
        yield f"{name:<48}" + "".join(f"{result.hits[name, side]:>9}" for side in SIDES)
    if result.lacking():
        yield "never seen: " + ", ".join(result.lacking())
    yield f"{len(result.disagreements)} kinds of disagreement"
    for kind, seeds in sorted(result.disagreements.items(), key=lambda one: -len(one[1])):
        yield f"  {len(seeds):>7}  {kind}  (seed {min(seeds)})"


def explain(seed: int, only: str, kind: str | None = None) -> str:
    """One seed's disagreements of a kind (the first found if none is given), made small."""
    scope, history = Scope(only), draw_history(seed)
    for check in [end, *checks_of(seed)]:
        wrong = guarded(check, history, scope)
        chosen = next((one for one in wrong if kind in {None, one.kind}), None)
        if chosen is not None:
            small = shrunk(history, _shows(check, scope, chosen.kind))
            return _explained(chosen.kind, check.__name__, small, guarded(check, small, scope))
    return ""


def _shows(check: Check, scope: Scope, kind: str) -> Shows:
    """Whether a history shows the kind, and not by events that only one side refuses."""

    def shows(history: History) -> bool:
        kinds = {one.kind for one in guarded(check, history, scope)}
        return kind in kinds and not any(one.startswith("outcome") for one in kinds - {kind})

    return shows


def _explained(kind: str, check: str, history: History, wrong: list[Difference]) -> str:
    shown = [str(one) for one in wrong if one.kind == kind]
    others = sorted({one.kind for one in wrong} - {kind})
    events = [json.dumps(event, ensure_ascii=False) for event in history.events]
    return "\n".join(
        [
            f"--- seed {history.seed}, {check}: {kind}",
            *shown,
            *(f"  (also: {name})" for name in others[:6]),
            f"rules: {history.rules.toml().replace(chr(10), '; ') or 'the defaults'}",
            *events,
        ]
    )
