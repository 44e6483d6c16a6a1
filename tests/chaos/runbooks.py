"""Faults that the monitor must not overcome by itself: it refuses, and an operator mends them.

Each is a small deployment of its own. The operator's steps are those of deploy/runbooks.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from confluent_kafka import TopicPartition
from confluent_kafka.admin import NewPartitions

from monitor.exits import Exit
from tests.chaos import operating
from tests.chaos.bench import PARTITIONS, Bench, make_topics
from tests.chaos.campaign import Overcome
from tests.chaos.checker import Place, Violation
from tests.chaos.operating import Stage, open_stage

MORE_PARTITIONS = PARTITIONS + 2
NOTICED_SECONDS_MAX = 30.0  # how long a running worker is given to notice a changed topic
SHOWN_MAX = 5
REFUSALS = {Exit.START_REFUSED, Exit.LEDGER_BEHIND, Exit.UNREACHABLE}  # the last of a start


async def database_restored(stage: Stage) -> None:
    """Runbook ledger-behind: the group is set back to what the database holds."""
    run = stage.run
    await stage.feed(0.3)
    await stage.stop_workers()
    await operating.copy_database(run, "older_copy")
    stage.resume_workers()
    await stage.feed(0.6)
    run.watch.compares = False
    await operating.swap_database(run, "older_copy")
    run.watch.restored = True  # before the next look at it
    stage.forgotten = await asyncio.to_thread(operating.output_ends, run)
    await stage.feed(0.8, settles=False)
    await stage.refused(Exit.LEDGER_BEHIND)
    ledger = await run.watch.recorded()
    offsets = {
        Place(topic, partition): ledger.get(Place(topic, partition), -1) + 1
        for topic in run.inputs
        for partition in range(PARTITIONS)
    }
    await operating.set_group(run, offsets)
    run.watch.compares = True
    stage.resume_workers()


async def retention_passed(stage: Stage) -> None:
    """Runbook offset-lost: the senders publish again, the topic begins at its oldest message."""
    run = stage.run
    topic = run.inputs[0]
    await stage.feed(0.3)
    await stage.stop_workers()
    ledger = await run.watch.recorded()
    await stage.feed(0.6, settles=False)
    ends = {place: end for place, end in run.feed.reached.items() if place.topic == topic}
    told = run.bench.admin.delete_records([TopicPartition(*p, end) for p, end in ends.items()])
    for made in told.values():
        await asyncio.to_thread(made.result, 30)
    lost = {p: (ledger.get(p, -1) + 1, end - 1) for p, end in ends.items()}
    stage.skipped = {p: [(a, b)] for p, (a, b) in lost.items() if b >= a}
    stage.resume_workers()
    await stage.refused(Exit.START_REFUSED)
    _publish_again(stage, lost)
    await operating.forget_group(run)
    first = run.supervisor.slots[0]
    run.supervisor.resume(first, {"CTDNA_MONITOR_KAFKA__GAPS_ALLOWED": "ctdna.results"})
    await stage.settled()
    await asyncio.to_thread(run.supervisor.stop, first)
    stage.resume_workers()


def _publish_again(stage: Stage, lost: Mapping[Place, tuple[int, int]]) -> None:
    feed = stage.run.feed
    gone = [
        one.number
        for one in feed.acknowledged
        if (at := lost.get(Place(one.topic, one.partition))) and at[0] <= one.offset <= at[1]
    ]
    for index, number in enumerate(sorted(gone)):
        one = feed.messages[number]
        again = replace(one, headers=one.headers[:-1]).numbered(stage.total + index)
        stage.sent_again.append(again)
        feed.send(again)


async def partitions_added(stage: Stage) -> None:
    """Runbook topic-changed: a new group, which recognises what comes again."""
    run = stage.run
    await stage.feed(0.4)
    wanted = [NewPartitions(name, MORE_PARTITIONS) for name in run.inputs]
    for made in run.bench.admin.create_partitions(wanted).values():
        await asyncio.to_thread(made.result, 30)
    await stage.refused(Exit.START_REFUSED, NOTICED_SECONDS_MAX)
    run.use_group(f"{run.group}-2")
    stage.resume_workers()


async def topic_made_again(stage: Stage) -> None:
    """Runbook topic-changed: everything had been read, so a new group is all."""
    run, topic = stage.run, stage.run.inputs[1]
    await stage.feed(0.4)
    for gone in run.bench.admin.delete_topics([topic]).values():
        await asyncio.to_thread(gone.result, 30)
    await asyncio.sleep(2.0)
    await asyncio.to_thread(make_topics, run.bench, run.prefix, [topic])
    for place in [place for place in run.feed.reached if place.topic == topic]:
        del run.feed.reached[place]
    await stage.refused(Exit.START_REFUSED, NOTICED_SECONDS_MAX)
    run.use_group(f"{run.group}-2")
    stage.resume_workers()


STEPS: Mapping[str, Callable[[Stage], Awaitable[None]]] = {
    "database restored from an older copy": database_restored,
    "retention passed the offset": retention_passed,
    "partitions added": partitions_added,
    "topic made again": topic_made_again,
}


def crashed(stage: Stage) -> str | None:
    """The ends that no runbook speaks of: a worker that refuses does not crash before it does."""
    lives = stage.run.supervisor.lives
    codes = {life.code for life in lives if life.asked is None and life.code is not None}
    return f"workers ended with exit codes {sorted(codes - REFUSALS)}" if codes - REFUSALS else None


async def mended(name: str, bench: Bench, seed: int) -> tuple[Overcome, list[Violation]]:
    """Make the fault, see the refusal, take the operator's steps, see all of it told."""
    began, found = time.monotonic(), list[Violation]()
    prefix = name.replace(" ", "-") + "."
    async with open_stage(bench, prefix, seed) as stage:
        try:
            await STEPS[name](stage)
            mended_at = time.monotonic()
            await stage.feed(1.0)
            recovery = time.monotonic() - mended_at
            found = await stage.checked()
            words = [f"{one.kind}: {one.what}" for one in found[:SHOWN_MAX]]
            failed = f"{len(found)} violations: {'; '.join(words)}" if found else crashed(stage)
        except operating.NotAsExpected as problem:
            recovery, failed = -1.0, f"{problem}\n{stage.run.supervisor.last_words()}"
    return Overcome(name, 0.0, time.monotonic() - began, recovery, "", failed), found
