"""Builds the Faust application: every setting with its why, no tables, nothing at import time."""

import logging
from typing import Any, cast

import faust
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.app import base
from faust.transport.drivers import aiokafka as driver

from monitor.exits import StartRefusedError
from monitor.settings import Settings
from monitor.stream.security import faust_credentials


class HeldEvent(faust.Event):
    """An event that can be acknowledged only after its batch was committed.

    Faust acknowledges, unseen by the agent, an event of an earlier generation that is still in
    the agent's queue; its offset could then be committed before the event was delivered again.
    """

    committed: bool = False

    def ack(self) -> bool:
        """Acknowledge to Faust, once `committed` was set."""
        return super().ack() if self.committed else False


class _ConsumerOnly(base.BootStrategy):
    """No producer: whatever is sent goes through the outbox and the relay's own producer."""

    enable_kafka_producer = False
    enable_web = False


class WorkerApp(faust.App):
    """Faust's application without its habit of making folders where it was started."""

    BootStrategy = _ConsumerOnly
    logger = logging.getLogger("faust.worker")  # its steps are Faust's to tell, not ours

    async def on_first_start(self) -> None:
        """Make no folder: without tables nothing is kept on disk."""


def build_app(settings: Settings) -> WorkerApp:
    """Return the application for these settings; call it inside the running event loop.

    Raises ConfigurationError when the certificates cannot be read.
    """
    _use_range_assignor()
    kafka = settings.kafka
    app = WorkerApp(
        kafka.group,
        broker=[f"kafka://{server.strip()}" for server in kafka.bootstrap_servers.split(",")],
        broker_credentials=faust_credentials(kafka),
        **_delivery_settings(settings),
        **_unused_settings(),
    )
    app.finalize()
    return app


def _delivery_settings(settings: Settings) -> dict[str, Any]:
    kafka, worker = settings.kafka, settings.worker
    return {
        # Exactly-once does not cover topics that the application does not itself consume.
        "processing_guarantee": "at_least_once",
        # Only acknowledges after the batch was committed (see HeldEvent).
        "Event": HeldEvent,
        # A new group reads all there is; an offset out of range is refused at the start.
        "consumer_auto_offset_reset": "earliest",
        # Stable per replica: a rolling restart causes no rebalance.
        "consumer_group_instance_id": kafka.instance_id,
        # The default of 2.8 s means more redeliveries after a kill.
        "broker_commit_interval": kafka.commit_interval_s,
        # Together the time until another worker takes over; the defaults are a minute. The first
        # counts after a kill; the second after an orderly end, as each of the others hears of a
        # member that left at its own next heartbeat.
        "broker_session_timeout": kafka.session_timeout_s,
        "broker_heartbeat_interval": kafka.heartbeat_s,
        "broker_rebalance_timeout": kafka.rebalance_timeout_s,
        "broker_request_timeout": kafka.request_timeout_s,
        # Memory is bounded by these two; the default of the first is no limit.
        "broker_max_poll_records": max(500, worker.batch_max),
        "stream_buffer_maxsize": worker.buffer_max,
        # A rebalance waits for the batch in hand, so no other worker writes the same patients;
        # a hung batch cannot block the exit, the runner has its own limit.
        "stream_wait_empty": True,
    }


def _unused_settings() -> dict[str, Any]:
    return {
        "autodiscover": False,  # nothing registers itself at import time
        "web_enabled": False,  # it would listen on all interfaces; the probes are ours
        "topic_allow_declare": False,  # `monitor topics apply` makes topics
        "topic_disable_leader": True,  # a topic we would have to make and do not use
        "table_standby_replicas": 0,  # no tables, and the setting would change the assignor
        "store": "memory://",
        "cython_optimizations": False,  # no gain measured
        "reply_create_topic": False,
    }


def _use_range_assignor() -> None:
    """Give one patient's three topics to one worker.

    Without tables Faust names aiokafka's round robin assignor, by a global of its driver, and
    has no setting for it. `assert_range_assignor` looks at what the consumer really uses.
    """
    vars(driver)["RoundRobinPartitionAssignor"] = RangePartitionAssignor


def assert_range_assignor(app: faust.App) -> None:
    """Raise StartRefusedError unless the running consumer uses the range assignor."""
    # Private on purpose: what the group is really told stands nowhere else.
    thread = cast("driver.Consumer", app.consumer)._thread  # noqa: SLF001
    coordinator = thread._ensure_consumer()._coordinator  # noqa: SLF001
    names = [assignor.name for assignor in coordinator._assignors]  # noqa: SLF001
    if names != [RangePartitionAssignor.name]:
        message = (
            f"the consumer uses the assignors {names} instead of range: a patient's topics could "
            "land on different workers. This Faust or aiokafka version is not the pinned one; "
            "runbook: wrong-library"
        )
        raise StartRefusedError(message)
