"""`make bench`: prints what events cost and how long they take; it measures and never judges."""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from monitor.ledger.migrate import upgrade
from monitor.settings import KafkaSettings
from monitor.stream.admin import apply_topics
from tests.bench import load, pure, recording
from tests.bench.children import Worker, floor, sending
from tests.bench.cohort import PARTITIONS, Feed
from tests.bench.recording import BATCH
from tests.bench.report import Report
from tests.services import UnavailableError
from tests.services.kafka import open_broker
from tests.services.postgres import Server, create_database, open_server, server_url

SQLITE_PATIENTS = 1_000
PARTS = ("decode", "apply", "sqlite", "postgres", "worker", "latency")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all of them")
    parser.add_argument("--quick", action="store_true", help="fewer patients and events")
    parser.add_argument("--events", type=int, help="the backlog that the worker takes")
    parser.add_argument("--patients", type=int, help="how many patients with a history")
    parser.add_argument("--rate", type=float, default=1000.0, help="events/s offered for latency")
    parser.add_argument("--seconds", type=float, help="how long they are offered")
    parser.add_argument("--profile", action="store_true", help="profile the recording as well")
    given = parser.parse_args()
    given.parts = given.parts or list(PARTS)
    given.events = given.events or (4_000 if given.quick else 20_000)
    given.patients = given.patients or (1_500 if given.quick else 5_000)
    given.seconds = given.seconds or (4.0 if given.quick else 20.0)
    given.batches = 4 if given.quick else 9
    return given


class Bench:
    """One run: the parts asked for, in order."""

    def __init__(self, given: argparse.Namespace, report: Report, folder: Path) -> None:
        self._given = given
        self._report = report
        self._folder = folder

    def run(self) -> None:
        parts = set(self._given.parts)
        if "decode" in parts:
            self._report.costs("Decode", pure.decoding())
        if "apply" in parts:
            self._report.costs("One patient's state", pure.applying(), pure.budgets())
        if "sqlite" in parts:
            url = f"sqlite+aiosqlite:///{self._folder / 'bench.db'}"
            feed = self._seeded(url, min(SQLITE_PATIENTS, self._given.patients))
            self._record("SQLite", url, feed)
        if parts & {"postgres", "worker", "latency"}:
            with self._postgres() as server:
                url = server_url(server, create_database(server))
                feed = self._seeded(url, self._given.patients)
                if "postgres" in parts:
                    self._record("PostgreSQL", url, feed)
                    self._take_apart(url, feed)
                if parts & {"worker", "latency"}:
                    self._stream(url, server, feed)

    @contextmanager
    def _postgres(self) -> Iterator[Server]:
        server = open_server()
        try:
            yield server
        finally:
            server.close()

    def _seeded(self, url: str, patients: int) -> Feed:
        self._report.say(f"Giving {patients:,} patients a history …")
        asyncio.run(upgrade(url))
        return recording.seed(url, patients)

    def _record(self, store: str, url: str, feed: Feed) -> None:
        deliveries = feed.traffic(BATCH * self._given.batches)
        cost = recording.record(url, deliveries)
        title = f"Record: intake.receive, {feed.facts_each:.0f} facts a patient"
        self._report.costs(title, {f"record into {store}, {BATCH} events a commit": cost})

    def _take_apart(self, url: str, feed: Feed) -> None:
        events = BATCH * self._given.batches
        self._report.parts("Where it goes", recording.shares(url, feed.traffic(events)))
        if self._given.profile:
            recording.profile(url, feed.traffic(events))

    def _stream(self, url: str, server: Server, feed: Feed) -> None:
        broker = open_broker()
        try:
            kafka = KafkaSettings(
                bootstrap_servers=broker.bootstrap,
                partitions=PARTITIONS,
                replication_factor=1,
                min_insync=1,
            )
            apply_topics(kafka)
            feed.from_here()
            self._backlog(broker.bootstrap, url, server, feed)
        finally:
            broker.close()

    def _backlog(self, bootstrap: str, url: str, server: Server, feed: Feed) -> None:
        report, events = self._report, self._given.events
        with sending(bootstrap, feed.traffic(events), 0, self._folder):
            report.say(f"Sending {events:,} events …")
        report.floor = floor(bootstrap, events)
        ports = {"broker": int(bootstrap.rpartition(":")[2]), "database": server.port}
        worker = Worker(bootstrap, url, self._folder)
        try:
            costs = load.backlog(worker, events, ports)
            title = "Kafka to PostgreSQL (fsync on), a backlog, "
            title += f"{feed.facts_each:.0f} facts a patient"
            report.costs(title, {"floor: consume, decode, drop": report.floor, **costs})
            if "latency" in self._given.parts:
                self._latency(worker, bootstrap, feed)
            report.say(f"The worker ended with exit code {worker.stop()}.")
        finally:
            worker.close()

    def _latency(self, worker: Worker, bootstrap: str, feed: Feed) -> None:
        rate, seconds = self._given.rate, self._given.seconds
        deliveries = feed.traffic(int(rate * seconds))
        found = load.steady(worker, bootstrap, deliveries, rate, self._folder)
        self._report.say(
            f"Offered {found.offered:,.0f} events/s for {seconds:.0f} s, "
            f"{feed.facts_each:.0f} facts a patient; from Kafka's record timestamp\n"
            f"  to the commit:              {load.summary(found.committed)}\n"
            f"  to the notice on its topic: {load.summary(found.noticed)}\n"
        )


def main() -> None:
    given, report = arguments(), Report()
    report.machine()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="monitor-bench-")))
        try:
            Bench(given, report, folder).run()
        except UnavailableError as missing:
            report.say(f"The rest was not measured: {missing}.")
    report.everything()


if __name__ == "__main__":
    main()
