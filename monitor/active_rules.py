"""Which rules are active: those of the highest activation in the ledger, and nobody else's.

A study's rules change on purpose only: a worker compares its own with the active ones when it
starts, and looks at every patient that it loads for rules that were activated since.
"""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError

from monitor.clinical.parameters import Parameters
from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock
from monitor.exits import RulesDifferError
from monitor.ledger.activations import STARTS_AT_ONCE_MAX, ActiveRules, chained
from monitor.ledger.entries import StateRow
from monitor.ledger.port import Conflict, Ledger
from monitor.rulesets import EVERY_STUDY, Rulesets

WORKER = "worker"
FIRST_START = "first start"
SAME_PARAMETERS = "the same parameters, as this version of the program spells them"
ADVICE = (
    "see what would change with `monitor rules diff`, then `monitor rules activate`, or give the "
    "worker the active rules; runbook: rules-differ"
)

History = Sequence[ActiveRules]


def latest(history: History) -> dict[str, ActiveRules]:
    """The active rules by scope; empty before the first start."""
    return {row.scope: row for row in history if row.number == history[-1].number}


def parameters_of(row: ActiveRules) -> Parameters:
    """The recorded parameters; keys that this program has beside them get their defaults.

    Raises RulesDifferError where this program does not know a recorded key.
    """
    try:
        return Parameters.model_validate_json(row.parameters)
    except ValidationError:
        raise RulesDifferError(
            "the active rules were recorded by another version of the program, and this one "
            "does not understand them; runbook: rules-differ"
        ) from None


def ruleset_by_hash(history: History, config_hash: str) -> Ruleset | None:
    """The recorded rules with this hash, as they were spelt or as this program spells them."""
    exact = [row for row in history if row.config_hash == config_hash]
    if exact:
        return Ruleset(exact[-1].name, parameters_of(exact[-1]))
    for row in reversed(history):
        parameters = parameters_of(row)
        if config_hash == parameters.config_hash:
            return Ruleset(row.name, parameters)
    return None


def first_ruleset(history: History, study: str) -> Ruleset | None:
    """The rules of a study that were recorded first, by which its earliest facts were decided."""
    first = {row.scope: row for row in history if row.number == history[0].number}
    return _ruleset_of(first, study)


def last_ruleset(history: History, study: str) -> Ruleset | None:
    """The rules of a study that were recorded last, also where it was left without any since."""
    return _ruleset_of(
        {row.scope: row for row in history if row.scope in {EVERY_STUDY, study}}, study
    )


def _ruleset_of(rows: Mapping[str, ActiveRules], study: str) -> Ruleset | None:
    row = rows.get(EVERY_STUDY) or rows.get(study)
    return Ruleset(row.name, parameters_of(row)) if row else None


async def ruleset_in_force(
    ledger: Ledger, study: str, held: StateRow, given: Rulesets
) -> Ruleset | None:
    """The rules that a patient of a study stands under, whatever was activated since.

    Where those were never recorded the study's active ones; where none are, those given.
    """
    history = await ledger.active_rules()
    if not history:
        return given(study)
    return ruleset_by_hash(history, held.ruleset_hash) or _ruleset_of(latest(history), study)


async def hold_rules(ledger: Ledger, rulesets: Rulesets, clock: Clock) -> frozenset[str]:
    """Compare a worker's rules with the active ones; record them when there are none yet.

    Returns the hashes that patients may carry. `rulesets` keep the names that are recorded.
    Raises RulesDifferError when the rules differ, or when an activation was not finished.
    """
    for _ in range(STARTS_AT_ONCE_MAX):
        history: History = await ledger.active_rules()
        in_use = await ledger.ruleset_hashes()
        check_held(history, rulesets, in_use)
        reason = _reason_to_record(history, rulesets)
        try:
            if reason is not None:
                history = await record_activation(ledger, history, rulesets, clock, WORKER, reason)
        except Conflict:
            continue  # another worker started at the same moment: look again
        keep_names(rulesets, history)
        own = {ruleset.parameters.config_hash for ruleset in rulesets.by_scope.values()}
        return frozenset().union(*in_use.values(), own, {""})
    raise RulesDifferError("the active rules go on changing; runbook: rules-differ")


def differing_scopes(history: History, rulesets: Rulesets, studies: Iterable[str]) -> list[str]:
    """Scopes whose rules are not the active ones; new ones of a study without patients are not."""
    active, given, known = latest(history), rulesets.by_scope, set(studies)
    return sorted(
        scope
        for scope in active.keys() | given.keys()
        if not _same(active.get(scope), given.get(scope))
        and (scope in active or scope in known or EVERY_STUDY in {*active, scope})
    )


