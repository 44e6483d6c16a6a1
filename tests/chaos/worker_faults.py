"""Faults of workers: killed anywhere, frozen, asked to end, more of them and fewer."""

import asyncio
import random
import signal
import time
from functools import partial

from monitor.crash_points import POINTS, VARIABLE
from tests.chaos.bench import Run
from tests.chaos.ends import not_orderly
from tests.chaos.strikes import Fault, Struck, lasting, over
from tests.chaos.supervisor import Life, Slot
from tests.services.waiting import wait_for

POINT_SECONDS_MAX = 40.0
COMMIT_SECONDS_MAX = 20.0
UP_SECONDS = 4.0  # a worker that was started has joined by then, mostly
STORM_SECONDS, STORM_STEP_SECONDS = 24.0, 3.0
STORM_WORKERS = 4  # with the others more members than partitions
FOLLOWS_LEASE = {"relay-sent", "relay-before-mark"}


def _some(run: Run, rng: random.Random) -> Slot:
    running = run.supervisor.running()
    assert running, f"no worker runs: {run.supervisor.last_words()}"
    return rng.choice(running)


async def killed(run: Run, rng: random.Random) -> Struck:
    """SIGKILL at any moment."""
    await lasting(rng, 0.0, 2.0)
    slot = _some(run, rng)
    life = run.supervisor.signal(slot, signal.SIGKILL)
    assert life is not None
    await asyncio.to_thread(run.supervisor.wait, life)
    return Struck(life.asked_at, slot.name, again=await run.watch.left())


async def killed_at(point: str, run: Run, rng: random.Random) -> Struck:
    """Restarted so that it kills itself at a named point, at the first times it comes there."""
    times = 1 if point == "ticker" else rng.randrange(1, 6)
    slot, told = _some(run, rng), f"{point}:{times}"
    begun = len(run.supervisor.lives)
    slot.extra = {VARIABLE: told}
    lives = [await _ended(run, slot)]
    if point in FOLLOWS_LEASE:  # one worker only relays: let it be this one
        await asyncio.sleep(UP_SECONDS)
        others = [one for one in run.supervisor.running() if one is not slot]
        lives += await asyncio.gather(*(_ended(run, one) for one in others))
    failed = next(filter(None, map(not_orderly, lives)), None)
    await wait_for(lambda: any(_armed(run, begun)), POINT_SECONDS_MAX)
    for life in _armed(run, begun):
        if life.code != -signal.SIGKILL:
            failed = f"ended with {life.code}"
        return Struck(life.ended or 0.0, told, failed, again=await run.watch.left())
    await asyncio.to_thread(run.supervisor.wait, run.supervisor.signal(slot, signal.SIGKILL))
    note = f"{told} was not reached in time: killed without it"
    return Struck(time.monotonic(), note, failed, made=False)


def _armed(run: Run, begun: int) -> list[Life]:
    """Those that were to kill themselves and have ended, of the lives after so many."""
    return [one for one in run.supervisor.lives[begun:] if one.armed and one.ended is not None]


async def killed_after_commit(run: Run, _rng: random.Random) -> Struck:
    """SIGKILL when the COMMIT is on its way and nobody will hear the answer."""
    commits = run.bench.database_link.commits
    hit: list[Life | None] = []

    def kill(port: int) -> None:
        running = run.supervisor.running()
        owners = [slot for slot in running if port in run.supervisor.ports(slot)]
        hit.extend(run.supervisor.signal(slot, signal.SIGKILL) for slot in owners)

    commits.told, commits.left = kill, 1
    await wait_for(lambda: bool(hit), COMMIT_SECONDS_MAX)
    commits.told, commits.left = None, 0
    if not hit:
        return Struck(time.monotonic(), "", "no COMMIT came", made=False)
    life = await asyncio.to_thread(run.supervisor.wait, hit[0])
    return Struck(life.asked_at if life else time.monotonic(), again=await run.watch.left())


async def asked_to_end(run: Run, rng: random.Random) -> Struck:
    """SIGTERM under load, and started again at once."""
    await lasting(rng, 0.0, 2.0)
    slot = _some(run, rng)
    life = await _ended(run, slot)
    return Struck(life.asked_at, f"{slot.name} {_seconds(life):.1f} s", not_orderly(life))


async def _ended(run: Run, slot: Slot) -> Life:
    life = run.supervisor.signal(slot, signal.SIGTERM)
    assert life is not None
    await asyncio.to_thread(run.supervisor.wait, life)
    return life


def _seconds(life: Life) -> float:
    return (life.ended or 0.0) - life.asked_at


async def rolled(run: Run, _rng: random.Random) -> Struck:
    """Every worker restarted by SIGTERM, one after the other, as a deployment does."""
    lives = []
    for slot in run.supervisor.running():
        lives.append(await _ended(run, slot))
        await asyncio.sleep(UP_SECONDS)
    failed = next(filter(None, map(not_orderly, lives)), None)
    return Struck(max(life.asked_at for life in lives), f"{len(lives)} workers", failed)


async def frozen(run: Run, rng: random.Random) -> Struck:
    """SIGSTOP for longer than a session lasts, then SIGCONT: a zombie that wakes up."""
    slot = _some(run, rng)
    run.supervisor.signal(slot, signal.SIGSTOP)
    seconds = await lasting(rng, 7.0, 18.0)
    run.supervisor.signal(slot, signal.SIGCONT)
    return over(f"{slot.name} {seconds:.0f} s")


async def storm(run: Run, rng: random.Random) -> Struck:
    """Members that come and go every few seconds; nobody may be stuck when it is over."""
    supervisor, lives = run.supervisor, list[Life | None]()
    if not run.extras:
        run.extras = [supervisor.add() for _ in range(STORM_WORKERS)]
    deadline, turns = time.monotonic() + STORM_SECONDS, 0
    while time.monotonic() < deadline:
        slot = rng.choice(run.extras)
        if slot.wanted:
            lives.append(await asyncio.to_thread(supervisor.stop, slot))
        else:
            supervisor.resume(slot)
        turns += 1
        await asyncio.sleep(STORM_STEP_SECONDS)
    for slot in run.extras:
        lives.append(await asyncio.to_thread(supervisor.stop, slot))
    failed = next(filter(None, map(not_orderly, lives)), None)
    if not await run.steady():
        failed = failed or "the group did not come to rest"
    return over(f"{turns} turns", failed)


FAULTS: dict[str, Fault] = {
    "worker killed": killed,
    **{f"worker killed at {point}": partial(killed_at, point) for point in POINTS},
    "worker killed after COMMIT was sent": killed_after_commit,
    "worker asked to end": asked_to_end,
    "workers restarted in turn": rolled,
    "worker frozen": frozen,
    "rebalance storm": storm,
}
