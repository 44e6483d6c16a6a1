"""The ledger in memory, looked through patient by patient and restored."""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace

from monitor.ledger.activations import AuditEntry
from monitor.ledger.archive import Marks, Published, Said
from monitor.ledger.closings import Closing, DeliveryKey
from monitor.ledger.entries import (
    AcceptedRow,
    EventKey,
    NoticeRow,
    PatientKey,
    QuarantineRow,
    RecordKey,
    RecordRow,
    StateRow,
)
from monitor.ledger.memory_activations import MemoryActivations
from monitor.ledger.port import Conflict
from monitor.ledger.refusals import DECIDE
from monitor.wire.delivery import Reason


class MemoryArchive(MemoryActivations):
    """What is written of patients, and what became of their notices."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        super().__init__(seconds)
        self._accepted: dict[EventKey, AcceptedRow] = {}
        self._records: dict[RecordKey, RecordRow] = {}
        self._notices: dict[str, NoticeRow] = {}
        self._sequences: set[tuple[PatientKey, int]] = set()
        self._quarantine: dict[DeliveryKey, QuarantineRow] = {}
        self._closings: dict[DeliveryKey, Closing] = {}
        self._unsent_notices: dict[str, NoticeRow] = {}
        self._held: set[str] = set()
        self._published: dict[str, datetime.datetime] = {}
        self._places: dict[str, tuple[int, int]] = {}  # partition and offset, by notice id

    async def everybody(self) -> list[PatientKey]:
        """Every patient with a state, an accepted event or a notice, by key."""
        received = {row.patient for row in self._accepted.values()}
        told = {row.patient for row in self._notices.values()}
        return sorted(received | told | self._states.keys())

    async def said(self, patient: PatientKey) -> list[Said]:
        """A patient's notices in sequence."""
        found = [row for row in self._notices.values() if row.patient == patient]
        return [self._as_said(row) for row in sorted(found, key=lambda row: row.sequence)]

    def _as_said(self, row: NoticeRow) -> Said:
        at = self._published.get(row.notice_id)
        published = None if at is None else Published(at, *self._places[row.notice_id])
        return Said(row, published, held=row.notice_id in self._held)

    async def marks(self) -> Marks:
        """The marks of all incomplete patients, from records and quarantine."""
        refused: dict[PatientKey, tuple[tuple[str, str, int], ...]] = {}
        for key, row in sorted(self._records.items()):
            if row.refused_version is not None:
                mark = (*key, row.refused_version)
                refused[row.patient] = (*refused.get(row.patient, ()), mark)
        failed = sorted(
            (row.received_at, row.patient)
            for key, row in self._quarantine.items()
            if (row.reason, row.stage) == (Reason.PROCESSING_ERROR, DECIDE)
            and row.patient is not None
            and key not in self._closings
        )
        return Marks(refused, {patient: at for at, patient in failed})

    async def restore(
        self, patient: PatientKey, was: StateRow | None, state: StateRow, said: Sequence[Said]
    ) -> None:
        """Write a patient's state and notices in place of what is there, or raise `Conflict`."""
        held = self._states.get(patient)
        guards = [row and (row.version, row.revision) for row in (held, was)]
        others = (self._notices.get(one.row.notice_id, one.row).patient for one in said)
        if guards[0] != guards[1] or set(others) - {patient}:
            raise Conflict("a row has moved")
        self._states[patient] = replace(state, revision=was.revision + 1 if was else 1)
        for old in [row for row in self._notices.values() if row.patient == patient]:
            self._forget(old)
        await self.add_said(said)

    def _forget(self, row: NoticeRow) -> None:
        del self._notices[row.notice_id]
        self._sequences.discard((row.patient, row.sequence))
        self._held.discard(row.notice_id)
        for known in (self._unsent_notices, self._published, self._places):
            known.pop(row.notice_id, None)

    async def add_said(self, said: Sequence[Said]) -> None:
        """Add notices as they are, but for those whose id or sequence is there."""
        for one in said:
            row, place = one.row, (one.row.patient, one.row.sequence)
            if row.notice_id in self._notices or place in self._sequences:
                continue
            self._notices[row.notice_id] = row
            self._sequences.add(place)
            if one.published is None:
                self._unsent_notices[row.notice_id] = row
                self._held |= {row.notice_id} if one.held else set()
            else:
                self._published[row.notice_id] = one.published.at
                self._places[row.notice_id] = (one.published.partition, one.published.offset)

    async def hold_unsent(self) -> None:
        """Let every notice that was not published wait for a release."""
        self._held |= self._unsent_notices.keys()

    async def held(self) -> list[NoticeRow]:
        """Notices that wait for a release, in the order of their recording."""
        return [row for key, row in self._notices.items() if key in self._held]

    async def release(self, notice_ids: Sequence[str], entry: AuditEntry) -> None:
        """Let held notices be sent, and record who said so; `Conflict` where one is not held."""
        if not self._held.issuperset(notice_ids):
            raise Conflict("a notice is not held any more")
        await self.add_audit(entry)
        self._held -= set(notice_ids)
