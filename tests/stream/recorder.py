"""A worker whose intake only writes down what it was given; run as a program, killed by tests."""

import asyncio
import datetime as dt
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor import settings
from monitor.active_rules import refuse_moved
from monitor.clock import Clock
from monitor.exits import ExpectedError
from monitor.ledger.entries import StateRow, TopicIdentity, TopicPartition
from monitor.ledger.port import LedgerBehind
from monitor.passes import Pass, ReadNotified
from monitor.relay import Sender
from monitor.settings import Settings
from monitor.stream.duties import Duties
from monitor.stream.runner import run_worker
from monitor.wire.delivery import Delivery, Reason


@dataclass(frozen=True)
class Noted:
    outcome: str = "applied"
    reason: Reason | None = None
    findings: tuple[str, ...] = ()


class Recorder:
    """Appends one line per batch to a file: that line is its commit."""

    def __init__(self, path: Path, sender: Sender) -> None:
        self._file = path.open("ab", buffering=0)  # one write per line: whole or not there
        self._sender = sender
        self._seen = 0
        self._behind = "RECORDER_BEHIND" in os.environ
        self._rules_known = frozenset({"own"} - {os.environ.get("RECORDER_RULES_LEFT")})
        self._fail_after = int(os.environ.get("RECORDER_FAIL_AFTER", "-1"))
        self._hang_after = int(os.environ.get("RECORDER_HANG_AFTER", "-1"))
        self._seconds = float(os.environ.get("RECORDER_SECONDS", "0"))

    async def receive(self, deliveries: Sequence[Delivery]) -> Sequence[Noted]:
        self._seen += len(deliveries)
        refuse_moved([StateRow(1, "", None, "own", incomplete=False)], self._rules_known)
        if 0 <= self._fail_after < self._seen:
            raise ValueError(deliveries[0].value)
        if 0 <= self._hang_after < self._seen:
            await asyncio.sleep(3600)
        await asyncio.sleep(self._seconds)
        line = [
            [d.topic, d.partition, d.offset, repr(d.key), repr(d.headers), repr(d.value)]
            for d in deliveries
        ]
        self._file.write(json.dumps(line).encode() + b"\n")
        return [Noted()] * len(deliveries)

    async def send_once(self) -> int:
        return 0

    async def tick(self) -> Sequence[Noted]:
        return []

    def begin_at(self, firsts: Mapping[TopicPartition, int]) -> None:
        pass

    async def check_offsets(self, committed: Mapping[TopicPartition, int]) -> None:
        if self._behind and committed:
            raise LedgerBehind

    async def check_topics(self, found: Mapping[str, TopicIdentity]) -> None:
        assert found

    async def ping(self) -> None:
        return

    async def audit(self, read: ReadNotified) -> Pass | None:
        assert callable(read)
        return None

    async def open_refusals(self) -> Mapping[str, tuple[int, dt.datetime]]:
        return {}

    async def unsent_since(self) -> dt.datetime | None:
        return None


@asynccontextmanager
async def recording(_settings: Settings, sender: Sender, _clock: Clock) -> AsyncIterator[Duties]:
    yield Recorder(Path(os.environ["RECORDER_FILE"]), sender)


def main() -> int:
    logging.basicConfig(
        stream=sys.stderr,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
        level=os.environ.get("RECORDER_LOG", "INFO"),
    )
    try:
        return run_worker(settings.load(), recording)
    except ExpectedError as error:
        print(error, file=sys.stderr)
        return error.code


if __name__ == "__main__":
    sys.exit(main())
