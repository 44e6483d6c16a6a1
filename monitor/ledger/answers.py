"""Answers to senders: one for each recorded delivery, kept until the broker has it."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitor.clinical.findings import rfc3339
from monitor.ledger.entries import Outgoing
from monitor.settings import DLQ_SUFFIX
from monitor.wire.acknowledgement import ACKNOWLEDGEMENTS_TOPIC
from monitor.wire.answers import encode_answer

ANSWER = "answer"
ANSWER_COLUMNS = (
    *("topic", "partition", "offset", "message_key", "outcome", "source", "event_id", "reason"),
    *("field", "message", "deployment", "received_at"),
)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What became of one delivery, in the words of its answer.

    `outcome` is `accepted`, `duplicate`, `stale` or `refused`; only the last has a `reason`.
    """

    topic: str
    partition: int
    offset: int
    message_key: bytes | None
    outcome: str
    source: str | None
    event_id: str | None
    reason: str | None
    field: str | None
    message: str | None
    deployment: str
    received_at: datetime.datetime

    @property
    def place(self) -> tuple[str, int, int]:
        """Where the delivery came."""
        return (self.topic, self.partition, self.offset)


def answer_values(row: AnswerRow) -> tuple[Any, ...]:
    """An answer by `ANSWER_COLUMNS`."""
    return tuple(getattr(row, name) for name in ANSWER_COLUMNS)


def answer_row(values: Sequence[Any]) -> AnswerRow:
    """An answer from `ANSWER_COLUMNS`."""
    return AnswerRow(*values)


def answer_outgoing(row: AnswerRow, dead_letter: tuple[int, int] | None) -> Outgoing:
    """An answer on its way, keyed as the delivery was; those of one key keep their order.

    `dead_letter` is partition and offset of a refused delivery's, once the broker has it; negative
    ones say that it was too large to be sent.
    """
    document = {
        "outcome": row.outcome,
        "source": row.source,
        "id": row.event_id,
        "reason": row.reason,
        "field": row.field,
        "message": row.message,
        "delivery": _place(*row.place),
        "dead_letter": None,
        "received_at": rfc3339(row.received_at),
    }
    if dead_letter is not None and min(dead_letter) >= 0:
        document["dead_letter"] = _place(row.topic + DLQ_SUFFIX, *dead_letter)
    headers, value = encode_answer(document, row.place, deployment=row.deployment)
    named = row.message_key if row.message_key is not None else repr(row.place).encode()
    lane = b"answer/" + named
    return Outgoing(
        ANSWER, row.place, lane, ACKNOWLEDGEMENTS_TOPIC, row.message_key, headers, value
    )


def _place(topic: str, partition: int, offset: int) -> dict[str, object]:
    return {"topic": topic, "partition": partition, "offset": offset}
