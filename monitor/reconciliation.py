"""Every patient once more from the accepted events, beside what is stored and published.

Changes nothing. A patient who is written meanwhile is looked at again, so that what is told
differs for good.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from monitor.active_rules import History, first_ruleset, last_ruleset, ruleset_by_hash
from monitor.clinical.findings import Notice
from monitor.clinical.state import NewerState, dump_state, load_state
from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock
from monitor.deployments import deployment_at, deployment_names
from monitor.differences import (
    UNREPLAYABLE,
    Differences,
    Expected,
    Kind,
    notice_differences,
    rows_of,
    state_difference,
    topic_differences,
)
from monitor.exits import RulesDifferError, StartRefusedError, raised_at
from monitor.ledger.activations import AuditEntry
from monitor.ledger.archive import Archive, Marks, Said
from monitor.ledger.entries import AcceptedRow, PatientKey, StateRow
from monitor.notified import Notified
from monitor.recording import state_row
from monitor.replay import EventMissing, Replay, ReplayBroken
from monitor.rulesets import Rulesets

LOOKS_MAX = 20  # at a patient who goes on being written
WORK_SECONDS = 0.01  # at a stretch, then others have a turn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """A patient as the ledger holds it: rows that belong together."""

    state: StateRow | None
    accepted: Sequence[AcceptedRow]
    said: Sequence[Said]


@dataclass(frozen=True, slots=True)
class Checked:
    """A patient, what differs, and both sides; nothing is expected where events are missing."""

    patient: PatientKey
    stored: Stored
    expected: Expected | None
    differences: Differences


@dataclass(slots=True)
class Total:
    """What a pass over patients found; `names` holds the patients of each kind."""

    patients: int = 0
    notices: int = 0
    differences: Differences = field(default_factory=Differences)
    names: dict[Kind, list[PatientKey]] = field(default_factory=dict)

    def add(self, one: Checked) -> None:
        """Count one patient."""
        self.patients += 1
        self.notices += len(one.stored.said)
        self.differences.update(one.differences)
        for kind in one.differences:
            self.names.setdefault(kind, []).append(one.patient)


class Pace:
    """Leaves time to others: after a stretch of work a rest, `rest_s` seconds long."""

    def __init__(self, clock: Clock, rest_s: float = 0.0) -> None:
        self._clock = clock
        self._rest_s = rest_s
        self._began = clock.monotonic()

    async def step(self) -> None:
        """Rest when it is time."""
        if self._clock.monotonic() - self._began >= WORK_SECONDS:
            await asyncio.sleep(self._rest_s)
            self._began = self._clock.monotonic()


class Reconciler:
    """Compares the patients of a ledger, one by one."""

    def __init__(self, ledger: Archive, given: Rulesets, deployment: str, pace: Pace) -> None:
        """`given` holds for studies whose rules were never recorded."""
        self._ledger = ledger
        self._given = given
        self._deployment = deployment
        self._pace = pace
        self._history: History = ()
        self._named: Sequence[AuditEntry] = ()
        self._marks: Marks | None = None
        self._rulesets: dict[str, Ruleset | None] = {}

    async def _learn(self) -> Marks:
        """What holds for every patient: the recorded rules, names, and marks."""
        self._history = await self._ledger.active_rules()
        self._rulesets = {}
        self._named = await self._ledger.audit()
        self._marks = await self._ledger.marks()
        return self._marks

    async def check(self, patient: PatientKey, notified: Notified | None = None) -> Checked:
        """Compare one patient; without `notified` the topic is left out.

        Raises Unavailable, StartRefusedError for a state of a newer program, RulesDifferError for
        rules that this program does not understand.
        """
        found = await self._compare(patient, self._marks or await self._learn(), notified)
        for _ in range(LOOKS_MAX):  # rules or marks may have changed since they were read
            if not found.differences.keys() - {Kind.WORDING}:
                break
            before = await self._ledger.state(patient)
            found = await self._compare(patient, await self._learn(), notified)
            if found.stored.state == before:
                break
        return found

    async def _compare(
        self, patient: PatientKey, marks: Marks, notified: Notified | None
    ) -> Checked:
        stored = await self._read(patient)
        try:
            expected, found = await self._expected(patient, stored, marks)
        except NewerState:
            raise StartRefusedError(
                "a patient's state was written by a newer version of the program; "
                "runbook: newer-state"
            ) from None
        if notified is not None:
            found.update(topic_differences(stored.said, notified.of(patient), notified))
        return Checked(patient, stored, expected, found)

    async def _read(self, patient: PatientKey) -> Stored:
        """Rows of one moment: whatever is recorded of a patient moves the state."""
        for look in range(LOOKS_MAX):
            before = await self._ledger.state(patient)
            accepted = await self._ledger.accepted(patient)
            said = await self._ledger.said(patient)
            if await self._ledger.state(patient) == before:
                break
            await asyncio.sleep(look * WORK_SECONDS)
        return Stored(before, accepted, said)

    async def _expected(
        self, patient: PatientKey, stored: Stored, marks: Marks
    ) -> tuple[Expected | None, Differences]:
        found: Differences = Differences()
        try:
            course = await self._replayed(patient, stored)
        except EventMissing:
            return None, Differences([Kind.EVENT_MISSING])
        except (NewerState, RulesDifferError):
            raise
        except Exception as problem:  # noqa: BLE001 - any error of ours is this patient's alone
            if not isinstance(problem, ReplayBroken):
                kind = type(problem).__name__
                where = raised_at(problem)
                log.error("a replay failed in our own code: %s at %s", kind, where)  # noqa: TRY400
            return None, Differences([Kind.EVENT_UNREADABLE])
        expected = self._rows(patient, stored, marks, course)
        differs = state_difference(stored.state, expected.state, self._same_rules)
        if not stored.accepted and differs in {None, Kind.STATE_MISSING}:
            differs = None  # nothing ever came of this patient, but for what was refused
        if differs in UNREPLAYABLE:
            return None, Differences([Kind.EVENT_MISSING])
        found.update(filter(None, [differs]))
        found.update(notice_differences(stored.said, expected))
        return expected, found

    async def _replayed(self, patient: PatientKey, stored: Stored) -> Replay:
        history, study = self._history, patient.study_id
        held = stored.state.ruleset_hash if stored.state else ""
        ruleset = self._by_hash(held) or last_ruleset(history, study) or self._given(study)
        if ruleset is None:
            raise ReplayBroken("there are no rules for this patient's study")
        first = first_ruleset(history, study) if history else None
        course = Replay(patient, stored.accepted, ruleset, None, self._by_hash, first)
        for row in stored.accepted:
            course.take(row)
            await self._pace.step()
        return course

    def _rows(self, patient: PatientKey, stored: Stored, marks: Marks, course: Replay) -> Expected:
        failed_at = marks.broken.get(patient)
        broken = failed_at is not None or _is_broken(stored.state)
        state = replace(course.state, refused=marks.refused.get(patient, ()), broken=broken)
        due = course.last.next_due_on if course.last else None
        if failed_at is not None and all(row.received_at < failed_at for row in stored.accepted):
            due = None  # until the next fact
        config_hash = course.ruleset.parameters.config_hash if course.last else ""
        notices = rows_of(course.notices, stored.said, self._deployment_at, self._names)
        return Expected(
            state_row(state, dump_state(state), due, config_hash), notices, course.adopted
        )

    @property
    def _names(self) -> frozenset[str]:
        return deployment_names(self._named) | {self._deployment}

    def _deployment_at(self, notice: Notice) -> str:
        return deployment_at(self._named, notice.detected_at) or self._deployment

    def _same_rules(self, one: str, other: str) -> bool:
        """Whether two hashes are of equal parameters, perhaps spelt by two programs."""
        first, second = self._by_hash(one), self._by_hash(other)
        return one == other or (
            first is not None and second is not None and first.parameters == second.parameters
        )

    def _by_hash(self, config_hash: str) -> Ruleset | None:
        if config_hash not in self._rulesets:
            self._rulesets[config_hash] = ruleset_by_hash(self._history, config_hash)
        return self._rulesets[config_hash]


def _is_broken(stored: StateRow | None) -> bool:
    """The mark that a day could not be closed stands in the state alone."""
    try:
        return stored is not None and load_state(stored.document).broken
    except ValueError:
        return False


def drawn(patients: Sequence[PatientKey], count: int, seed: str) -> list[PatientKey]:
    """At most `count` patients, others for another seed; the same for the same one."""

    def place(patient: PatientKey) -> bytes:
        return hashlib.sha256(f"{seed}:{patient.study_id}/{patient.patient_id}".encode()).digest()

    return sorted(sorted(patients, key=place)[:count])
