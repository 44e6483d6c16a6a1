"""A real Kafka of one or three KRaft nodes whose clients are sent through a port of our choice.

Every node has three listeners: PROXIED tells clients to come to another port, where a fault proxy
forwards them; PLAIN is for the other nodes and for whoever watches; CONTROLLER is the quorum's.
"""

import atexit
import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.services import free_ports
from tests.services.kafka import SINGLE_NODE
from tests.services.node import CLUSTER, START_SECONDS_MAX, Node

QUIET = {"log_level": 0}
COORDINATOR_TRIES = 20


@dataclass(frozen=True)
class Ports:
    """Of one node: `proxied` is where it listens, `advertised` where its clients are sent."""

    plain: int
    proxied: int
    advertised: int
    controller: int


class NumberedNode(Node):
    """A node that knows its number in the cluster, and its ports."""

    def __init__(
        self, number: int, ports: Ports, folder: Path, properties: Mapping[str, str]
    ) -> None:
        self.number = number
        self.ports = ports
        own = folder / f"node-{number}"
        own.mkdir()
        super().__init__(f"127.0.0.1:{ports.plain}", {**properties, **self._own()}, own)

    def _own(self) -> dict[str, str]:
        at = self.ports
        names = "PROXIED", "PLAIN", "CONTROLLER"
        listening = zip(names, (at.proxied, at.plain, at.controller), strict=True)
        told = zip(names, (at.advertised, at.plain, at.controller), strict=True)
        return {
            "node.id": str(self.number),
            "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in listening),
            "advertised.listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in told),
        }


class Cluster:
    """The nodes; `bootstrap` goes past the proxy, `proxied` through the advertised ports.

    Satisfies tests.services.kafka.Broker: its `kill` and `start` are those of all nodes.
    """

    def __init__(self, advertised: Sequence[int]) -> None:
        """One node for each advertised port; raises UnavailableError where no broker can run."""
        count = len(advertised)
        self.folder = Path(tempfile.mkdtemp(prefix="monitor-cluster-"))
        self.nodes: list[NumberedNode] = []
        atexit.register(self.close)
        plain, proxied, controllers = (free_ports(count * 3)[i::3] for i in range(3))
        places = list(map(Ports, plain, proxied, advertised, controllers))
        properties = _properties(places)
        for number, ports in enumerate(places, start=1):
            self.nodes.append(NumberedNode(number, ports, self.folder, properties))
        self.bootstrap = ",".join(node.bootstrap for node in self.nodes)
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
            node.format("--initial-controllers", self._initial)
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

    def leader(self, topic: str, partition: int) -> NumberedNode:
        """Return the node that leads a partition."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})
        found = admin.list_topics(topic, timeout=10.0).topics[topic].partitions[partition]
        return self.nodes[max(found.leader, 1) - 1]

    def coordinator(self, group: str) -> NumberedNode:
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
