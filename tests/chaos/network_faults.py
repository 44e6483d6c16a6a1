"""Faults of the network, all of them at the proxy."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.chaos.bench import Run
from tests.chaos.proxy import Link
from tests.chaos.strikes import Fault, Struck, lasting, outage, over
from tests.chaos.toxics import Toxic, Way
from tests.services.waiting import wait_for

SLOW = Toxic(latency_s=0.25, jitter_s=0.1, bytes_per_s=125_000)  # +500 ms ±200, 1 Mbit/s
ASSIGNED = b"partitions assigned"
COMMITS_CUT = 3
COMMIT_SECONDS_MAX = 15.0
RESETS = 4
EITHER: Sequence[Way] = ("up", "down")
BOTH: frozenset[Way] = frozenset(EITHER)


async def _spoiled(
    run: Run, links: Sequence[Link], toxic: Toxic, rng: random.Random, seconds: tuple[float, float]
) -> float:
    for link in links:
        run.bench.proxy.set(link, toxic)
    try:
        return await lasting(rng, *seconds)
    finally:
        for link in links:
            run.bench.proxy.set(link)


def _whom(run: Run, rng: random.Random) -> tuple[str, Callable[[int], bool]]:
    slot = rng.choice(run.supervisor.running())
    return slot.name, lambda port: port in run.supervisor.ports(slot)


async def slow(run: Run, rng: random.Random) -> Struck:
    """Every byte late and few of them: no rebalance may come of it."""
    links = [*run.bench.kafka_links, run.bench.database_link]
    if not await run.steady():
        return Struck(time.monotonic(), "", "the group did not come to rest", made=False)
    before = run.said(ASSIGNED)
    seconds = await _spoiled(run, links, SLOW, rng, (12.0, 20.0))
    more = run.said(ASSIGNED) - before
    return over(f"{seconds:.0f} s", f"{more} rebalances by latency alone" if more else None)


async def one_way_to_all(run: Run, rng: random.Random) -> Struck:
    """One direction between all workers and Kafka lets nothing through."""
    way = rng.choice(EITHER)
    toxic = Toxic(held=frozenset({way}))
    async with outage(run):
        seconds = await _spoiled(run, run.bench.kafka_links, toxic, rng, (6.0, 16.0))
    return over(f"{way} {seconds:.0f} s")


async def one_way_to_one(run: Run, rng: random.Random) -> Struck:
    """One direction between one worker and Kafka: a zombie that still reaches the database."""
    way, (name, only) = rng.choice(EITHER), _whom(run, rng)
    toxic, began = Toxic(held=frozenset({way}), only=only), time.monotonic()
    seconds = await _spoiled(run, run.bench.kafka_links, toxic, rng, (8.0, 20.0))
    run.outages.append((began, time.monotonic()))  # for a worker that starts meanwhile
    return over(f"{name} {way} {seconds:.0f} s")


async def black_hole(run: Run, rng: random.Random) -> Struck:
    """One worker's bytes to and from the database go nowhere."""
    name, only = _whom(run, rng)
    toxic = Toxic(held=BOTH, only=only)
    async with outage(run):
        seconds = await _spoiled(run, [run.bench.database_link], toxic, rng, (6.0, 16.0))
    return over(f"{name} {seconds:.0f} s")


async def kafka_reset(run: Run, rng: random.Random) -> Struck:
    """Every connection to Kafka reset, several times."""
    return await _reset(run, rng, run.bench.kafka_links)


async def database_reset(run: Run, rng: random.Random) -> Struck:
    """Every connection to the database reset, several times."""
    return await _reset(run, rng, [run.bench.database_link])


async def _reset(run: Run, rng: random.Random, links: Sequence[Link]) -> Struck:
    ended = 0
    for _ in range(RESETS):
        ended += sum(run.bench.proxy.end_all(link, reset=True) for link in links)
        await lasting(rng, 0.2, 1.5)
    return over(f"{ended} connections")


async def database_cut(run: Run, rng: random.Random) -> Struck:
    """The database's connections ended and refused for a while."""
    link = run.bench.database_link
    async with outage(run):
        run.bench.proxy.set(link, Toxic(refuses=True))
        run.bench.proxy.end_all(link, reset=False)
        seconds = await lasting(rng, 2.0, 8.0)
        run.bench.proxy.set(link)
    return over(f"{seconds:.0f} s")


async def commits_cut(run: Run, _rng: random.Random) -> Struck:
    """The connection cut right after a COMMIT was forwarded, a few times in a row."""
    commits = run.bench.database_link.commits
    before, commits.left = commits.done, COMMITS_CUT
    await wait_for(lambda: commits.left <= 0, COMMIT_SECONDS_MAX)
    commits.left, done = 0, commits.done - before
    return replace(over(f"{done} times", None if done else "no COMMIT came"), made=bool(done))


FAULTS: dict[str, Fault] = {
    "slow network": slow,
    "one way lost to all": one_way_to_all,
    "one way lost to one worker": one_way_to_one,
    "database black hole for one worker": black_hole,
    "Kafka connections reset": kafka_reset,
    "database connections reset": database_reset,
    "database cut off": database_cut,
    "cut after COMMIT": commits_cut,
}
