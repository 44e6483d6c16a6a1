"""What is asked of a ledger to compare it with its own events, and to make it good again."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.ledger.activations import AuditEntry
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.entries import NoticeRow, PatientKey, StateRow
from monitor.ledger.port import Ledger
from monitor.ledger.refusals import Kept, Wanted

HELD = -2  # the partition of a notice that waits for somebody's word; it is not published


@dataclass(frozen=True, slots=True)
class Published:
    """When a notice was published (UTC), and where: partition and offset -1 are nowhere."""

    at: datetime.datetime
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Said:
    """A notice and what became of it; one that is `held` is not sent before it is released."""

    row: NoticeRow
    published: Published | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """What makes patients incomplete and is no accepted event.

    `refused` gives (source, record id, version) of conflicts that nothing has superseded, sorted;
    `broken` are patients of whom a delivery failed in the monitor's own code and is open, and when
    (UTC) the last one was received.
    """

    refused: Mapping[PatientKey, tuple[tuple[str, str, int], ...]]
    broken: Mapping[PatientKey, datetime.datetime]


class Archive(Ledger, Protocol):
    """A ledger that can be looked through and restored."""

    async def everybody(self) -> list[PatientKey]:
        """Every patient with a state, an accepted event or a notice, by key."""

    async def said(self, patient: PatientKey) -> list[Said]:
        """A patient's notices in sequence."""

    async def marks(self) -> Marks:
        """The marks of all incomplete patients, from records and quarantine."""

    async def restore(
        self, patient: PatientKey, was: StateRow | None, state: StateRow, said: Sequence[Said]
    ) -> None:
        """Write a patient's state in place of `was`, and these notices in place of all there are.

        Raises `Conflict` when the state has moved, or a notice of another patient has an id.
        """

    async def add_said(self, said: Sequence[Said]) -> None:
        """Add notices as they are, but for those whose id or sequence is there."""

    async def hold_unsent(self) -> None:
        """Let every notice that was not published wait for a release."""

    async def held(self) -> list[NoticeRow]:
        """Notices that wait for a release, in the order of their recording."""

    async def release(self, notice_ids: Sequence[str], entry: AuditEntry) -> None:
        """Let held notices be sent, and record who said so; `Conflict` where one is not held."""

    async def kept(self, wanted: Wanted, after: int, limit: int, *, whole: bool) -> list[Kept]:
        """Rows whose position is above `after`, in order; not `whole`: without their value."""

    async def count_kept(self, wanted: Wanted) -> Mapping[str, tuple[int, datetime.datetime]]:
        """How many by reason, and when the oldest of each was received."""

    async def last_kept(self) -> int:
        """The position of the newest row; 0 without any."""

    async def mark_redriven(self, keys: Sequence[DeliveryKey], at: datetime.datetime) -> None:
        """Remember that these were sent to their topic once more, in the redrive of this time."""

    async def redriven(self, at: datetime.datetime) -> Mapping[str, int]:
        """What became of those of one redrive: how many by `ClosedAs`, and "" for open ones."""

    async def names_open(self, patient: PatientKey) -> int:
        """How many open rows name a patient, but for conflicts of versions.

        Of those the patient's own state knows whether they were answered.
        """
