"""A real Apache Kafka: one KRaft node on loopback, from jars or else from an image."""

import atexit
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.services import UnavailableError, free_ports, is_open
from tests.services.jars import REPOSITORY, jars

LOGGING = REPOSITORY / "deploy" / "kafka" / "log4j2.xml"
IMAGE = "apache/kafka:4.4.0"
CLUSTER = "bW9uaXRvci10ZXN0cy0wMQ"  # Kafka wants 16 bytes in base64 for a name
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 20.0

FOREGROUND_PORT = 9092
NEXT_STEPS = f"""
Kafka serves at localhost:{FOREGROUND_PORT}. In another terminal:

  export CTDNA_MONITOR_KAFKA__BOOTSTRAP_SERVERS=localhost:{FOREGROUND_PORT}
  export CTDNA_MONITOR_KAFKA__REPLICATION_FACTOR=1 CTDNA_MONITOR_KAFKA__MIN_INSYNC=1
  .venv/bin/monitor topics apply     # make the topics
  .venv/bin/monitor db upgrade       # make the database (SQLite unless told otherwise)
  .venv/bin/monitor worker           # consume, decide, publish

Ctrl-C ends it and forgets everything it holds.
"""

# What one node must say, and what makes its return after a SIGKILL quick.
SINGLE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}


class Broker(Protocol):
    """A broker that can be stopped, killed and started again without losing its log or address."""

    bootstrap: str

    def start(self) -> None:
        """Start and wait until clients are served."""

    def stop(self) -> None:
        """End it cleanly."""

    def kill(self) -> None:
        """End it by SIGKILL."""

    def restart(self) -> None:
        """Stop cleanly and start again."""

    def close(self) -> None:
        """Stop it and throw its log away."""


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


class JarBroker:
    """The broker as a child of this program; its log outlives every end but `close`."""

    def __init__(self, port: int | None = None) -> None:
        self._jars = jars()
        free, controller = free_ports(2)
        self.port = port or free
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="monitor-kafka-"))
        self.log_path = self.folder / "broker.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._configure(controller)
        atexit.register(self.close)

    def _configure(self, controller: int) -> None:
        properties = SINGLE_NODE | {
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self.folder / "log"),
        }
        lines = "".join(f"{name}={value}\n" for name, value in properties.items())
        self._properties = self.folder / "server.properties"
        self._properties.write_text(lines)

    def _java(self, *arguments: str) -> list[str]:
        small = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        logging = f"-Dlog4j2.configurationFile={LOGGING}"
        return ["java", *small, logging, "-cp", f"{self._jars}/*", *arguments]

    def _format(self) -> None:
        tool = ["kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER]
        command = self._java(*tool, "-c", str(self._properties))
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode != 0:
            raise UnavailableError(f"Kafka could not format its log: {told.stderr[-500:]}")

    def start(self) -> None:
        """Start and wait until clients are served; raises RuntimeError if it never is."""
        if not (self.folder / "log").exists():
            self._format()
        with self.log_path.open("ab") as log:
            # A session of its own: Ctrl-C reaches the tests only, which then end the broker.
            self._child = subprocess.Popen(
                self._java("kafka.Kafka", str(self._properties)),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if not wait_served(self.bootstrap, START_SECONDS_MAX):
            self.kill()
            raise RuntimeError(f"Kafka did not start: {self.log_path.read_text()[-1000:]}")

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.send_signal(number)
            try:
                child.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def stop(self) -> None:
        """End it by SIGTERM, which takes about half a second."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it by SIGKILL; the next start takes some 8 s until the old session has run out."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop cleanly and start again at the same address with the same log."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its folder; more than once does no harm."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def open_broker(port: int | None = None) -> Broker:
    """Return a started broker: from jars, or else from a container.

    Raises UnavailableError with one line that says what is missing.
    """
    broker: Broker
    try:
        broker = JarBroker(port)
    except UnavailableError as no_jars:
        # Only machines without Java need the container client at all.
        from tests.services.containers import KafkaContainer  # noqa: PLC0415

        try:
            broker = KafkaContainer(IMAGE, SINGLE_NODE, port)
        except UnavailableError as no_engine:
            raise UnavailableError(f"no Kafka: {no_jars}, and {no_engine}") from no_engine
    broker.start()
    return broker


def main() -> int:
    """Run a broker at localhost:9092 until Ctrl-C; returns 1 and says why where it cannot."""
    if is_open(FOREGROUND_PORT):
        print(f"Something already listens on localhost:{FOREGROUND_PORT}; end it first.")
        return 1
    print("Starting Apache Kafka 4.4 …", flush=True)
    try:
        broker = open_broker(FOREGROUND_PORT)
    except UnavailableError as missing:
        print(missing)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(NEXT_STEPS, flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
    broker.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
