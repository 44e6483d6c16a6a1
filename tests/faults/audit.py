"""Gathers the evidence of a run once its workers have ended."""

import asyncio
import json
from collections.abc import Sequence

from monitor.ledger.engine import open_engine
from monitor.ledger.entries import AcceptedRow, Counts, TopicPartition
from monitor.ledger.sql import SqlLedger
from monitor.settings import DLQ_SUFFIX
from monitor.wire.closed_day import CLOCK_TOPIC
from tests.faults.evidence import Evidence
from tests.faults.messages import Message
from tests.faults.reading import (
    read_accepted,
    read_notices,
    read_quarantined,
    read_topics,
    read_versions,
)
from tests.faults.replay import from_line
from tests.faults.rig import Rig, evaluate, program


async def gather(rig: Rig, messages: Sequence[Message]) -> Evidence:
    """Everything that the checks look at, read from Kafka, SQL and two programs of their own."""
    inputs = list(rig.settings.inputs)
    bootstrap = rig.broker.bootstrap
    accepted = await read_accepted(rig.url)
    notices, sent_notices = await read_notices(rig.url)
    replayed, evaluated = await asyncio.gather(
        program(rig, "tests.faults.replay", rig.url),
        evaluate(rig, messages, _closed_days(accepted)),
    )
    once_more = json.loads(replayed)
    dead_letter_topics = [name + DLQ_SUFFIX for name in inputs]
    return Evidence(
        sent=messages,
        delivered=await asyncio.to_thread(read_topics, bootstrap, inputs),
        accepted=accepted,
        quarantined=await read_quarantined(rig.url),
        notices=notices,
        sent_notices=sent_notices,
        states=await read_versions(rig.url),
        ledger=await _counts(rig),
        published=await asyncio.to_thread(read_topics, bootstrap, [rig.settings.notices]),
        dead_letters=await asyncio.to_thread(read_topics, bootstrap, dead_letter_topics),
        expected=[from_line(line) for line in once_more["told"]],
        findings=once_more["standing"],
        evaluated_findings=evaluated,
        commits=rig.commits,
    )


async def _counts(rig: Rig) -> dict[TopicPartition, tuple[int, Counts]]:
    ledger = SqlLedger(open_engine(rig.url))
    try:
        return dict(await ledger.offsets(rig.settings.group))
    finally:
        await ledger.close()


def _closed_days(accepted: Sequence[AcceptedRow]) -> list[bytes]:
    """The days that the worker closed, as lines of a file: `evaluate` has no clock of its own."""
    return [row.value or b"" for row in accepted if row.topic == CLOCK_TOPIC]
