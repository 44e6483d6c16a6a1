"""A worker holds the active rules or does not start, and stops when others were activated."""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.active_rules import hold_rules, refuse_moved
from monitor.clinical.parameters import Parameters
from monitor.clock import FixedClock
from monitor.deployments import recorded_deployment
from monitor.exits import Exit, RulesDifferError
from monitor.intake import Intake
from monitor.ledger.activations import ActiveRules, broken_links, chained
from monitor.ledger.memory import MemoryLedger
from monitor.rulesets import built_in_ruleset
from monitor.settings import Settings
from monitor.wiring import WorkerDuties
from tests.clinical.facts import STUDY, sample
from tests.intake.desk import NOON, P1, P2, Desk, memory
from tests.intake.test_activation import (
    CLOCK,
    SINGLE,
    STORY,
    activate,
    activation,
    of,
    told_desk,
)


async def test_the_first_start_records_the_rules_and_later_ones_find_them() -> None:
    ledger = memory()
    for _ in range(2):
        known = await hold_rules(ledger, of(), CLOCK)
    (row,) = await ledger.active_rules()
    default = built_in_ruleset().parameters.config_hash
    assert (row.number, row.scope, row.name, row.config_hash) == (1, "*", "nct06778382", default)
    assert (row.activated_by, row.reason, row.activated_at) == ("worker", "first start", NOON)
    assert known == {default, ""}
    assert [one.action for one in await ledger.audit()] == ["rules.activated"]


async def test_a_worker_with_other_rules_refuses_and_names_the_commands() -> None:
    ledger = memory()
    await hold_rules(ledger, of(), CLOCK)
    with pytest.raises(RulesDifferError, match=r"rules diff.*rules activate.*rules-differ"):
        await hold_rules(ledger, of(SINGLE), CLOCK)
    assert len(await ledger.active_rules()) == 1


async def test_a_renamed_file_changes_nothing_and_keeps_the_recorded_name(tmp_path: Path) -> None:
    ledger = memory()
    await hold_rules(ledger, of(), CLOCK)
    (tmp_path / "renamed.toml").write_text("")
    given = of(tmp_path / "renamed.toml")
    await hold_rules(ledger, given, CLOCK)
    ruleset = given("S-1")
    assert ruleset is not None
    assert ruleset.name == "nct06778382"
    assert len(await ledger.active_rules()) == 1


async def recorded(ledger: MemoryLedger, parameters: str) -> None:
    """What another version of the program left at its first start."""
    row = ActiveRules(1, "*", "nct06778382", "as it spelt them", parameters, NOON, "worker", "")
    await ledger.activate_rules([row], chained([], NOON, "worker", "rules.activated", "", "", {}))


async def test_a_program_with_more_keys_reads_the_recorded_rules_with_their_defaults() -> None:
    ledger = memory()
    await recorded(ledger, Parameters().model_dump_json(exclude={"transition"}))
    known = await hold_rules(ledger, of(), CLOCK)
    _, second = await ledger.active_rules()
    assert second.config_hash == Parameters().config_hash
    assert "this version of the program" in second.reason
    assert Parameters().config_hash in known


async def test_rules_of_a_newer_program_are_not_guessed() -> None:
    ledger = memory()
    await recorded(ledger, '{"unheard_of":1}')
    with pytest.raises(RulesDifferError, match="another version of the program"):
        await hold_rules(ledger, of(), CLOCK)


async def test_a_study_is_added_to_a_folder_but_none_is_changed(tmp_path: Path) -> None:
    ledger = memory()
    (tmp_path / "S-1.toml").write_text("")
    await hold_rules(ledger, of(tmp_path), CLOCK)
    (tmp_path / "S-2.toml").write_text("ctdna.confirm.n = 1")
    await hold_rules(ledger, of(tmp_path), CLOCK)
    assert [(row.number, row.scope) for row in await ledger.active_rules()] == [
        (1, "S-1"), (2, "S-1"), (2, "S-2"),
    ]  # fmt: skip
    (tmp_path / "S-2.toml").write_text("ctdna.confirm.n = 2")
    with pytest.raises(RulesDifferError, match="S-2"):
        await hold_rules(ledger, of(tmp_path), CLOCK)
    (tmp_path / "S-2.toml").unlink()
    with pytest.raises(RulesDifferError, match="S-2"):
        await hold_rules(ledger, of(tmp_path), CLOCK)


