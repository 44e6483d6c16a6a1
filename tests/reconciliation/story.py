"""A ledger with everything in it that a replay has to give again, and ways to damage it."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from sqlalchemy import text

from monitor.activation import Activation
from monitor.active_rules import hold_rules
from monitor.clock import FixedClock
from monitor.intake import Intake
from monitor.ledger.archive import Archive, Published, Said
from monitor.ledger.entries import Outgoing, PatientKey, Sent, StateRow
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.sql import SqlLedger
from monitor.notified import Notified
from monitor.reconciliation import Checked, Pace, Reconciler
from monitor.rulesets import Rulesets
from monitor.wire.closed_day import closed_day
from tests.clinical.facts import FIRST_DAY, enrolled, read, sample, systemic, targets, therapy
from tests.intake.desk import NOON, P1, Desk

CLOCK = FixedClock(NOON)
SINGLE = Path("single-positive")
DAY = FIRST_DAY + datetime.timedelta(days=200)
STORY = (
    enrolled(),
    therapy(5, "surgery", "lt", ended=5),
    sample(40, "not_detected", "s0"),
    read(40, "base", baseline=True, targets=targets(T1="20")),
    sample(100, "detected", "s1"),
    read(100, "r", targets=targets(T1="60")),
    systemic(110),
)
LATER = (
    sample(40, "detected", "s0").but(version=3),  # a correction
    sample(40, "not_detected", "s0").but(version=2),  # stale
    sample(40, "detected", "s0").but(version=4, status="preliminary"),  # beside
    sample(42, "detected", "r").but(version=2),  # another type, a conflict: incomplete
    sample(42, "detected", "base").but(version=2),
)


def archive(ledger: object) -> Archive:
    """Any home of the ledger: all of them are archives."""
    assert isinstance(ledger, MemoryLedger | SqlLedger)
    return ledger


async def told_desk(ledger: object) -> Desk:
    """Two patients with corrections, conflicts, a move, closed days and a change of rules."""
    desk = Desk(archive(ledger))
    await hold_rules(desk.ledger, desk.rulesets, CLOCK)
    await desk.give(*STORY)
    await desk.each(LATER)
    await desk.give(*(one.but(patient_id="P-2", record_id=f"{one.record_id}.2") for one in STORY))
    await desk.give(sample(100, "detected", "s1").but(version=2, patient_id="P-2"))  # a move
    await desk.intake.settle([closed_day(*P1, DAY)])
    change = Activation(desk.ledger, Rulesets(SINGLE), CLOCK, "test")
    begun = await change.begin("Dr A", "amendment 2")
    for patient in await change.patients():
        await change.switch(patient, begun.number)
    desk.rulesets.use(Rulesets(SINGLE).by_scope)
    await break_release(desk)
    await desk.give(sample(130, "detected", "s2"))
    return desk


async def break_release(desk: Desk) -> None:
    """A delivery of P-2 that fails in our own code."""

    def fails(_study: str) -> Any:
        raise ZeroDivisionError

    later = FixedClock(NOON + datetime.timedelta(seconds=1))
    intake = Intake(desk.ledger, later, desk.settings, rules_for=fails)
    broken = sample(131, "detected", "s3").but(patient_id="P-2")
    assert [one.outcome for one in await intake.receive([desk.delivery(broken)])] == ["rejected"]


def reconciler(ledger: Archive, deployment: str = "test") -> Reconciler:
    return Reconciler(ledger, Rulesets(), deployment, Pace(CLOCK))


async def check(
    ledger: Archive, patient: PatientKey = P1, notified: Notified | None = None
) -> dict[str, int]:
    """What differs of a patient: how much of each kind."""
    return counted(await reconciler(ledger).check(patient, notified))


def counted(found: Checked) -> dict[str, int]:
    return {kind.value: count for kind, count in found.differences.items() if count}


async def publish(ledger: Archive, limit: int = 10_000) -> list[Outgoing]:
    """Send the outbox to a topic of one partition; what went, in its order."""
    sent = await ledger.unsent(limit)
    acknowledged = [Sent(one, 0, offset) for offset, one in enumerate(sent)]
    await ledger.mark_sent(acknowledged, NOON)
    return [one for one in sent if one.kind == "notice"]


def topic(outgoing: Sequence[Outgoing], end: int = 1000) -> Notified:
    """What a reader of the topic sees."""
    seen = Notified({0: (0, end)})
    for offset, one in enumerate(outgoing):
        seen.add(one.key, one.headers, one.value, Published(NOON, 0, offset))
    return seen


async def rows(ledger: Archive) -> dict[PatientKey, tuple[StateRow | None, list[Said]]]:
    """States, but for the count of writes, and notices with what became of them."""
    found = {}
    for patient in await ledger.everybody():
        state = await ledger.state(patient)
        kept = state and replace(state, revision=0)
        found[patient] = (kept, await ledger.said(patient))
    return found


async def rewrite(
    ledger: Archive, patient: PatientKey = P1, said: Sequence[Said] | None = None, **state: Any
) -> None:
    """Damage a state, or put other notices in place of a patient's."""
    was = await ledger.state(patient)
    assert was is not None
    notices = await ledger.said(patient) if said is None else said
    await ledger.restore(patient, was, replace(was, **state), notices)


async def wipe(ledger: Archive, *tables: str) -> None:
    """Lose whole tables."""
    if isinstance(ledger, MemoryLedger):
        if "patient_state" in tables:
            ledger._states.clear()
        if "notice" in tables:
            for row in list(ledger._notices.values()):
                ledger._forget(row)
        return
    async with cast("SqlLedger", ledger)._engine.begin() as connection:
        for table in tables:
            await connection.execute(text(f"DELETE FROM {table}"))


async def damage_event(ledger: Archive, arrival: int, value: bytes | None) -> None:
    """Let an inbox row of P-1 hold other bytes; with None it is gone."""
    row = next(one for one in await ledger.accepted(P1) if one.arrival == arrival)
    if isinstance(ledger, MemoryLedger):
        del ledger._accepted[row.key]
        if value is not None:
            ledger._accepted[row.key] = replace(row, value=value)
        return
    where = "WHERE study_id = :study AND patient_id = :patient AND arrival = :arrival"
    statement = f"DELETE FROM accepted_event {where}"
    given: dict[str, Any] = {"study": P1.study_id, "patient": P1.patient_id, "arrival": arrival}
    if value is not None:
        statement, given = (
            f"UPDATE accepted_event SET value = :value {where}",
            given | {"value": value},
        )
    async with cast("SqlLedger", ledger)._engine.begin() as connection:
        await connection.execute(text(statement), given)
