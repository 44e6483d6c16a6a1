"""How far each partition's ledger moves with a batch, and whether it lost records before."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence

from monitor.ledger.entries import Counts, OffsetAdvance, TopicPartition
from monitor.ledger.port import LedgerBehind
from monitor.recording import Receipt
from monitor.wire.delivery import Delivery


def advances(
    receipts: Sequence[Receipt], loaded: Mapping[TopicPartition, int]
) -> list[OffsetAdvance]:
    """How far each partition's ledger moves, with the outcomes of the new offsets."""
    outcomes: dict[TopicPartition, Counter[str]] = {}
    last: dict[TopicPartition, int] = {}
    for receipt in receipts:
        place = TopicPartition(receipt.delivery.topic, receipt.delivery.partition)
        if receipt.delivery.offset > last.get(place, loaded.get(place, -1)):
            last[place] = receipt.delivery.offset
            outcomes.setdefault(place, Counter())[receipt.outcome] += 1
    return [
        OffsetAdvance(place, loaded.get(place), offset, Counts(**outcomes[place]))
        for place, offset in sorted(last.items())
    ]


def up_to(
    ends: Mapping[TopicPartition, int], loaded: Mapping[TopicPartition, int]
) -> list[OffsetAdvance]:
    """How each partition's ledger moves to the record before its end; no outcome is counted."""
    return [
        OffsetAdvance(place, loaded.get(place), end - 1, Counts())
        for place, end in sorted(ends.items())
        if loaded.get(place, -1) < end - 1
    ]


def refuse_gaps(
    deliveries: Sequence[Delivery],
    loaded: Mapping[TopicPartition, int],
    gaps_allowed: Container[str],
    firsts: Mapping[TopicPartition, int],
) -> None:
    """Raise LedgerBehind for an offset beyond the last recorded one plus one: records were lost.

    `gaps_allowed` holds the full names of topics whose offsets may have gaps; `firsts` the first
    offset that each partition held when the worker started: of a partition that the ledger does
    not know yet nothing can have come before.
    """
    last = {place: first - 1 for place, first in firsts.items()} | dict(loaded)
    for delivery in deliveries:
        place = TopicPartition(delivery.topic, delivery.partition)
        known = last.get(place, delivery.offset)
        if delivery.offset > known + 1 and delivery.topic not in gaps_allowed:
            raise LedgerBehind(
                f"{delivery.topic}[{delivery.partition}]: offset {delivery.offset} came, "
                f"the ledger's last is {known}: the database is older than the topic's "
                "committed offsets, or the topic has gaps"
            )
        last[place] = max(delivery.offset, known)
