"""The same calls, right and wrong ones, give the same answers in memory and in a database."""

import random
from dataclasses import replace
from typing import Any

import pytest

from monitor.ledger.entries import (
    Changes,
    EventKey,
    Loaded,
    PatientKey,
    Sent,
    TopicPartition,
)
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import Ledger, LedgerError
from tests.ledger.samples import (
    DAY,
    GROUP,
    MOMENT,
    PARTITION,
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

PATIENTS = [PatientKey("S", f"P-{number}") for number in range(4)]
EVENTS = [event_key(f"e{number}") for number in range(60)]
RECORDS = [record_key(f"r{number}") for number in range(8)]


async def look(ledger: Ledger) -> Loaded:
    other = TopicPartition(PARTITION.topic, 1)
    return await ledger.load(GROUP, EVENTS, RECORDS, PATIENTS, [PARTITION, other])


def invent(chance: random.Random, loaded: Loaded) -> Changes:
    """A transaction that is mostly right, now and then as of a writer who knows too little."""
    forgetful = chance.random() < 0.3
    patient = chance.choice(PATIENTS)
    was = None if forgetful and chance.random() < 0.3 else loaded.states.get(patient)
    version = (was.version if was else 0) + 1
    if forgetful and was is not None:
        was = replace(was, revision=chance.randrange(3))
    record = chance.choice(RECORDS)
    standing_record = loaded.records.get(record)
    if forgetful and standing_record is not None:
        standing_record = replace(standing_record, revision=chance.randrange(3))
    last = loaded.offsets.get(PARTITION)
    key: EventKey = chance.choice(EVENTS)
    day = chance.choice([None, DAY])
    parts: dict[str, Any] = {
        "offsets": [advance(None if chance.random() < 0.05 else last, (last or 0) + 1, applied=1)],
        "accepted": [replace(accepted("x", patient, version), key=key)],
        "states": {patient: (was, state(version, incomplete=forgetful, next_due_on=day))},
        "records": {record: (standing_record, standing(patient, standing_version=version))},
        "notices": [notice(f"{patient.patient_id}/{version}", patient, version)],
        "quarantined": [refused(chance.randrange(9), value=chance.choice([b"1", b"1", b"2"]))],
    }
    if chance.random() < 0.05:
        # Only this is wrong with it: which of two faults is told first is nobody's promise.
        offsets = [advance(last, (last or 0) + 1, rejected=1)]
        return changes(offsets=offsets, quarantined=[refused(1, message="\0")])
    return changes(**{name: part for name, part in parts.items() if chance.random() < 0.7})


async def answer(ledger: Ledger, written: Changes) -> str:
    try:
        await ledger.record(written)
    except LedgerError as error:
        return type(error).__name__
    return "recorded"


async def told(ledger: Ledger) -> tuple[Any, ...]:
    return (
        await look(ledger),
        await ledger.offsets(GROUP),
        [await ledger.accepted(patient) for patient in PATIENTS],
        await ledger.notices(None),
        await ledger.quarantined(),
        [(one.row_key, tuple(one.headers), one.value) for one in await ledger.unsent(7)],
        await ledger.unsent_since(),
        await ledger.due(DAY, 3),
        await ledger.patients(),
    )


@pytest.mark.parametrize("seed", range(3))
async def test_memory_and_database_answer_alike(ledger: Ledger, seed: int) -> None:
    memory, chance = MemoryLedger(lambda: 0.0), random.Random(seed)
    answers = set()
    for _ in range(150):
        written = invent(chance, await look(memory))
        answers.add(expected := await answer(memory, written))
        assert await answer(ledger, written) == expected
        if chance.random() < 0.2:
            some = chance.sample(await memory.unsent(6), k=1) if await memory.unsent(6) else []
            sent = [Sent(one, 1, 2) for one in some]
            await memory.mark_sent(sent, MOMENT)
            await ledger.mark_sent(sent, MOMENT)
    assert await told(ledger) == await told(memory)
    assert answers == {"recorded", "Conflict", "RefusedRow"}
