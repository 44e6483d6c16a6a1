"""A change of rules, patient by patient: what it would say, and saying it with a recorded event.

One transaction a patient, so that an activation that was interrupted goes on where it ended.
"""

import datetime
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from monitor.active_rules import (
    differing_scopes,
    latest,
    record_activation,
    refuse_unfinished,
)
from monitor.clinical.state import dump_state, load_state
from monitor.clinical.transitions import Arrival, Outcome, RulesChanged, Ruleset, apply
from monitor.clock import Clock
from monitor.exits import StartRefusedError
from monitor.ledger.entries import (
    AcceptedRow,
    Changes,
    EventKey,
    PatientKey,
    StateRow,
)
from monitor.ledger.port import Conflict, Ledger
from monitor.recording import notice_row
from monitor.rulesets import Rulesets
from monitor.wire.rules_changed import RULES_SOURCE, RULES_TYPE, RulesEvent

WORKER_LEASES = "worker"  # every worker holds one whose name begins so
TRIES_MAX = 10
_RUNNING = (
    "a worker runs on this database, and would go on with the rules that it started with: stop "
    "every worker first (one that was killed is forgotten after 20 s)"
)

_UNRECORDED = (
    "the rules that patients stand under now were never recorded: start a worker once with them, "
    "stop it, then activate others"
)


@dataclass(frozen=True, slots=True)
class Shadow:
    """What other rules would say of a patient; `outcome` is None where they are the same."""

    patient: PatientKey
    outcome: Outcome | None


class Activation:
    """Compares or activates the rules given, over every patient of a ledger."""

    def __init__(self, ledger: Ledger, rulesets: Rulesets, clock: Clock, deployment: str) -> None:
        self._ledger = ledger
        self._rulesets = rulesets
        self._clock = clock
        self._deployment = deployment

    async def patients(self, study: str | None = None) -> list[PatientKey]:
        """Patients of one study or of all, by key; those of a study without rules are left out."""
        return [
            patient
            for patient in await self._ledger.patients()
            if study in {None, patient.study_id} and self._rulesets(patient.study_id) is not None
        ]

    async def shadows(self, patients: list[PatientKey]) -> AsyncIterator[Shadow]:
        """What the rules given would say of each patient; nothing is written.

        Raises NewerState, Unavailable.
        """
        for patient in patients:
            row, ruleset = await self._look(patient)
            event = RulesEvent(*patient, 0, "", "", "")
            yield Shadow(patient, _decided(row, ruleset, event, self._clock.now()))

    async def begin(self, who: str, why: str) -> int:
        """Make the rules given the active ones, if they are not yet; returns their number.

        Raises StartRefusedError while a worker runs or before any has started, Conflict when
        somebody else was first.
        """
        await self._refuse_running()
        history = await self._ledger.active_rules()
        studies = await self._ledger.ruleset_hashes()
        if studies and not history:
            raise StartRefusedError(_UNRECORDED)
        if not history or differing_scopes(history, self._rulesets, studies):
            await record_activation(self._ledger, history, self._rulesets, self._clock, who, why)
            # One that started meanwhile holds its lease and saw the old rules; a later one sees
            # these, and refuses until every patient stands under them.
            await self._refuse_running()
        history = await self._ledger.active_rules()
        names = latest(history)
        self._rulesets.use({
            scope: Ruleset(names[scope].name, ruleset.parameters)
            for scope, ruleset in self._rulesets.by_scope.items()
        })  # fmt: skip
        return history[-1].number

    async def finished(self) -> None:
        """Raise RulesDifferError when a patient was left under other rules."""
        history = await self._ledger.active_rules()
        refuse_unfinished(history, self._rulesets, await self._ledger.ruleset_hashes())

    async def _refuse_running(self) -> None:
        if await self._ledger.leased(WORKER_LEASES):
            raise StartRefusedError(_RUNNING)

    async def switch(self, patient: PatientKey, number: int) -> Shadow:
        """Put a patient under the rules of activation `number`, and tell what differs.

        Raises Conflict when others go on writing this patient, Unavailable, NewerState.
        """
        for _ in range(TRIES_MAX - 1):
            try:
                return await self._switch(patient, number)
            except Conflict:
                continue
        return await self._switch(patient, number)

    async def _switch(self, patient: PatientKey, number: int) -> Shadow:
        row, ruleset = await self._look(patient)
        config_hash = ruleset.parameters.config_hash
        event = RulesEvent(*patient, number, row.ruleset_hash, ruleset.name, config_hash)
        at = self._clock.now()
        outcome = _decided(row, ruleset, event, at)
        if outcome is not None:
            after = StateRow(
                version=outcome.state.version,
                document=dump_state(outcome.state),
                next_due_on=outcome.next_due_on,
                ruleset_hash=config_hash,
                incomplete=outcome.state.incomplete,
            )
            changes = Changes(
                group="",
                accepted=[_accepted(event, outcome.state.version, at)],
                states={patient: (row, after)},
                notices=[notice_row(notice, self._deployment) for notice in outcome.notices],
            )
            await self._ledger.record(changes)
        return Shadow(patient, outcome)

    async def _look(self, patient: PatientKey) -> tuple[StateRow, Ruleset]:
        row, ruleset = await self._ledger.state(patient), self._rulesets(patient.study_id)
        if row is None or ruleset is None:
            raise ValueError("a patient without a state or without rules cannot be looked at")
        return row, ruleset


def _decided(
    row: StateRow, ruleset: Ruleset, event: RulesEvent, at: datetime.datetime
) -> Outcome | None:
    """What the rules say; None for a patient who stands under them, or of whom nothing came."""
    if row.version == 0 or row.ruleset_hash == ruleset.parameters.config_hash:
        return None
    arrival = Arrival(RULES_SOURCE, event.event_id, at, RulesChanged())
    return apply(load_state(row.document), arrival, ruleset)


def _accepted(event: RulesEvent, arrival: int, at: datetime.datetime) -> AcceptedRow:
    """The inbox row of a change of rules: a replay changes the patient's rules at it."""
    delivery = event.delivery()
    return AcceptedRow(
        key=EventKey(RULES_SOURCE, event.event_id),
        type=RULES_TYPE,
        patient=PatientKey(event.study_id, event.patient_id),
        arrival=arrival,
        record_id=event.record_id,
        record_version=1,
        clinical_day=None,
        content_hash=hashlib.sha256(event.canonical()).digest(),
        topic=delivery.topic,
        partition=delivery.partition,
        offset=delivery.offset,
        message_key=None,
        headers=(),
        value=delivery.value,
        received_at=at,
        outcome="applied",
    )
