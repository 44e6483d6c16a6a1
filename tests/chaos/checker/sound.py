"""Sound evidence without servers: a small cohort through the monitor and a ledger in memory.

The only module here that runs what is checked; no check imports it.
"""

import datetime
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from itertools import count

from monitor.clock import FixedClock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.memory import MemoryLedger
from monitor.relay import Relay
from monitor.rulesets import Rulesets
from monitor.wire.delivery import Delivery
from tests.chaos.checker import Acknowledged, Evidence, OnTopic, Place, Sample
from tests.chaos.checker.gathering import RULES
from tests.chaos.checker.rows import (
    InboxRow,
    LedgerRow,
    NoticeRow,
    QuarantineRow,
    RecordRow,
    StateRow,
)
from tests.senders.cohort import cohort
from tests.senders.messages import Message

PARTITIONS = 2
TOPICS = {name: name for name in ("ctdna.results", "imaging.reads", "clinical.events")}
BEGIN = datetime.datetime(2023, 1, 1, 16, tzinfo=datetime.UTC)
DAY_SECONDS = 86_400.0


class Board:
    """Takes every message that is sent, as topics of one partition do."""

    def __init__(self) -> None:
        self.messages: list[OnTopic] = []
        self._offsets: defaultdict[str, Iterator[int]] = defaultdict(count)

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> tuple[int, int]:
        offset = next(self._offsets[topic])
        self.messages.append(OnTopic(topic, 0, offset, key, tuple(headers), value))
        return 0, offset


def laid(messages: Sequence[Message]) -> list[OnTopic]:
    """Every message at its offset, in the order of sending."""
    offsets: defaultdict[Place, Iterator[int]] = defaultdict(count)
    found = []
    for one in messages:
        at = Place(one.topic, sum(one.key or b"") % PARTITIONS)
        found.append(OnTopic(*at, next(offsets[at]), one.key, tuple(one.headers), one.value))
    return found


async def consumed(
    delivered: Sequence[OnTopic], days: Sequence[float], ledger: MemoryLedger, board: Board
) -> datetime.datetime:
    """Through the monitor in small batches, each on its day, with the days that end meanwhile."""
    clock = FixedClock(BEGIN)
    settings = IntakeSettings("g", "default", TOPICS)
    intake = Intake(ledger, clock, settings, rules_for=Rulesets(None))
    for begin in range(0, len(delivered), 50):
        batch = [Delivery(*one) for one in delivered[begin : begin + 50]]
        clock.advance(days[begin] * DAY_SECONDS - clock.monotonic())
        await intake.receive(batch)
        await intake.close_days()
    while await intake.close_days():
        pass
    await send_all(ledger, board, clock)
    return clock.now()


async def send_all(ledger: MemoryLedger, board: Board, clock: FixedClock) -> None:
    relay = Relay(ledger, board, clock, holder="test")
    while await relay.send_once():
        pass


def inbox_rows(ledger: MemoryLedger) -> list[InboxRow]:
    return [
        InboxRow(
            *(number, *row.key, row.type, *row.patient, row.arrival, row.record_id),
            *(row.record_version, row.clinical_day, row.topic, row.partition, row.offset),
            *(row.message_key, tuple(row.headers), row.value, row.received_at, row.outcome),
            *(*(row.moved_from or (None, None)), row.moved_arrival),
        )
        for number, row in enumerate(ledger._accepted.values())
    ]


def notice_rows(ledger: MemoryLedger, board: Board) -> list[NoticeRow]:
    places = {dict(one.headers).get("ce_id"): one for one in reversed(board.messages)}
    return [
        NoticeRow(
            *(number, row.notice_id, row.finding_id, *row.patient, row.sequence, row.revision),
            *(row.action, row.finding, row.severity, row.effective_on, row.detected_at),
            *(row.cause_id, row.document, tuple(row.headers), row.value),
            published_at=ledger._published.get(row.notice_id),
            published_partition=0,
            published_offset=places[row.notice_id.encode()].offset,
        )
        for number, row in enumerate(ledger._notices.values())
    ]


def record_rows(ledger: MemoryLedger) -> list[RecordRow]:
    return [
        RecordRow(*key, row.type, *row.patient, row.standing_version, row.settled)
        for key, row in ledger._records.items()
    ]


def state_rows(ledger: MemoryLedger) -> list[StateRow]:
    return [StateRow(*key, row.version, row.incomplete) for key, row in ledger._states.items()]


def quarantine_rows(ledger: MemoryLedger) -> list[QuarantineRow]:
    return [
        QuarantineRow(
            *(row.topic, row.partition, row.offset, 0, row.message_key, tuple(row.headers)),
            *(row.value, row.reason, BEGIN),
        )
        for row in ledger._quarantine.values()
    ]


async def sound_evidence(total: int, seed: int) -> Evidence:
    messages = cohort(total, seed)
    delivered, board = laid(messages), Board()
    ledger = MemoryLedger(time.monotonic)
    rested_at = await consumed(delivered, [one.day for one in messages], ledger, board)
    ends = Counter(Place(one.topic, one.partition) for one in delivered)
    counts = await ledger.offsets("g")
    numbers = dict(zip(delivered, messages, strict=True))
    return Evidence(
        group="g",
        rules=RULES.read_text(),
        sent=messages,
        acknowledged=[Acknowledged(*one[:3], numbers[one].number, one.value) for one in delivered],
        delivered=sorted(delivered, key=lambda one: one[:3]),
        bounds={at: (0, end) for at, end in ends.items()},
        accepted=inbox_rows(ledger),
        records=[
            RecordRow(*key, row.type, *row.patient, row.standing_version, row.settled)
            for key, row in ledger._records.items()
        ],
        states=[StateRow(*key, row.version, row.incomplete) for key, row in ledger._states.items()],
        notices=notice_rows(ledger, board),
        quarantined=quarantine_rows(ledger),
        ledger=[LedgerRow("g", *at, last, *astuple(told)) for at, (last, told) in counts.items()],
        audit=[],
        published=[one for one in board.messages if one.topic == "monitor.notices"],
        dead_letters=[one for one in board.messages if one.topic.endswith(".dlq")],
        samples=[Sample(float(at), at * 10, 0, at * 10) for at in range(total // 10 + 1)],
        rested_at=rested_at,
        calm_at=float(total // 10),
    )
