"""A database that was restored to before it knew of a partition is not taken for a new one."""

import pytest

from monitor.ledger.entries import TopicPartition
from monitor.ledger.port import LedgerBehind
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
