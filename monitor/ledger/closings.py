"""How a refused delivery stops being open: by what or by whom, and when."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class DeliveryKey(NamedTuple):
    """Where something was delivered; `item` counts what one message holds, from 0."""

    topic: str
    partition: int
    offset: int
    item: int = 0

    def __str__(self) -> str:
        """The place as people and the `dlq.redrive-of` header write it."""
        return "/".join(map(str, self))


class ClosedAs(StrEnum):
    """What became of a refused delivery."""

    ACCEPTED = "accepted"  # what it said, or what came in its place, was accepted
    REFUSED_AGAIN = "refused_again"  # it was redriven, and another row is open for it
    PARKED = "parked"  # somebody gave it up


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of an open row of the quarantine.

    `by` is the delivery that closed it; `who` and `why` are those of a person who did. `at` is UTC.
    """

    key: DeliveryKey
    at: datetime.datetime
    closed_as: ClosedAs
    by: DeliveryKey | None = None
    who: str | None = None
    why: str | None = None


CLOSING_COLUMNS = (
    "closed_at", "closed_as", "closed_topic", "closed_partition", "closed_offset", "closed_who",
    "closed_why",
)  # fmt: skip


def closing_values(closing: Closing) -> tuple[Any, ...]:
    """The end of a refused delivery by `CLOSING_COLUMNS`."""
    by = closing.by[:3] if closing.by else (None, None, None)
    return (closing.at, closing.closed_as.value, *by, closing.who, closing.why)


def closing_of(key: DeliveryKey, values: Sequence[Any]) -> Closing | None:
    """The end of a refused delivery from `CLOSING_COLUMNS`; None while it is open."""
    at, closed_as, topic, partition, offset, who, why = values
    if at is None:
        return None
    by = None if topic is None else DeliveryKey(topic, partition, offset)
    return Closing(key, at, ClosedAs(closed_as), by, who, why)
