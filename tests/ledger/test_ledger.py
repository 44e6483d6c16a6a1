"""One transaction: what every home of the ledger records, refuses and remembers."""

import datetime
from dataclasses import replace
from typing import Any

import pytest

from monitor.ledger.entries import Changes, Counts, PatientKey, TopicPartition
from monitor.ledger.port import Conflict, Ledger, RefusedRow
from tests.ledger.samples import (
    ANNA,
    BORIS,
    GROUP,
    PARTITION,
    TOPIC,
    accepted,
    advance,
    changes,
    event_key,
    notice,
    record_key,
    refused,
    standing,
    state,
)

FIRST = changes(
    offsets=[advance(None, 4, applied=2, stale=1, duplicate=1, rejected=1)],
    accepted=[accepted("e1"), accepted("e2", arrival=2, outcome="stale", content_hash=b"2" * 32)],
    records={record_key("r1"): (None, standing())},
    states={ANNA: (None, state())},
    notices=[notice("n1")],
    quarantined=[refused(3)],
)


async def everything(ledger: Ledger) -> tuple[Any, ...]:
    loaded = await ledger.load(
        GROUP,
        [event_key("e1"), event_key("e2"), event_key("e3")],
        [record_key("r1"), record_key("r2")],
        [ANNA, BORIS],
        [PARTITION, TopicPartition(TOPIC, 1)],
    )
    return (
        loaded,
        await ledger.offsets(GROUP),
        await ledger.accepted(ANNA),
        await ledger.accepted(BORIS),
        await ledger.notices(None),
        await ledger.quarantined(),
        await ledger.unsent(100),
        await ledger.patients(),
    )


async def test_an_empty_ledger_holds_nothing(ledger: Ledger) -> None:
    loaded = await ledger.load(GROUP, [event_key("e1")], [record_key("r1")], [ANNA], [PARTITION])
    assert (loaded.events, loaded.records, loaded.states, loaded.offsets) == ({}, {}, {}, {})
    nothing = await ledger.load(GROUP, [], [], [], [])
    assert nothing == loaded
    assert await ledger.state(ANNA) is None
    assert await ledger.unsent_since() is None
    await ledger.record(changes())


async def test_what_was_recorded_is_loaded(ledger: Ledger) -> None:
    await ledger.record(FIRST)
    wanted = [event_key("e2"), event_key("e1"), event_key("e1"), event_key("e9")]
    loaded = await ledger.load(GROUP, wanted, [record_key("r1")], [], [PARTITION])
    assert loaded.events == {event_key("e1"): b"#" * 32, event_key("e2"): b"2" * 32}
    assert loaded.records == {record_key("r1"): standing(revision=1)}
    assert loaded.states == {ANNA: state()}  # the record's present patient
    assert loaded.offsets == {PARTITION: 4}
    assert await ledger.offsets(GROUP) == {PARTITION: (4, Counts(2, 1, 1, 1))}
    assert await ledger.offsets("another group") == {}
    assert await ledger.accepted(ANNA) == list(FIRST.accepted)
    assert await ledger.quarantined() == [refused(3)]
    assert await ledger.state(ANNA) == state()
    assert await ledger.patients() == [ANNA]


async def test_rows_move_on_from_what_was_loaded(ledger: Ledger) -> None:
    await ledger.record(FIRST)
    loaded = await ledger.load(GROUP, [], [record_key("r1")], [ANNA], [PARTITION])
    was_record, was_state = loaded.records[record_key("r1")], loaded.states[ANNA]
    now_record = replace(
        was_record, patient=BORIS, standing_version=12, versions={12: "cd", 9: "ab"}, settled=False,
        refused_version=7,
    )  # fmt: skip
    now_state = state(2, document="{}", next_due_on=None, ruleset_hash="1" * 64, incomplete=True)
    await ledger.record(
        changes(
            offsets=[advance(4, 9, applied=3, duplicate=2)],
            records={record_key("r1"): (was_record, now_record)},
            states={ANNA: (was_state, now_state), BORIS: (None, state(1))},
        )
    )
    loaded = await ledger.load(GROUP, [], [record_key("r1")], [ANNA], [])
    assert loaded.records == {record_key("r1"): replace(now_record, revision=2)}
    assert loaded.states == {ANNA: replace(now_state, revision=2), BORIS: state(1)}
    assert await ledger.offsets(GROUP) == {PARTITION: (9, Counts(5, 3, 1, 1))}


