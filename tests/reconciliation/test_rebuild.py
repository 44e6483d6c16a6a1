"""A rebuild gives the same rows, sends nothing, and takes nothing back that people were told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from monitor.exits import StartRefusedError
from monitor.ledger.activations import chained
from monitor.ledger.archive import Archive
from monitor.ledger.port import Conflict, Ledger
from monitor.notified import Notified
from monitor.rebuilding import (
    Left,
    Rebuilt,
    rebuild_patient,
)
from tests.clinical.facts import died, enrolled
from tests.intake.desk import NOON, P1, P2, memory
from tests.reconciliation import damage
from tests.reconciliation.story import (
    archive,
    check,
    publish,
    reconciler,
    rewrite,
    rows,
    told_desk,
    topic,
    wipe,
)


async def rebuild(
    ledger: Archive, notified: Notified | None = None, *, only_check: bool = False
) -> Rebuilt:
    one, found = reconciler(ledger), Rebuilt()
    for patient in await ledger.everybody():
        what = await rebuild_patient(ledger, one, patient, notified, check=only_check)
        found.add(patient, what)
    return found


async def test_lost_tables_come_back_byte_for_byte_and_nothing_is_sent(ledger: Ledger) -> None:
    await told_desk(ledger)
    home = archive(ledger)
    sent = await publish(home)
    before = await rows(home)
    await wipe(home, "patient_state", "notice")
    found = await rebuild(home, topic(sent))
    assert (found.patients, found.states, found.held, found.left) == (2, 2, 0, {})
    assert found.notices == len(sent)
    after = await rows(home)
    assert {one: state for one, (state, _) in after.items()} == {
        one: state for one, (state, _) in before.items()
    }
    for patient, (_, said) in before.items():
        again = after[patient][1]
        assert [one.row for one in again] == [one.row for one in said]
        assert all(one.published is not None and one.published.at == NOON for one in again)
    assert await home.unsent(100) == []
    assert await rebuild(home) == Rebuilt(patients=2)


async def test_a_check_says_the_same_and_writes_nothing(ledger: Ledger) -> None:
    await told_desk(ledger)
    home = archive(ledger)
    await wipe(home, "patient_state")
    before = await rows(home)
    found = await rebuild(home, only_check=True)
    assert (found.changed, found.states, found.notices) == (2, 2, 0)
    assert await rows(home) == before


@pytest.mark.parametrize(
    "plant",
    [
        damage.state_edited,
        damage.state_damaged,
        damage.due_day_edited,
        damage.mark_lost,
        damage.rules_edited,
        damage.state_lost,
        damage.notice_with_other_bytes,
        damage.notice_with_another_header,
    ],
)
async def test_what_was_damaged_is_as_before_with_when_it_was_published(
    ledger: Ledger, plant: Callable[[Archive], Awaitable[None]]
) -> None:
    await told_desk(ledger)
    home = archive(ledger)
    await publish(home)
    before = await rows(home)
    await plant(home)
    assert await rows(home) != before
    await rebuild(home)
    assert await rows(home) == before


async def test_a_lost_notice_is_told_where_the_topic_holds_it_and_waits_where_not(
    ledger: Ledger,
) -> None:
    desk = await told_desk(ledger)
    home = archive(ledger)
    sent = await publish(home)
    said = await home.said(P1)
    ids = [one.row.notice_id for one in said]
    await rewrite(home, said=[*said[:3], *said[5:]])
    kept = [one for one in sent if one.row_key[0] != ids[4]]
    found = await rebuild(home, topic(kept))
    assert (found.changed, found.notices, found.held) == (1, 2, 1)
    again = await home.said(P1)
    assert [one.row for one in again] == [one.row for one in said]
    assert [one.row.notice_id for one in again if one.held] == [ids[4]]
    assert [one.published is None for one in again].count(True) == 1
    assert [row.notice_id for row in await home.held()] == [ids[4]]

    await desk.give(died(170), died(171).but(patient_id="P-2", record_id="died.2"))
    waiting = await home.unsent(100)
    assert {one.key for one in waiting} == {b"S-1/P-2"}, "later notices of the patient wait too"
    assert await home.unsent_since() == NOON
    entry = chained(await home.last_audit(), NOON, "Dr A", "rebuild.released", "notices", "ok", {})
    await home.release([ids[4]], entry)
    assert await home.held() == []
    order = [one.row_key[0] for one in await home.unsent(100) if one.key == b"S-1/P-1"]
    assert order[0] == ids[4]
    assert len(order) > 1
    with pytest.raises(Conflict):
        await home.release([ids[4]], chained(await home.last_audit(), NOON, "", "", "", "", {}))
    assert [one.action for one in await home.audit()].count("rebuild.released") == 1


async def test_many_that_wait_hold_nobody_else_back(ledger: Ledger) -> None:
    desk = await told_desk(ledger)
    home = archive(ledger)
    await publish(home)
    await wipe(home, "notice")
    assert (await rebuild(home)).held > 20
    assert await home.unsent(100) == []
    more = died(170).but(patient_id="P-3", record_id="died.3")
    await desk.give(enrolled(1, "enrol.3").but(patient_id="P-3"), more)
    assert {one.key for one in await home.unsent(2)} == {b"S-1/P-3"}


async def test_an_invented_notice_goes_unless_people_were_told_it() -> None:
    home = archive((await told_desk(memory())).ledger)
    await publish(home)
    before = await rows(home)
    await damage.notice_invented(home)
    found = await rebuild(home)
    assert found.removed == 1
    assert await rows(home) == before
    await damage.notice_invented(home)
    await publish(home)
    told = await rows(home)
    found = await rebuild(home)
    assert found.left == {Left.PUBLISHED: 1}
    assert await rows(home) == told


@pytest.mark.parametrize(
    "plant", [damage.first_event_lost, damage.last_event_lost, damage.event_altered]
)
async def test_nobody_is_guessed(plant: Callable[[Archive], Awaitable[None]]) -> None:
    home = archive((await told_desk(memory())).ledger)
    await plant(home)
    before = await rows(home)
    found = await rebuild(home)
    assert found.left == {Left.EVENTS: 1}
    assert found.names == {Left.EVENTS: [P1]}
    assert await rows(home) == before


async def test_the_same_in_other_words_stays_as_people_read_it() -> None:
    home = archive((await told_desk(memory())).ledger)
    await damage.notice_in_other_words(home)
    before = await rows(home)
    assert (await rebuild(home)).changed == 0
    assert await rows(home) == before


async def test_somebody_who_writes_meanwhile_ends_it() -> None:
    home = archive((await told_desk(memory())).ledger)

    class Overtaken:
        def __getattr__(self, name: str) -> Any:
            return getattr(home, name)

        async def restore(self, *given: Any) -> None:
            held = await home.state(P1)
            assert held is not None
            await home.restore(P1, held, held, await home.said(P1))
            await home.restore(*given)

    await rewrite(home, next_due_on=NOON.date())
    with pytest.raises(StartRefusedError, match="goes on writing"):
        await rebuild(cast("Archive", Overtaken()))


async def test_what_was_published_nowhere_stays_nowhere(ledger: Ledger) -> None:
    await told_desk(ledger)
    home = archive(ledger)
    await publish(home)
    said = await home.said(P2)
    assert said[0].published is not None
    nowhere = replace(said[0], published=replace(said[0].published, partition=-1, offset=-1))
    await rewrite(home, P2, said=[nowhere, *said[1:]], next_due_on=None)
    await rebuild(home)
    assert (await home.said(P2))[0] == nowhere
    assert "topic_missing" not in await check(home, P2, Notified({0: (500, 1000)}))
