"""What leaves through the outbox, the same bytes whichever home of the ledger it comes from."""

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from monitor.ledger.entries import Outgoing, PatientKey, QuarantineRow
from monitor.ledger.refusals import delivery_key
from monitor.settings import DLQ_SUFFIX, NOTICES_TOPIC

NOTICE = "notice"
DEAD_LETTER = "dead_letter"


def notice_outgoing(
    notice_id: str, patient: PatientKey, headers: Sequence[tuple[str, bytes | None]], value: bytes
) -> Outgoing:
    """A notice on its way: keyed by its patient (contract 3)."""
    key = f"{patient.study_id}/{patient.patient_id}".encode()
    return Outgoing(NOTICE, (notice_id,), key, NOTICES_TOPIC, key, headers, value)


def dead_letter_outgoing(row: QuarantineRow) -> Outgoing:
    """A dead letter on its way: original key, value and headers untouched, then why and whence.

    Its topic is a full name already. The reasons are fixed sentences, so they hold no value. All
    is told from the row, so that every sending has the same bytes; `dlq.attempts` counts the first
    delivery and each redrive.
    """
    why = {
        "dlq.reason": row.reason,
        "dlq.field": row.field,
        "dlq.message": row.message,
        "dlq.stage": row.stage,
        "dlq.original-topic": row.topic,
        "dlq.original-partition": str(row.partition),
        "dlq.original-offset": str(row.offset),
        "dlq.failed-at": row.received_at.isoformat(),
        "dlq.attempts": str(row.redrive_count + 1),
        "dlq.redrive-count": str(row.redrive_count),
    }
    where_known = {
        "dlq.original-timestamp": row.original_timestamp,
        "dlq.consumer-group": row.consumer_group,
        "dlq.app-version": row.app_version,
        "dlq.error-class": row.error_class,
    }
    why |= {name: str(known) for name, known in where_known.items() if known is not None}
    added = tuple((name, None if text is None else text.encode()) for name, text in why.items())
    key = delivery_key(row)
    return Outgoing(
        DEAD_LETTER,
        key,
        str(key).encode(),
        row.topic + DLQ_SUFFIX,
        row.message_key,
        (*row.headers, *added),
        row.value,
    )


def dead_letters_limit(limit: int) -> int:
    """How many dead letters may share a portion of `limit`: at most half, so notices never wait."""
    return max(1, limit // 2)


def interleaved(notices: Iterable[Outgoing], dead_letters: Iterable[Outgoing]) -> list[Outgoing]:
    """Both by turns, each in its own order."""
    turns = chain.from_iterable(zip_longest(notices, dead_letters))
    return [outgoing for outgoing in turns if outgoing is not None]
