"""The faults of the main test, one after the other, each only after the one before was overcome."""

import asyncio
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.exits import Exit
from tests.faults.messages import Message
from tests.faults.rig import Rig, wait_for

KILLS, TERMS = 15, 5
BROKER_AFTER, DATABASE_AFTER = 6, 13  # ended workers
ALIVE_SECONDS = (0.3, 2.0)  # from the first new row to when a fault is wanted
TAKEOVER_SECONDS_MAX = 60.0
OUTAGE_SECONDS = 2.0
PER_SECOND = 160.0
RESTART_MENDS = {Exit.UNREACHABLE, Exit.UNEXPECTED}


@dataclass
class Ended:
    """One worker's end: how, after what, and what it left to be delivered again."""

    number: signal.Signals
    code: int
    seconds: float
    takeover_s: float
    redelivered: int


class Campaign:
    """Twenty ends of a worker, one of the broker and one of the database."""

    def __init__(self, rig: Rig, messages: Sequence[Message], seed: int) -> None:
        self.ended: list[Ended] = []
        self.outages: dict[str, float] = {}
        self.restarts: list[int] = []  # exit codes of workers that nobody had asked to end
        self._rig = rig
        self._messages = messages
        self._rng = random.Random(seed)
        self._feeder = rig.feed(messages, PER_SECOND)
        self._worker = rig.start()

    @property
    def killed(self) -> list[Ended]:
        """The ends that were faults; the last one closes the run."""
        return self.ended[: KILLS + TERMS]

    async def run(self) -> None:
        """All of it, until everything is consumed and published; raises AssertionError."""
        plan = [signal.SIGKILL] * KILLS + [signal.SIGTERM] * TERMS
        self._rng.shuffle(plan)
        self._feeder.allowed = 0
        self._feeder.start()
        for index, number in enumerate(plan):
            if index == BROKER_AFTER:
                broker = self._rig.broker
                await self._outage("broker", broker.kill, broker.start)
            if index == DATABASE_AFTER:
                await self._outage("database", self._stop_database, self._rig.server.start)
            await self._round(number)
        self._feeder.allowed = len(self._messages)
        await self._settle()

    async def _round(self, number: signal.Signals) -> None:
        """See the worker get on, end it at some moment, and start the next one at once."""
        share = len(self._messages) / (KILLS + TERMS + 1)
        begin = share * len(self.ended)
        self._allow(begin + share * 0.4)
        takeover_s = await self._progress()
        self._allow(begin + share)
        await asyncio.sleep(self._rng.uniform(*ALIVE_SECONDS))
        await self._progress()  # a row so new that the group has hardly committed its offset
        await self._end(number, takeover_s)
        self._worker = self._rig.start()

    async def _end(self, number: signal.Signals, takeover_s: float) -> None:
        code, seconds = await asyncio.to_thread(self._worker.end, number)
        redelivered = await self._rig.sample()
        self.ended.append(Ended(number, code, seconds, takeover_s, redelivered))

    def _allow(self, messages: float) -> None:
        self._feeder.allowed = max(self._feeder.allowed, int(messages))

    async def _progress(self) -> float:
        """Seconds until something new is recorded, by this worker or the next."""
        before, began = await self._rig.progress(), time.monotonic()
        while await self._rig.progress() == before:
            self._supervise()
            assert time.monotonic() - began < TAKEOVER_SECONDS_MAX, self._rig.last_words()
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    def _supervise(self) -> None:
        """Start a worker that ended by itself again, as its supervisor would do."""
        if not self._worker.alive:
            code = self._worker.child.returncode
            assert code in RESTART_MENDS, self._rig.last_words()
            self.restarts.append(code)
            self._worker = self._rig.start()

    async def _outage(self, name: str, end: Callable[[], None], begin: Callable[[], None]) -> None:
        """Take a server away in the middle of things, and see the worker get on afterwards."""
        self._allow(self._feeder.allowed + 150)
        await self._progress()
        self._allow(self._feeder.allowed + 300)
        began = time.monotonic()
        await asyncio.to_thread(end)
        await asyncio.sleep(OUTAGE_SECONDS)
        await asyncio.to_thread(begin)
        await self._progress()
        self.outages[name] = time.monotonic() - began

    def _stop_database(self) -> None:
        self._rig.server.stop("immediate")

    async def _settle(self) -> None:
        feeder = self._feeder
        assert await wait_for(lambda: not feeder.is_alive(), 120), "the feeder did not end"
        assert not feeder.failed, feeder.failed[:3]
        assert await settled(self._rig, len(self._messages), 60.0), self._rig.last_words()
        await self._end(signal.SIGTERM, 0.0)


async def settled(rig: Rig, total: int, seconds_max: float) -> bool:
    """Wait until `total` deliveries are recorded and all is told; False when a worker ended."""
    deadline = time.monotonic() + seconds_max
    while await rig.progress() < total or await rig.unsent():
        if not rig.workers[-1].alive:
            return False
        assert time.monotonic() < deadline, f"{await rig.progress()}, {await rig.unsent()} unsent"
        await asyncio.sleep(0.2)
    return True
