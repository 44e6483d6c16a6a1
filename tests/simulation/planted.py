"""Bugs that the simulation must find: each puts one decision of the product out of force."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest.mock import patch

from monitor import fold
from monitor.ledger import memory
from monitor.ledger.entries import Changes, Loaded, Outgoing, RecordRow, Sent
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.standing import Effect, Verdict, judge
from monitor.relay import Relay
from monitor.stream.agents import Batches
from monitor.wire.delivery import Event


def ack_before_commit() -> None:
    """Every event is acknowledged when it is taken into hand."""
    flush = Batches.flush

    async def acknowledging(self: Batches) -> None:
        for event in self._events:
            event.committed = True
            event.ack()
        await flush(self)

    patch.object(Batches, "flush", acknowledging).start()


def no_version_check() -> None:
    """A patient's state is written over whatever is there."""
    patch.object(memory, "_guard", lambda _row: None).start()


def mark_before_acknowledgement() -> None:
    """Every notice is marked as published when it is given to the client."""
    send_lane = Relay._send_lane

    async def marking(self: Relay, some: Sequence[Outgoing], acknowledged: list[Sent]) -> None:
        await self._ledger.mark_sent([Sent(one, 0, 0) for one in some], self._clock.now())
        await send_lane(self, some, acknowledged)

    patch.object(Relay, "_send_lane", marking).start()


def dedupe_in_memory_only() -> None:
    """An event is known as long as the worker that recorded it lives."""
    load, record = MemoryLedger.load, MemoryLedger.record

    async def forgetful(self: MemoryLedger, *given: Any) -> Loaded:
        found = await load(self, *given)
        return Loaded({}, found.records, found.states, found.offsets)

    async def overwriting(self: MemoryLedger, changes: Changes) -> None:
        for row in changes.accepted:
            self._accepted.pop(row.key, None)
        await record(self, changes)

    patch.object(MemoryLedger, "load", forgetful).start()
    patch.object(MemoryLedger, "record", overwriting).start()


def dropped_correction() -> None:
    """A corrected version of a record is kept without effect."""

    def dropping(row: RecordRow | None, event: Event) -> Verdict:
        verdict = judge(row, event)
        if row is not None and event.fact.status == "corrected":
            return Verdict(Effect.STALE, verdict.row)
        return verdict

    patch.object(fold, "judge", dropping).start()


BUGS: Mapping[str, Callable[[], None]] = {
    "ack_before_commit": ack_before_commit,
    "no_version_check": no_version_check,
    "mark_before_acknowledgement": mark_before_acknowledgement,
    "dedupe_in_memory_only": dedupe_in_memory_only,
    "dropped_correction": dropped_correction,
}