async def test_a_worker_that_refuses_to_start_leaves_a_running_activation_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / f"{STUDY}.toml").write_text("")
    desk = Desk(rules=tmp_path)
    await hold_rules(desk.ledger, desk.rulesets, CLOCK)
    await desk.give(*STORY)
    (tmp_path / f"{STUDY}.toml").write_text("ctdna.confirm.n = 1")
    change = activation(desk.ledger, of(tmp_path))
    number = (await change.begin("Dr A", "amendment 2")).number
    (tmp_path / "S-2.toml").write_text("")
    before = await desk.ledger.active_rules(), await desk.ledger.audit()
    with pytest.raises(RulesDifferError, match="not finished"):
        await hold_rules(desk.ledger, of(tmp_path), CLOCK)
    assert (await desk.ledger.active_rules(), await desk.ledger.audit()) == before
    await change.switch(P1, number)
    await change.finished(number)
    await hold_rules(desk.ledger, of(tmp_path), CLOCK)
    assert {row.number for row in await desk.ledger.active_rules()} == {1, 2, 3}


async def test_a_worker_s_start_reads_the_history_once() -> None:
    class Counting(MemoryLedger):
        read = 0

        async def active_rules(self) -> list[ActiveRules]:
            self.read += 1
            return await super().active_rules()

    ledger = Counting(FixedClock(NOON).monotonic)
    for starts in (1, 2):
        await hold_rules(ledger, of(), CLOCK)
        assert ledger.read == starts


async def test_a_worker_that_slept_through_an_activation_stops() -> None:
    desk = await told_desk()
    known = await hold_rules(desk.ledger, desk.rulesets, CLOCK)
    await activate(desk, of(SINGLE))
    rows = [row for p in (P1, P2) if (row := await desk.ledger.state(p)) is not None]
    with pytest.raises(RulesDifferError, match="while this worker ran"):
        refuse_moved(rows, known)
    refuse_moved(rows, None)
    refuse_moved(rows, await hold_rules(desk.ledger, of(SINGLE), CLOCK))


async def test_its_next_batch_stops_it_and_nothing_of_that_is_recorded() -> None:
    desk = await told_desk()
    known = await hold_rules(desk.ledger, desk.rulesets, CLOCK)
    await activate(desk, of(SINGLE))
    place = replace(desk.settings, rules_known=known)
    intake = Intake(desk.ledger, CLOCK, place, rules_for=desk.rulesets)
    before = await desk.ledger.state(P1)
    with pytest.raises(RulesDifferError):
        await intake.receive([desk.delivery(sample(130, "detected", "s2"))])
    assert await desk.ledger.state(P1) == before
    assert await desk.ledger.quarantined() == []


async def test_a_workers_start_compares_after_it_has_its_lease() -> None:
    ledger = memory()
    await hold_rules(ledger, of(), CLOCK)
    duties = WorkerDuties(ledger, cast("Any", None), Settings(rules=SINGLE), CLOCK, alone=True)
    with pytest.raises(RulesDifferError) as refused:
        await duties.begin()
    assert refused.value.code is Exit.RULES_DIFFER
    assert await ledger.leased("worker") == ["worker"]
    await duties.release()
    assert await ledger.leased("worker") == []


async def test_a_workers_start_records_its_deployment_when_it_is_another_one() -> None:
    ledger = memory()
    assert recorded_deployment(await ledger.audit()) is None
    for name in ("ward", "ward", "clinic"):
        settings = Settings(deployment=name)
        duties = WorkerDuties(ledger, cast("Any", None), settings, CLOCK, alone=True)
        await duties.begin()
        await duties._ledger.release_lease(duties._own_lease, duties._holder)
    entries = await ledger.audit()
    assert recorded_deployment(entries) == "clinic"
    assert [entry.action for entry in entries] == [
        "rules.activated", "deployment.named", "deployment.named",
    ]  # fmt: skip
    assert list(broken_links(entries)) == []
