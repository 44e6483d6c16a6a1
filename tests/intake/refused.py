"""Deliveries that are refused, repaired and redriven, and what is open of them."""

import json
from collections.abc import Sequence
from typing import cast

from monitor.ledger.archive import Archive
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.entries import PatientKey, QuarantineRow
from monitor.ledger.redrive import redriven_headers
from monitor.ledger.refusals import Kept, Wanted
from monitor.wire.delivery import Delivery
from tests.clinical.facts import Given
from tests.intake.desk import Desk, word

RESULTS = "t.ctdna.results"
SPOILT = {"quantity": {"value": 1, "unit": "FURLONGS"}}  # unmapped_code


def spoilt(desk: Desk, given: Given, event_id: str, **changes: object) -> Delivery:
    """The event as somebody sends it who has the unit wrong, or what else is given."""
    wrong = given.but(**(changes or SPOILT))
    return desk.raw(wrong.line(event_id), RESULTS)


async def take(desk: Desk, *deliveries: Delivery) -> list[str]:
    """Hand deliveries in as one batch to a worker that remembers nothing."""
    receipts = await desk.new_intake().receive(deliveries)
    return [word(receipt) for receipt in receipts]


async def kept(desk: Desk, *, open_only: bool = True) -> Sequence[Kept]:
    ledger = cast("Archive", desk.ledger)
    return await ledger.kept(Wanted(open_only=open_only), 0, 1000, whole=True)


async def names_open(desk: Desk, patient: PatientKey) -> int:
    """How many open ones make a patient incomplete."""
    return await cast("Archive", desk.ledger).names_open(patient)


async def ends(desk: Desk) -> dict[int, str]:
    """By offset: what became of each refused delivery; by which one in parentheses."""
    found = {}
    for one in await kept(desk, open_only=False):
        end = one.closing
        found[one.row.offset] = "open" if end is None else end.closed_as.value
        if end is not None and end.by is not None:
            found[one.row.offset] += f" ({end.by.offset})"
    return found


async def row_at(desk: Desk, offset: int) -> QuarantineRow:
    return next(one.row for one in await kept(desk, open_only=False) if one.row.offset == offset)


def redriven(desk: Desk, row: QuarantineRow) -> Delivery:
    """The row's delivery as a redrive sends it."""
    fresh = desk.raw(row.value, row.topic)
    place = DeliveryKey(fresh.topic, fresh.partition, fresh.offset)
    return Delivery(*place[:3], row.message_key, tuple(redriven_headers(row)), row.value)


def line(given: Given, event_id: str, **beside: object) -> bytes:
    """A structured event with more attributes."""
    return json.dumps({**given.event(event_id), **beside}).encode()
