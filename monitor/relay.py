"""The relay: what the ledger's outbox holds goes to the topics, in order per patient.

A row is marked sent only after the broker acknowledged it; resending gives the same bytes. A send
that fails, or does not come back, holds back that patient alone; a dead letter never blocks a
notice.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from monitor.clock import Clock
from monitor.crash_points import crash_at
from monitor.ledger.entries import Outgoing, Sent
from monitor.ledger.port import Ledger, LedgerError

LEASE = "relay"
LEASE_SECONDS = 6.0  # about as long as the group waits for a dead worker
ROUND_SECONDS_MAX = 1.0  # how long the quick lanes of a round wait for the slow ones
LOG_SECONDS_MIN = 10.0
NOWHERE = -1

log = logging.getLogger(__name__)


class UnsendableError(Exception):
    """The broker will never take this message: it is larger than the topic allows."""


class Sender(Protocol):
    """Puts one message on a topic and returns its partition and offset once acknowledged."""

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> tuple[int, int]:
        """Raises UnsendableError, or whatever the client raises when nothing is acknowledged."""


@dataclass(slots=True)
class _Lane:
    """Messages in flight that must stay in order; the acknowledged ones are not yet marked."""

    sending: asyncio.Task[None]
    acknowledged: list[Sent]
    unmarked: int

    @property
    def is_over(self) -> bool:
        """Whether everything was sent, or given up, and all that came back is marked."""
        return self.sending.done() and not self.acknowledged


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
        answering: bool = False,
    ) -> None:
        """`answering`: answers to senders are sent too."""
        self._ledger = ledger
        self._sender = sender
        self._clock = clock
        self._holder = holder
        self._prefix = prefix
        self._batch_max = batch_max
        self._answering = answering
        self._renewed_at = -LEASE_SECONDS
        self._lanes: dict[bytes, _Lane] = {}
        self._marked = 0
        self._refused: Counter[str] = Counter()
        self._logged_at = -LOG_SECONDS_MIN

    async def send_once(self) -> int:
        """Send one batch and mark it; returns how many were marked since it last returned.

        Raises `Unavailable` from the ledger. A broker that refuses is logged and left for later;
        what a broker does not answer stays in flight, and its patient waits for it.
        """
        await self._mark()  # nothing more is sent while that fails
        if await self._holds_lease():
            await self._send()
        marked, self._marked = self._marked, 0
        return marked

    async def _send(self) -> None:
        in_flight = sum(lane.unmarked for lane in self._lanes.values())
        waiting: dict[bytes, list[Outgoing]] = {}
        # Twice: half of what is given may be dead letters, the other half lie in flight already.
        unsent = await self._ledger.unsent(self._batch_max + 2 * in_flight)
        if self._answering:
            unsent += await self._ledger.unsent_answers(self._batch_max + in_flight)
        for outgoing in unsent:
            if outgoing.order_key not in self._lanes:
                waiting.setdefault(outgoing.order_key, []).append(outgoing)
        for key, some in waiting.items():
            acknowledged: list[Sent] = []
            sending = asyncio.create_task(self._send_lane(some, acknowledged))
            self._lanes[key] = _Lane(sending, acknowledged, len(some))
        if waiting:
            new = [self._lanes[key].sending for key in waiting]
            await asyncio.wait(new, timeout=ROUND_SECONDS_MAX)
        await self._mark()

    async def _mark(self) -> None:
        """Mark what came back, also of lanes that go on: a death sends again what is unmarked.

        What could not be marked is not sent again: it is marked at the next time.
        """
        self._log_refused()
        back = [(lane, lane.acknowledged.copy()) for lane in self._lanes.values()]
        sent = [one for _, some in back for one in some]
        if sent:
            crash_at("relay-before-mark")
            await self._ledger.mark_sent(sent, self._clock.now())
            self._marked += len(sent)
        for lane, some in back:
            del lane.acknowledged[: len(some)]
            lane.unmarked -= len(some)
        for key in [key for key, lane in self._lanes.items() if lane.is_over]:
            self._lanes.pop(key).sending.result()

    async def _holds_lease(self) -> bool:
        """Hold the lease; it is renewed when a third of it has passed, not for every batch."""
        now = self._clock.monotonic()
        if now - self._renewed_at < LEASE_SECONDS / 3:
            return True
        held = await self._ledger.acquire_lease(LEASE, self._holder, LEASE_SECONDS)
        self._renewed_at = now if held else -LEASE_SECONDS
        return held

    async def _send_lane(self, some: Sequence[Outgoing], acknowledged: list[Sent]) -> None:
        """Send what must stay in order, up to the first that the broker does not acknowledge."""
        for outgoing in some:
            topic = outgoing.topic
            if outgoing.kind != "dead_letter":
                topic = self._prefix + topic
            try:
                place = await self._sender.send(
                    topic, outgoing.key, outgoing.value, outgoing.headers
                )
            except UnsendableError:
                log.warning("a %s is too large for its topic; it stays here", outgoing.kind)
                place = (NOWHERE, NOWHERE)
            except Exception as problem:  # noqa: BLE001 - any client error holds back this lane only
                self._refused[f"{outgoing.kind}, {type(problem).__name__}"] += 1
                break
            acknowledged.append(Sent(outgoing, *place))
            crash_at("relay-sent")

    def _log_refused(self) -> None:
        now = self._clock.monotonic()
        if self._refused and now - self._logged_at >= LOG_SECONDS_MIN:
            for what, times in self._refused.items():
                log.warning("not acknowledged, to be sent again: %s (%d times)", what, times)
            self._refused.clear()
            self._logged_at = now

    async def release(self) -> None:
        """Mark what came back and give the lease back: another worker's relay goes on at once."""
        with suppress(LedgerError):
            await self._mark()
        for lane in self._lanes.values():
            lane.sending.cancel()
        self._lanes.clear()
        self._renewed_at = -LEASE_SECONDS
        await self._ledger.release_lease(LEASE, self._holder)
