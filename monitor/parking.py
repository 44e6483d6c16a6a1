"""Giving refused deliveries up: closed with who and why, in the audit trail, all or nothing."""

import datetime
from collections import Counter
from collections.abc import AsyncIterator, Sequence

from monitor.active_rules import ruleset_in_force
from monitor.clock import Clock
from monitor.exits import StartRefusedError
from monitor.ledger.activations import STARTS_AT_ONCE_MAX, chained
from monitor.ledger.archive import Archive
from monitor.ledger.closings import ClosedAs, Closing
from monitor.ledger.entries import Changes, EventKey, PatientKey, QuarantineRow, StateRow
from monitor.ledger.port import Conflict
from monitor.ledger.refusals import DECIDE, Kept, Wanted, delivery_key
from monitor.overlay import Overlay
from monitor.rulesets import Rulesets
from monitor.wire.delivery import Reason

PARKED = "quarantine.parked"
PORTION = 5000  # in one transaction, with one entry of the audit trail


class Parking:
    """Parks what is open and wanted; `given` are the rules where none were recorded."""

    def __init__(self, ledger: Archive, given: Rulesets, clock: Clock) -> None:
        self._ledger = ledger
        self._given = given
        self._clock = clock

    async def park(self, wanted: Wanted, who: str, why: str) -> int:
        """Close every open row that is wanted and there now; returns how many.

        A patient who was marked for the last of them is not marked any more. Raises
        StartRefusedError when others go on writing what it has to write.
        """
        count = 0
        async for page in self._portions(wanted):
            count += await self._park(page, who, why)
        return count

    async def _portions(self, wanted: Wanted) -> AsyncIterator[list[Kept]]:
        last, after = await self._ledger.last_kept(), 0
        while page := await self._ledger.kept(wanted, after, PORTION, whole=False):
            after = page[-1].position
            there = [one for one in page if one.position <= last]
            if not there:
                return
            yield there

    async def _park(self, page: Sequence[Kept], who: str, why: str) -> int:
        keys = [delivery_key(one.row) for one in page]
        for _ in range(STARTS_AT_ONCE_MAX):
            at = self._clock.now()
            about = str(keys[0]) if len(keys) == 1 else "quarantine"
            details = {"parked_at_most": len(keys)}  # a worker may close some meanwhile
            audit = chained(await self._ledger.last_audit(), at, who, PARKED, about, why, details)
            closings = [Closing(key, at, ClosedAs.PARKED, None, who, why) for key in keys]
            states = await self._unmarked([one.row for one in page])
            try:
                await self._ledger.record(
                    Changes("", closings=closings, states=states, audit=audit)
                )
            except Conflict:
                continue
            return await self._parked(page, at)
        raise StartRefusedError("others go on writing to this database: try again")

    async def _parked(self, page: Sequence[Kept], at: datetime.datetime) -> int:
        """How many of a page were parked then; a worker has closed the others."""
        left = {delivery_key(one.row) for one in page}
        after, last, count = page[0].position - 1, page[-1].position, 0
        there = Wanted(open_only=False, position_max=last)
        while found := await self._ledger.kept(there, after, PORTION, whole=False):
            after = found[-1].position
            ends = [one.closing for one in found if delivery_key(one.row) in left]
            count += sum(
                end is not None and (end.closed_as, end.at) == (ClosedAs.PARKED, at) for end in ends
            )
        return count

    async def _unmarked(
        self, given: Sequence[QuarantineRow]
    ) -> dict[PatientKey, tuple[StateRow | None, StateRow]]:
        """The states of the patients who are marked, without the mark where nothing else marks."""
        # By name, not by place: nothing is read of their values, which may be long.
        marking = [row for row in given if _marks(row)]
        names = {EventKey(row.source or "", row.event_id or "") for row in marking}
        keys = set(map(delivery_key, marking))
        patients = {row.patient for row in marking if row.patient is not None}
        loaded = {
            patient: row
            for patient in sorted(patients)
            if (row := await self._ledger.state(patient)) is not None
        }
        # After the states, which guard how many are open.
        refused = await self._ledger.refusals(sorted(names), [], [], [])
        marks = Counter(refused.marks)
        marks.subtract(one.marked for one in refused.refusals if one.marked and one.key in keys)
        overlay = Overlay(loaded)
        for patient, row in loaded.items():
            ruleset = await ruleset_in_force(self._ledger, patient.study_id, row, self._given)
            overlay.count_marks(patient, marks[patient], {patient.study_id: ruleset}.get)
        return overlay.changes()


def _marks(row: QuarantineRow) -> bool:
    return row.reason == Reason.PROCESSING_ERROR and row.stage == DECIDE
