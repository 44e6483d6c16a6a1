"""A pass of the audit over every patient: when it is due, who makes it, what it found.

The last pass is an entry of the audit trail, so that every worker and every start knows it.
"""

import asyncio
import datetime
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.clock import Clock
from monitor.deployments import deployment_names
from monitor.differences import Differences, Kind
from monitor.ledger.activations import AuditEntry
from monitor.ledger.archive import Archive
from monitor.ledger.entries import PatientKey
from monitor.ledger.port import Ledger
from monitor.notified import Notified
from monitor.reconciliation import Pace, Reconciler, Total
from monitor.rulesets import Rulesets
from monitor.trail import note

ACTION = "audit.passed"
LEASE = "audit"
LEASE_SECONDS = 60.0
REST_SECONDS = 0.09  # after 0.01 s of work: a tenth of one processor's time

ReadNotified = Callable[[frozenset[str]], Awaitable[Notified]]  # given the deployments' names


@dataclass(frozen=True, slots=True)
class Pass:
    """What a pass over every patient and the topic found, and when it ended (UTC)."""

    at: datetime.datetime
    patients: int
    differences: Mapping[str, int]


def read_pass(audit: Sequence[AuditEntry]) -> Pass | None:
    """The pass that an entry tells; None without one."""
    if not audit:
        return None
    told = json.loads(audit[-1].details)
    return Pass(audit[-1].at, told["patients"], told["differences"])


async def record_pass(ledger: Ledger, clock: Clock, who: str, total: Total) -> None:
    """Record a pass over every patient and the topic in the audit trail."""
    found = {kind.value: count for kind, count in total.differences.items()}
    details = {"patients": total.patients, "differences": found}
    await note(ledger, clock, who, (ACTION, "patients", "reconciliation"), details)


async def audit_all(
    reconciler: Reconciler,
    notified: Notified | None,
    patients: Sequence[PatientKey],
    looked_at: Callable[[], None] | None = None,
) -> Total:
    """Check every patient of the ledger; `looked_at` is called after each.

    `notified` was read before `patients`: what is published of new ones is beyond its end.
    """
    total = Total()
    for patient in patients:
        total.add(await reconciler.check(patient, notified))
        if looked_at is not None:
            looked_at()
    if notified is not None and (beyond := notified.beyond(patients)):
        total.differences.update(Differences({Kind.TOPIC_UNEXPECTED: beyond}))
    return total


class PassLost(Exception):
    """Another worker has taken the audit over: this pass ends, and is not recorded."""


class RegularPass:
    """One worker's part in the regular audit: at most one worker makes a pass at a time."""

    def __init__(
        self,
        ledger: Archive,
        given: Rulesets,
        clock: Clock,
        *,
        deployment: str,
        holder: str,
        every: datetime.timedelta,
    ) -> None:
        self._ledger = ledger
        self._given = given
        self._clock = clock
        self._deployment = deployment
        self._holder = holder
        self._every = every
        self._has_told = False

    async def once(self, read: ReadNotified) -> Pass | None:
        """Make a pass if one is due and nobody else does; what the last one found, or None.

        The first call only tells of the last one where there is one: a new one may take hours.
        Raises what `read` and `Reconciler.check` do; the pass is made again then.
        """
        last = read_pass(await self._ledger.last_audit(ACTION))
        told, self._has_told = self._has_told, True
        due = last is None or (told and self._clock.now() - last.at >= self._every)
        if not due or not await self._holds_turn():
            return last
        try:
            await self._in_turn(self._go_over(read))
        except PassLost:
            return last
        finally:
            await self._ledger.release_lease(LEASE, self._holder)
        return read_pass(await self._ledger.last_audit(ACTION))

    async def _in_turn(self, work: Coroutine[Any, Any, None]) -> None:
        """Keep the turn beside the work, whatever that waits for; without it the work ends."""
        both = going, kept = asyncio.create_task(work), asyncio.create_task(self._keep())
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            await (going if going.done() else kept)
        finally:
            for one in both:
                one.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _go_over(self, read: ReadNotified) -> None:
        pace = Pace(self._clock, REST_SECONDS)
        reconciler = Reconciler(self._ledger, self._given, self._deployment, pace)
        names = deployment_names(await self._ledger.audit()) | {self._deployment}
        notified = await read(names)
        total = await audit_all(reconciler, notified, await self._ledger.everybody())
        if not await self._holds_turn():
            raise PassLost
        await record_pass(self._ledger, self._clock, "worker", total)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            if not await self._holds_turn():
                raise PassLost

    async def _holds_turn(self) -> bool:
        return await self._ledger.acquire_lease(LEASE, self._holder, LEASE_SECONDS)
