"""An embedded broker for trying things out: librdkafka's mock cluster in a process of its own.

It speaks the real protocol but keeps everything in memory, about 5 MB per partition, and ends
with the process that started it.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from confluent_kafka import cimpl

_PRODUCER = 0
_ERROR_TEXT_SIZE = 512


class EmbeddedBroker:
    """A broker on loopback with the given topics (name to partition count) while entered."""

    def __init__(self, topics: Mapping[str, int]) -> None:
        self._topics = dict(topics)
        self._child: subprocess.Popen[str] | None = None
        self.bootstrap_servers = ""

    def __enter__(self) -> Self:
        """Start the broker; raises RuntimeError when it does not come up."""
        self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "monitor.stream.embedded", json.dumps(self._topics)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C in a terminal reaches the whole group; the broker must outlive its worker.
            start_new_session=True,
        )
        if self._child.stdout is not None:
            self.bootstrap_servers = self._child.stdout.readline().strip()
        if not self.bootstrap_servers:
            self._end()
            message = "the embedded broker did not start"
            raise RuntimeError(message)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the broker; what it held is gone."""
        self._end()

    @property
    def pid(self) -> int:
        """The broker's process; raises RuntimeError before it was started."""
        if self._child is None:
            message = "the embedded broker was not started"
            raise RuntimeError(message)
        return self._child.pid

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()  # also closes the pipes


def _library() -> ctypes.CDLL:
    """Return librdkafka as bundled with confluent-kafka, whose extension links to it."""
    library = ctypes.CDLL(cimpl.__file__)
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return library


def _start_cluster(topics: Mapping[str, int]) -> str:
    """Start a mock cluster of one broker in this process and return its address."""
    library = _library()
    conf = ctypes.c_void_p(library.rd_kafka_conf_new())
    error = ctypes.create_string_buffer(_ERROR_TEXT_SIZE)
    # The client itself connects nowhere; level 0 silences "No bootstrap.servers configured".
    library.rd_kafka_conf_set(conf, b"log_level", b"0", error, len(error))
    client = library.rd_kafka_new(_PRODUCER, conf, error, len(error))
    if not client:
        raise RuntimeError(error.value.decode())
    cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(ctypes.c_void_p(client), 1))
    # Real brokers wait for more members of a new group; alone, that is three seconds lost.
    library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0)
    for name, partitions in topics.items():
        failed = library.rd_kafka_mock_topic_create(cluster, name.encode(), partitions, 1)
        if failed:
            message = f"the embedded broker refused topic {name}"
            raise RuntimeError(message)
    address: bytes = library.rd_kafka_mock_cluster_bootstraps(cluster)
    return address.decode()


def _serve() -> None:
    """Print the address, then live until standard input closes: that is, until our parent ends."""
    sys.stdout.write(_start_cluster(json.loads(sys.argv[1])) + "\n")
    sys.stdout.flush()
    while os.read(sys.stdin.fileno(), 1):
        pass


if __name__ == "__main__":
    _serve()
