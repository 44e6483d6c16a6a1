"""The rules that a patient stands under: in what is shown of it, and in a replay."""

from dataclasses import replace as with_fields
from pathlib import Path

import pytest

from monitor.active_rules import first_ruleset, ruleset_by_hash, ruleset_in_force
from monitor.clinical.transitions import Ruleset
from monitor.ledger.entries import Changes
from monitor.replay import ReplayBroken, replay
from monitor.rulesets import built_in_ruleset
from monitor.settings import KafkaSettings, Settings
from monitor.wire.codec import decode
from monitor.wire.delivery import Delivery, Event, Rejection
from tests.clinical.facts import STUDY, enrolled, sample
from tests.intake.desk import P1, P2, TOPICS, Desk
from tests.intake.test_activation import SINGLE, activate, of, told_desk
from tests.intake.whole_replay import whole_replay


async def test_a_hash_of_an_older_spelling_replays_by_the_rules_recorded_first() -> None:
    desk = await told_desk()
    for patient in (P1, P2):
        row = await desk.ledger.state(patient)
        assert row is not None
        older = with_fields(row, ruleset_hash="as an older program spelt it")
        await desk.ledger.record(Changes(group="", states={patient: (row, older)}))
    await activate(desk, of(SINGLE))
    history = await desk.ledger.active_rules()
    accepted = await desk.ledger.accepted(P1)

    def by_hash(config_hash: str) -> Ruleset | None:
        return ruleset_by_hash(history, config_hash)

    def decoder(delivery: Delivery) -> Event | Rejection:
        return decode(delivery, TOPICS)

    with pytest.raises(ReplayBroken, match="never recorded"):
        replay(P1, accepted, built_in_ruleset(), decoder, by_hash)
    first = first_ruleset(history, P1.study_id)
    again = replay(P1, accepted, built_in_ruleset("single-positive"), decoder, by_hash, first)
    assert [notice.document() for notice in again.notices] == await desk.notices(P1)
    rows = list(desk.ledger._accepted.values())  # type: ignore[attr-defined]
    settings = Settings(deployment="test", kafka=KafkaSettings(topic_prefix="t."))
    assert len(await whole_replay(rows, settings, history)) == len(await desk.notices(None))


async def test_a_patient_is_shown_by_the_rules_that_it_stands_under() -> None:
    desk = await told_desk()
    await activate(desk, of(SINGLE), patients=1)
    names = []
    for patient in (P1, P2):
        row = await desk.ledger.state(patient)
        assert row is not None
        ruleset = await ruleset_in_force(desk.ledger, patient.study_id, row, of(SINGLE))
        assert ruleset is not None
        names.append(ruleset.name)
    assert names == ["single-positive", "nct06778382"]


async def test_no_patient_is_decided_by_another_studys_rules_when_a_record_moves(
    tmp_path: Path,
) -> None:
    for study in (STUDY, "S-2"):
        (tmp_path / f"{study}.toml").write_text("")
    before = Desk(rules=tmp_path)
    first = sample(100, "detected", "s1")
    assert await before.give(enrolled(), first) == ["applied", "applied"]
    (tmp_path / f"{STUDY}.toml").unlink()
    desk = Desk(before.ledger, rules=tmp_path, group="later")
    held, told = await desk.ledger.state(P1), await desk.notices(None)
    there = first.but(version=2, study_id="S-2")
    assert await desk.give(there, there.gone(3)) == ["unknown_study", "unknown_study"]
    assert await desk.ledger.state(P1) == held
    assert await desk.notices(None) == told
    assert await desk.ledger.patients() == [P1]
    again = Desk(before.ledger, group="last")
    assert await again.give(there) == ["applied"]
