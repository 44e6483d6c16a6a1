"""What an operator does, and a small deployment on which to do it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaException,
    TopicPartition,
)

from monitor.exits import Exit
from monitor.settings import DLQ_SUFFIX, KafkaSettings
from tests.chaos.bench import QUIET, Bench, Run, open_run
from tests.chaos.checker import Place, Violation, gather, violations
from tests.chaos.group import WITHOUT_MEMBERS, look_at
from tests.senders.cohort import cohort
from tests.senders.messages import Message
from tests.services import postgres
from tests.services.waiting import wait_for

EVENTS = 800
PER_SECOND = 80.0
REFUSED_SECONDS_MAX = 60.0
SETTLED_SECONDS_MAX = 90.0
EMPTY_SECONDS_MAX = 60.0


class NotAsExpected(Exception):
    """The monitor did something else than its runbook says."""


@dataclass
class Stage:
    """A small deployment, and what its checker has to know of the operator's steps.

    `calm_at`: when all that was fed so far was acknowledged.
    """

    run: Run
    total: int
    calm_at: float | None = None
    sent_again: list[Message] = field(default_factory=list)
    skipped: dict[Place, Sequence[tuple[int, int]]] = field(default_factory=dict)
    forgotten: Mapping[Place, int] = field(default_factory=dict)

    async def feed(self, share: float, *, settles: bool = True) -> None:
        """Send up to this share of all messages, and wait until they are recorded and told."""
        feed, wanted = self.run.feed, int(self.total * share)
        feed.resume()
        if not await wait_for(lambda: feed.sent >= wanted, SETTLED_SECONDS_MAX):
            raise NotAsExpected("the messages could not be sent")
        await asyncio.to_thread(feed.pause)
        self.calm_at = time.monotonic()
        if settles:
            await self.settled()

    async def settled(self) -> None:
        """Wait until all that was sent is recorded and told."""
        if not await self.run.watch.settles(SETTLED_SECONDS_MAX):
            raise NotAsExpected(f"what was sent was not recorded: {self.run.supervisor.refused()}")

    async def stop_workers(self) -> None:
        """By SIGTERM, all of them."""
        await asyncio.to_thread(self.run.supervisor.stop_all)

    def resume_workers(self) -> None:
        """Start all of them."""
        for slot in self.run.supervisor.slots:
            self.run.supervisor.resume(slot)

    async def refused(self, code: Exit, seconds_max: float = REFUSED_SECONDS_MAX) -> None:
        """Wait until every worker has ended with this code, by itself."""
        supervisor, count = self.run.supervisor, len(self.run.supervisor.slots)
        await wait_for(lambda: len(supervisor.refused()) == count, seconds_max, 0.1)
        found = supervisor.refused()
        if sorted(found.values()) != [code] * count:
            raise NotAsExpected(f"workers should end with {code.value}, but: {found}")

    async def checked(self) -> list[Violation]:
        """Let the workers rest and end; what the checker finds."""
        await self.run.rests()
        await self.stop_workers()
        run, feed = self.run, self.run.feed
        evidence = await gather(
            run.bench.cluster.bootstrap,
            run.url,
            run.prefix,
            run.group,
            [*feed.messages, *self.sent_again],
            feed.acknowledged,
            run.watch.samples,
            calm_at=self.calm_at,
            skipped=self.skipped,
            forgotten=self.forgotten,
        )
        return violations(evidence)


@asynccontextmanager
async def open_stage(bench: Bench, prefix: str, seed: int) -> AsyncIterator[Stage]:
    """Two workers that run, and a feed that waits."""
    messages = cohort(EVENTS, seed)
    async with open_run(bench, prefix, messages, per_second=PER_SECOND, workers=2) as run:
        run.feed.pause()
        run.feed.start()
        yield Stage(run, EVENTS)


async def copy_database(run: Run, name: str) -> None:
    """A copy of the database as it is, which nobody may use meanwhile."""
    await run.watch.close()
    made = f"CREATE DATABASE {name} TEMPLATE {run.database}"
    await _alone(run, f"ALTER DATABASE {run.database} ALLOW_CONNECTIONS false", made)
    await _do(run, f"ALTER DATABASE {run.database} ALLOW_CONNECTIONS true")
    await _do(run, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def swap_database(run: Run, name: str) -> None:
    """Put the copy in the place of the database, under the workers' feet."""
    await run.watch.close()
    gone = f"DROP DATABASE {run.database} WITH (FORCE)"
    await _do(run, f"ALTER DATABASE {run.database} ALLOW_CONNECTIONS false")
    await _alone(run, gone, f"ALTER DATABASE {name} RENAME TO {run.database}")


async def _alone(run: Run, first: str, then: str) -> None:
    await _do(run, first)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
    await _do(run, f"{ended}'{run.database}'")
    await asyncio.sleep(0.5)
    await _do(run, then)


async def _do(run: Run, statement: str) -> None:
    await asyncio.to_thread(postgres.execute, run.bench.server, statement)


async def set_group(run: Run, offsets: Mapping[Place, int]) -> None:
    """Move the group, once no member is left in it."""
    places = [TopicPartition(*place, offset) for place, offset in offsets.items()]
    wanted = [ConsumerGroupTopicPartitions(run.group, places)]
    await _once_empty(run, lambda: run.bench.admin.alter_consumer_group_offsets(wanted))


async def forget_group(run: Run) -> None:
    """Remove the group's places, in all topics: this client cannot do it for one topic alone."""
    await _once_empty(run, lambda: run.bench.admin.delete_consumer_groups([run.group]))


async def _once_empty(run: Run, act: Callable[[], Mapping[str, Future[Any]]]) -> None:
    deadline = time.monotonic() + EMPTY_SECONDS_MAX
    while time.monotonic() < deadline:
        found = await look_at(run.bench.cluster.bootstrap, run.group)
        if found is not None and found.state in WITHOUT_MEMBERS:
            with contextlib.suppress(KafkaException):
                for done in act().values():
                    await asyncio.to_thread(done.result, 10)
                return
        await asyncio.sleep(0.5)
    raise NotAsExpected("the group is still not empty")


def output_ends(run: Run) -> dict[Place, int]:
    """Where the topics of notices and dead letters end now."""
    kafka = KafkaSettings(topic_prefix=run.prefix)
    names = [kafka.notices, *(name + DLQ_SUFFIX for name in kafka.inputs)]
    consumer = Consumer(
        {"bootstrap.servers": run.bench.cluster.bootstrap, "group.id": "x", **QUIET}
    )
    try:
        known = consumer.list_topics(timeout=10).topics
        places = [TopicPartition(name, p) for name in names for p in known[name].partitions]
        return {
            Place(p.topic, p.partition): consumer.get_watermark_offsets(p, timeout=10)[1]
            for p in places
        }
    finally:
        consumer.close()
