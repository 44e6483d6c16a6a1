"""intake.receive without a broker: patients with a history, batches as the worker cuts them."""

import asyncio
import cProfile
import gc
import multiprocessing
import pkgutil
import pstats
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from itertools import islice
from typing import Any
from unittest.mock import patch

from sqlalchemy import text

from monitor.clock import Clock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.engine import open_engine
from monitor.ledger.sql import SqlLedger
from monitor.rulesets import Rulesets
from monitor.settings import KafkaSettings
from monitor.wire.delivery import Delivery
from tests.bench.cohort import Feed
from tests.bench.meter import Cost, metered

BATCH = 500
FACTS = 17  # some 20 while it is measured: every part adds a few
PROFILE_LINES = 45
# What `shares` looks at: where the name is used, and what it is called in the table.
STEPS = (
    ("monitor.intake.decode", "decode"),
    ("monitor.fold.load_state", "load states"),
    ("monitor.fold.apply", "apply"),
    ("monitor.fold.dump_state", "dump states"),
    ("monitor.ledger.sql.SqlLedger.load", "SQL: read"),
    ("monitor.ledger.sql.SqlLedger.record", "SQL: write"),
)


@asynccontextmanager
async def opened_intake(url: str, group: str) -> AsyncIterator[Intake]:
    ledger = SqlLedger(open_engine(url))
    settings = IntakeSettings(group, "bench", KafkaSettings().inputs)
    try:
        yield Intake(ledger, Clock(), settings, rules_for=Rulesets())
    finally:
        await ledger.close()


def batches(deliveries: Iterator[Delivery] | Sequence[Delivery]) -> Iterator[list[Delivery]]:
    rest = iter(deliveries)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _seed(url: str, first: int, last: int) -> None:
    """Give these patients their history and close their days, as the worker would have."""

    async def run() -> None:
        async with opened_intake(url, f"history-{first}") as intake:
            for batch in batches(Feed(range(first, last)).history(FACTS)):
                await intake.receive(batch)

    gc.disable()  # a short life, and nothing of it is measured
    asyncio.run(run())


async def _settle(url: str) -> None:
    """Close what is due; call every notice told; let the database know its tables."""
    async with opened_intake(url, "history") as intake:
        while await intake.close_days():
            pass
    engine = open_engine(url)
    async with engine.begin() as connection:
        told = "UPDATE notice SET published_at = detected_at, published_partition = 0"
        await connection.execute(text(told))
        await connection.execute(text("ANALYZE"))
    await engine.dispose()


def seed(url: str, patients: int) -> Feed:
    """Fill a migrated database; return the feed of what these patients have next."""
    workers = 2 if url.startswith("postgresql") else 1
    bounds = [patients * share // workers for share in range(workers + 1)]
    # Spawned: what a fork would inherit has threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        firsts, lasts = bounds[:-1], bounds[1:]
        list(pool.map(_seed, [url] * workers, firsts, lasts))
    asyncio.run(_settle(url))
    feed = Feed(range(patients))
    for _ in feed.history(FACTS):
        pass  # recorded already: what is asked for next comes after it
    return feed.from_here()


def record(
    url: str,
    deliveries: Sequence[Delivery],
    group: str = "record",
    on_warm: Callable[[], None] = lambda: None,
) -> Cost:
    """Receive them in batches; the first one, which prepares statements, is not counted."""
    cost = Cost()
    # What this program keeps of its patients is no burden to the worker's collections.
    gc.collect()
    gc.freeze()

    async def run() -> None:
        async with opened_intake(url, group) as intake:
            first, *rest = batches(deliveries)
            await intake.receive(first)
            on_warm()
            for batch in rest:
                with metered(cost, len(batch)):
                    await intake.receive(batch)

    asyncio.run(run())
    return cost


def shares(url: str, deliveries: Sequence[Delivery]) -> dict[str, Cost]:
    """Processor of each step of `receive`; the rest is rows, hashes, receipts and the loop.

    Measured by a clock around each step, whose own reading (about half a microsecond) is in it.
    Garbage collection happens inside of the steps, so it is told beside them.
    """
    found = {name: Cost() for _, name in STEPS}
    collecting = Cost()

    def forget() -> None:
        for cost in (*found.values(), collecting):
            cost.cpu_s = 0.0

    with ExitStack() as watched:
        for place, name in STEPS:
            watched.enter_context(_clocked(place, found[name]))
        watched.enter_context(_collections(collecting))
        whole = record(url, deliveries, "shares", forget)
    rest = whole.cpu_s - sum(cost.cpu_s for cost in found.values())
    found |= {"rows, hashes, receipts": Cost(cpu_s=rest), "(garbage collection)": collecting}
    for cost in found.values():
        cost.events = whole.events
    return found


@contextmanager
def _collections(cost: Cost) -> Iterator[None]:
    began = 0.0

    def note(phase: str, _about: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = time.process_time()
        else:
            cost.cpu_s += time.process_time() - began

    gc.callbacks.append(note)
    try:
        yield
    finally:
        gc.callbacks.remove(note)


@contextmanager
def _clocked(place: str, cost: Cost) -> Iterator[None]:
    owner, _, name = place.rpartition(".")
    original: Callable[..., Any] = getattr(pkgutil.resolve_name(owner), name)

    def clocked(*args: Any, **more: Any) -> Any:
        began = time.process_time()
        result = original(*args, **more)
        cost.cpu_s += time.process_time() - began
        return result

    async def clocked_wait(*args: Any, **more: Any) -> Any:
        began = time.process_time()
        waiting: Awaitable[Any] = original(*args, **more)
        result = await waiting
        cost.cpu_s += time.process_time() - began
        return result

    wrapper = clocked_wait if asyncio.iscoroutinefunction(original) else clocked
    with patch(place, wrapper):
        yield


def profile(url: str, deliveries: Sequence[Delivery]) -> None:
    """Print the functions that take most of the time, by their own and with what they call."""
    profiler = cProfile.Profile()
    profiler.enable()
    record(url, deliveries, "profile")
    profiler.disable()
    for order in ("tottime", "cumulative"):
        pstats.Stats(profiler).sort_stats(order).print_stats(PROFILE_LINES)
