"""A database made from the topics: the same findings stand, and what was told stays told."""

from dataclasses import replace
from typing import Any, cast

import pytest

from monitor.clinical.state import load_state
from monitor.exits import StartRefusedError
from monitor.ledger.entries import TopicPartition
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import Ledger, LedgerBehind
from monitor.rebuilding import refuse_unfinished_rebuild
from monitor.settings import KafkaSettings, Settings
from monitor.wire.delivery import Delivery
from monitor.wiring import WorkerDuties
from tests.clinical.facts import contact, died, enrolled
from tests.intake.desk import GROUP, NOON, P1, P2, TOPICS, Desk, memory
from tests.reconciliation.lost import CLOCK, Before, adopt, adoption, messages, standing, unsent
from tests.reconciliation.story import SINGLE, STORY, archive, check, rewrite, topic


async def test_the_same_findings_stand_and_nothing_is_told_again(
    ledger: Ledger, before: Before
) -> None:
    home, lost = archive(ledger), archive(before.desk.ledger)
    assert await adopt(home, before.by_topic(), before.sent) == []
    assert await standing(home) == await standing(lost)
    assert await unsent(home) == []
    for patient in (P1, P2):
        told = [one.row for one in await lost.said(patient)]
        again = [one.row for one in await home.said(patient)]
        assert [(one.headers, one.value) for one in again] == [
            (tuple(one.headers), one.value) for one in told
        ]
        assert [replace(one, document="") for one in again] == [
            replace(one, document="", headers=tuple(one.headers)) for one in told
        ]
        assert await check(home, patient, topic(before.sent)) == {}
    await refuse_unfinished_rebuild(home)


async def test_what_comes_next_is_told_in_sequence(ledger: Ledger, before: Before) -> None:
    home = archive(ledger)
    await adopt(home, before.by_topic(), before.sent)
    desk = Desk(home, rules=SINGLE, gaps_allowed=frozenset(TOPICS))
    desk.offsets = dict.fromkeys(TOPICS, 1000)
    next_one = replace(died(170), source="https://other.example")
    assert await desk.give(next_one) == ["applied"]
    told = [one.row for one in await home.said(P1)]
    assert [one.sequence for one in told] == list(range(1, len(told) + 1))
    assert await unsent(home) == [
        one.notice_id for one in told if one.cause_id == told[-1].cause_id
    ]
    assert await check(home, P1, topic(before.sent)) == {}


async def test_what_was_not_told_before_waits(ledger: Ledger, before: Before) -> None:
    home = archive(ledger)
    cut = [one for one in before.sent if one.key == b"S-1/P-1"][:-2]
    held = await adopt(home, before.by_topic(), cut)
    assert await standing(home) == await standing(archive(before.desk.ledger))
    assert {one.patient for one in held} == {P1, P2}
    of_first = [one.sequence for one in held if one.patient == P1]
    assert of_first == list(range(len(cut) + 1, len(cut) + 1 + len(of_first)))
    assert await unsent(home) == []
    assert [await check(home, one, topic(cut)) for one in (P1, P2)] == [{}, {}]


async def test_interrupted_it_is_made_again(ledger: Ledger, before: Before) -> None:
    home = archive(ledger)
    making = adoption(home)
    await making.begin("Dr A", "drill")
    await making.take_notices(messages(before.sent[:5]))
    await making.take(before.by_topic()[:10])
    await making.adopt(P1)
    with pytest.raises(StartRefusedError, match="runs"):
        await refuse_unfinished_rebuild(home)
    await home.release_lease("rebuild", "me")
    with pytest.raises(StartRefusedError, match="not finished"):
        await refuse_unfinished_rebuild(home)
    await adopt(home, before.by_topic(), before.sent)
    assert await standing(home) == await standing(archive(before.desk.ledger))
    assert [await check(home, one, topic(before.sent)) for one in (P1, P2)] == [{}, {}]


async def test_only_a_new_database_is_made_so() -> None:
    home = archive(Desk(memory()).ledger)
    await Desk(home).give(enrolled())
    with pytest.raises(StartRefusedError, match="holds patients"):
        await adoption(home).begin("Dr A", "drill")
    assert await home.audit() == []


