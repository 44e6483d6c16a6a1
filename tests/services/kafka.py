"""A real Apache Kafka: one KRaft node on loopback, from jars or else from an image."""

import atexit
import signal
import sys
from typing import Protocol

from tests.services import UnavailableError, free_ports, is_open
from tests.services.node import Node

IMAGE = "apache/kafka:4.4.0"
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


class JarBroker:
    """The broker as a child of this program."""

    def __init__(self, port: int | None = None) -> None:
        free, controller = free_ports(2)
        self.bootstrap = f"127.0.0.1:{port or free}"
        properties = SINGLE_NODE | {
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
        }
        self._node = Node(self.bootstrap, properties)
        atexit.register(self.close)

    def start(self) -> None:
        """Start and wait until clients are served; raises RuntimeError if it never is."""
        self._node.format("--standalone")
        self._node.start()

    def stop(self) -> None:
        """End it by SIGTERM, which takes about half a second."""
        self._node.end(signal.SIGTERM)

    def kill(self) -> None:
        """End it by SIGKILL; the next start takes some 8 s until the old session has run out."""
        self._node.end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop cleanly and start again at the same address with the same log."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it and remove its folder; more than once does no harm."""
        self._node.close()


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
