"""Faults from a seed, one after the other, each only after all was overcome before it."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from tests.chaos import clocks, network_faults, server_faults, worker_faults
from tests.chaos.bench import Run
from tests.chaos.checker.evidence import Sample
from tests.chaos.strikes import Fault, Struck, over

FAULTS: Mapping[str, Fault] = {
    **worker_faults.FAULTS,
    **server_faults.FAULTS,
    **network_faults.FAULTS,
    **clocks.FAULTS,
}
# How often one comes after every kind has come once; the others' weight is 1.
WEIGHTS = {
    "worker killed": 34,
    "worker asked to end": 4,
    "worker frozen": 2,
    "broker killed": 5,
    "database stopped": 4,
    "database killed": 4,
    "cut after COMMIT": 2,
    "rebalance storm": 0.5,
    "all brokers down": 0.5,
}
FIRST = ("worker killed", "worker asked to end")  # their takeovers are the run's own figures
# How long work may stand still while one of several brokers is away.
STILL_S = {"broker killed": 15.0, "leader killed": 15.0, "brokers restarted in turn": 5.0}
# How long work may take to go on after a fault is over, where there is a word for one kind.
WITHIN_S = {
    "database stopped": 10.0,
    "database killed": 10.0,
    "database cut off": 10.0,
    "database connections reset": 10.0,
}
MARK_SECONDS = 0.5  # what is acknowledged until then after a fault must be recorded for the next
BEFORE_SECONDS = (0.3, 2.5)
RECOVERY_SECONDS_MAX = 60.0
BENCH_FAILED = "the bench failed"


@dataclass(frozen=True)
class Overcome:
    """A fault, whether it was `made`, and how long it took until the work went on everywhere.

    `again`: how many deliveries a killed worker had recorded and yet left to be delivered again.
    `still_s`: how long nothing was recorded at the longest, though something waited.
    """

    kind: str
    began_s: float
    lasted_s: float
    recovery_s: float
    note: str
    failed: str | None
    made: bool = True
    again: int = 0
    still_s: float = 0.0


def standstill(samples: Sequence[Sample], since: float, until: float) -> float:
    """The longest time, in seconds, in which nothing was recorded though something waited."""
    longest, began = 0.0, since
    for before, now in pairwise(one for one in samples if since <= one.at <= until):
        if now.recorded != before.recorded or now.recorded >= now.fed:
            began = now.at
        longest = max(longest, now.at - began)
    return longest


def plan(rng: random.Random, kinds: Sequence[str]) -> Iterator[str]:
    """Every kind once, those of FIRST and then the others in any order; then for ever by weight."""
    yield from (kind for kind in FIRST if kind in kinds)
    others = [kind for kind in kinds if kind not in FIRST]
    yield from rng.sample(others, len(others))
    weights = [WEIGHTS.get(kind, 1) for kind in kinds]
    while True:
        yield from rng.choices(kinds, weights)


class Campaign:
    """Strikes a run until its time is over."""

    def __init__(
        self,
        run: Run,
        rng: random.Random,
        say: Callable[[str], None],
        kinds: Sequence[str],
    ) -> None:
        self.overcome: list[Overcome] = []
        self._run = run
        self._rng = rng
        self._say = say
        # Of its own, so that no fault's turns change which come after it.
        self._plan = plan(random.Random(rng.random()), kinds)
        self._began = time.monotonic()

    @property
    def counts(self) -> Counter[str]:
        """How many faults of each kind there were."""
        return Counter(one.kind for one in self.overcome)

    async def strike(self, seconds: float, faults_max: int | None = None) -> None:
        """Go on for so long, or until so many; ends early when work does not go on after one."""
        if await self._recovers(time.monotonic()) is None:
            self._note("start", 0.0, 0.0, None, over("", "nothing was recorded after the start"))
            return
        for kind in islice(self._plan, faults_max):
            if time.monotonic() - self._began > seconds or self._run.supervisor.refused():
                return
            if kind in {*WITHIN_S, *STILL_S, *FIRST}:
                await self._run.steady()  # a worker that still joins would be measured too
            await asyncio.sleep(self._rng.uniform(*BEFORE_SECONDS))
            began = time.monotonic()
            struck = await self._struck(kind)
            lasted = time.monotonic() - began
            recovery = await self._recovers(struck.at)
            self._note(kind, began, lasted, recovery, struck)
            if recovery is None or (struck.failed or "").startswith(BENCH_FAILED):
                return

    async def _struck(self, kind: str) -> Struck:
        """The fault; one that could not be made is a failure of the bench, and the run's end."""
        try:
            return await FAULTS[kind](self._run, self._rng)
        except Exception as problem:  # noqa: BLE001 - the run so far is worth its report
            return replace(over("", f"{BENCH_FAILED}: {problem!r}"), made=False)

    async def _recovers(self, since: float) -> float | None:
        """Seconds until all that was acknowledged up to now is recorded; None: it never was."""
        await asyncio.sleep(max(0.0, since + MARK_SECONDS - time.monotonic()))
        mark = dict(self._run.feed.reached)
        found = await self._run.watch.reaches(mark, RECOVERY_SECONDS_MAX)
        return time.monotonic() - since if found else None

    def _note(
        self, kind: str, began: float, lasted: float, recovery: float | None, struck: Struck
    ) -> None:
        failed = struck.failed
        if recovery is None:
            failed = failed or f"work did not go on within {RECOVERY_SECONDS_MAX:.0f} s"
        recovery_s = -1.0 if recovery is None else recovery
        words = [struck.note, f"{struck.again} come again" if struck.again else ""]
        note = " ".join(filter(None, words))
        since, made = began - self._began, struck.made
        still_s = standstill(self._run.watch.samples, began, time.monotonic())
        done = Overcome(kind, since, lasted, recovery_s, note, failed, made, struck.again, still_s)
        self.overcome.append(done)
        feed = self._run.feed
        self._say(
            f"{done.began_s:6.0f} s  {len(self.overcome):3d}  {kind:36s} {lasted:5.1f} s, then "
            f"{done.recovery_s:5.1f} s  {len(feed.acknowledged):7d} events  {note}"
            + (f"  FAILED: {failed}" if failed else "")
        )
