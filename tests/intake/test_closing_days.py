"""Days are closed for whom they are due; who cannot be closed is in nobody's way."""

import datetime
from pathlib import Path

from tests.clinical.facts import STUDY, enrolled, sample
from tests.intake.desk import P1, Desk

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
