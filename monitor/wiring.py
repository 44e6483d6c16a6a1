"""Puts the parts together: settings in, a worker's duties out. Nothing is decided here."""

import asyncio
import datetime
import logging
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from monitor.active_rules import WORKER, hold_rules
from monitor.clock import Clock
from monitor.deployments import hold_deployment
from monitor.exits import StartRefusedError
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.archive import Archive
from monitor.ledger.engine import open_engine
from monitor.ledger.entries import TopicIdentity, TopicPartition
from monitor.ledger.migrate import current, head
from monitor.ledger.port import WORKER_LEASE, LedgerBehind
from monitor.ledger.refusals import Wanted
from monitor.ledger.sql import SqlLedger
from monitor.passes import Pass, ReadNotified, RegularPass
from monitor.rebuilding import refuse_unfinished_rebuild
from monitor.recording import Receipt
from monitor.relay import Relay, Sender
from monitor.rulesets import Rulesets
from monitor.settings import Settings
from monitor.wire.delivery import Delivery

log = logging.getLogger(__name__)

WORKER_LEASE_SECONDS = 20.0  # a round of health checks, which renews it, may take 12 s
WORKER_LEASE_WAITS = 21  # one a second: longer than what a killed worker left behind


class WorkerDuties:
    """Intake, relay, ticker and ledger of one worker."""

    _intake: Intake  # from `begin` on, which learns by what rules patients may be decided

    def __init__(
        self, ledger: Archive, sender: Sender, settings: Settings, clock: Clock, *, alone: bool
    ) -> None:
        """`alone`: the store is for one worker, so a lease keeps a second one out."""
        kafka = settings.kafka
        self._settings = settings
        self._clock = clock
        self._rules = Rulesets(settings.rules)
        self._ledger = ledger
        self._group = kafka.group
        self._holder = f"{socket.gethostname()}:{os.getpid()}"
        self._alone = alone
        self._firsts: Mapping[TopicPartition, int] = {}
        self._relay = Relay(
            ledger,
            sender,
            clock,
            holder=self._holder,
            prefix=kafka.topic_prefix,
            answering=kafka.acknowledgements,
        )
        self._audit = RegularPass(
            ledger,
            self._rules,
            clock,
            deployment=settings.deployment,
            holder=self._holder,
            every=datetime.timedelta(hours=settings.worker.audit_every_h),
        )

    def _intake_of(self, rules_known: frozenset[str]) -> Intake:
        place = intake_settings(self._settings, rules_known)
        place = replace(place, answering=self._settings.kafka.acknowledgements)
        return Intake(self._ledger, self._clock, place, rules_for=self._rules)

    async def receive(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Record a batch in one transaction; retries conflicts and outages in place."""
        return await self._intake.receive(deliveries)

    async def send_once(self) -> int:
        """Publish one batch of the outbox and return how many messages the broker has."""
        return await self._relay.send_once()

    async def tick(self) -> list[Receipt]:
        """Close yesterday for some patients who have something due; empty: none is left."""
        return await self._intake.close_days()

    async def check_offsets(self, committed: Mapping[TopicPartition, int]) -> None:
        """Raise LedgerBehind when a committed offset is beyond what the ledger recorded.

        `committed` holds the next offset that the group would read of each partition; only
        recorded offsets are ever committed, so the ledger must hold the one before.
        """
        recorded = await self._ledger.offsets(self._group)
        for place, position in sorted(committed.items()):
            unknown = self._firsts.get(place, 0) - 1  # nothing can have come before
            last = recorded[place][0] if place in recorded else unknown
            if position > last + 1:
                raise LedgerBehind(
                    f"{place.topic}[{place.partition}]: the group has committed offset {position}, "
                    f"the ledger's last recorded one is {last}; the database is older than the "
                    "group's offsets: restore a newer copy, or set the group back to the ledger"
                )

    def begin_at(self, firsts: Mapping[TopicPartition, int]) -> None:
        """Learn the first offset of each partition, after `begin` and before `check_offsets`."""
        self._firsts = self._intake.firsts = firsts

    async def check_topics(self, found: Mapping[str, TopicIdentity]) -> None:
        """Raise StartRefusedError when a topic is not the one whose offsets were recorded."""
        known = await self._ledger.topics(self._group)
        for name, identity in sorted(found.items()):
            before = known.get(name)
            if before is not None and _is_another(before, identity):
                raise StartRefusedError(
                    f"{name} is not the topic whose offsets this database holds: it was made "
                    f"again, or has {identity.partitions} partitions instead of "
                    f"{before.partitions}; runbook: topic-changed"
                )
        await self._ledger.remember_topics(self._group, found)

    async def ping(self) -> None:
        """Raise Unavailable when the ledger cannot be written, and keep the worker's lease."""
        if not await self._holds_lease():
            raise StartRefusedError(_SECOND)

    async def begin(self) -> None:
        """Take the worker's lease, then compare the rules: an activation looks at the leases.

        Raises StartRefusedError when another worker goes on holding it, or a rebuild has not
        finished; RulesDifferError, Unavailable.
        """
        await self._await_lease()
        await refuse_unfinished_rebuild(self._ledger)
        self._intake = self._intake_of(await hold_rules(self._ledger, self._rules, self._clock))
        await hold_deployment(self._ledger, self._clock, self._settings.deployment, WORKER)

    async def _await_lease(self) -> None:
        """Wait until the lease of a killed worker has run out."""
        for attempt in range(WORKER_LEASE_WAITS):
            if await self._holds_lease():
                return
            if attempt == 0:
                log.warning("another worker's lease: waiting %d s for it", WORKER_LEASE_WAITS)
            await asyncio.sleep(1.0)
        await self.ping()

    async def _holds_lease(self) -> bool:
        return await self._ledger.acquire_lease(self._own_lease, self._holder, WORKER_LEASE_SECONDS)

    @property
    def _own_lease(self) -> str:
        return WORKER_LEASE if self._alone else f"{WORKER_LEASE}:{self._holder}"

    async def audit(self, read: ReadNotified) -> Pass | None:
        """Make a pass of the audit if one is due and nobody else does; return the last one."""
        return await self._audit.once(read)

    async def open_refusals(self) -> Mapping[str, tuple[int, datetime.datetime]]:
        """Return how many refused deliveries are open, by reason, and when the oldest came."""
        return await self._ledger.count_kept(Wanted())

    async def unsent_since(self) -> datetime.datetime | None:
        """Return when the oldest unsent notice was detected, or None."""
        return await self._ledger.unsent_since()

    async def release(self) -> None:
        """Give the leases back, so that another worker goes on at once."""
        await self._relay.release()
        await self._ledger.release_lease(self._own_lease, self._holder)


_SECOND = (
    "another worker uses this database, and SQLite is for one worker: stop it, or use PostgreSQL; "
    "runbook: second-worker-on-sqlite"
)


def _is_another(before: TopicIdentity, now: TopicIdentity) -> bool:
    ids = {before.topic_id, now.topic_id} - {None}
    return len(ids) > 1 or before.partitions != now.partitions


def intake_settings(settings: Settings, rules_known: frozenset[str] | None) -> IntakeSettings:
    """The place of an intake by the settings; `rules_known` as in `IntakeSettings`."""
    kafka = settings.kafka
    return IntakeSettings(
        group=kafka.group,
        deployment=settings.deployment,
        topics=kafka.inputs,
        gaps_allowed=frozenset(
            full for full, plain in kafka.inputs.items() if plain in kafka.gaps_allowed
        ),
        rules_known=rules_known,
    )


@asynccontextmanager
async def open_duties(
    settings: Settings, sender: Sender, clock: Clock
) -> AsyncIterator[WorkerDuties]:
    """A worker's duties over the database of the settings; checks its revision first.

    Raises StartRefusedError for a database that this program cannot use, RulesInvalid,
    RulesDifferError when its rules are not the active ones.
    """
    url = settings.database.sqlalchemy_url
    await _check_revision(url)
    async with open_ledger(url) as ledger:
        alone = url.startswith("sqlite")
        duties = WorkerDuties(ledger, sender, settings, clock, alone=alone)
        try:
            await duties.begin()
            yield duties
        finally:
            await duties.release()


async def _check_revision(url: str) -> None:
    found, known = await current(url), head()
    if found != known:
        raise StartRefusedError(
            f"the database is at revision {found or 'none'}, this program needs {known}: run "
            "`monitor db upgrade`, or the program that the database was made for; "
            "runbook: database-revision"
        )


@asynccontextmanager
async def open_ledger(url: str) -> AsyncIterator[SqlLedger]:
    """The ledger in a database, closed at the end."""
    ledger = SqlLedger(open_engine(url))
    try:
        yield ledger
    finally:
        await ledger.close()
