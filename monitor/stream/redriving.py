"""A redrive: refused deliveries go to their topics once more, until all that went are settled.

It never has more under way than the workers settle meanwhile, so live traffic keeps its place and
a redrive that fails ends early. Nothing is taken out of the quarantine here: a worker closes a row
in the transaction that accepts what it said.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Protocol

from monitor.clock import Clock
from monitor.exits import StartRefusedError, UnreachableError
from monitor.ledger.archive import Archive
from monitor.ledger.closings import ClosedAs, DeliveryKey
from monitor.ledger.entries import QuarantineRow
from monitor.ledger.port import Conflict, Unavailable
from monitor.ledger.refusals import Kept, Wanted
from monitor.stream.redrive_plan import NEVER
from monitor.trail import note
from monitor.wire.delivery import Reason

LEASE = "redrive"
LEASE_SECONDS = 30.0
PAGE = 100
LONG_PAGE = 8  # of those that may be many megabytes long
UNDER_WAY_MAX = 5000
POLL_SECONDS = 0.5
BEGUN, FINISHED = "redrive.begun", "redrive.finished"
# Refused for what stands outside the value, or before its size was looked at.
MAY_BE_LONG = frozenset(
    {Reason.TOO_LARGE, Reason.UNDECODABLE, Reason.ENVELOPE_INVALID, Reason.UNSUPPORTED_TYPE}
)
MARK_PAUSES_SECONDS = (0.05, 0.5, 2.0)
_ANOTHER = "another redrive runs on this database (one that was killed is forgotten after 30 s)"


class Stopped(StrEnum):
    """Why a redrive ended before everything was settled."""

    REFUSED = "as many as were allowed were refused again"
    SILENCE = "nothing was settled for a while: is a worker running?"
    INTERRUPTED = "interrupted"
    FAILED = "the broker did not acknowledge"


@dataclass(frozen=True, slots=True)
class Terms:
    """How fast (messages a second), after how many refused again it stops, how long it waits."""

    rate: float | None = None
    refused_max: int | None = None
    patience_s: float = 60.0

    @property
    def page(self) -> int:
        """How many are sent at once: about a second's worth, and what may be refused, at most."""
        most = min(PAGE, self.refused_max or PAGE)
        return most if self.rate is None else max(1, min(most, int(self.rate)))

    @property
    def under_way_max(self) -> int:
        """How many may wait for their end: as few as it is to stop after."""
        return min(UNDER_WAY_MAX, self.refused_max or UNDER_WAY_MAX)


@dataclass(slots=True)
class Redriven:
    """What was sent and what became of it; `waiting` are sent and still open."""

    sent: int = 0
    accepted: int = 0
    refused_again: int = 0
    parked: int = 0
    waiting: int = 0
    unsendable: int = 0
    stopped: Stopped | None = None

    @property
    def settled(self) -> int:
        """How many of the sent ones have come to an end."""
        return self.accepted + self.refused_again + self.parked


class Sending(Protocol):
    """Sends rows in order; see `Resender`."""

    unsendable: list[DeliveryKey]

    async def send(self, rows: Sequence[QuarantineRow]) -> None:
        """Send and wait for the answers. Raises UnreachableError."""

    def acknowledged(self) -> list[DeliveryKey]:
        """What the broker has of what was sent since this was asked last."""


