"""One node of a real Kafka as a child of this program, from jars."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.services import UnavailableError, is_open
from tests.services.jars import REPOSITORY, jars

LOGGING = REPOSITORY / "deploy" / "kafka" / "log4j2.xml"
SMALL = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
CLUSTER = "bW9uaXRvci10ZXN0cy0wMQ"  # Kafka wants 16 bytes in base64 for a name
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0


def wait_served(bootstrap: str, seconds_max: float) -> bool:
    """Wait until the broker at `bootstrap` answers a metadata request; False when it never did."""
    port = int(bootstrap.rpartition(":")[2])
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        if is_open(port):
            admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
            try:
                if admin.list_topics(timeout=2.0).brokers:
                    return True
            except KafkaException:
                pass
        time.sleep(0.1)
    return False


class Node:
    """Broker and controller in a folder of its own; its log outlives every end but `close`."""

    def __init__(
        self, bootstrap: str, properties: Mapping[str, str], folder: Path | None = None
    ) -> None:
        """`bootstrap`: where it answers; `folder`: where to keep its files, by default a new one.

        Raises UnavailableError where no broker can run.
        """
        self._jars = jars()
        self.bootstrap = bootstrap
        self.folder = folder or Path(tempfile.mkdtemp(prefix="monitor-kafka-"))
        self.log_path = self.folder / "broker.log"
        self._child: subprocess.Popen[bytes] | None = None
        told = {**properties, "log.dirs": str(self.folder / "log")}
        self._properties = self.folder / "server.properties"
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in told.items()))

    def _java(self, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={LOGGING}"
        return ["java", *SMALL, logging, "-cp", f"{self._jars}/*", *arguments]

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def format(self, *quorum: str) -> None:
        """Make its log once; `quorum` says who the controllers are. Raises UnavailableError."""
        if (self.folder / "log").exists():
            return
        tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER]
        command = self._java(*tool, "-c", str(self._properties), *quorum)
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode != 0:
            raise UnavailableError(f"Kafka could not format its log: {told.stderr[-500:]}")

    def launch(self) -> None:
        """Start without waiting."""
        with self.log_path.open("ab") as log:
            # A session of its own: Ctrl-C reaches the tests only, which then end the broker.
            self._child = subprocess.Popen(
                self._java("kafka.Kafka", str(self._properties)),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it serves; raises RuntimeError with the end of its log if it never does."""
        if not wait_served(self.bootstrap, START_SECONDS_MAX):
            self.end(signal.SIGKILL)
            raise RuntimeError(f"Kafka did not start: {self.log_path.read_text()[-1000:]}")

    def start(self) -> None:
        """Start and wait until it serves."""
        self.launch()
        self.wait()

    def end(self, number: signal.Signals) -> None:
        """End it by a signal and wait; nothing when it does not run."""
        child, self._child = self._child, None
        if child is not None:
            child.send_signal(number)
            try:
                child.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def close(self) -> None:
        """End it and remove its folder; more than once does no harm."""
        self.end(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)
