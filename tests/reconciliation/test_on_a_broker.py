"""A worker's ledger and topics on a broker: audited, lost, rebuilt from either, gone on with."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient

from monitor import examples
from monitor.exits import Exit, StartRefusedError
from monitor.ledger.entries import PatientKey, TopicPartition
from monitor.rulesets import Rulesets
from monitor.settings import KafkaSettings
from monitor.stream.history import History, delivery_of, refuse_members
from monitor.wire.codec import TOPIC_OF
from monitor.wiring import open_ledger
from tests.clinical.facts import contact, enrolled
from tests.intake.desk import world
from tests.stream.conftest import embedded, real
from tests.stream.harness import ROOT, until

__all__ = ["embedded", "real"]


MONITOR = (sys.executable, "-c", "from monitor.cli.main import main; main()")


class Site:
    """Settings of one deployment, its commands, and the worker that may run."""

    def __init__(self, kafka: KafkaSettings, folder: Path) -> None:
        self.kafka = kafka
        self.file = folder / "ledger.sqlite3"
        self._folder = folder
        self._worker: subprocess.Popen[bytes] | None = None

    @property
    def _environment(self) -> Mapping[str, str]:
        given = {
            "KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "KAFKA__GROUP": self.kafka.group,
            "KAFKA__TOPIC_PREFIX": self.kafka.topic_prefix,
            "KAFKA__TOPIC_IDS": str(self.kafka.topic_ids),
            "DATABASE__URL": f"sqlite:///{self.file}",
            "HTTP__PORT": "0",
            "WORKER__TICK_S": "0.5",
        }
        return os.environ | {f"CTDNA_MONITOR_{name}": value for name, value in given.items()}

    def monitor(self, *arguments: str) -> tuple[int, str]:
        command = [*MONITOR, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def start(self) -> None:
        log = (self._folder / "worker.log").open("ab")
        self._worker = subprocess.Popen(
            [*MONITOR, "worker"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
        )
        log.close()

    def stop(self) -> None:
        if self._worker is not None:
            self._worker.send_signal(signal.SIGTERM)
            assert self._worker.wait(20) == 0
            self._worker = None

    def kill(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()

    def publish(self, *lines: bytes) -> None:
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap_servers, "log_level": 0})
        for line in lines:
            event = json.loads(line)
            key = f"{event['data']['study_id']}/{event['data']['patient_id']}"
            topic = self.kafka.topic_prefix + TOPIC_OF[event["type"]]
            producer.produce(topic, key=key, value=line)
        assert producer.flush(20) == 0

    def forge(self) -> None:
        """Put another copy of the first notice on its topic, one byte longer."""
        history = History(self.kafka, [self.kafka.notices])
        told = delivery_of(next(one for batch in history.batches() for one in batch))
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap_servers, "log_level": 0})
        producer.produce(
            told.topic, key=told.key, value=(told.value or b"") + b" ", headers=list(told.headers)
        )
        assert producer.flush(20) == 0

    def told(self) -> int:
        """How many notices are on their topic, copies too."""
        bounds = History(self.kafka, [self.kafka.notices]).bounds
        return sum(end for _, end in bounds.values())

    def notices(self) -> int:
        found: int = self.query("SELECT count(*) FROM notice")[0][0]
        return found

    def query(self, statement: str) -> list[Any]:
        with sqlite3.connect(self.file, timeout=20) as connection:
            found = connection.execute(statement).fetchall()
        connection.close()
        return found

    def settled(self, count: int) -> bool:
        """Whether so many deliveries are recorded, no day is open, and every notice published."""
        recorded = self.query("SELECT sum(applied+duplicate+stale+rejected) FROM delivery_ledger")
        unsent = self.query("SELECT count(*) FROM notice WHERE published_at IS NULL")
        due = self.query(
            "SELECT count(*) FROM patient_state WHERE next_due_on <= date('now', '-1 day')"
        )
        return recorded[0][0] == count and unsent == due == [(0,)]

    def standing(self) -> dict[PatientKey, Any]:
        async def read() -> Mapping[PatientKey, Any]:
            async with open_ledger(f"sqlite+aiosqlite:///{self.file}") as ledger:
                return await world(ledger, Rulesets())

        return {key: one["standing_findings"] for key, one in asyncio.run(read()).items()}


@pytest.fixture(params=["embedded", pytest.param("real", marks=pytest.mark.kafka)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = Site(request.getfixturevalue(request.param), tmp_path)
    yield made
    made.kill()


def delete_first_records(kafka: KafkaSettings) -> None:
    """What retention does."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    name = next(iter(kafka.inputs))
    places = [KafkaPartition(name, number, 1) for number in range(kafka.partitions)]
    bounds = History(kafka, [name]).bounds
    full = [place for place in places if bounds[TopicPartition(name, place.partition)][1]]
    for done in admin.delete_records(full).values():
        done.result(30)