class Redrive:
    """One redrive; its moment is its name in the database."""

    def __init__(
        self, ledger: Archive, sending: Sending, clock: Clock, holder: str, terms: Terms
    ) -> None:
        self._ledger = ledger
        self._sending = sending
        self._clock = clock
        self._holder = holder
        self._terms = terms
        self._moment = clock.now()
        self._leased_at = -LEASE_SECONDS
        self._moved_at = clock.monotonic()
        self._done = Redriven()

    async def run(
        self, wanted: Wanted, topics: Sequence[str], why: tuple[str, str],
        told: Callable[[Redriven], None],
    ) -> Redriven:  # fmt: skip
        """Redrive what is open and wanted on these topics; `why` says who asked for it, and why.

        What is refused meanwhile is left for another time. Raises StartRefusedError, Unavailable,
        UnreachableError; what was done is in the audit trail then too.
        """
        asked = {name: str(given) for name, given in asdict(wanted).items() if given is not None}
        is_noted = False
        try:
            await self._hold()
            await self._note(BEGUN, why, {"asked": asked})
            is_noted = True
            await self._go(wanted, topics, told)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.uncancel() > 0:
                raise
            self._done.stopped = Stopped.INTERRUPTED
            with contextlib.suppress(UnreachableError):
                await self._send([])  # what is on its way
            await self._look()
        except UnreachableError as problem:
            self._done.stopped = Stopped.FAILED
            await self._look()
            sent = f"{self._done.sent} had been sent: run the same again"
            raise UnreachableError(f"{problem}; {sent}") from None
        finally:
            try:
                if is_noted:
                    await self._note(FINISHED, why, {"asked": asked} | asdict(self._done))
            finally:
                await self._ledger.release_lease(LEASE, self._holder)
        return self._done

    async def _go(
        self, wanted: Wanted, topics: Sequence[str], told: Callable[[Redriven], None]
    ) -> None:
        last, after = await self._ledger.last_kept(), 0
        due = self._clock.monotonic()
        while after < last and self._done.stopped is None:
            page = await self._page(wanted, after)
            if not page or page[0].position > last:
                break
            after = page[-1].position
            rows = [one.row for one in page if one.position <= last and _goes(one.row, topics)]
            await self._settle(self._terms.under_way_max - len(rows), told)
            if rows and self._done.stopped is None:
                await self._pace(due)
                due = max(due, self._clock.monotonic() - 1) + len(rows) / (self._terms.rate or 1e9)
                await self._send(rows)
        await self._settle(0, told)

    async def _page(self, wanted: Wanted, after: int) -> list[Kept]:
        """The next ones with their values: few, where one may be many megabytes long."""
        limit = self._terms.page
        if limit > LONG_PAGE:
            ahead = await self._ledger.kept(wanted, after, limit, whole=False)
            if any(one.row.reason in MAY_BE_LONG for one in ahead):
                limit = LONG_PAGE
        return await self._ledger.kept(wanted, after, limit, whole=True)

    async def _send(self, rows: Sequence[QuarantineRow]) -> None:
        try:
            await self._sending.send(rows)
        finally:
            keys = self._sending.acknowledged()
            self._done.sent += len(keys)
            self._done.unsendable = len(self._sending.unsendable)
            self._moved_at = self._clock.monotonic()
            await self._mark(keys)

    async def _mark(self, keys: Sequence[DeliveryKey]) -> None:
        """A worker may be closing these very rows."""
        for pause in MARK_PAUSES_SECONDS:
            try:
                await self._ledger.mark_redriven(keys, self._moment)
            except (Conflict, Unavailable):
                await asyncio.sleep(pause)
            else:
                return
        await self._ledger.mark_redriven(keys, self._moment)

    async def _pace(self, due: float) -> None:
        while (left := due - self._clock.monotonic()) > 0:
            await asyncio.sleep(min(left, LEASE_SECONDS / 3))
            await self._hold()

    async def _settle(self, waiting_max: int, told: Callable[[Redriven], None]) -> None:
        """Wait until no more than so many are under way, or the redrive has to stop."""
        while True:
            await self._hold()
            await self._look()
            told(self._done)
            is_over = self._done.stopped not in {None, Stopped.REFUSED}
            if is_over or self._done.waiting <= max(0, waiting_max):
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self) -> None:
        done, before = self._done, self._done.settled
        found = await self._ledger.redriven(self._moment)
        done.accepted = found.get(ClosedAs.ACCEPTED, 0)
        done.refused_again = found.get(ClosedAs.REFUSED_AGAIN, 0)
        done.parked = found.get(ClosedAs.PARKED, 0)
        done.waiting = found.get("", 0)
        now = self._clock.monotonic()
        if done.settled > before or not done.waiting:
            self._moved_at = now
        if done.stopped is None and done.refused_again >= (self._terms.refused_max or 10**12):
            done.stopped = Stopped.REFUSED
        if done.stopped in {None, Stopped.REFUSED}:
            is_silent = now - self._moved_at > self._terms.patience_s
            done.stopped = Stopped.SILENCE if is_silent else done.stopped

    async def _hold(self) -> None:
        now = self._clock.monotonic()
        if now - self._leased_at >= LEASE_SECONDS / 3:
            if not await self._ledger.acquire_lease(LEASE, self._holder, LEASE_SECONDS):
                raise StartRefusedError(_ANOTHER)
            self._leased_at = now

    async def _note(self, action: str, why: tuple[str, str], details: Mapping[str, object]) -> None:
        who, reason = why
        await note(self._ledger, self._clock, who, (action, "quarantine", reason), details)


def _goes(row: QuarantineRow, topics: Sequence[str]) -> bool:
    return row.reason not in NEVER and row.topic in topics
