"""What people read stays: a rebuild neither rewrites it nor gives its number away."""

from dataclasses import replace

import pytest

from monitor.ledger.archive import Archive, Said
from monitor.ledger.entries import Outgoing
from monitor.notified import Notified
from monitor.rebuilding import Left, Rebuilt, rebuild_patient, without_state
from tests.intake.desk import P1, memory
from tests.reconciliation import damage
from tests.reconciliation.story import (
    archive,
    publish,
    reconciler,
    rewrite,
    rows,
    told_desk,
    topic,
    wipe,
)

LEFT = {Left.PUBLISHED: 1}


@pytest.fixture
async def home() -> Archive:
    return archive((await told_desk(memory())).ledger)


async def rebuild(ledger: Archive, notified: Notified | None = None) -> Rebuilt:
    found = Rebuilt()
    what = await rebuild_patient(ledger, reconciler(ledger), P1, notified, check=False)
    found.add(P1, what)
    return found


def sent_as(sent: list[Outgoing], said: Said) -> list[Outgoing]:
    """What was sent, with one notice as this row has it."""
    row = said.row
    return [
        replace(one, headers=row.headers, value=row.value) if one.row_key[0] == row.notice_id
        else one
        for one in sent
    ]  # fmt: skip


async def test_a_published_notice_is_not_rewritten(home: Archive) -> None:
    """As when the program decides by other code now than when it told people."""
    sent = await publish(home)
    await damage.notice_of_another_day(home)
    read = sent_as(sent, (await home.said(P1))[1])
    before = await rows(home)
    assert (await rebuild(home, topic(read))).left == LEFT
    assert (await rebuild(home)).left == LEFT, "its bytes are those of its document"
    gone = [one for one in read if one.row_key[0] != (await home.said(P1))[1].row.notice_id]
    assert (await rebuild(home, topic(gone))).left == LEFT, "retention may have taken it"
    await rewrite(home, next_due_on=None)
    assert (await rebuild(home, topic(read))).left == LEFT
    assert {one: said for one, (_, said) in (await rows(home)).items()} == {
        one: said for one, (_, said) in before.items()
    }


async def test_the_topic_says_that_the_row_was_changed_later(home: Archive) -> None:
    sent = await publish(home)
    before = await rows(home)
    await damage.notice_of_another_day(home)
    found = await rebuild(home, topic(sent))
    assert (found.notices, found.held, found.left) == (1, 0, {})
    assert await rows(home) == before


async def test_what_was_never_sent_is_rewritten(home: Archive) -> None:
    before = await rows(home)
    await damage.notice_of_another_day(home)
    assert (await rebuild(home, topic([]))).notices == 1
    assert await rows(home) == before


async def test_a_column_of_a_published_notice_is_mended(home: Archive) -> None:
    await publish(home)
    before = await rows(home)
    await damage.change_notice(home, lambda row: replace(row, severity="none"))
    assert (await rebuild(home)).notices == 1
    assert await rows(home) == before


async def test_a_copy_with_another_content_is_not_this_notice(home: Archive) -> None:
    sent = await publish(home)
    said = await home.said(P1)
    await damage.notice_of_another_day(home)
    read = sent_as(sent, (await home.said(P1))[1])
    await rewrite(home, said=[said[0], *said[2:]])
    before = await rows(home)
    assert (await rebuild(home, topic(read))).left == LEFT
    assert await rows(home) == before


async def test_a_notice_that_was_sent_and_not_marked_keeps_its_number(home: Archive) -> None:
    await publish(home)
    await damage.notice_invented(home)
    (invented,) = (one for one in await home.unsent(10_000) if one.kind == "notice")
    name = str(invented.row_key[0]).encode()
    sent = replace(invented, headers=list((dict(invented.headers) | {"ce_id": name}).items()))
    before = await rows(home)
    assert (await rebuild(home, topic([sent]))).left == LEFT
    assert await rows(home) == before
    assert (await rebuild(home)).removed == 1, "without the topic nobody can know"


async def test_who_is_left_without_a_state_is_counted(home: Archive) -> None:
    await damage.first_event_lost(home)
    found = await rebuild(home)
    assert found.left == {Left.EVENTS: 1}
    assert await without_state(home, found) == 0
    await wipe(home, "patient_state")
    found = await rebuild(home)
    assert found.left == {Left.EVENTS: 1}
    assert await without_state(home, found) == 1
