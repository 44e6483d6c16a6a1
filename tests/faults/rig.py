"""One run of the monitor over a real broker and database: workers that die, and what is left."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from monitor.ledger.entries import TopicPartition
from monitor.ledger.migrate import upgrade
from monitor.settings import KafkaSettings
from tests.faults.evidence import Offsets
from tests.faults.feeder import Feeder
from tests.faults.messages import Message
from tests.faults.reading import QUIET, committed
from tests.services import kafka, postgres

PARTITIONS = 4
EXIT_SECONDS_MAX = 10.0
POLL_SECONDS = 0.02


@dataclass
class Worker:
    """A worker as a child of this program, and how it ended."""

    child: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        return self.child.poll() is None

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Signal it and wait; the exit code and the seconds that it took."""
        began = time.monotonic()
        self.child.send_signal(number)
        try:
            code = self.child.wait(EXIT_SECONDS_MAX * 2)
        except subprocess.TimeoutExpired:
            self.child.kill()
            code = self.child.wait()
        return code, time.monotonic() - began


@dataclass
class Rig:
    """Servers, settings and workers of one run; `commits` are the offsets seen on the way."""

    broker: kafka.Broker
    server: postgres.Server
    url: str
    prefix: str
    folder: Path
    commits: list[dict[TopicPartition, Offsets]] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    feeders: list[Feeder] = field(default_factory=list)

    @property
    def settings(self) -> KafkaSettings:
        return KafkaSettings(topic_prefix=self.prefix, group=self.prefix + "monitor")

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "KAFKA__BOOTSTRAP_SERVERS": self.broker.bootstrap,
            "KAFKA__COMMIT_INTERVAL_S": "1",  # the longest: a death leaves more to come again
            "KAFKA__GROUP": self.settings.group,
            "KAFKA__TOPIC_PREFIX": self.prefix,
            "DATABASE__URL": self.url,
            "HTTP__PORT": "0",
        }
        return os.environ | {f"CTDNA_MONITOR_{name}": value for name, value in own.items()}

    def start(self, bug: str = "none") -> Worker:
        """Start a worker as its supervisor would, with a planted bug or without."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        command = [sys.executable, "-m", "tests.faults.launch", bug, "worker"]
        with log.open("wb") as output:
            child = subprocess.Popen(command, env=self.environment, stdout=output, stderr=output)
        worker = Worker(child, log)
        self.workers.append(worker)
        return worker

    def feed(self, messages: Sequence[Message], per_second: float) -> Feeder:
        feeder = Feeder(self.broker.bootstrap, self.prefix, messages, per_second)
        self.feeders.append(feeder)
        return feeder

    async def recorded(self) -> dict[TopicPartition, int]:
        """The last recorded offset of each partition; empty while the database is away."""
        found = await self.query('SELECT topic, "partition", last_offset FROM delivery_ledger')
        return {TopicPartition(topic, place): last for topic, place, last in found}

    async def progress(self) -> int:
        """How many deliveries are recorded."""
        return sum(last + 1 for last in (await self.recorded()).values())

    async def unsent(self) -> int:
        counted = "SELECT count(*) FROM {} WHERE published_at IS NULL"
        found = [await self.query(counted.format(table)) for table in ("notice", "quarantine")]
        return sum(int(rows[0][0]) for rows in found)

    async def query(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.url.replace("+asyncpg", ""), timeout=10)
        try:
            found: list[asyncpg.Record] = await connection.fetch(statement)
            return found
        finally:
            await connection.close()

    async def sample(self) -> int:
        """Note where group and ledger stand.

        Returns how many deliveries were recorded since the last sample and yet come again.
        """
        asked = self.settings
        first = await committed(self.broker.bootstrap, asked.group, list(asked.inputs))
        last = await self.recorded()
        found = {p: Offsets(first.get(p, 0), last.get(p, -1)) for p in first.keys() | last.keys()}
        before = self.commits[-1] if self.commits else {}
        self.commits.append(found)
        return sum(
            max(0, one.recorded + 1 - max(one.committed, before.get(place, Offsets(0, -1))[1] + 1))
            for place, one in found.items()
        )

    async def shared_by(self, count: int) -> bool:
        """Wait until the group's partitions are shared out among `count` workers."""
        admin = AdminClient({"bootstrap.servers": self.broker.bootstrap, **QUIET})
        group = self.settings.group
        for _ in range(150):
            with contextlib.suppress(KafkaException):  # no coordinator yet
                told = admin.describe_consumer_groups([group])[group]
                found = await asyncio.to_thread(told.result, 30)
                holding = [one for one in found.members if one.assignment.topic_partitions]
                if len(holding) == count:
                    return True
            await asyncio.sleep(0.2)
        return False

    def end_all(self) -> None:
        for feeder in self.feeders:
            feeder.stopped = True
        for worker in self.workers:
            if worker.alive:
                worker.end(signal.SIGKILL)

    def last_words(self) -> str:
        """The end of the last worker's log, for a failure's report."""
        return self.workers[-1].log.read_text()[-2000:] if self.workers else "no worker"


@asynccontextmanager
async def new_rig(
    broker: kafka.Broker, server: postgres.Server, url: str, prefix: str, folder: Path
) -> AsyncIterator[Rig]:
    """A rig with its topics and tables made; its workers do not outlive it."""
    rig = Rig(broker, server, url, prefix, folder)
    await upgrade(url)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})
    wanted = [NewTopic(name, PARTITIONS, 1) for name in rig.settings.topics]
    for made in admin.create_topics(wanted).values():
        made.result(30)
    try:
        yield rig
    finally:
        rig.end_all()


async def wait_for(
    reached: Callable[[], bool], seconds_max: float, pause_s: float = POLL_SECONDS
) -> bool:
    """Wait until something holds; False when it did not in time."""
    deadline = time.monotonic() + seconds_max
    while not reached():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(pause_s)
    return True


async def evaluate(
    rig: Rig, messages: Sequence[Message], extra: Sequence[bytes]
) -> dict[str, object]:
    """What `monitor evaluate` says stands after these messages and lines, of each patient."""
    source, timelines = rig.folder / "sent.ndjson", rig.folder / "timelines.ndjson"
    lines = [one.line for one in messages if one.line is not None]
    source.write_bytes(b"".join(line + b"\n" for line in (*lines, *extra)))
    command = ("none", "evaluate", str(source), "--timelines", str(timelines))
    await program(rig, "tests.faults.launch", *command)
    documents = map(json.loads, timelines.read_text().splitlines())
    return {f"{d['study_id']}/{d['patient_id']}": d["standing_findings"] for d in documents}


async def program(rig: Rig, module: str, *arguments: str) -> bytes:
    """Run one of our modules to its end; its output."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, env=rig.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    output, errors = await child.communicate()
    assert child.returncode in (0, 1), errors.decode()[-2000:]
    return output
