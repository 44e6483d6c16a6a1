"""What the worker asks of the rest of the program, so that tests can stand in for it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from monitor.clock import Clock
from monitor.ledger.entries import TopicIdentity, TopicPartition
from monitor.passes import Pass, ReadNotified
from monitor.relay import Sender
from monitor.settings import Settings
from monitor.wire.delivery import Delivery, Reason


class Receipt(Protocol):
    """What became of one delivery, as far as the metrics want to know."""

    @property
    def outcome(self) -> str:
        """`applied`, `duplicate`, `stale` or `rejected`."""

    @property
    def reason(self) -> Reason | None:
        """Why it was refused, or None."""

    @property
    def findings(self) -> Sequence[str]:
        """Name of the finding of each notice that the delivery caused."""


class Duties(Protocol):
    """Intake, relay, ticker and ledger, joined by the wiring."""

    async def receive(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt]:
        """Record a batch in one transaction; retries conflicts and outages in place."""

    async def send_once(self) -> int:
        """Publish one batch of the outbox and return how many messages the broker has."""

    async def tick(self) -> Sequence[Receipt]:
        """Close yesterday for some patients who have something due; empty: none is left."""

    async def check_offsets(self, committed: Mapping[TopicPartition, int]) -> None:
        """Raise LedgerBehind when a committed offset is beyond what the ledger recorded."""

    def begin_at(self, firsts: Mapping[TopicPartition, int]) -> None:
        """Learn the first offset that each partition holds at the start."""

    async def check_topics(self, found: Mapping[str, TopicIdentity]) -> None:
        """Raise StartRefusedError when a topic is not the one that was recorded of."""

    async def ping(self) -> None:
        """Raise Unavailable when the ledger cannot be written."""

    async def audit(self, read: ReadNotified) -> Pass | None:
        """Make a pass of the audit if one is due and nobody else does; return the last one."""

    async def open_refusals(self) -> Mapping[str, tuple[int, dt.datetime]]:
        """Return how many refused deliveries are open, by reason, and when the oldest came."""

    async def unsent_since(self) -> dt.datetime | None:
        """Return when the oldest unsent notice was detected, or None."""


Wiring = Callable[[Settings, Sender, Clock], AbstractAsyncContextManager[Duties]]
