"""Refused, repaired, redriven: a worker on Kafka and PostgreSQL, and the commands beside it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from monitor.cli import quarantine
from monitor.exits import Exit
from monitor.ledger import migrate
from monitor.ledger.refusals import Wanted
from monitor.settings import KafkaSettings
from monitor.stream.admin import apply_topics
from monitor.stream.history import History, delivery_of
from monitor.wire.delivery import Delivery
from monitor.wiring import open_ledger
from tests.clinical.facts import STUDY, enrolled, sample
from tests.stream.conftest import real
from tests.stream.harness import ROOT, until

__all__ = ["real"]

MONITOR = (sys.executable, "-c", "from monitor.cli.main import main; main()")
KEY = f"{STUDY}/P-1".encode()
FIRST = sample(100, "detected", "s1")
STRUCTURED: list[tuple[str, str | bytes | None]] = [
    ("content-type", b"application/cloudevents+json"),
    ("trace", b"\xff\x00"),
]


class Site:
    """One deployment: its settings, its commands, and the worker that may run."""

    def __init__(self, kafka: KafkaSettings, url: str, folder: Path) -> None:
        self.kafka = kafka
        self._url = url
        self.rules = folder / "rules"
        self.rules.mkdir()
        self._log = folder / "worker.log"
        self._worker: subprocess.Popen[bytes] | None = None
        given = {
            "KAFKA__BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "KAFKA__GROUP": kafka.group,
            "KAFKA__TOPIC_PREFIX": kafka.topic_prefix,
            "DATABASE__URL": url,
            "KAFKA__TOPIC_IDS": str(kafka.topic_ids),
            "KAFKA__ACKNOWLEDGEMENTS": "true",
            "HTTP__PORT": "0",
            "RULES": str(self.rules),
        }
        self._environment = os.environ | {f"CTDNA_MONITOR_{k}": v for k, v in given.items()}
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})

    def monitor(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run([*MONITOR, *arguments], cwd=ROOT, env=self._environment,
                              capture_output=True, text=True, check=False)  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def publish(self, value: bytes, topic: str = "ctdna.results") -> None:
        self._producer.produce(
            self.kafka.topic_prefix + topic, value, key=KEY, headers=STRUCTURED, partition=1
        )
        assert self._producer.flush(20) == 0

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._worker = subprocess.Popen(
                [*MONITOR, "worker"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    def stop(self) -> None:
        if self._worker is not None:
            self._worker.send_signal(signal.SIGTERM)
            assert self._worker.wait(30) == 0, self._log.read_text()
            self._worker = None

    def listed(self) -> list[Any]:
        """Every refused delivery, open or not."""

        async def read() -> list[Any]:
            async with open_ledger(self._url) as ledger:
                found = await quarantine.some(ledger, Wanted(open_only=False), 100)
                return [quarantine.document_of(one) for one in found]

        return asyncio.run(read())

    def on_topic(self, name: str) -> list[Delivery]:
        history = History(self.kafka, [self.kafka.topic_prefix + name])
        return [delivery_of(one) for batch in history.batches() for one in batch]


@pytest.fixture
def site(real: KafkaSettings, postgres_database: str, tmp_path: Path) -> Iterator[Site]:
    kafka = real.model_copy(update={"acknowledgements": True})
    apply_topics(kafka)
    site = Site(kafka, postgres_database, tmp_path)
    asyncio.run(migrate.upgrade(postgres_database))
    yield site
    site.stop()


@pytest.mark.kafka
@pytest.mark.postgres
def test_refused_repaired_and_redriven(site: Site) -> None:
    (site.rules / "S-9.toml").write_text("")
    site.start()
    other = FIRST.but(study_id="S-9", record_id="x1")
    for value in (FIRST.line("e1"), b"\xff", other.line("o1"), other.but(call="qc_failed").line(
        "o2")):  # fmt: skip
        site.publish(value)
    site.publish(enrolled().line("e0"), "clinical.events")
    reasons = {"unknown_study": 2, "undecodable": 1, "version_conflict": 1}
    until(lambda: _count(site.listed(), "reason") == reasons, 120)
    _see_dead_letters(site)

    site.stop()
    (site.rules / f"{STUDY}.toml").write_text("")
    code, out = site.monitor("rules", "activate", "--rules", str(site.rules), "--reason", "new")
    assert code == 0, out
    site.start()
    code, out = site.monitor("dlq", "redrive", "--reason", "unknown_study", "--why", "has rules")
    assert (code, "2 sent: 2 accepted, 0 refused again" in out) == (0, True), out
    code, out = site.monitor("dlq", "redrive", "--why", "try", "--stop-after", "1", "--by", "me")
    assert code == Exit.REFUSED, out
    assert "1 sent: 0 accepted, 1 refused again" in out
    assert "Left: 1 version_conflict." in out

    rows = site.listed()
    ends = _count([one["closed"] for one in rows if one["closed"]], "as")
    assert ends == {"accepted": 2, "refused_again": 1}
    (again,) = [one for one in rows if one["redrive_count"]]
    assert (again["reason"], again["closed"]) == ("undecodable", None)
    sent = [one for one in site.on_topic("ctdna.results") if len(one.headers) > len(STRUCTURED)]
    assert [(one.partition, one.key, one.headers[:2]) for one in sent] == [
        (1, KEY, tuple(STRUCTURED))
    ] * 2
    _see_answers(site)
    code, out = site.monitor("timeline", f"{STUDY}/P-1", "--format", "json")
    document = json.loads(out)
    assert (code, document["enrolled"], document["incomplete"]) == (0, True, False)
    assert [one["record_id"] for one in document["ctdna"]] == ["s1"]


def _count(rows: list[Any], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in rows:
        found[one[name]] = found.get(one[name], 0) + 1
    return found


def _see_dead_letters(site: Site) -> None:
    """They are what came, and then why, with no word of the patient."""
    letters: list[Delivery] = []

    def are_there() -> bool:
        letters[:] = site.on_topic("ctdna.results.dlq")
        return len(letters) == 3

    until(are_there, 30)
    assert {one.value for one in letters} >= {FIRST.line("e1"), b"\xff"}
    for one in letters:
        assert (one.key, one.headers[:2]) == (KEY, tuple(STRUCTURED))
        added = {name: (value or b"").decode() for name, value in one.headers[2:]}
        assert added["dlq.consumer-group"] == site.kafka.group
        assert added["dlq.original-topic"].endswith("ctdna.results")
        assert int(added["dlq.original-timestamp"]) > 1_600_000_000_000
        assert "P-1" not in str(added)


def _see_answers(site: Site) -> None:
    """Each delivery has its answer: five at first, three redriven."""
    until(lambda: len(site.on_topic("results.ack")) == 8, 30)
    answers = site.on_topic("results.ack")
    documents = [json.loads(one.value or b"") for one in answers]
    assert _count(documents, "outcome") == {"accepted": 3, "refused": 5}
    letters = {(one.partition, one.offset) for one in site.on_topic("ctdna.results.dlq")}
    named = [
        one["dead_letter"] for one in documents if one["delivery"]["topic"].endswith("results")
    ]
    places = {(one["partition"], one["offset"]) for one in named if one}
    assert places == letters
    assert {one.key for one in answers} == {KEY}
