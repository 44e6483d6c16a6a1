"""The servers of a run, with a proxy in front of each, and the deployments that run on them."""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic

from monitor.ledger.migrate import upgrade
from monitor.settings import KafkaSettings
from tests.chaos.checker import at_rest
from tests.chaos.disk import Disk, open_disk
from tests.chaos.feed import Feed
from tests.chaos.group import STABLE, look_at
from tests.chaos.proxy import Link, Proxy
from tests.chaos.supervisor import Slot, Supervisor
from tests.chaos.watch import PERIOD_SECONDS, Watch
from tests.senders.messages import Message
from tests.services import postgres
from tests.services.cluster import Cluster

PARTITIONS = 4
REST_SECONDS_MAX = 60.0
QUIET = {"log_level": 0}
MONITOR = (sys.executable, "-c", "from monitor.cli.main import main; main()")


@dataclass
class Bench:
    """Kafka, PostgreSQL and the proxy between them and the workers."""

    proxy: Proxy
    cluster: Cluster
    server: postgres.PrivateCluster
    disk: Disk | None
    folder: Path
    kafka_links: list[Link]
    database_link: Link

    @cached_property
    def admin(self) -> AdminClient:
        """A client past the proxy; what it was asked ends with it, so it lives as long as we."""
        return AdminClient({"bootstrap.servers": self.cluster.bootstrap, **QUIET})

    def proxied_url(self, database: str) -> str:
        """A database's address through the proxy: the workers'."""
        return (
            f"postgresql+asyncpg://{postgres.USER}@127.0.0.1:{self.database_link.port}/{database}"
        )


@asynccontextmanager
async def open_bench(nodes: int, seed: int) -> AsyncIterator[Bench]:
    """Everything started; raises tests.services.UnavailableError where it cannot be."""
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="monitor-chaos-")))
        proxy = Proxy(seed)
        opened.callback(proxy.close)
        links = [proxy.add(0) for _ in range(nodes)]
        cluster = Cluster([link.port for link in links])
        opened.callback(cluster.close)
        for link, node in zip(links, cluster.nodes, strict=True):
            link.target = node.ports.proxied
        disk = open_disk()
        if disk is not None:
            opened.callback(disk.close)
        server = postgres.PrivateCluster(disk.folder if disk else None)
        opened.callback(server.close)
        await asyncio.gather(asyncio.to_thread(cluster.start), asyncio.to_thread(server.start))
        database_link = proxy.add(server.port, database=True)
        yield Bench(proxy, cluster, server, disk, folder, links, database_link)


@dataclass
class Run:
    """One deployment on the bench: its topics, database, group, workers, feed and watch."""

    bench: Bench
    prefix: str
    database: str
    feed: Feed
    supervisor: Supervisor
    watch: Watch
    group: str
    extras: list[Slot] = field(default_factory=list)  # workers of a rebalance storm
    outages: list[tuple[float, float]] = field(default_factory=list)  # from, to; monotonic

    @property
    def url(self) -> str:
        """The database's address past the proxy."""
        return postgres.server_url(self.bench.server, self.database)

    @property
    def inputs(self) -> list[str]:
        """The full names of the input topics."""
        return list(KafkaSettings(topic_prefix=self.prefix).inputs)

    def said(self, words: bytes) -> int:
        """How often the workers' logs say this."""
        logs = [slot.log for slot in self.supervisor.slots if slot.log.exists()]
        return sum(log.read_bytes().count(words) for log in logs)

    async def steady(self, seconds_max: float = 30.0) -> bool:
        """Wait until the group is at rest with all workers in it; False when it took too long."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            found = await look_at(self.bench.cluster.bootstrap, self.group)
            if found == (STABLE, len(self.supervisor.running())):
                return True
            await asyncio.sleep(0.3)
        return False

    async def rests(self, seconds_max: float = REST_SECONDS_MAX) -> bool:
        """Wait until ending the workers leaves nothing to be done, and the watch has seen it."""
        deadline = time.monotonic() + seconds_max
        resting = False
        while not resting and time.monotonic() < deadline:
            await asyncio.sleep(0.3)
            resting = await at_rest(self.url)
        await asyncio.sleep(2.5 * PERIOD_SECONDS)
        return resting

    def use_group(self, group: str) -> None:
        """Let workers that start from now on, and the watch, belong to another group."""
        self.watch.restored = True  # the new group's ledger begins anew
        self.group = self.watch.group = group
        self.supervisor.environment = environment(self.bench, self.prefix, self.database, group)


def environment(bench: Bench, prefix: str, database: str, group: str) -> dict[str, str]:
    """A worker's variables: as by default but the addresses, and what is due is looked for often.

    A run is over when no day of a patient waits to be closed: within a second, not a minute.
    """
    own = {
        "KAFKA__BOOTSTRAP_SERVERS": bench.cluster.proxied,
        "KAFKA__GROUP": group,
        "KAFKA__TOPIC_PREFIX": prefix,
        "DATABASE__URL": bench.proxied_url(database),
        "HTTP__PORT": "0",
        "WORKER__TICK_S": "1",
    }
    return os.environ | {f"CTDNA_MONITOR_{name}": value for name, value in own.items()}


@asynccontextmanager
async def open_run(
    bench: Bench,
    prefix: str,
    messages: Sequence[Message],
    *,
    per_second: float,
    workers: int,
) -> AsyncIterator[Run]:
    """Topics and tables made, workers running, nothing fed yet; ended and removed at the end."""
    make_topics(bench, prefix)
    database = await asyncio.to_thread(postgres.create_database, bench.server)
    url = postgres.server_url(bench.server, database)
    await upgrade(url)
    folder = bench.folder / (prefix or "main")
    folder.mkdir()
    group = f"{prefix}monitor"
    told = environment(bench, prefix, database, group)
    supervisor = Supervisor(told, folder, [*MONITOR, "worker"])
    feed = Feed(bench.cluster.bootstrap, prefix, messages, per_second)
    watch = Watch(bench.cluster, url, group, feed)
    run = Run(bench, prefix, database, feed, supervisor, watch, group)
    for _ in range(workers):
        supervisor.add()
    supervisor.start()
    watch.pids = supervisor.pids
    watching = asyncio.create_task(watch.run())
    try:
        yield run
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await watch.close()
        supervisor.close()
        feed.end()


def make_topics(bench: Bench, prefix: str, names: Sequence[str] | None = None) -> None:
    """Make topics, by default all that a deployment needs."""
    wanted = names or KafkaSettings(topic_prefix=prefix).topics
    copies = len(bench.cluster.nodes)
    for made in bench.admin.create_topics(
        [NewTopic(n, PARTITIONS, copies) for n in wanted]
    ).values():
        made.result(30)
