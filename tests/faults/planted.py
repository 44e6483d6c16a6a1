"""Bugs that the checks must find: each puts one decision of the worker out of force.

They change the program from outside, when the test starts it, so that it needs no switch for it.
"""

from collections.abc import Callable, Mapping, Sequence
from unittest.mock import patch

from monitor.ledger import bulk
from monitor.ledger.entries import Outgoing, Sent
from monitor.relay import Relay
from monitor.stream.agents import Batches


def ack_before_commit() -> None:
    """Every event is acknowledged when it is taken into hand."""
    flush = Batches.flush

    async def acknowledging(self: Batches) -> None:
        for event in self._events:
            event.committed = True
            event.ack()
        await flush(self)

    patch.object(Batches, "flush", acknowledging).start()


def mark_before_acknowledgement() -> None:
    """Every notice is marked as published when it is given to the client."""
    send_lane = Relay._send_lane

    async def marking(self: Relay, some: Sequence[Outgoing], acknowledged: list[Sent]) -> None:
        await self._ledger.mark_sent([Sent(one, 0, 0) for one in some], self._clock.now())
        await send_lane(self, some, acknowledged)

    patch.object(Relay, "_send_lane", marking).start()


class _Unguarded(bulk.Rewrite):
    """A rewrite that is given what was loaded and does not look at it."""

    __slots__ = ()

    def names(self) -> list[str]:
        return bulk.Rewrite(self.table, self.keys, self.values, _GUARD).names()

    def columns(self) -> list[str]:
        return bulk.Rewrite(self.table, self.keys, self.values, _GUARD).columns()


_GUARD = bulk.MOVE_STATES.loaded


def no_version_check() -> None:
    """A patient's state is written over whatever is there."""
    guarded = bulk.MOVE_STATES
    unguarded = _Unguarded(guarded.table, guarded.keys, guarded.values, touched=guarded.touched)
    patch.object(bulk, "MOVE_STATES", unguarded).start()


BUGS: Mapping[str, Callable[[], None]] = {
    "none": lambda: None,
    "ack_before_commit": ack_before_commit,
    "mark_before_acknowledgement": mark_before_acknowledgement,
    "no_version_check": no_version_check,
}