def _same(row: ActiveRules | None, given: Ruleset | None) -> bool:
    return row is not None and given is not None and parameters_of(row) == given.parameters


def check_held(history: History, rulesets: Rulesets, in_use: Mapping[str, frozenset[str]]) -> None:
    """Raise RulesDifferError for rules that are not the active ones, or not every patient's yet.

    Before the first start none are active, and any will do.
    """
    if not history:
        return
    wrong = differing_scopes(history, rulesets, in_use)
    if wrong:
        named = ["every study" if scope == EVERY_STUDY else scope for scope in wrong]
        raise RulesDifferError(
            f"the rules given for {', '.join(named)} are not the active ones: {ADVICE}"
        )
    refuse_unfinished(history, rulesets, in_use)


def keep_names(rulesets: Rulesets, history: History) -> None:
    """Let the rules given, which are the active ones, have the names that are recorded."""
    names = latest(history)
    rulesets.use({
        scope: Ruleset(names[scope].name, ruleset.parameters)
        for scope, ruleset in rulesets.by_scope.items()
    })  # fmt: skip


def _reason_to_record(history: History, rulesets: Rulesets) -> str | None:
    """Why rules have to be recorded that are no change: the first ones, or another spelling."""
    active = latest(history)
    hashes = {scope: one.parameters.config_hash for scope, one in rulesets.by_scope.items()}
    if {scope: row.config_hash for scope, row in active.items()} == hashes:
        return None
    return FIRST_START if hashes.keys() - active.keys() else SAME_PARAMETERS


async def record_activation(
    ledger: Ledger, history: History, rulesets: Rulesets, clock: Clock, who: str, why: str
) -> list[ActiveRules]:
    """Make these the active rules, with an audit entry; returns the rows of this activation.

    Raises Conflict when somebody else was first, RefusedRow.
    """
    at, number = clock.now(), history[-1].number + 1 if history else 1
    active = latest(history)
    rows = [
        ActiveRules(
            number, scope, _name(active.get(scope), ruleset), ruleset.parameters.config_hash,
            ruleset.parameters.model_dump_json(), at, who, why,
        )
        for scope, ruleset in sorted(rulesets.by_scope.items())
    ]  # fmt: skip
    details = {
        "activation": number,
        "from": {scope: row.config_hash for scope, row in sorted(active.items())},
        "to": {row.scope: row.config_hash for row in rows},
    }
    entry = chained(await ledger.last_audit(), at, who, "rules.activated", "rules", why, details)
    await ledger.activate_rules(rows, entry)
    return rows


def _name(active: ActiveRules | None, given: Ruleset) -> str:
    """Equal rules keep their name: a file that was renamed changes nothing."""
    return active.name if active is not None and _same(active, given) else given.name


def refuse_unfinished(
    history: History, rulesets: Rulesets, in_use: Mapping[str, frozenset[str]]
) -> None:
    """Raise RulesDifferError while a patient stands under rules from before the activation."""
    if unfinished(history, rulesets, in_use):
        raise RulesDifferError(
            "the activation of the rules was not finished, some patients stand under the "
            "ones before: run `monitor rules activate` with the same rules again; "
            "runbook: rules-differ"
        )


def unfinished(history: History, rulesets: Rulesets, in_use: Mapping[str, frozenset[str]]) -> bool:
    """Whether a patient stands under rules from before the activation of these."""
    for study, hashes in in_use.items():
        ruleset = rulesets(study)
        allowed = _hashes_since_change(history, study, ruleset) if ruleset else None
        if allowed is not None and hashes - allowed:
            return True
    return False


def _hashes_since_change(history: History, study: str, ruleset: Ruleset) -> set[str] | None:
    """The hashes under which the active rules were recorded; None when nothing was ever changed."""
    found = {ruleset.parameters.config_hash}
    for number in range(history[-1].number, 0, -1):
        scopes = {row.scope: row for row in history if row.number == number}
        row = scopes.get(EVERY_STUDY) or scopes.get(study)
        if not _same(row, ruleset):
            return found
        found.add(row.config_hash)  # type: ignore[union-attr]
    return None


def refuse_moved(states: Iterable[StateRow], known: frozenset[str] | None) -> None:
    """Raise RulesDifferError when a patient stands under rules that were activated since.

    A worker that was paused longer than its lease must not decide such a patient by the rules
    that it started with. None: nothing is compared.
    """
    if known is not None and any(row.ruleset_hash not in known for row in states):
        raise RulesDifferError(f"other rules were activated while this worker ran: {ADVICE}")
