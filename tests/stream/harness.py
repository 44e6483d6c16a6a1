"""Starts the recording worker against a broker and reads what it wrote down and committed."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from monitor.ledger.entries import TopicPartition
from monitor.settings import KafkaSettings
from monitor.stream.preflight import survey

ROOT = Path(__file__).parents[2]


def until(told: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until `told`; fails the test after `seconds`."""
    limit = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


class Harness:
    """One group on one broker; a worker can be started again and again."""

    def __init__(self, kafka: KafkaSettings, folder: Path) -> None:
        self.kafka = kafka
        self.file = folder / "recorded"
        self.file.touch()
        self.log = folder / "log"
        self._out = self.log.open("ab")
        self.workers: list[subprocess.Popen[bytes]] = []

    def publish(self, count: int, first: int = 0, compression: str = "none") -> None:
        topics, servers = list(self.kafka.inputs), self.kafka.bootstrap_servers
        producer = Producer(
            {"bootstrap.servers": servers, "log_level": 0, "compression.type": compression}
        )
        for number in range(first, first + count):
            producer.produce(
                topics[number % 3],
                key=f"S/P{number % 50}",
                value=f"secret-{number}".encode(),
                headers=[("ce_id", b"1"), ("ce_id", b"2")],
            )
            producer.poll(0)
        assert producer.flush(10) == 0

    def start(self, *program: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the recording worker, or with arguments Python itself, with settings for both."""
        worker = subprocess.Popen(
            [sys.executable, *(program or ("-m", "tests.stream.recorder"))],
            cwd=ROOT,
            env=os.environ
            | {
                "CTDNA_MONITOR_KAFKA__BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
                "CTDNA_MONITOR_KAFKA__GROUP": self.kafka.group,
                "CTDNA_MONITOR_KAFKA__TOPIC_PREFIX": self.kafka.topic_prefix,
                "CTDNA_MONITOR_KAFKA__SESSION_TIMEOUT_S": str(self.kafka.session_timeout_s),
                "CTDNA_MONITOR_KAFKA__HEARTBEAT_S": str(self.kafka.heartbeat_s),
                "CTDNA_MONITOR_KAFKA__TOPIC_IDS": str(self.kafka.topic_ids),
                "CTDNA_MONITOR_HTTP__PORT": "0",
                "RECORDER_FILE": str(self.file),
            }
            | environment,
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )
        self.workers.append(worker)
        return worker

    def batches(self, file: Path | None = None) -> list[list[list[Any]]]:
        # A killed worker may leave half a line: it was not committed.
        lines = (file or self.file).read_bytes().split(b"\n")[:-1]
        return [json.loads(line) for line in lines]

    def recorded(self, file: Path | None = None) -> Counter[tuple[str, int, int]]:
        return Counter((d[0], d[1], d[2]) for batch in self.batches(file) for d in batch)

    def committed(self) -> dict[TopicPartition, int]:
        places = asyncio.run(survey(self.kafka))
        return {at: p.committed for at, p in places.items() if p.committed is not None}

    def assert_nothing_skipped(self, *files: Path) -> None:
        """Every offset below a committed one was recorded in one of the files."""
        recorded = {at for file in files or [self.file] for at in self.recorded(file)}
        for at, offset in self.committed().items():
            missing = [o for o in range(offset) if (at.topic, at.partition, o) not in recorded]
            assert not missing, (at, missing[:5])

    def port(self) -> int:
        found: list[str] = []

        def told() -> bool:
            text = self.log.read_text()
            found[:] = [line for line in text.splitlines() if "/readyz" in line]
            return bool(found)

        until(told)
        return int(found[-1].rsplit(":", 1)[1].split("/")[0])

    def ask(self, path: str) -> tuple[int, str]:
        """Return status and body of the running worker's answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port(), timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self._out.close()
