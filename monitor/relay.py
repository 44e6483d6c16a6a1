"""The relay: what the ledger's outbox holds goes to the topics, in order per patient.

A row is marked sent only after the broker acknowledged it; resending gives the same bytes. A send
that fails holds back that patient alone, and a dead letter never blocks a notice.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from monitor.clock import Clock
from monitor.ledger.entries import Outgoing, Sent
from monitor.ledger.port import Ledger

LEASE = "relay"
LEASE_SECONDS = 6.0  # about as long as the group waits for a dead worker

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Puts one message on a topic and returns its partition and offset once acknowledged."""

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> tuple[int, int]:
        """Raises whatever the client raises when the broker does not acknowledge."""


class Relay:
    """Sends the outbox, one relay at a time by lease (database time)."""

    def __init__(
        self,
        ledger: Ledger,
        sender: Sender,
        clock: Clock,
        *,
        holder: str,
        prefix: str = "",
        batch_max: int = 500,
    ) -> None:
        self._ledger = ledger
        self._sender = sender
        self._clock = clock
        self._holder = holder
        self._prefix = prefix
        self._batch_max = batch_max
        self._renewed_at = -LEASE_SECONDS

    async def send_once(self) -> int:
        """Send one batch and mark it; returns how many were acknowledged.

        Raises `Unavailable` from the ledger. A broker that refuses is logged and left for later.
        """
        if not await self._holds_lease():
            return 0
        waiting = await self._ledger.unsent(self._batch_max)
        lanes: dict[bytes, list[Outgoing]] = {}
        for outgoing in waiting:
            lanes.setdefault(outgoing.order_key, []).append(outgoing)
        sent = [
            one
            for lane in await asyncio.gather(*(self._send_lane(lane) for lane in lanes.values()))
            for one in lane
        ]
        if sent:
            await self._ledger.mark_sent(sent, self._clock.now())
        return len(sent)

    async def _holds_lease(self) -> bool:
        """Hold the lease; it is renewed when a third of it has passed, not for every batch."""
        now = self._clock.monotonic()
        if now - self._renewed_at < LEASE_SECONDS / 3:
            return True
        held = await self._ledger.acquire_lease(LEASE, self._holder, LEASE_SECONDS)
        self._renewed_at = now if held else -LEASE_SECONDS
        return held

    async def _send_lane(self, lane: Sequence[Outgoing]) -> list[Sent]:
        """Send what must stay in order, up to the first that the broker does not acknowledge."""
        sent: list[Sent] = []
        for outgoing in lane:
            topic = outgoing.topic
            if outgoing.kind == "notice":
                topic = self._prefix + topic
            try:
                partition, offset = await self._sender.send(
                    topic, outgoing.key, outgoing.value, outgoing.headers
                )
            except Exception as problem:  # noqa: BLE001 - any client error holds back this lane only
                log.warning("a %s was not acknowledged: %s", outgoing.kind, type(problem).__name__)
                break
            sent.append(Sent(outgoing, partition, offset))
        return sent

    async def release(self) -> None:
        """Give the lease back, so that another worker's relay goes on at once."""
        self._renewed_at = -LEASE_SECONDS
        await self._ledger.release_lease(LEASE, self._holder)
