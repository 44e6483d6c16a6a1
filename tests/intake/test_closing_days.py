"""Days are closed for whom they are due; who cannot be closed is in nobody's way."""

import datetime
from pathlib import Path

import pytest

from monitor import recording
from monitor.clock import FixedClock
from monitor.ledger.entries import Changes
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import RefusedRow
from monitor.wire.closed_day import CLOCK_TOPIC
from tests.clinical.facts import STUDY, enrolled, sample
from tests.intake.desk import NOON, P1, P2, Desk

FIRST = sample(100, "detected", "s1")


async def test_a_day_is_closed_once_for_whom_it_is_due() -> None:
    desk = Desk()
    await desk.give(enrolled(), FIRST)
    (closed,) = await desk.intake.close_days()  # enrolled 84 + 14 days ago and more
    assert closed.outcome == "applied"
    assert await desk.intake.close_days() == []
    row = await desk.ledger.state(P1)
    assert row is not None
    assert row.next_due_on is not None
    assert row.next_due_on > datetime.date(2025, 12, 31)


async def test_patients_of_a_study_without_rules_do_not_hide_the_others(tmp_path: Path) -> None:
    for study in (STUDY, "A-0"):
        (tmp_path / f"{study}.toml").write_text('reader = "central"\n')
    before = Desk(rules=tmp_path)
    gone = [enrolled().but(study_id="A-0", patient_id=f"P-{n}", record_id=f"e{n}")
            for n in range(5)]  # fmt: skip
    mine = [enrolled().but(patient_id=f"P-{n}", record_id=f"m{n}") for n in range(3)]
    assert await before.give(*gone, *mine) == ["applied"] * 8
    (tmp_path / "A-0.toml").unlink()
    desk = Desk(before.ledger, rules=tmp_path)
    assert len(await desk.intake.close_days(limit=2)) == 2
    assert len(await desk.intake.close_days(limit=2)) == 1
    assert await desk.intake.close_days(limit=2) == []


class Picky(MemoryLedger):
    """A ledger that refuses every closed day."""

    async def record(self, changes: Changes) -> None:
        if any(row.topic == CLOCK_TOPIC for row in changes.accepted):
            raise RefusedRow("no")
        await super().record(changes)


@pytest.mark.parametrize("refused_by", ["bounds", "ledger"])
async def test_a_day_that_cannot_be_closed_is_nobody_s_dead_letter(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, refused_by: str
) -> None:
    desk = Desk(Picky(FixedClock(NOON).monotonic) if refused_by == "ledger" else None)
    await desk.give(enrolled(), enrolled(record_id="other").but(patient_id="P-2"))
    if refused_by == "bounds":
        monkeypatch.setattr(recording, "NOTICE_BYTES_MAX", 100)
    assert await desk.intake.close_days() == []
    assert await desk.ledger.quarantined() == []
    for patient in (P1, P2):
        row = await desk.ledger.state(patient)
        assert row is not None
        assert (row.incomplete, row.next_due_on) == (True, None)
    assert "could not be closed" in caplog.text
    assert "P-1" not in caplog.text
    assert await desk.intake.close_days() == []
    assert await desk.give(enrolled(1).but(version=2)) == ["applied"]
    assert await desk.intake.close_days() == []
    assert caplog.text.count("could not be closed") == 3
