"""A change of rules, patient by patient: what it would say, and saying it with a recorded event.

One transaction a patient, so that an activation that was interrupted goes on where it ended.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from monitor.active_rules import (
    History,
    differing_scopes,
    keep_names,
    latest,
    record_activation,
    refuse_unfinished,
    unfinished,
)
from monitor.clinical.state import dump_state
from monitor.comparison import (
    Comparison,
    Shadow,
    Undecided,
    undecided_words,
    without_rules_words,
)
from monitor.deployments import refuse_other_deployment
from monitor.exits import ActivationOvertakenError, StartRefusedError
from monitor.ledger.activations import chained
from monitor.ledger.entries import Changes, PatientKey
from monitor.ledger.port import WORKER_LEASE, Conflict, Superseded
from monitor.rebuilding import refuse_unfinished_rebuild
from monitor.recording import Place, accepted_row, state_row
from monitor.wire.rules_changed import RulesEvent

TRIES_MAX = 10
_RUNNING = (
    "a worker runs on this database, and would go on with the rules that it started with: stop "
    "every worker first (one that was killed is forgotten after 20 s)"
)
_UNRECORDED = (
    "the rules that patients stand under now were never recorded: start a worker once with them, "
    "stop it, then activate others"
)
_OVERTAKEN = (
    "another activation began, so this one ends: run `monitor rules activate` once more with the "
    "rules that are wanted; runbook: rules-differ"
)


@dataclass(frozen=True, slots=True)
class Begun:
    """The activation that makes the rules given the active ones, by whom and since when (UTC)."""

    number: int
    by: str
    since: datetime
    how: Literal["new", "resumed", "already"]


class Activation(Comparison):
    """Activates the rules given, over every patient of a ledger."""

    async def begin(
        self,
        who: str,
        why: str,
        *,
        without: Collection[str] = (),
        looked_at: Callable[[], None] = lambda: None,
    ) -> Begun:
        """Make the rules given the active ones, if they are not yet.

        Every patient is decided once before anything is written; `looked_at` is called after each.
        `without` names the studies whose patients may be left without rules. Raises
        StartRefusedError while a worker runs, before any has started, for other studies without
        rules and for patients who cannot be decided; ActivationOvertakenError when somebody else
        was first; ConfigurationError for another deployment.
        """
        await self._refuse_running()
        history = await self._ledger.active_rules()
        studies = await self._ledger.ruleset_hashes()
        if studies and not history:
            raise StartRefusedError(_UNRECORDED)
        await refuse_other_deployment(self._ledger, self._deployment)
        given = self._rulesets
        is_new = bool(given.by_scope.keys() - latest(history).keys()) or bool(
            differing_scopes(history, given, studies)
        )
        if not is_new and not unfinished(history, given, studies):
            return _begun(history, "already")
        await self._refuse_without_rules(without)
        await self._refuse_undecided(looked_at)
        try:
            return await self._record(history, who, why, is_new=is_new)
        except Conflict:
            raise ActivationOvertakenError(_OVERTAKEN) from None

    async def _record(self, history: History, who: str, why: str, *, is_new: bool) -> Begun:
        if is_new:
            history = await record_activation(
                self._ledger, history, self._rulesets, self._clock, who, why
            )
            # One that started meanwhile holds its lease and saw the old rules; a later one sees
            # these, and refuses until every patient stands under them.
            await self._refuse_running()
        else:
            before, details = await self._ledger.last_audit(), {"activation": history[-1].number}
            entry = chained(
                before, self._clock.now(), who, "rules.activation_resumed", "rules", why, details
            )
            await self._ledger.add_audit(entry)
        keep_names(self._rulesets, history)
        return _begun(history, "new" if is_new else "resumed")

    async def _refuse_without_rules(self, without: Collection[str]) -> None:
        left = {
            study: count
            for study, count in (await self.without_rules()).items()
            if study not in without
        }
        if left:
            options = " ".join(f"--without {study}" for study in sorted(left))
            raise StartRefusedError(
                f"{'; '.join(without_rules_words(left))}: add their rules, or say {options}"
            )

    async def _refuse_undecided(self, looked_at: Callable[[], None]) -> None:
        problems: Counter[str] = Counter()
        async for shadow in self.shadows(await self.patients()):
            looked_at()
            if shadow.problem is not None:
                problems[shadow.problem] += 1
        if problems:
            raise StartRefusedError(f"nobody was changed: {undecided_words(problems)}")

    async def finished(self, number: int) -> None:
        """Raise ActivationOvertakenError when `number` is not the highest activation any more.

        Raises RulesDifferError when a patient was left under other rules.
        """
        history = await self._ledger.active_rules()
        if history[-1].number != number:
            raise ActivationOvertakenError(_OVERTAKEN)
        refuse_unfinished(history, self._rulesets, await self._ledger.ruleset_hashes())

    async def _refuse_running(self) -> None:
        if await self._ledger.leased(WORKER_LEASE):
            raise StartRefusedError(_RUNNING)
        await refuse_unfinished_rebuild(self._ledger)

    async def switch(self, patient: PatientKey, number: int) -> Shadow:
        """Put a patient under the rules of activation `number`, and tell what differs.

        Raises Conflict when others go on writing this patient, ActivationOvertakenError when
        another activation began, StartRefusedError for one who cannot be decided, Unavailable.
        """
        for _ in range(TRIES_MAX - 1):
            try:
                return await self._switch(patient, number)
            except Conflict:
                continue
        return await self._switch(patient, number)

    async def _switch(self, patient: PatientKey, number: int) -> Shadow:
        row, ruleset = await self.look(patient)
        config_hash = ruleset.parameters.config_hash
        event = RulesEvent(
            *patient, number, row.version + 1, row.ruleset_hash, ruleset.name, config_hash
        )
        at = self._clock.now()
        try:
            outcome, notices = self.decided(row, ruleset, event.event_id, at)
        except Undecided as problem:
            raise StartRefusedError(f"not finished: {undecided_words({str(problem): 1})}") from None
        if outcome is not None:
            after = state_row(
                outcome.state, dump_state(outcome.state), outcome.next_due_on, config_hash
            )
            place = Place(event.arrival, "applied", moved_from=None, moved_arrival=None)
            changes = Changes(
                group="",
                accepted=[accepted_row(event.delivery(), event, place, at)],
                states={patient: (row, after)},
                notices=notices,
                activation=number,
            )
            try:
                await self._ledger.record(changes)
            except Superseded:
                raise ActivationOvertakenError(_OVERTAKEN) from None
        return Shadow(patient, outcome)


def _begun(history: History, how: Literal["new", "resumed", "already"]) -> Begun:
    row = history[-1]
    return Begun(row.number, row.activated_by, row.activated_at, how)
