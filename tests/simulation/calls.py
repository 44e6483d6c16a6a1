"""Calls that leave a worker: each waits until the world lets it through, fails it or cuts it off.

A worker does nothing between two calls that anybody else could see, so these are all the points
at which a crash, a pause or another worker's turn can make a difference.
"""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from monitor.ledger.entries import Changes, Sent
from monitor.relay import LEASE, LEASE_SECONDS
from monitor.wire.delivery import Delivery
from tests.simulation.broker import Broker, Headers
from tests.simulation.database import Database

WRITES = frozenset(
    (
        *("record", "mark_sent", "acquire_lease", "release_lease"),
        *("activate_rules", "add_audit", "remember_topics"),
    )
)
UNDISTURBED_MAX = 50_000  # calls of a world


class Caller(Protocol):
    """A worker, as far as its calls are concerned."""

    name: str
    alive: bool
    paused: bool
    is_undisturbed: bool  # its calls need no turn


@dataclass
class Call:
    """One call that waits for its turn; `effect` does at once what it is for."""

    who: Caller
    to: str  # ledger, broker or topic
    name: str
    effect: Callable[[], Any]
    answer: "asyncio.Future[Any]"
    ready: Callable[[], bool]  # whether anything would come of it now
    given: Sequence[Any]

    @property
    def waiting(self) -> bool:
        """Whether it may be let through now."""
        return self.who.alive and not self.who.paused and self.ready()


def server_of(to: str) -> str:
    """Which server a call needs: the topics are the broker's."""
    return "broker" if to == "topic" else to


def always() -> bool:
    return True


class Exchange:
    """All calls of a world that wait for their turn."""

    def __init__(self, database: Database, broker: Broker, away: AbstractSet[str]) -> None:
        self.database = database
        self.broker = broker
        self._away = away  # servers that answer nobody
        self.waiting: list[Call] = []
        self.closed = False
        self._undisturbed = 0
        self.wrong: list[str] = []
        self.sent: set[tuple[str, bytes | None, bytes | None]] = set()

    async def call(
        self,
        who: Caller,
        to: str,
        name: str,
        effect: Callable[[], Any],
        ready: Callable[[], bool] = always,
        given: Sequence[Any] = (),
    ) -> Any:
        """Wait for the turn of a call; a dead worker's never comes.

        What needs no turn waits all the same while its server is away.
        """
        if self.closed:
            raise asyncio.CancelledError
        is_away = server_of(to) in self._away
        if not is_away and (who.is_undisturbed or self._is_idle(name, given)):
            self._undisturbed += 1
            if self._undisturbed > UNDISTURBED_MAX:
                raise RuntimeError("a worker asks for ever, without a pause")
            return effect()
        if who.is_undisturbed:
            ready = partial(self._is_there, server_of(to))
        answer = asyncio.get_running_loop().create_future()
        one = Call(who, to, name, effect, answer, ready, given)
        if who.alive:
            self.waiting.append(one)
        return await one.answer

    def _is_there(self, server: str) -> bool:
        return server not in self._away

    def _is_idle(self, name: str, given: Sequence[Any]) -> bool:
        """Whether a call asks for work and there is none: it needs no turn, the others do."""
        match name:
            case "unsent":
                return not self.database.outbox()
            case "due":
                return not self.database.due(given[0])
            case "acquire_lease":
                return self.database.holder(given[0]) not in {None, given[1]}
        return False

    def forget(self, who: Caller) -> None:
        """Drop what a dead worker waits for."""
        self.waiting = [one for one in self.waiting if one.who is not who]


def finished(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing, as those of the ledger in memory."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a ledger in memory waited for something")


class LedgerPort:
    """The ledger as one worker sees it: `Ledger`, by calls."""

    def __init__(self, exchange: Exchange, who: Caller) -> None:
        self._exchange = exchange
        self._who = who
        self._leased_at = -math.inf
        self.batch: Sequence[Delivery] = ()  # that is decided now
        self._seen = 0  # rows that were decided when it was read

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        def asked(*given: Any) -> Coroutine[Any, Any, Any]:
            def effect() -> Any:
                return self._do(name, given)

            if name == "unsent":
                self._check_lease()
            return self._exchange.call(self._who, "ledger", name, effect, given=given)

        return asked

    def _do(self, name: str, given: Sequence[Any]) -> Any:
        database = self._exchange.database
        if name == "mark_sent":
            self._note_unsent(given[0])
        answer = finished(getattr(database.ledger, name)(*given))
        if name in {"acquire_lease", "release_lease"} and given[0] == LEASE:
            holds = name == "acquire_lease" and answer
            self._leased_at = asyncio.get_running_loop().time() if holds else -math.inf
        if name == "load":
            self._seen = len(database.decided)
        if name == "record":
            changes: Changes = given[0]
            database.remember(changes, self.batch, self._seen)
        return answer

    def _check_lease(self) -> None:
        """A relay reads the outbox no longer than its lease lasts after it last was given it."""
        if asyncio.get_running_loop().time() - self._leased_at > LEASE_SECONDS:
            self._exchange.wrong.append("the outbox was read without a lease that still lasts")

    def _note_unsent(self, marked: Sequence[Sent]) -> None:
        known = {(key, value) for _, key, value in self._exchange.sent}
        if any((one.outgoing.key, one.outgoing.value) not in known for one in marked):
            self._exchange.wrong.append("marked as sent, and no broker has it")


class TopicSender:
    """A producer of one worker: `Sender`, by calls."""

    def __init__(self, exchange: Exchange, who: Caller) -> None:
        self._exchange = exchange
        self._who = who

    async def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers
    ) -> tuple[int, int]:
        def append() -> tuple[int, int]:
            self._exchange.sent.add((topic, key, value))
            return self._exchange.broker.append(topic, key, value, headers)

        place: tuple[int, int] = await self._exchange.call(self._who, "topic", "send", append)
        return place
