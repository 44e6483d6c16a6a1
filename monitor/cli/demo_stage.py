"""Everything the demonstration needs to run, set up in a folder of its own and taken down again."""

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.exits import ExpectedError
from monitor.ledger import migrate
from monitor.settings import PREFIX, KafkaSettings
from monitor.stream.embedded import EmbeddedBroker

PARTITIONS = 3
PROBE_SECONDS = 1.0
STOP_SECONDS = 12.0  # a worker ends within 10
LOG_TAIL_LINES = 8
DEPLOYMENT = "demo"
NOT_YET_S = 86_400.0  # while events still come, what is missing is not overdue
PROGRAM = "from monitor.cli.main import main; main()"


class Stage:
    """A folder, a broker, a database with tables and a worker, while entered.

    The folder stays: it holds the database and the worker's log.
    """

    def __init__(self) -> None:
        kafka = KafkaSettings()
        self.group = kafka.group
        self.folder = Path(tempfile.mkdtemp(prefix="ctdna-monitor-demo-"))
        self.database = self.folder / "ledger.sqlite3"
        self.database_url = f"sqlite:///{self.database}"
        self.log = self.folder / "worker.log"
        self._broker = EmbeddedBroker(dict.fromkeys(kafka.topics, PARTITIONS))
        self._worker: subprocess.Popen[bytes] | None = None
        self._port = _free_port()

    def __enter__(self) -> Self:
        """Start broker and database; raises ExpectedError. The worker starts by itself later."""
        try:
            self._broker.__enter__()
        except RuntimeError as problem:
            raise ExpectedError(str(problem)) from None
        asyncio.run(migrate.upgrade(self.database_url))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ask the worker to end, then end the broker."""
        self.stop_worker()
        self._broker.__exit__(kind, error, trace)

    @property
    def bootstrap_servers(self) -> str:
        """The broker's address."""
        return self._broker.bootstrap_servers

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that a command needs to see this stage; a caller's own are left out."""
        kept = {name: value for name, value in os.environ.items() if not _is_ours(name)}
        return {
            **kept,
            f"{PREFIX}KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers,
            f"{PREFIX}KAFKA__TOPIC_IDS": "false",
            **self.for_a_shell,
            f"{PREFIX}HTTP__PORT": str(self._port),
        }

    @property
    def for_a_shell(self) -> Mapping[str, str]:
        """The variables that a command needs to read and change what the stage leaves behind."""
        return {
            f"{PREFIX}DATABASE__URL": self.database_url,
            f"{PREFIX}DEPLOYMENT": DEPLOYMENT,
        }

    def start_worker(self, *, closes_days: bool) -> None:
        """Run `monitor worker` in a process of its own, its words in the log.

        A worker closes yesterday at once; without `closes_days` it does so then only, when there
        is nobody yet.
        """
        ticks = {} if closes_days else {f"{PREFIX}WORKER__TICK_S": str(NOT_YET_S)}
        with self.log.open("ab") as log:
            self._worker = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-c", PROGRAM, "worker"],
                env={**self.environment, **ticks},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal reaches the whole group; we ask the worker to end ourselves.
                start_new_session=True,
            )

    def worker_is_ready(self) -> bool:
        """Whether the worker says that it has its partitions; raises as `check_worker` does."""
        self.check_worker()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PROBE_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False  # it does not listen yet
        finally:
            connection.close()

    def check_worker(self) -> None:
        """Raise ExpectedError with the end of its log when the worker has ended."""
        if self._worker is not None and (code := self._worker.poll()) is not None:
            raise ExpectedError(f"the worker ended with exit code {code}.{self.log_tail()}")

    def log_tail(self) -> str:
        """The last lines of the worker's log and where it lies, to be added to a message."""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join(["", *(f"  {line}" for line in lines), f"The whole log: {self.log}"])

    def stop_worker(self) -> None:
        """Ask the worker to finish what it has in hand; insist when it does not."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.terminate()
        try:
            worker.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _is_ours(name: str) -> bool:
    return name.upper().startswith(PREFIX)
