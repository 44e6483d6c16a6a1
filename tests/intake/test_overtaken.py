"""Two activations at once: the later one wins, the earlier one ends, and the ledger replays."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from monitor.active_rules import hold_rules, unfinished
from monitor.exits import ActivationOvertakenError, Exit
from monitor.ledger.engine import open_engine
from monitor.ledger.entries import Changes
from monitor.ledger.migrate import upgrade
from monitor.ledger.port import Conflict, Ledger
from monitor.ledger.sql import SqlLedger
from monitor.rulesets import Rulesets
from monitor.wire.rules_changed import RulesEvent
from tests.intake.desk import P1, P2, Desk, memory
from tests.intake.test_activation import (
    CLOCK,
    SINGLE,
    activate,
    activation,
    check_replays,
    of,
    told_desk,
)

HOMES = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=HOMES)
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield memory()
        return
    url = f"sqlite:///{tmp_path}/ledger.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_database")
    await upgrade(url)
    one = SqlLedger(open_engine(url))
    yield one
    await one.close()


@pytest.fixture
def other(tmp_path: Path) -> Rulesets:
    """Rules that are neither the default ones nor the single-positive ones."""
    file = tmp_path / "other.toml"
    file.write_text("ctdna.confirm.n = 1\ndiscordance.window = 10\n")
    return Rulesets(file)


class Paused:
    """A ledger whose user is stopped before the next write, while others do `meanwhile`."""

    def __init__(self, ledger: Ledger, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._ledger = ledger
        self._meanwhile = meanwhile
        self.paused = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def record(self, changes: Changes) -> None:
        if not self.paused:
            self.paused = True
            await self._meanwhile()
        await self._ledger.record(changes)


@pytest.mark.parametrize("done_before", [0, 1])
@pytest.mark.parametrize("done_meanwhile", [0, 1, 2])
async def test_a_paused_activation_writes_nothing_after_another_one_began(
    ledger: Ledger, other: Rulesets, done_before: int, done_meanwhile: int
) -> None:
    desk = await told_desk(ledger)

    async def meanwhile() -> None:
        await activate(desk, other, None if done_meanwhile == 2 else done_meanwhile)

    paused = activation(cast("Ledger", Paused(ledger, meanwhile)), of(SINGLE))
    number = (await paused.begin("Dr A", "amendment 2")).number
    for patient in (P1, P2)[:done_before]:
        await activation(ledger, of(SINGLE)).switch(patient, number)
    with pytest.raises(ActivationOvertakenError, match="another activation began") as ended:
        await paused.switch((P1, P2)[done_before], number)
    assert ended.value.code is Exit.START_REFUSED
    with pytest.raises(ActivationOvertakenError):
        await paused.finished(number)
    await activate(desk, other)
    await finished_under(desk, other)


async def finished_under(desk: Desk, given: Rulesets) -> None:
    history = await desk.ledger.active_rules()
    hashes = await desk.ledger.ruleset_hashes()
    assert not unfinished(history, given, hashes)
    (ruleset,) = given.by_scope.values()
    assert set().union(*hashes.values()) == {ruleset.parameters.config_hash}
    assert [row.number for row in history] == [1, 2, 3]
    await hold_rules(desk.ledger, given, CLOCK)
    await check_replays(desk)


async def test_one_that_began_between_another_s_record_and_its_return_has_its_own_number(
    other: Rulesets,
) -> None:
    """Each keeps the number that it recorded, not whatever is the highest when it looks again."""
    desk = await told_desk()

    class Slow(Paused):
        async def activate_rules(self, *given: Any) -> None:
            await self._ledger.activate_rules(*given)
            await self._meanwhile()

    async def meanwhile() -> None:
        await activate(desk, other)

    first = activation(cast("Ledger", Slow(desk.ledger, meanwhile)), of(SINGLE))
    number = (await first.begin("Dr A", "amendment 2")).number
    assert number == 2
    with pytest.raises(ActivationOvertakenError):
        await first.finished(number)
    await finished_under(desk, other)


async def test_two_that_begin_at_the_same_moment(other: Rulesets) -> None:
    desk = await told_desk()

    class Beaten(Paused):
        async def activate_rules(self, *_given: Any) -> None:
            raise Conflict("a key exists already")

    async def meanwhile() -> None:
        pass

    change = activation(cast("Ledger", Beaten(desk.ledger, meanwhile)), other)
    with pytest.raises(ActivationOvertakenError, match="another activation began"):
        await change.begin("Dr A", "amendment 2")


def test_no_two_changes_of_a_patient_share_an_event_id() -> None:
    events = [RulesEvent("S", "P", number, arrival, "a", "n", "b")
              for number in (2, 3) for arrival in (4, 5)]  # fmt: skip
    assert len({one.event_id for one in events}) == 4
