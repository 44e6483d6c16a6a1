"""Faults of the servers: brokers killed one by one and all together, the database stopped."""

import asyncio
import random
import signal
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from tests.chaos.bench import Run
from tests.chaos.strikes import Fault, Struck, lasting, outage, over
from tests.services import is_open
from tests.services.cluster import NumberedNode

IN_SYNC_SECONDS_MAX = 90.0
DISK_FULL = b"53100"  # the server's word for it, in the workers' logs: its own log is on that disk
RECOVERY_SECONDS = 4.0  # how long a server that panicked may take to come back by itself


async def _broker_killed(run: Run, rng: random.Random, which: Callable[[], NumberedNode]) -> Struck:
    node = await asyncio.to_thread(which)
    alone = len(run.bench.cluster.nodes) == 1
    async with outage(run, of_brokers=True) if alone else nullcontext():
        await asyncio.to_thread(node.end, signal.SIGKILL)
        seconds = await lasting(rng, 1.0, 5.0)
        await asyncio.to_thread(node.start)
    struck = over(f"node {node.number}, {seconds:.0f} s")
    return replace(struck, failed=await _out_of_sync(run))


async def _out_of_sync(run: Run) -> str | None:
    """The next fault may take another node, so all must have all by then."""
    found = await asyncio.to_thread(run.bench.cluster.wait_in_sync, IN_SYNC_SECONDS_MAX)
    return None if found else "the brokers did not come into sync again"


async def broker_killed(run: Run, rng: random.Random) -> Struck:
    """SIGKILL of any broker."""
    return await _broker_killed(run, rng, lambda: rng.choice(run.bench.cluster.nodes))


async def leader_killed(run: Run, rng: random.Random) -> Struck:
    """SIGKILL of the broker that leads a partition of ours."""
    topic, partition = rng.choice(run.inputs), rng.randrange(4)
    return await _broker_killed(run, rng, lambda: run.bench.cluster.leader(topic, partition))


async def coordinator_killed(run: Run, rng: random.Random) -> Struck:
    """SIGKILL of the broker to which the group commits its offsets."""
    return await _broker_killed(run, rng, lambda: run.bench.cluster.coordinator(run.group))


async def all_brokers_down(run: Run, rng: random.Random) -> Struck:
    """Every broker away for a while: no worker may end of it."""
    await run.steady()
    before = len(run.supervisor.lives)
    async with outage(run, of_brokers=True):
        await asyncio.to_thread(run.bench.cluster.kill)
        seconds = await lasting(rng, 8.0, 20.0)
        await asyncio.to_thread(run.bench.cluster.start)
    struck = over(f"{seconds:.0f} s")
    return replace(struck, failed=await _out_of_sync(run) or _ended_meanwhile(run, before))


def _ended_meanwhile(run: Run, before: int) -> str | None:
    more = len(run.supervisor.lives) - before
    return f"{more} times a worker had to be started again" if more else None


async def brokers_restarted(run: Run, _rng: random.Random) -> Struck:
    """Every broker stopped cleanly and started again, one after the other; no worker may end."""
    await run.steady()
    before = len(run.supervisor.lives)
    for node in run.bench.cluster.nodes:
        await asyncio.to_thread(node.end, signal.SIGTERM)
        await asyncio.to_thread(node.start)
        if failed := await _out_of_sync(run):
            return over("", failed)
    return over("", _ended_meanwhile(run, before))


async def database_stopped(run: Run, rng: random.Random) -> Struck:
    """An immediate stop: the next start must recover."""
    return await _database_away(run, rng, lambda: run.bench.server.stop("immediate"))


async def database_killed(run: Run, rng: random.Random) -> Struck:
    """SIGKILL of the server and all its children."""
    return await _database_away(run, rng, run.bench.server.kill)


async def killed_without_database(run: Run, rng: random.Random) -> Struck:
    """A worker killed while the database is away: what it had in hand is recorded nowhere."""
    async with outage(run):
        await asyncio.to_thread(run.bench.server.stop, "immediate")
        seconds = await lasting(rng, 2.0, 4.0)
        slot = rng.choice(run.supervisor.running())
        await asyncio.to_thread(run.supervisor.wait, run.supervisor.signal(slot, signal.SIGKILL))
        await asyncio.to_thread(run.bench.server.start)
    return over(f"{slot.name} after {seconds:.0f} s")


async def _database_away(run: Run, rng: random.Random, end: Callable[[], None]) -> Struck:
    async with outage(run):
        await asyncio.to_thread(end)
        seconds = await lasting(rng, 1.0, 6.0)
        await asyncio.to_thread(run.bench.server.start)
    return over(f"{seconds:.0f} s")


async def disk_full(run: Run, rng: random.Random) -> Struck:
    """No space left for the database; a server that gave up is started once there is."""
    disk, server = run.bench.disk, run.bench.server
    assert disk is not None
    async with outage(run):
        said = run.said(DISK_FULL)
        filled = await asyncio.to_thread(disk.fill)
        before = await run.watch.total()
        seconds = await lasting(rng, 8.0, 14.0)
        stood_still = await run.watch.total() <= before
        disk.free()
        await asyncio.sleep(RECOVERY_SECONDS)
        gave_up = not is_open(server.port)
        if gave_up:
            await asyncio.to_thread(server.start)
    refused = stood_still or run.said(DISK_FULL) > said
    note = f"full at {filled >> 20} MB for {seconds:.0f} s{', the server gave up' * gave_up}"
    return replace(over(note, None if refused else "nothing was refused"), made=refused)


FAULTS: dict[str, Fault] = {
    "broker killed": broker_killed,
    "leader killed": leader_killed,
    "coordinator killed": coordinator_killed,
    "all brokers down": all_brokers_down,
    "brokers restarted in turn": brokers_restarted,
    "database stopped": database_stopped,
    "database killed": database_killed,
    "worker killed while the database was away": killed_without_database,
    "disk of the database full": disk_full,
}
