"""What is open in quarantine is told to Prometheus: by reason, and how old the oldest is."""

import datetime
from collections.abc import Mapping
from typing import Any, cast

import faust
from prometheus_client import CollectorRegistry

from monitor.clock import FixedClock
from monitor.metrics import Metrics
from monitor.stream.agents import Batches
from monitor.stream.duties import Duties
from monitor.stream.health import Gauges
from monitor.wire.delivery import Reason

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)
Found = Mapping[str, tuple[int, datetime.datetime]]


class Quarantine:
    """Duties of which only the quarantine is asked."""

    def __init__(self, found: Found | None) -> None:
        self._found = found

    async def open_refusals(self) -> Found:
        if self._found is None:
            raise ConnectionError
        return self._found


async def shown(found: Found | None) -> Metrics:
    metrics = Metrics(CollectorRegistry(), "test")
    nobody: Any = None
    duties = cast("Duties", Quarantine(found))
    gauges = Gauges(
        cast("faust.App", nobody), cast("Batches", nobody), duties, metrics, FixedClock(NOON)
    )
    await gauges._measure_quarantine()
    return metrics


def opened(metrics: Metrics) -> Mapping[str, float | None]:
    name = "ctdna_monitor_quarantine_open"
    return {
        one.value: metrics.registry.get_sample_value(name, {"reason": one.value}) for one in Reason
    }


async def test_every_reason_is_there_and_the_oldest_tells_its_age() -> None:
    hour, day = datetime.timedelta(hours=1), datetime.timedelta(days=1)
    metrics = await shown({"too_large": (3, NOON - hour), "undecodable": (2, NOON - day)})
    found = opened(metrics)
    assert found.keys() == {one.value for one in Reason}
    assert {reason: n for reason, n in found.items() if n} == {"too_large": 3, "undecodable": 2}
    age = metrics.registry.get_sample_value("ctdna_monitor_quarantine_oldest_seconds")
    assert age == day.total_seconds()


async def test_a_ledger_that_is_away_leaves_what_was_known() -> None:
    metrics = await shown(None)
    assert set(opened(metrics).values()) == {0}
    failed = {"part": "quarantine"}
    assert metrics.registry.get_sample_value("ctdna_monitor_failures_total", failed) == 1
