"""Outbox and leases in every home of the ledger: in sequence, byte for byte, never blocked."""

import asyncio
import datetime
from dataclasses import replace

from monitor.ledger.entries import Outgoing, Sent
from monitor.ledger.port import Ledger
from tests.ledger.samples import (
    ANNA,
    BORIS,
    HEADERS,
    MOMENT,
    TOPIC,
    changes,
    notice,
    refused,
)

LATER = MOMENT + datetime.timedelta(minutes=1)


def ids(outgoing: list[Outgoing], kind: str = "notice") -> list[str | int]:
    return [one.row_key[0 if kind == "notice" else 2] for one in outgoing if one.kind == kind]


async def test_a_notice_goes_out_with_the_bytes_that_were_recorded(ledger: Ledger) -> None:
    await ledger.record(changes(notices=[notice("n1", value=b"\x00\xff")]))
    (one,) = await ledger.unsent(10)
    key = b"NCT06778382/P-001"
    assert (one.kind, one.topic, one.key, one.order_key) == ("notice", "monitor.notices", key, key)
    assert (tuple(one.headers), one.value) == ((("ce_id", b"n1"),), b"\x00\xff")


async def test_a_dead_letter_is_the_delivery_and_why_it_was_refused(ledger: Ledger) -> None:
    known = {"original_timestamp": 1_746_102_615_123, "consumer_group": "ctdna-monitor"}
    own = refused(7, field="data.value", app_version="1.0", error_class="KeyError", **known)
    await ledger.record(changes(quarantined=[replace(own, redrive_count=2, attempts=9)]))
    await ledger.record(changes(quarantined=[refused(8, value=None, message_key=None)]))
    first, second = await ledger.unsent(10)
    assert (first.kind, first.topic) == ("dead_letter", f"{TOPIC}.dlq")
    assert (first.key, first.value) == (b"\xff", b"\x00 not JSON")
    assert tuple(first.headers[: len(HEADERS)]) == HEADERS
    assert dict(first.headers[len(HEADERS) :]) == {
        "dlq.reason": b"undecodable",
        "dlq.field": b"data.value",
        "dlq.message": b"is not JSON",
        "dlq.stage": b"decode",
        "dlq.original-topic": TOPIC.encode(),
        "dlq.original-partition": b"0",
        "dlq.original-offset": b"7",
        "dlq.failed-at": b"2025-05-01T12:30:15.123456+00:00",
        "dlq.attempts": b"3",
        "dlq.redrive-count": b"2",
        "dlq.original-timestamp": b"1746102615123",
        "dlq.consumer-group": b"ctdna-monitor",
        "dlq.app-version": b"1.0",
        "dlq.error-class": b"KeyError",
    }
    assert "dlq.error-class" not in dict(second.headers)
    assert (second.key, second.value, dict(second.headers)["dlq.field"]) == (None, None, None)
    assert first.order_key != second.order_key


async def test_notices_come_per_patient_in_sequence_without_a_hole(ledger: Ledger) -> None:
    await ledger.record(changes(notices=[notice("z1", ANNA, 1), notice("b1", BORIS, 1)]))
    await ledger.record(changes(notices=[notice("a2", ANNA, 2), notice("c3", ANNA, 3)]))
    assert ids(await ledger.unsent(3)) == ["z1", "b1", "a2"]
    sent_of_boris = [one for one in await ledger.unsent(10) if one.row_key == ("b1",)]
    await ledger.mark_sent([Sent(sent_of_boris[0], 2, 40)], LATER)
    assert ids(await ledger.unsent(10)) == ["z1", "a2", "c3"]


async def test_neither_kind_blocks_the_other(ledger: Ledger) -> None:
    letters = [refused(offset) for offset in range(20)]
    notices = [notice(f"n{number:02}", sequence=number) for number in range(1, 21)]
    await ledger.record(changes(quarantined=letters, notices=notices))
    some = await ledger.unsent(10)
    assert [one.kind for one in some] == ["notice", "dead_letter"] * 5
    assert ids(some) == ["n01", "n02", "n03", "n04", "n05"]
    assert ids(some, "dead_letter") == [0, 1, 2, 3, 4]
    everything = await ledger.unsent(100)
    await ledger.mark_sent([Sent(one, 0, 0) for one in everything if one.kind == "notice"], LATER)
    assert ids(await ledger.unsent(10), "dead_letter") == [0, 1, 2, 3, 4]
    await ledger.mark_sent([Sent(one, 0, 0) for one in everything], LATER)
    assert await ledger.unsent(10) == []


async def test_marking_again_changes_nothing(ledger: Ledger) -> None:
    await ledger.record(changes(notices=[notice("n1"), notice("n2", sequence=2)]))
    await ledger.record(changes(quarantined=[refused(1)]))
    sent = [Sent(one, 3, 77) for one in await ledger.unsent(10) if one.row_key != ("n2",)]
    assert await ledger.unsent_since() == MOMENT
    await ledger.mark_sent(sent, LATER)
    await ledger.mark_sent(sent, LATER + datetime.timedelta(days=1))
    await ledger.mark_sent([], LATER)
    assert await ledger.notices(ANNA) == [
        ('{"notice_id":"n1"}', LATER),
        ('{"notice_id":"n2"}', None),
    ]
    assert ids(await ledger.unsent(10)) == ["n2"]


async def test_the_oldest_unsent_notice_tells_how_far_the_relay_is_behind(ledger: Ledger) -> None:
    await ledger.record(changes(notices=[notice("n1"), notice("n2", BORIS, detected_at=LATER)]))
    first, _ = await ledger.unsent(10)
    await ledger.mark_sent([Sent(first, 0, 0)], LATER)
    assert await ledger.unsent_since() == LATER


async def test_notices_are_told_in_the_order_of_their_recording(ledger: Ledger) -> None:
    await ledger.record(changes(notices=[notice("z", ANNA, 1)]))
    await ledger.record(changes(notices=[notice("a", BORIS, 1), notice("b", ANNA, 2)]))
    told = [document for document, _ in await ledger.notices(None)]
    assert told == ['{"notice_id":"z"}', '{"notice_id":"a"}', '{"notice_id":"b"}']
    assert [document for document, _ in await ledger.notices(BORIS)] == ['{"notice_id":"a"}']


async def test_a_lease_has_one_holder_until_it_ends(ledger: Ledger) -> None:
    assert await ledger.acquire_lease("relay", "one", 30)
    assert await ledger.acquire_lease("relay", "one", 30)
    assert not await ledger.acquire_lease("relay", "two", 30)
    assert await ledger.acquire_lease("ticker", "two", 30)
    await ledger.release_lease("relay", "two")
    assert not await ledger.acquire_lease("relay", "two", 30)
    await ledger.release_lease("relay", "one")
    assert await ledger.acquire_lease("relay", "two", 0.05)
    await asyncio.sleep(0.2)
    assert await ledger.acquire_lease("relay", "one", 30)
    assert not await ledger.acquire_lease("relay", "two", 30)
