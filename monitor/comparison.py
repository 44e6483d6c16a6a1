"""What other rules would say of every patient, decided as an activation would; nothing is written.

A patient whom this program cannot decide by them is named with the reason, and stops nobody else.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.active_rules import latest
from monitor.clinical.state import NewerState, load_state
from monitor.clinical.transitions import Arrival, Outcome, RulesChanged, Ruleset, apply
from monitor.clock import Clock
from monitor.exits import raised_at
from monitor.ledger.entries import NoticeRow, PatientKey, StateRow
from monitor.ledger.port import Ledger
from monitor.recording import notice_row
from monitor.rulesets import EVERY_STUDY, Rulesets
from monitor.wire.notices import NOTICE_BYTES_MAX
from monitor.wire.rules_changed import RULES_SOURCE

_NEWER = "written by a newer version of the program"
_TOO_LONG = "with a notice that would be too long"
_FAILED = "on whom the monitor's own code fails"


@dataclass(frozen=True, slots=True)
class Shadow:
    """What other rules would say of a patient; `outcome` is None where they are the same.

    `problem` says in words why this program cannot decide the patient by them.
    """

    patient: PatientKey
    outcome: Outcome | None
    problem: str | None = None


class Undecided(Exception):
    """A patient cannot be decided by other rules; the text says why, without a value."""


def undecided_words(problems: Mapping[str, int]) -> str:
    """How many patients cannot be decided by the rules given, and why."""
    parts = [f"{count} {why}" for why, count in sorted(problems.items())]
    return (
        f"{sum(problems.values())} patients cannot be decided by these rules: {', '.join(parts)}; "
        "runbook: rules-differ"
    )


def without_rules_words(studies: Mapping[str, int]) -> list[str]:
    """A sentence for each study whose patients would have no rules."""
    return [
        f"{count} patients of {study} would have no rules: their events would be refused"
        for study, count in sorted(studies.items())
    ]


class Comparison:
    """The rules given beside those that the patients of a ledger stand under."""

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

    async def without_rules(self, study: str | None = None) -> dict[str, int]:
        """By study: how many patients have rules now, and would have none."""
        active = latest(await self._ledger.active_rules())
        return Counter(
            patient.study_id
            for patient in await self._ledger.patients()
            if study in {None, patient.study_id}
            and self._rulesets(patient.study_id) is None
            and active.keys() & {EVERY_STUDY, patient.study_id}
        )

    async def shadows(self, patients: list[PatientKey]) -> AsyncIterator[Shadow]:
        """What the rules given would say of each patient. Raises Unavailable."""
        for patient in patients:
            row, ruleset = await self.look(patient)
            try:
                outcome, _ = self.decided(row, ruleset, "", self._clock.now())
            except Undecided as problem:
                yield Shadow(patient, None, str(problem))
            else:
                yield Shadow(patient, outcome)

    def decided(
        self, row: StateRow, ruleset: Ruleset, event_id: str, at: datetime
    ) -> tuple[Outcome | None, list[NoticeRow]]:
        """What the rules say; None for a patient who stands under them, or of whom nothing came.

        `event_id` is that of the recorded change, which the notices name as their cause.
        Raises Undecided.
        """
        if row.version == 0 or row.ruleset_hash == ruleset.parameters.config_hash:
            return None, []
        arrival = Arrival(RULES_SOURCE, event_id, at, RulesChanged())
        try:
            outcome = apply(load_state(row.document), arrival, ruleset)
            notices = [notice_row(notice, self._deployment) for notice in outcome.notices]
        except NewerState:
            raise Undecided(_NEWER) from None
        except Exception as problem:  # noqa: BLE001 - any error of ours is this patient's alone
            where = f"{type(problem).__name__} at {raised_at(problem)}"
            raise Undecided(f"{_FAILED} ({where})") from None
        if any(len(notice.value) > NOTICE_BYTES_MAX for notice in notices):
            raise Undecided(_TOO_LONG)
        return outcome, notices

    async def look(self, patient: PatientKey) -> tuple[StateRow, Ruleset]:
        """A patient's state and rules. Raises ValueError where either is not there."""
        row, ruleset = await self._ledger.state(patient), self._rulesets(patient.study_id)
        if row is None or ruleset is None:
            raise ValueError("a patient without a state or without rules cannot be looked at")
        return row, ruleset