async def test_notices_of_others_and_of_nobody(before: Before) -> None:
    home = memory()
    making = adoption(home, "another")
    await making.begin("Dr A", "drill")
    await making.take_notices(messages(before.sent))
    assert await home.notices(None) == []
    making = adoption(home)
    broken = [replace(one, value=b"{}") for one in before.sent]
    await making.take_notices(messages(broken))
    assert await home.notices(None) == []
    await making.take_notices(messages(before.sent))
    assert {one.patient for one in await home.held()} == set()
    assert len(await home.notices(None)) == len(before.sent)


async def test_who_has_notices_and_no_records_is_gone_on_with(
    ledger: Ledger, before: Before
) -> None:
    home = archive(ledger)
    making = adoption(home)
    await making.begin("Dr A", "drill")
    await making.take_notices(messages(before.sent))
    told = [one.row.sequence for one in await home.said(P1)]
    adopted = await making.adopt(P1)
    await making.adopt(P2)
    await making.finish("Dr A", "drill", {})
    assert adopted.is_unknown
    assert {one.action for one in adopted.notices} == {"withdrawn"}
    waiting = [row.notice_id for row in await home.held() if row.patient == P1]
    assert waiting == [one.notice_id for one in adopted.notices]
    assert await unsent(home) == []
    assert (
        await Desk(home, rules=SINGLE).give(enrolled(), *STORY[3:6], died(170)) == ["applied"] * 5
    )
    said = [one.row.sequence for one in await home.said(P1)]
    assert said == list(range(1, len(said) + 1))
    assert len(said) > len(told) + len(adopted.notices)
    assert await check(home, P1, topic(before.sent)) == {}


async def test_a_study_without_rules_is_refused_before_its_notices_are_kept(before: Before) -> None:
    home = memory()
    making = adoption(home, rules={})
    await making.begin("Dr A", "drill")
    with pytest.raises(StartRefusedError, match="rules given have none"):
        await making.take_notices(messages(before.sent))
    await home.release_lease("rebuild", "me")
    await adopt(home, before.by_topic(), before.sent)
    assert await standing(home) == await standing(archive(before.desk.ledger))


async def test_a_partition_that_retention_has_emptied_is_no_loss(ledger: Ledger) -> None:
    home = archive(ledger)
    empty, short, new = (TopicPartition("t.clinical.events", number) for number in range(3))
    making = adoption(home)
    await making.begin("Dr A", "drill")
    await making.take([Delivery(short.topic, short.partition, 70, None, (), b"{")])
    await making.keep_ends({empty: 500, short: 72, new: 0})
    await making.finish("Dr A", "drill", {})
    kafka = KafkaSettings(group=GROUP)
    worker = WorkerDuties(home, cast("Any", None), Settings(kafka=kafka), CLOCK, alone=True)
    await worker.check_offsets({empty: 500, short: 72})
    for committed in ({empty: 501}, {new: 1}):
        with pytest.raises(LedgerBehind):
            await worker.check_offsets(committed)


async def test_a_retraction_is_remembered(before: Before) -> None:
    """What was withdrawn for want of support, and when, decides later retractions."""
    home = memory()
    await adopt(home, before.by_topic(), before.sent)
    lost = await before.desk.ledger.state(P1)
    found = await home.state(P1)
    assert lost is not None
    assert found is not None
    told, again = load_state(lost.document).told, load_state(found.document).told
    assert {key: one.withdrawn_on for key, one in again.items()} == {
        key: one.withdrawn_on for key, one in told.items()
    }
    assert any(one.withdrawn_on for one in told.values())
    assert again == told


async def test_two_sayings_under_one_number_keep_the_first(before: Before) -> None:
    home = MemoryLedger(lambda: 0.0)
    twin = before.sent[0]
    headers = [(name, b"9" if name == "ce_id" else text) for name, text in twin.headers]
    await adopt(home, before.by_topic(), [*before.sent, replace(twin, headers=headers)])
    assert await check(home, P1, topic(before.sent)) == {}
    assert [one.held for one in await home.said(P1)].count(True) == 0


async def test_the_audit_still_finds_what_is_planted(before: Before) -> None:
    home = memory()
    await adopt(home, before.by_topic(), before.sent)
    await Desk(home, rules=SINGLE).give(contact(150, record_id="late"))
    assert await check(home) == {}
    said = await home.said(P1)
    await rewrite(home, said=[replace(said[0], row=replace(said[0].row, value=b"{}")), *said[1:]])
    assert await check(home) == {"notice_differs": 1}
    await rewrite(home, said=said, next_due_on=NOON.date())
    assert await check(home) == {"state_differs": 1}
