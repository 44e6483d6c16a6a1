"""What can go wrong with a ledger's rows, one thing at a time, all of it to P-1."""

import json
from collections.abc import Callable
from dataclasses import replace

from monitor.ledger.archive import Archive, Said
from monitor.ledger.entries import NoticeRow
from monitor.wire.notices import encode_binary
from tests.intake.desk import NOON, P1
from tests.reconciliation.story import damage_event, rewrite, wipe


async def state_edited(ledger: Archive) -> None:
    held = await ledger.state(P1)
    assert held is not None
    await rewrite(ledger, document=held.document.replace('"60"', '"61"'))


async def state_damaged(ledger: Archive) -> None:
    await rewrite(ledger, document="{}x")


async def due_day_edited(ledger: Archive) -> None:
    held = await ledger.state(P1)
    assert held is not None
    assert held.next_due_on is not None or held.incomplete
    await rewrite(ledger, next_due_on=NOON.date())


async def mark_lost(ledger: Archive) -> None:
    held = await ledger.state(P1)
    assert held is not None
    refused = json.loads(held.document)["refused"]
    spelt = json.dumps(refused, separators=(",", ":"), ensure_ascii=False)
    document = held.document.replace(f'"refused":{spelt}', '"refused":[]')
    assert document != held.document
    await rewrite(ledger, document=document, incomplete=False)


async def rules_edited(ledger: Archive) -> None:
    await rewrite(ledger, ruleset_hash="0" * 64)


async def state_lost(ledger: Archive) -> None:
    await wipe(ledger, "patient_state")


async def notice_lost(ledger: Archive) -> None:
    await rewrite(ledger, said=(await ledger.said(P1))[:-1])


async def notice_invented(ledger: Archive) -> None:
    said = await ledger.said(P1)
    last = said[-1].row
    more = replace(last, notice_id="00000000-0000-5000-8000-000000000000", sequence=len(said) + 1)
    await rewrite(ledger, said=[*said, Said(more)])


async def notice_with_other_bytes(ledger: Archive) -> None:
    await change_notice(ledger, lambda row: replace(row, value=row.value + b" "))


async def notice_with_another_header(ledger: Archive) -> None:
    await change_notice(ledger, lambda row: replace(row, headers=[*row.headers[:-1], ("x", b"")]))


async def notice_of_another_day(ledger: Archive) -> None:
    await change_notice(ledger, lambda row: spelt_anew(row, effective_on="2025-01-09"))


async def notice_in_other_words(ledger: Archive) -> None:
    await change_notice(ledger, lambda row: spelt_anew(row, explanation="As it once said."))


async def change_notice(ledger: Archive, change: Callable[[NoticeRow], NoticeRow]) -> None:
    said = await ledger.said(P1)
    said[1] = replace(said[1], row=change(said[1].row))
    await rewrite(ledger, said=said)


def spelt_anew(row: NoticeRow, **fields: str) -> NoticeRow:
    """A notice whose bytes are those of its document, with other fields in it."""
    document = json.loads(row.document) | fields
    headers, value = encode_binary(document, deployment="test", cause_id=row.cause_id)
    return replace(row, document=json.dumps(document), headers=headers, value=value)


async def first_event_lost(ledger: Archive) -> None:
    await damage_event(ledger, 1, None)


async def last_event_lost(ledger: Archive) -> None:
    await damage_event(ledger, (await ledger.accepted(P1))[-1].arrival, None)


async def event_altered(ledger: Archive) -> None:
    row = (await ledger.accepted(P1))[5]
    await damage_event(ledger, row.arrival, (row.value or b"").replace(b'"60"', b'"21"'))


async def event_unreadable(ledger: Archive) -> None:
    await damage_event(ledger, 2, b"\xff")
