"""A database that was restored to before it knew of a partition is not taken for a new one."""

from typing import Any, cast

import pytest

from monitor.clock import Clock
from monitor.ledger.entries import TopicPartition
from monitor.ledger.port import LedgerBehind
from monitor.settings import Settings
from monitor.wiring import WorkerDuties
from tests.clinical.facts import died, enrolled, sample
from tests.intake.desk import GROUP, P1, TOPICS, Desk, memory

FIRSTS = {TopicPartition(topic, 0): 0 for topic in TOPICS}


async def test_a_ledger_that_lost_a_whole_partition_stops_the_worker() -> None:
    desk = Desk()
    desk.intake.firsts = FIRSTS
    await desk.give(enrolled(), sample(1, "detected", "s"))
    desk.ledger = memory()
    restored = desk.new_intake()
    restored.firsts = FIRSTS
    with pytest.raises(LedgerBehind, match="the ledger's last is -1"):
        await restored.receive([desk.delivery(died(10))])
    assert await desk.ledger.offsets(GROUP) == {}
    assert await desk.ledger.state(P1) is None


async def test_a_partition_whose_first_records_were_deleted_begins_where_it_begins() -> None:
    desk = Desk()
    desk.raw(b"deleted by retention")
    desk.intake.firsts = FIRSTS | {TopicPartition("t.clinical.events", 0): 1}
    assert await desk.give(enrolled()) == ["applied"]


async def test_a_group_that_was_set_to_where_a_topic_begins_goes_on() -> None:
    """What the runbook ledger-behind says for a partition of which the ledger knows nothing."""
    worker = WorkerDuties(memory(), cast("Any", None), Settings(), Clock(), alone=True)
    place = TopicPartition("ctdna.results", 0)
    await worker.begin()
    worker.begin_at({place: 100})
    await worker.check_offsets({place: 100})
    with pytest.raises(LedgerBehind, match="the ledger's last recorded one is 99"):
        await worker.check_offsets({place: 101})
