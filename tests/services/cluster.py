"""A real Kafka of one or three KRaft nodes whose clients are sent through a port of our choice.

Every node has three listeners: PROXIED tells clients to come to another port, where a fault proxy
forwards them; PLAIN is for the other nodes and for whoever watches; CONTROLLER is the quorum's.
"""

import atexit
import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.services import free_ports
from tests.services.jars import jars
from tests.services.kafka import (
    CLUSTER,
    LOGGING,
    SINGLE_NODE,
    START_SECONDS_MAX,
    STOP_SECONDS_MAX,
    wait_served,
)

SMALL = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
QUIET = {"log_level": 0}
COORDINATOR_TRIES = 20


@dataclass(frozen=True)
class Ports:
    """Of one node: `proxied` is where it listens, `advertised` where its clients are sent."""

    plain: int
    proxied: int
    advertised: int
    controller: int


class Node:
    """One broker and controller; its log outlives every end but the cluster's `close`."""

    def __init__(self, number: int, ports: Ports, folder: Path, properties: dict[str, str]) -> None:
        self.number = number
        self.ports = ports
        self.folder = folder / f"node-{number}"
        self.folder.mkdir()
        self.log_path = self.folder / "broker.log"
        self._child: subprocess.Popen[bytes] | None = None
        told = properties | self._own()
        self._properties = self.folder / "server.properties"
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in told.items()))

    def _own(self) -> dict[str, str]:
        at = self.ports
        names = "PROXIED", "PLAIN", "CONTROLLER"
        listening = zip(names, (at.proxied, at.plain, at.controller), strict=True)
        told = zip(names, (at.advertised, at.plain, at.controller), strict=True)
        return {
            "node.id": str(self.number),
            "log.dirs": str(self.folder / "log"),
            "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in listening),
            "advertised.listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in told),
        }

    @property
    def plain(self) -> str:
        return f"127.0.0.1:{self.ports.plain}"

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def format(self, initial: str) -> None:
        tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER]
        command = [*_java(), *tool, "-c", str(self._properties), "--initial-controllers", initial]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode != 0:
            raise RuntimeError(f"Kafka could not format its log: {told.stderr[-500:]}")

    def launch(self) -> None:
        """Start without waiting."""
        with self.log_path.open("ab") as log:
            # A session of its own: Ctrl-C reaches the tests only, which then end the broker.
            self._child = subprocess.Popen(
                [*_java(), "kafka.Kafka", str(self._properties)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it serves; raises RuntimeError with the end of its log if it never does."""
        if not wait_served(self.plain, START_SECONDS_MAX):
            self.end(signal.SIGKILL)
            raise RuntimeError(f"Kafka did not start: {self.log_path.read_text()[-1000:]}")

    def start(self) -> None:
        self.launch()
        self.wait()

    def end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.send_signal(number)
            try:
                child.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _java() -> list[str]:
    return ["java", *SMALL, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", f"{jars()}/*"]


class Cluster:
    """The nodes; `bootstrap` goes past the proxy, `proxied` through the advertised ports.

    Satisfies tests.services.kafka.Broker: its `kill` and `start` are those of all nodes.
    """

    def __init__(self, advertised: Sequence[int]) -> None:
        """One node for each advertised port."""
        count = len(advertised)
        self.folder = Path(tempfile.mkdtemp(prefix="monitor-cluster-"))
        atexit.register(self.close)
        plain, proxied, controllers = (free_ports(count * 3)[i::3] for i in range(3))
        places = list(map(Ports, plain, proxied, advertised, controllers))
        properties = _properties(places)
        self.nodes = [
            Node(number, ports, self.folder, properties)
            for number, ports in enumerate(places, start=1)
        ]
        self.bootstrap = ",".join(node.plain for node in self.nodes)
        self.proxied = ",".join(f"127.0.0.1:{port}" for port in advertised)

    @cached_property
    def _initial(self) -> str:
        # Kafka wants 16 bytes in base64 for a directory's name; its own differs from node to node.
        return ",".join(
            f"{node.number}@127.0.0.1:{node.ports.controller}:{CLUSTER[:-2]}{node.number}A"
            for node in self.nodes
        )

    def start(self) -> None:
        """Start every node that is not running and wait for all of them."""
        for node in self.nodes:
            if not (node.folder / "log").exists():
                node.format(self._initial)
        down = [node for node in self.nodes if not node.alive]
        for node in down:
            node.launch()
        for node in down:
            node.wait()

    def stop(self) -> None:
        """End all cleanly."""
        for node in self.nodes:
            node.end(signal.SIGTERM)

    def kill(self) -> None:
        """End all by SIGKILL."""
        for node in self.nodes:
            node.end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop cleanly and start again."""
        self.stop()
        self.start()

    def in_sync(self) -> bool:
        """Tell whether every partition has a leader and all its replicas in sync."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})
        with contextlib.suppress(KafkaException):
            topics = admin.list_topics(timeout=5.0).topics.values()
            places = [place for topic in topics for place in topic.partitions.values()]
            return all(p.leader > 0 and len(p.isrs) == len(p.replicas) for p in places)
        return False

    def wait_in_sync(self, seconds_max: float = START_SECONDS_MAX) -> bool:
        """Wait for `in_sync`; False when it took too long."""
        deadline = time.monotonic() + seconds_max
        while not self.in_sync():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.3)
        return True

    def leader(self, topic: str, partition: int) -> Node:
        """Return the node that leads a partition."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})
        found = admin.list_topics(topic, timeout=10.0).topics[topic].partitions[partition]
        return self.nodes[max(found.leader, 1) - 1]

    def coordinator(self, group: str) -> Node:
        """Return the node that coordinates a consumer group."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})
        for _ in range(COORDINATOR_TRIES):
            with contextlib.suppress(KafkaException):  # it has just moved
                told = admin.describe_consumer_groups([group])[group].result(15)
                number: int = told.coordinator.id
                return self.nodes[number - 1]
            time.sleep(0.5)
        raise RuntimeError("no broker says that it coordinates the group")

    def close(self) -> None:
        """Stop it and remove its folder; more than once does no harm."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _properties(places: Sequence[Ports]) -> dict[str, str]:
    copies, in_sync = str(len(places)), str(min(2, len(places)))
    quorum = ",".join(f"127.0.0.1:{ports.controller}" for ports in places)
    return SINGLE_NODE | {
        "controller.quorum.bootstrap.servers": quorum,
        "listener.security.protocol.map": ",".join(
            f"{name}:PLAINTEXT" for name in ("PROXIED", "PLAIN", "CONTROLLER")
        ),
        "inter.broker.listener.name": "PLAIN",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": "3",
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        # A follower that died is out of the way soon, and back soon.
        "replica.lag.time.max.ms": "6000",
        "controlled.shutdown.enable": "true",
    }
