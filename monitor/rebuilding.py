"""States and notices made good from the accepted events; nothing is sent.

A notice that was published is never taken back, never gets another number and never says something
else than people read: a patient of whom that would be needed is left as is, and counted.
"""

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.clock import Clock
from monitor.differences import UNREPLAYABLE, Kind, is_whole, looks_like, notice_difference
from monitor.exits import StartRefusedError
from monitor.ledger.archive import Archive, Said
from monitor.ledger.entries import NoticeRow, PatientKey, StateRow
from monitor.ledger.port import WORKER_LEASE, Conflict, Ledger
from monitor.notified import Copies, Notified
from monitor.reconciliation import Checked, Reconciler
from monitor.trail import note

LEASE = "rebuild"
LEASE_SECONDS = 120.0  # reading a topic may take a while between two renewals
BEGUN, FINISHED, RELEASED = "rebuild.begun", "rebuild.finished", "rebuild.released"
_RUNNING = (
    "a worker runs on this database: stop every worker first (one that was killed is forgotten "
    "after 20 s)"
)
_ANOTHER = "another rebuild runs on this database (one that was killed is forgotten after 2 min)"
_UNFINISHED = (
    "a rebuild was not finished: run `monitor rebuild --from {}` again first; runbook: rebuild"
)


class Source(enum.StrEnum):
    """What a database is rebuilt from."""

    LEDGER = "ledger"
    TOPICS = "topics"


class Left(enum.StrEnum):
    """Why a patient is left as is."""

    EVENTS = "their accepted events are missing or cannot be read"
    PUBLISHED = "a published notice does not follow from their events"


async def refuse_unfinished_rebuild(ledger: Ledger) -> None:
    """Raise StartRefusedError while a rebuild runs, or where one did not finish.

    A worker asks after it has its lease; a rebuild takes its own and then looks at the workers':
    one of the two sees the other.
    """
    if await ledger.leased(LEASE):
        raise StartRefusedError("a rebuild of this database runs: wait for it; runbook: rebuild")
    if await unfinished(ledger) is not None:
        raise StartRefusedError(
            "a rebuild of this database was not finished: run it again; runbook: rebuild"
        )


async def unfinished(ledger: Ledger) -> Source | None:
    """From what a rebuild was begun that has not finished; None when there is none."""
    begun, finished = await ledger.last_audit(BEGUN), await ledger.last_audit(FINISHED)
    if not begun or (finished and finished[0].number > begun[0].number):
        return None
    return Source(begun[0].object)


class Turn:
    """The right to rebuild: no worker beside it, and no other rebuild."""

    def __init__(self, ledger: Archive, clock: Clock, holder: str) -> None:
        self._ledger = ledger
        self._clock = clock
        self._holder = holder
        self._renewed_at = -LEASE_SECONDS

    async def begin(self, source: Source, who: str, why: str) -> None:
        """Take the turn and record that a rebuild begins.

        Raises StartRefusedError, also where one from the other source has not finished: half a
        database would pass for a whole one.
        """
        await self.keep()
        before = await unfinished(self._ledger)
        why_not = _UNFINISHED.format(before) if before not in {None, source} else None
        if await self._ledger.leased(WORKER_LEASE):
            why_not = _RUNNING
        if why_not is not None:
            await self.give_back()
            raise StartRefusedError(why_not)
        await note(self._ledger, self._clock, who, (BEGUN, source, why), {})

    async def keep(self) -> None:
        """Renew the turn when a third of it has passed. Raises StartRefusedError."""
        now = self._clock.monotonic()
        if now - self._renewed_at < LEASE_SECONDS / 3:
            return
        if not await self._ledger.acquire_lease(LEASE, self._holder, LEASE_SECONDS):
            raise StartRefusedError(_ANOTHER)
        self._renewed_at = now

    async def finish(self, source: Source, who: str, why: str, counts: dict[str, int]) -> None:
        """Record that the rebuild is finished: workers may start."""
        await note(self._ledger, self._clock, who, (FINISHED, source, why), counts)

    async def give_back(self) -> None:
        """Let others have the turn."""
        self._renewed_at = -LEASE_SECONDS
        await self._ledger.release_lease(LEASE, self._holder)


@dataclass(frozen=True, slots=True)
class Mended:
    """What a patient's rows become: is the state new, which notices are, how many are gone."""

    row: StateRow
    said: tuple[Said, ...]
    is_new: bool
    changed: Sequence[Said]
    gone: int