CONFLICTS = {
    "an event that is there": changes(accepted=[accepted("e3"), accepted("e1", arrival=9)]),
    "an event twice in one batch": changes(accepted=[accepted("e3"), accepted("e3")]),
    "a new state that is there": changes(states={ANNA: (None, state(2))}),
    "a state that moved": changes(states={ANNA: (state(3), state(4)), BORIS: (None, state())}),
    "a state that was marked": changes(states={ANNA: (state(revision=2), state(2))}),
    "a state that is not there": changes(states={BORIS: (state(), state(2))}),
    "a new record that is there": changes(records={record_key("r1"): (None, standing())}),
    "a record that moved": changes(records={record_key("r1"): (standing(revision=4), standing())}),
    "a record that is not there": changes(records={record_key("r2"): (standing(), standing())}),
    "a new offset that is there": changes(offsets=[advance(None, 5)]),
    "an offset that moved": changes(offsets=[advance(3, 5)]),
    "a notice that is there": changes(notices=[notice("n1", sequence=2)]),
    "a notice's sequence that is there": changes(notices=[notice("n2", sequence=1)]),
    "another delivery at a quarantined place": changes(quarantined=[refused(3, value=b"other")]),
}


async def test_a_mark_of_another_writer_is_not_overwritten(ledger: Ledger) -> None:
    """Neither the number of facts nor `incomplete` moves with a second mark."""
    marked = state(1, document="one mark", incomplete=True, revision=40)
    await ledger.record(changes(states={ANNA: (None, marked)}))
    loaded = (await ledger.load(GROUP, [], [], [ANNA], [])).states[ANNA]
    assert loaded == replace(marked, revision=1)  # the ledger's own count, not the caller's
    both = replace(loaded, document="two marks")
    await ledger.record(changes(states={ANNA: (loaded, both)}))
    for late in (replace(loaded, document="another mark"), replace(loaded, version=2)):
        with pytest.raises(Conflict):
            await ledger.record(changes(states={ANNA: (loaded, late)}))
    assert await ledger.state(ANNA) == replace(both, revision=2)


@pytest.mark.parametrize("second", CONFLICTS.values(), ids=CONFLICTS.keys())
async def test_a_conflict_leaves_nothing_behind(ledger: Ledger, second: Changes) -> None:
    await ledger.record(FIRST)
    before = await everything(ledger)
    with pytest.raises(Conflict) as raised:
        await ledger.record(second)
    assert await everything(ledger) == before
    assert "P-00" not in str(raised.value)
    with pytest.raises(Conflict):  # not even the parts that would have been right
        await ledger.record(
            replace(
                second,
                offsets=second.offsets or [advance(4, 9)],
                accepted=second.accepted or [accepted("e3")],
                notices=second.notices or [notice("n3", sequence=2)],
                quarantined=second.quarantined or [refused(8)],
                states=second.states or {BORIS: (None, state())},
                records=second.records or {record_key("r2"): (None, standing())},
            )
        )
    assert await everything(ledger) == before


