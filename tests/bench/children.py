"""The programs that a load needs beside this one: senders, floor and the worker under test."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.settings import PREFIX
from monitor.wire.delivery import Delivery
from tests.bench.meter import Cost

ROOT = Path(__file__).parents[2]
WAIT_SECONDS_MAX = 600.0
POLL_SECONDS = 0.1

Place = tuple[str, int]


def _command(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]


@contextmanager
def sending(
    bootstrap: str, deliveries: Sequence[Delivery], rate: float, folder: Path
) -> Iterator[None]:
    """Senders in a program of their own: they have finished at the end."""
    file = folder / "deliveries"
    file.write_bytes(pickle.dumps(deliveries))
    child = subprocess.Popen(_command("generator", bootstrap, file, rate), cwd=ROOT)
    try:
        yield
        if child.wait(WAIT_SECONDS_MAX):
            raise RuntimeError("the senders failed")
    finally:
        child.kill()
        child.wait()


def floor(bootstrap: str, events: int) -> Cost:
    """Consume, decode and drop what lies in the topics."""
    told = subprocess.run(
        _command("floor", bootstrap, events), cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    return Cost(**json.loads(told.stdout))


@dataclass(frozen=True, slots=True)
class Commit:
    """When it was, the worker's processor seconds so far, and the offsets recorded with it."""

    at: float
    cpu_s: float
    reached: dict[Place, int]


class Worker:
    """The worker under test, and what it has committed."""

    def __init__(self, bootstrap: str, url: str, folder: Path) -> None:
        self.stamps, self.log = folder / "stamps", folder / "worker.log"
        self.stamps.touch()
        ours = {
            f"{PREFIX}KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            f"{PREFIX}DATABASE__URL": url,
            f"{PREFIX}HTTP__PORT": "0",
        }
        others = {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                _command("stamped_worker", self.stamps),
                cwd=ROOT,
                env=others | ours,
                stdout=log,
                stderr=log,
            )

    def commits(self) -> list[Commit]:
        """All commits so far that recorded offsets."""
        found = []
        for line in self.stamps.read_bytes().split(b"\n")[:-1]:
            at, cpu_s, reached = json.loads(line)
            if reached:
                places = {(topic, partition): last for topic, partition, last in reached}
                found.append(Commit(at, cpu_s, places))
        return found

    def wait_for(self, told: Callable[[list[Commit]], bool]) -> list[Commit]:
        """Wait until the commits are as wanted; raises RuntimeError with the end of the log."""
        limit = time.monotonic() + WAIT_SECONDS_MAX
        while not told(commits := self.commits()):
            if self._child.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"the worker stopped: {self.log.read_text()[-2000:]}")
            time.sleep(POLL_SECONDS)
        return commits

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self._child.send_signal(signal.SIGTERM)
        return self._child.wait(WAIT_SECONDS_MAX)

    def close(self) -> None:
        self._child.kill()
        self._child.wait()


def recorded(commits: Sequence[Commit]) -> int:
    """How many deliveries these commits recorded in all, from the first offset on."""
    last: dict[Place, int] = {}
    for commit in commits:
        last |= commit.reached
    return sum(last.values()) + len(last)
