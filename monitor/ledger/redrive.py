"""How a redrive marks a delivery: which refusal it repeats, and for the how manieth time.

Everything else stays as it was first sent, byte for byte and in its order.
"""

from collections.abc import Iterable

from monitor.ledger.closings import DeliveryKey
from monitor.ledger.entries import QuarantineRow
from monitor.ledger.refusals import Original, delivery_key
from monitor.wire.delivery import Delivery

REDRIVE_OF = "dlq.redrive-of"
REDRIVE_COUNT = "redrivecount"
_OURS = frozenset({REDRIVE_OF, REDRIVE_COUNT})
_KEY_PARTS = 4
_DIGITS_MAX = 18  # an offset is a column of 64 bits
_SMALL_END = 2**31  # partitions and items are columns of 32; what does not fit names nothing

Headers = Iterable[tuple[str, bytes | None]]


def redriven_headers(row: QuarantineRow) -> list[tuple[str, bytes | None]]:
    """The headers of a redrive of this row: those of an earlier one are replaced."""
    sent, _ = as_first_sent(row.headers, row.value)
    named = str(delivery_key(row)).encode()
    count = str(row.redrive_count + 1).encode()
    return [*sent, (REDRIVE_OF, named), (REDRIVE_COUNT, count)]


def redriven_from(delivery: Delivery) -> DeliveryKey | None:
    """The refused delivery that this one says it repeats, on the same topic, or None."""
    named = [value for name, value in delivery.headers if name == REDRIVE_OF]
    if not named:
        return None
    topic, *numbers = (named[-1] or b"").decode(errors="replace").rsplit("/", _KEY_PARTS - 1)
    sound = all(one.isdecimal() and len(one) <= _DIGITS_MAX for one in numbers)
    if topic != delivery.topic or len(numbers) + 1 != _KEY_PARTS or not sound:
        return None
    partition, offset, item = map(int, numbers)
    if max(partition, item) >= _SMALL_END:
        return None
    return DeliveryKey(topic, partition, offset, item)


def as_first_sent(headers: Headers, value: bytes | None) -> Original:
    """Headers and value without what redrives have added: equal for the same delivery again."""
    return tuple(pair for pair in headers if pair[0] not in _OURS), value
