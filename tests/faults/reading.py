"""Reads what the checks look at: the ledger's tables, the topics, the group's offsets."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from sqlalchemy import Select, select

from monitor.ledger import rows, tables
from monitor.ledger.engine import open_engine
from monitor.ledger.entries import AcceptedRow, PatientKey, QuarantineRow
from monitor.ledger.entries import TopicPartition as Place
from monitor.wire.delivery import Delivery
from tests.faults.evidence import Told, position

QUIET = {"log_level": 0}
SECONDS_MAX = 30.0


async def _select(url: str, wanted: Select[Any]) -> Sequence[Any]:
    engine = open_engine(url)
    try:
        async with engine.connect() as connection:
            found: Sequence[Any] = (await connection.execute(wanted)).all()
            return found
    finally:
        await engine.dispose()


async def read_accepted(url: str) -> list[AcceptedRow]:
    """The inbox in the order of its recording."""
    table = tables.accepted_event
    columns = [table.c[name] for name in rows.ACCEPTED_COLUMNS]
    found = await _select(url, select(*columns).order_by(table.c.position))
    return list(map(rows.accepted_row, found))


async def read_quarantined(url: str) -> list[QuarantineRow]:
    columns = [tables.quarantine.c[name] for name in rows.QUARANTINE_COLUMNS]
    return list(map(rows.quarantine_row, await _select(url, select(*columns))))


async def read_notices(url: str) -> tuple[list[Told], frozenset[str]]:
    """The notices in the order of their recording, and the ids of those marked as published."""
    notice = tables.notice.c
    columns = [notice.notice_id, notice.study_id, notice.patient_id, notice.sequence]
    columns += [notice.finding, notice.headers, notice.value, notice.published_at]
    found = await _select(url, select(*columns).order_by(notice.position))
    told = [
        Told(notice_id, PatientKey(study, patient), sequence, finding, _headers(packed), value)
        for notice_id, study, patient, sequence, finding, packed, value, _ in found
    ]
    return told, frozenset(row[0] for row in found if row[-1] is not None)


def _headers(packed: bytes) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value or b"") for name, value in rows.unpack_headers(packed))


async def read_versions(url: str) -> dict[PatientKey, int]:
    state = tables.patient_state.c
    found = await _select(url, select(state.study_id, state.patient_id, state.version))
    return {PatientKey(study, patient): version for study, patient, version in found}


async def read_documents(url: str) -> list[str]:
    """Every patient's state as it is stored."""
    return [row[0] for row in await _select(url, select(tables.patient_state.c.state))]


async def committed(bootstrap: str, group: str, topics: Sequence[str]) -> dict[Place, int]:
    """The next offset that the group would read, of each partition with one."""
    return await asyncio.to_thread(_committed, bootstrap, group, topics)


def _committed(bootstrap: str, group: str, topics: Sequence[str]) -> dict[Place, int]:
    # A consumer that joins nothing: the admin client's own call crashes when it is answered
    # by a broker that has just come back and does not yet know which groups are its own.
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, **QUIET})
    try:
        known = consumer.list_topics(timeout=SECONDS_MAX).topics
        places = [TopicPartition(t, p) for t in topics for p in known[t].partitions]
        found = _ask(consumer, places)
        return {Place(one.topic, one.partition): one.offset for one in found if one.offset >= 0}
    finally:
        consumer.close()


def _ask(consumer: Consumer, places: list[TopicPartition]) -> list[TopicPartition]:
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            return consumer.committed(places, timeout=SECONDS_MAX)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def read_topics(bootstrap: str, topics: Sequence[str]) -> list[Delivery]:
    """Everything on the topics, in offset order within each partition."""
    told: Mapping[str, Any] = {"bootstrap.servers": bootstrap, "group.id": "audit", **QUIET}
    consumer = Consumer(dict(told) | {"enable.auto.commit": False})
    try:
        known = consumer.list_topics(timeout=SECONDS_MAX).topics
        places = [TopicPartition(t, p, 0) for t in topics for p in known[t].partitions]
        ends = [consumer.get_watermark_offsets(place, timeout=SECONDS_MAX)[1] for place in places]
        consumer.assign(places)
        found: list[Delivery] = []
        while len(found) < sum(ends):
            batch = consumer.consume(sum(ends) - len(found), timeout=SECONDS_MAX)
            assert batch, f"{topics} do not end where they say"
            found += map(_delivery, batch)
        return sorted(found, key=position)
    finally:
        consumer.close()


def _delivery(message: Message) -> Delivery:
    assert message.error() is None
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    headers: Any = message.headers() or ()
    value: Any = message.value()
    key: Any = message.key()
    return Delivery(topic, partition, offset, key, tuple(headers), value)
