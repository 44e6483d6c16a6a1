"""Lines of events in, notices and timelines out: the worker's decisions without its services."""

import datetime
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from monitor.clinical.state import load_state
from monitor.clinical.timeline import timeline
from monitor.clock import Clock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.memory import MemoryLedger
from monitor.recording import Receipt
from monitor.rulesets import Rulesets
from monitor.wire.closed_day import closed_day
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Delivery, Event, Rejection
from monitor.wire.notices import encode_structured

LINES_TOPIC = "lines"
BATCH_LINES = 500
DEPLOYMENT = "evaluate"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where NDJSON is written; what is None is not."""

    notices: BinaryIO | None = None
    timelines: BinaryIO | None = None
    rejections: BinaryIO | None = None


class Evaluation:
    """One run over some lines, taken in order as arrivals, with a ledger in memory."""

    def __init__(self, rulesets: Rulesets, outputs: Outputs) -> None:
        self.accepted = self.refused = self.told = 0
        self._rulesets = rulesets
        self._outputs = outputs
        clock = Clock()
        self._ledger = MemoryLedger(clock.monotonic)
        # Blank lines are left out: offsets have gaps.
        settings = IntakeSettings(DEPLOYMENT, DEPLOYMENT, {}, frozenset({LINES_TOPIC}))
        self._intake = Intake(
            self._ledger,
            clock,
            settings,
            rules_for=rulesets,
            detected_at=detected_at,
            decoder=lambda delivery: decode_line(delivery.value or b""),
        )

    async def go(self, lines: Iterable[bytes], as_of: datetime.date | None) -> None:
        """Take the lines, then close the day, then write the timelines. Raises OSError."""
        deliveries = _deliveries(lines)
        while batch := list(islice(deliveries, BATCH_LINES)):
            for receipt in await self._intake.receive(batch):
                self._count(receipt)
                self._write_notices(receipt)
        if as_of is not None:
            await self._close(as_of)
        if self._outputs.timelines:
            await self._write_timelines(self._outputs.timelines)

    async def _close(self, day: datetime.date) -> None:
        closing = [closed_day(*patient, day) for patient in await self._ledger.patients()]
        for receipt in await self._intake.settle(closing):
            self._write_notices(receipt)

    def _count(self, receipt: Receipt) -> None:
        if receipt.rejection is None:
            self.accepted += 1
            return
        self.refused += 1
        if self._outputs.rejections:
            row = _rejection_row(receipt.delivery.offset + 1, receipt.rejection)
            self._outputs.rejections.write(_line(row))

    def _write_notices(self, receipt: Receipt) -> None:
        self.told += len(receipt.notices)
        if self._outputs.notices:
            for notice in receipt.notices:
                event = encode_structured(
                    notice.document(), deployment=DEPLOYMENT, cause_id=notice.cause_id
                )
                self._outputs.notices.write(event + b"\n")

    async def _write_timelines(self, output: BinaryIO) -> None:
        for patient in await self._ledger.patients():
            row = await self._ledger.state(patient)
            ruleset = self._rulesets(patient.study_id)
            if row and ruleset:
                output.write(_line(timeline(load_state(row.document), ruleset)))


def detected_at(event: Event, before: datetime.date | None) -> datetime.datetime:
    """The event's time, else its clinical day at 00:00Z, else that of the version before."""
    if event.time is not None:
        return event.time.astimezone(datetime.UTC)
    day = event.day or before
    if day is None:
        return EPOCH
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


def _deliveries(lines: Iterable[bytes]) -> Iterator[Delivery]:
    """Deliveries whose offsets are line numbers from 0."""
    for number, line in enumerate(lines):
        if line.strip():
            yield Delivery(LINES_TOPIC, 0, number, None, (), line)


def _rejection_row(line: int, rejection: Rejection) -> dict[str, object]:
    return {
        "line": line,
        "source": rejection.source,
        "id": rejection.event_id,
        "reason": rejection.reason,
        "field": rejection.field,
        "message": rejection.message,
    }


def _line(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"