BAD = {"zero": "P\x00", "lone surrogate": "P\ud800"}
REFUSALS = {
    "patient": lambda bad: changes(states={PatientKey("S", bad): (None, state())}),
    "document": lambda bad: changes(states={ANNA: (None, state(document=bad))}),
    "ruleset": lambda bad: changes(states={ANNA: (None, state(ruleset_hash=bad))}),
    "record": lambda bad: changes(records={record_key(bad): (None, standing())}),
    "event": lambda bad: changes(accepted=[accepted(bad)]),
    "record of an event": lambda bad: changes(accepted=[accepted("e1", record_id=bad)]),
    "notice": lambda bad: changes(notices=[notice("n1", document=bad)]),
    "quarantine": lambda bad: changes(quarantined=[refused(3, message=bad)]),
    "quarantine's source": lambda bad: changes(quarantined=[refused(3, source=bad)]),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("place", REFUSALS.values(), ids=REFUSALS.keys())
async def test_text_that_cannot_be_kept_is_refused(ledger: Ledger, place: Any, bad: str) -> None:
    parts = place(bad)
    before = await everything(ledger)
    with pytest.raises(RefusedRow) as raised:
        await ledger.record(replace(parts, offsets=[advance(None, 3, rejected=1)]))
    assert await everything(ledger) == before
    assert bad not in str(raised.value)
    assert raised.value.__cause__ is None


async def test_a_number_beyond_64_bits_is_refused(ledger: Ledger) -> None:
    with pytest.raises(RefusedRow):
        await ledger.record(changes(accepted=[accepted("e1", record_version=2**63)]))
    await ledger.record(changes(accepted=[accepted("e1", record_version=2**63 - 1)]))
    assert (await ledger.accepted(ANNA))[0].record_version == 2**63 - 1


async def test_any_bytes_and_headers_come_back(ledger: Ledger) -> None:
    odd = accepted("e1", value=None, message_key=None, headers=(), clinical_day=None)
    names = accepted("e2", arrival=2, headers=(("n\x00\ud800ü", b"\x00"), ("", None)))
    await ledger.record(changes(accepted=[odd, names]))
    assert await ledger.accepted(ANNA) == [odd, names]
    poison = refused(1, value=None, message_key=None, headers=(), item=2, field="a.b", source="s",
                     event_id="e", patient=ANNA)  # fmt: skip
    await ledger.record(changes(quarantined=[poison]))
    assert await ledger.quarantined() == [poison]


async def test_a_refused_delivery_that_comes_again_is_kept_once(ledger: Ledger) -> None:
    await ledger.record(changes(offsets=[advance(None, 3, rejected=1)], quarantined=[refused(3)]))
    later = refused(3, received_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    again = changes(
        offsets=[advance(3, 4, rejected=2)], quarantined=[refused(4), later, refused(4)]
    )
    await ledger.record(again)
    assert await ledger.quarantined() == [refused(3, attempts=2), refused(4)]
    assert await ledger.offsets(GROUP) == {PARTITION: (4, Counts(rejected=3))}


async def test_an_event_that_moved_a_record_belongs_to_both_patients(ledger: Ledger) -> None:
    await ledger.record(changes(accepted=[accepted("a1", ANNA, 1), accepted("b1", BORIS, 1)]))
    moved = accepted("b2", BORIS, 2, moved_from=ANNA, moved_arrival=2)
    await ledger.record(changes(accepted=[accepted("a3", ANNA, 3), moved]))
    assert [row.key.event_id for row in await ledger.accepted(ANNA)] == ["a1", "b2", "a3"]
    assert [row.key.event_id for row in await ledger.accepted(BORIS)] == ["b1", "b2"]
    assert (await ledger.accepted(BORIS))[1] == moved


async def test_events_of_one_arrival_keep_the_order_of_their_recording(ledger: Ledger) -> None:
    batch = [accepted(name, arrival=1) for name in ("z", "a", "m")]
    await ledger.record(changes(accepted=batch))
    assert await ledger.accepted(ANNA) == batch


async def test_a_large_batch_is_one_transaction(ledger: Ledger) -> None:
    names = [f"e{number:04}" for number in range(1200)]
    patients = {name: PatientKey("S", name) for name in names}
    await ledger.record(
        changes(
            offsets=[advance(None, 1199, applied=1200)],
            accepted=[accepted(name, patients[name]) for name in names],
            records={record_key(name): (None, standing(patients[name])) for name in names},
            states={patient: (None, state()) for patient in patients.values()},
        )
    )
    loaded = await ledger.load(
        GROUP, list(map(event_key, names)), list(map(record_key, names)), [], []
    )
    assert (len(loaded.events), len(loaded.records), len(loaded.states)) == (1200, 1200, 1200)
    now = state(2, document="x" * 9000)
    moved = {patient: (row, now) for patient, row in loaded.states.items()}
    await ledger.record(changes(states=moved))
    assert await ledger.state(patients["e0700"]) == replace(now, revision=2)