@dataclass(slots=True)
class Rebuilt:
    """How many patients were looked at and changed, what in them, and who was left why."""

    patients: int = 0
    changed: int = 0
    states: int = 0
    notices: int = 0
    removed: int = 0
    held: int = 0
    left: Counter[Left] = field(default_factory=Counter)
    names: dict[str, list[PatientKey]] = field(default_factory=dict)

    def add(self, patient: PatientKey, what: Mended | Left | None) -> None:
        """Count one patient."""
        self.patients += 1
        if isinstance(what, Left):
            self.left[what] += 1
            self.names.setdefault(what, []).append(patient)
        elif what is not None:
            self.changed += 1
            self.states += what.is_new
            self.notices += len(what.changed)
            self.removed += what.gone
            self.held += sum(one.held for one in what.changed)

    def counts(self) -> dict[str, int]:
        """The numbers, for the audit trail."""
        named = ("patients", "changed", "states", "notices", "removed", "held")
        return {name: getattr(self, name) for name in named} | {"left": self.left.total()}


def mend(found: Checked, notified: Notified | None) -> Mended | Left | None:
    """How a patient becomes what the events say; None when nothing has to change.

    A notice that has to be written anew counts as told when the topic holds it, byte for byte, and
    waits for a release where the topic holds none under its id. The same said in other words stays:
    it is what people were told. Without `notified`, what was sent is what is marked as published.
    """
    if found.differences.keys() & UNREPLAYABLE:
        return Left.EVENTS
    expected, stored = found.expected, found.stored
    if expected is None or not found.differences.keys() & _MENDED:
        return None
    sequences = {row.notice_id: row.sequence for row in expected.notices}
    old = [one for one in stored.said if one.row.sequence <= expected.adopted]
    known = {
        one.row.notice_id: one
        for one in stored.said
        if sequences.get(one.row.notice_id) == one.row.sequence
    }
    gone = [one for one in stored.said if one not in old and one.row.notice_id not in known]
    copies = notified.of(found.patient) if notified else {}
    if any(one.published is not None or one.row.notice_id in copies for one in gone):
        return Left.PUBLISHED
    if any(_read_otherwise(row, known.get(row.notice_id), copies) for row in expected.notices):
        return Left.PUBLISHED
    new = [_written(row, known.get(row.notice_id), copies) for row in expected.notices]
    is_new = bool(found.differences.keys() & {Kind.STATE_MISSING, Kind.STATE_DIFFERS})
    row = expected.state if is_new or stored.state is None else stored.state
    changed = [one for one in new if one != known.get(one.row.notice_id)]
    return Mended(row, (*old, *new), is_new, changed, len(gone))


_MENDED = frozenset({
    Kind.STATE_MISSING, Kind.STATE_DIFFERS, Kind.NOTICE_MISSING, Kind.NOTICE_UNEXPECTED,
    Kind.NOTICE_DIFFERS,
})  # fmt: skip


def _read_otherwise(row: NoticeRow, known: Said | None, copies: Mapping[str, Copies]) -> bool:
    """Whether people may have read under this notice's id what is not in `row`.

    The topic says what they read; where it holds no copy, a published row does whose bytes are
    those of its document.
    """
    if known is not None and _says_the_same(known.row, row):
        return False
    found = copies.get(row.notice_id)
    if found is not None:
        return looks_like(row) not in found.fingerprints
    if known is None or known.published is None:
        return False
    return is_whole(known.row) and looks_like(known.row) != looks_like(row)


def _says_the_same(one: NoticeRow, other: NoticeRow) -> bool:
    return notice_difference(one, other) in {None, Kind.WORDING}


def _written(row: NoticeRow, known: Said | None, copies: Mapping[str, Copies]) -> Said:
    if known is not None:
        return known if _says_the_same(known.row, row) else replace(known, row=row)
    found = copies.get(row.notice_id)
    return Said(row, found.first) if found else Said(row, held=True)


async def rebuild_patient(
    ledger: Archive,
    reconciler: Reconciler,
    patient: PatientKey,
    notified: Notified | None,
    *,
    check: bool,
) -> Mended | Left | None:
    """Make one patient good; with `check` say only how. Raises StartRefusedError, Unavailable."""
    found = await reconciler.check(patient)
    what = mend(found, notified)
    if isinstance(what, Mended) and not check:
        try:
            await ledger.restore(patient, found.stored.state, what.row, what.said)
        except Conflict:
            raise StartRefusedError(
                "something else goes on writing to this database: stop it, then run this again"
            ) from None
    return what


async def without_state(ledger: Ledger, found: Rebuilt) -> int:
    """Of how many patients who were left as they are there is no state.

    A rebuild with such a patient has not finished: a worker would number their facts from 1.
    """
    left = [patient for names in found.names.values() for patient in names]
    return sum([await ledger.state(patient) is None for patient in left])