@pytest.mark.kafka
def test_topics_that_lost_their_first_records_need_a_word(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    site = Site(request.getfixturevalue("real"), tmp_path)
    assert site.monitor("db", "upgrade")[0] == 0
    site.publish(*examples.lines(examples.MADE_UP))
    delete_first_records(site.kafka)
    arguments = ("rebuild", "--from", "topics", "--by", "A")
    code, said = site.monitor(*arguments)
    assert (code, "begins at 1" in said, "--incomplete" in said) == (Exit.START_REFUSED, True, True)
    code, said = site.monitor(*arguments, "--incomplete")
    assert (code, "are held for review" in said) == (0, True), said


@pytest.mark.kafka
def test_a_group_with_members_is_refused(request: pytest.FixtureRequest) -> None:
    kafka: KafkaSettings = request.getfixturevalue("real")
    refuse_members(kafka)
    member = Consumer({
        "bootstrap.servers": kafka.bootstrap_servers, "group.id": kafka.group, "log_level": 0,
    })  # fmt: skip
    member.subscribe(list(kafka.inputs))

    def joined() -> bool:
        member.poll(0.1)
        return bool(member.assignment())

    until(joined)
    with pytest.raises(StartRefusedError, match="has 1 members"):
        refuse_members(kafka)
    member.close()
    refuse_members(kafka)


ROWS = (
    "SELECT study_id, patient_id, version, state, next_due_on FROM patient_state ORDER BY 1, 2",
    "SELECT notice_id, sequence, document, headers, value FROM notice ORDER BY 1",
)


@pytest.mark.slow
def test_audited_lost_and_rebuilt(site: Site) -> None:
    lines = examples.lines(examples.MADE_UP)
    assert site.monitor("db", "upgrade")[0] == 0
    site.publish(*lines)
    site.start()
    until(lambda: site.file.exists() and site.settled(len(lines)), 90)
    code, said = site.monitor("audit")
    assert code == 0, said
    assert "Nothing differs." in said
    assert site.query("SELECT count(*) FROM audit_event WHERE action = 'audit.passed'")[0][0] >= 2
    code, said = site.monitor("rebuild", "--from", "ledger", "--by", "A")
    assert (code, "stop every worker" in said) == (Exit.START_REFUSED, True)
    site.stop()

    told, notices = site.told(), site.notices()
    before, standing = [site.query(one) for one in ROWS], site.standing()
    site.query("DELETE FROM patient_state")
    site.query("DELETE FROM notice")
    code, said = site.monitor("rebuild", "--from", "ledger", "--by", "A")
    assert (code, " 0 of the notices were held" in said) == (0, True), said
    assert [site.query(one) for one in ROWS] == before
    assert site.settled(len(lines)), "nothing waits to be sent"

    shutil.move(site.file, site.file.with_suffix(".lost"))
    assert site.monitor("db", "upgrade")[0] == 0
    code, said = site.monitor("rebuild", "--from", "topics", "--by", "A")
    assert (code, "No notice waits for a release." in said) == (0, True), said
    assert site.standing() == standing
    site.start()
    more = [enrolled(10, "new").but(patient_id="P-9"), contact(20).but(patient_id="P-9")]
    site.publish(*(one.line(f"new-{number}") for number, one in enumerate(more)))
    until(lambda: site.settled(len(lines) + len(more)), 60)
    assert site.told() - told == site.notices() - notices > 0, "only what is new is sent"
    code, said = site.monitor("audit")
    assert code == 0, said
    site.forge()
    code, said = site.monitor("audit")
    assert (code, "with another content than in the database" in said) == (Exit.REFUSED, True)
    assert "     1  " in said
    site.stop()
