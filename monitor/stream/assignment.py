"""Each time partitions are given to us, compares Kafka's offsets with what the ledger holds."""

import asyncio
import logging
from collections.abc import Set as AbstractSet
from typing import Any, cast

import faust
from faust.types import TP

from monitor.exits import ExpectedError, StartRefusedError, UnreachableError
from monitor.ledger.entries import TopicPartition
from monitor.ledger.port import LedgerBehind, Unavailable
from monitor.settings import KafkaSettings
from monitor.stream.agents import Batches
from monitor.stream.app import assert_range_assignor
from monitor.stream.duties import Duties
from monitor.stream.health import Gauges, Health
from monitor.stream.preflight import Place, survey
from monitor.stream.stopping import end_now

logger = logging.getLogger(__name__)


class Assignment:
    """Looks at every assignment, without holding up the group's rebalance.

    The offsets are also compared on every batch, inside its transaction; here an operator is
    told before the first delivery, and also for a partition to which nothing comes.
    """

    def __init__(
        self,
        app: faust.App,
        kafka: KafkaSettings,
        duties: Duties,
        batches: Batches,
        gauges: Gauges,
        health: Health,
    ) -> None:
        self._app = app
        self._kafka = kafka
        self._duties = duties
        self._batches = batches
        self._gauges = gauges
        self._health = health
        self._check: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Be told of assignments from now on."""
        self._app.on_partitions_assigned.connect(self._assigned)
        self._app.on_partitions_revoked.connect(self._revoked)

    async def _revoked(self, *_args: Any, **_more: Any) -> None:
        self._health.assigned = False

    async def _assigned(self, *args: Any, **_more: Any) -> None:
        try:
            assert_range_assignor(self._app)
        except StartRefusedError as error:
            logger.critical("%s", error)
            end_now(error)
        held = {TopicPartition(tp.topic, tp.partition) for tp in _given(args)}
        logger.info("partitions assigned: %d", len(held))
        self._gauges.assigned = held
        self._health.assigned = True
        if self._check is not None:
            self._check.cancel()
        self._check = asyncio.create_task(self._compare(held))

    async def _compare(self, held: set[TopicPartition]) -> None:
        try:
            places = {at: p for at, p in (await survey(self._kafka)).items() if at in held}
            await self._duties.check_offsets(
                {at: p.committed for at, p in places.items() if p.committed is not None}
            )
        except (UnreachableError, Unavailable) as error:
            logger.warning("offsets not compared (%s); every batch does it", type(error).__name__)
        except LedgerBehind as error:
            end_now(error)
        except ExpectedError as error:
            logger.critical("%s", error)
            end_now(error)
        except Exception as error:  # noqa: BLE001 - nobody awaits this task
            end_now(error)
        else:
            self._begin_lag(places)

    def _begin_lag(self, places: dict[TopicPartition, Place]) -> None:
        """Let the lag be known before the first delivery of a partition.

        One that comes back may have been read by another worker meanwhile.
        """
        known = self._batches.next_offsets
        for at, place in places.items():
            begin = place.first if place.committed is None else place.committed
            known[at] = max(known.get(at, begin), begin)


def _given(args: tuple[Any, ...]) -> AbstractSet[TP]:
    """Return the partitions among a signal's arguments, which are the sender and them."""
    _sender, given = args
    return cast("AbstractSet[TP]", given)
