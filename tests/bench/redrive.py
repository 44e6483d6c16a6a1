"""Redrives many refused deliveries beside live traffic, and asks whether it left what it should.

`python -m tests.bench.redrive --count 100000`: a worker without the study's rules refuses them all;
then the rules are activated, and `monitor dlq redrive` runs while other deliveries come in. At the
end the standing findings are compared with those of a ledger that had it all right at once.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from monitor.clinical.retraction import NAME as RETRACTION
from monitor.clock import Clock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.entries import PatientKey
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import Ledger
from monitor.ledger.refusals import Wanted
from monitor.rulesets import Rulesets
from monitor.settings import PREFIX, KafkaSettings
from monitor.stream.admin import apply_topics
from monitor.wire.delivery import Delivery
from monitor.wiring import open_ledger
from tests.bench.children import ROOT, sending
from tests.bench.cohort import PARTITIONS, Feed
from tests.intake.desk import world
from tests.services.kafka import open_broker
from tests.services.postgres import create_database, open_server, server_url

BATCH = 500
WAIT_SECONDS_MAX = 1800.0
MONITOR = (sys.executable, "-c", "from monitor.cli.main import main; main()")


class Site:
    """One deployment on servers of its own."""

    def __init__(self, kafka: KafkaSettings, url: str, folder: Path) -> None:
        self.kafka = kafka
        self.url = url
        self.rules = folder / "rules"
        self.rules.mkdir()
        (self.rules / "S-9.toml").write_text("")
        self._log = folder / "worker.log"
        ours = {
            f"{PREFIX}KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            f"{PREFIX}DATABASE__URL": url,
            f"{PREFIX}HTTP__PORT": "0",
            f"{PREFIX}RULES": str(self.rules),
        }
        others = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
        self._environment = others | ours

    def monitor(self, *arguments: str) -> str:
        done = subprocess.run(
            [*MONITOR, *arguments], cwd=ROOT, env=self._environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextmanager
    def worker(self) -> Iterator[None]:
        with self._log.open("ab") as log:
            child = subprocess.Popen(
                [*MONITOR, "worker"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        try:
            yield
            child.send_signal(signal.SIGTERM)
            if child.wait(60):
                raise RuntimeError(self._log.read_text()[-2000:])
        finally:
            child.kill()
            child.wait()

    async def recorded(self) -> int:
        """How many deliveries the ledger has recorded."""
        async with open_ledger(self.url) as ledger:
            counts = [count for _, count in (await ledger.offsets(self.kafka.group)).values()]
        return sum(one.applied + one.duplicate + one.stale + one.rejected for one in counts)

    def wait_until(self, recorded: int) -> float:
        """Wait for so many recorded deliveries; returns how many seconds it took."""
        began = time.monotonic()
        while asyncio.run(self.recorded()) < recorded:
            if time.monotonic() - began > WAIT_SECONDS_MAX:
                raise RuntimeError(f"waited in vain: {self._log.read_text()[-2000:]}")
            time.sleep(0.5)
        return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.redrive", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="deliveries to be refused")
    parser.add_argument("--live", type=int, help="deliveries beside the redrive (a tenth)")
    parser.add_argument("--rate", type=float, default=200.0, help="of these each second")
    parser.add_argument("--patients", type=int, help="how many (a twentieth)")
    given = parser.parse_args()
    feed = Feed(range(given.patients or max(10, given.count // 20)))
    refused = feed.traffic(given.count)
    live = feed.traffic(given.live or given.count // 10)
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="monitor-bench-")))
        broker = opened.enter_context(closing(open_broker()))
        server = opened.enter_context(closing(open_server()))
        kafka = KafkaSettings(
            bootstrap_servers=broker.bootstrap, partitions=PARTITIONS, replication_factor=1,
            min_insync=1,
        )  # fmt: skip
        apply_topics(kafka)
        site = Site(kafka, server_url(server, create_database(server)), folder)
        site.monitor("db", "upgrade")
        _refuse(site, refused, folder)
        _redrive(site, live, given, folder)
        _compare(site, [*refused, *live])


def _refuse(site: Site, refused: Sequence[Delivery], folder: Path) -> None:
    with site.worker():
        with sending(site.kafka.bootstrap_servers, refused, 0, folder):
            pass
        seconds = site.wait_until(len(refused))
    print(f"{len(refused):,} refused in {seconds:.1f} s after they were sent", flush=True)
    (site.rules / f"{_study(refused[0])}.toml").write_text("")
    site.monitor("rules", "activate", "--rules", str(site.rules), "--reason", "bench")


def _redrive(site: Site, live: Sequence[Delivery], given: argparse.Namespace, folder: Path) -> None:
    with site.worker():
        with sending(site.kafka.bootstrap_servers, live, given.rate, folder):
            for time_ in ("first", "second"):
                began = time.monotonic()
                out = site.monitor("dlq", "redrive", "--why", "bench", "--by", "bench")
                took = time.monotonic() - began
                print(f"{time_} redrive: {took:.1f} s\n{out}", flush=True)
        site.wait_until(2 * given.count + len(live))
        found = asyncio.run(_open(site))
    print(f"open afterwards: {found or 'nothing'}", flush=True)


async def _open(site: Site) -> Mapping[str, Any]:
    async with open_ledger(site.url) as ledger:
        return await ledger.count_kept(Wanted())


def _study(delivery: Delivery) -> str:
    return (delivery.key or b"").decode().partition("/")[0]


def _compare(site: Site, deliveries: Sequence[Delivery]) -> None:
    at_once, redriven = asyncio.run(_both(site, deliveries))
    differing = [
        patient
        for patient in at_once.keys() | redriven.keys()
        if at_once.get(patient) != redriven.get(patient)
    ]
    total = sum(len(json.loads(one)) for one in redriven.values())
    print(
        f"{len(redriven):,} patients with {total:,} standing findings, "
        f"{len(differing)} differ from what had been right at once"
    )
    if differing:
        sys.exit(1)


async def _both(
    site: Site, deliveries: Sequence[Delivery]
) -> tuple[Mapping[PatientKey, str], Mapping[PatientKey, str]]:
    at_once = MemoryLedger(time.monotonic)
    intake = _intake(at_once)
    for start in range(0, len(deliveries), BATCH):
        await intake.receive(_renumbered(deliveries, start))
    async with open_ledger(site.url) as ledger:
        return await _standing(at_once), await _standing(ledger)


def _renumbered(deliveries: Sequence[Delivery], start: int) -> list[Delivery]:
    """One partition for all of them, in the order in which they were made."""
    return [
        Delivery(one.topic, 0, start + n, one.key, one.headers, one.value)
        for n, one in enumerate(deliveries[start : start + BATCH])
    ]


def _intake(ledger: Ledger) -> Intake:
    topics = KafkaSettings().inputs
    place = IntakeSettings("at once", "default", topics, frozenset(topics))
    return Intake(ledger, Clock(), place, rules_for=Rulesets())


async def _standing(ledger: Ledger) -> Mapping[PatientKey, str]:
    """Standing findings by patient, after every day that is due was closed."""
    intake = _intake(ledger)
    while await intake.close_days():
        pass
    return {
        patient: json.dumps(
            [one for one in document["standing_findings"] if one["finding"] != RETRACTION],
            sort_keys=True,
        )
        for patient, document in (await world(ledger, Rulesets())).items()
    }


if __name__ == "__main__":
    main()
