"""Rules change on purpose only, patient by patient, and the ledger replays to the same notices."""

from pathlib import Path

import pytest

from monitor.activation import Activation
from monitor.active_rules import hold_rules, ruleset_by_hash
from monitor.clock import FixedClock
from monitor.exits import RulesDifferError, StartRefusedError
from monitor.ledger.activations import broken_links
from monitor.ledger.engine import open_engine
from monitor.ledger.migrate import upgrade
from monitor.ledger.port import Ledger
from monitor.ledger.sql import SqlLedger
from monitor.replay import replay
from monitor.rulesets import Rulesets, built_in_ruleset
from monitor.settings import KafkaSettings, Settings
from monitor.wire.codec import decode
from monitor.wire.rules_changed import RULES_SOURCE, RULES_TOPIC
from tests.clinical.facts import contact, enrolled, read, sample, targets, therapy
from tests.intake.desk import NOON, P1, P2, TOPICS, Desk, memory
from tests.intake.whole_replay import whole_replay

CLOCK = FixedClock(NOON)
SINGLE = Path("single-positive")
STORY = (
    enrolled(),
    therapy(5, "surgery", "lt", ended=5),
    sample(40, "not_detected", "s0"),
    read(40, "base", baseline=True, targets=targets(T1="20")),
    sample(100, "detected", "s1"),
)


def of(path: Path | None = None) -> Rulesets:
    return Rulesets(path)


def activation(ledger: Ledger, given: Rulesets) -> Activation:
    return Activation(ledger, given, CLOCK, "test")


async def told_desk(ledger: Ledger | None = None) -> Desk:
    """Two patients under the default rules, as a worker left them that has stopped."""
    desk = Desk(ledger or memory())
    await hold_rules(desk.ledger, desk.rulesets, CLOCK)
    await desk.give(*STORY)
    await desk.give(*(given.but(patient_id="P-2", record_id=f"{given.record_id}.2")
                      for given in STORY[:-1]))  # fmt: skip
    return desk


async def activate(desk: Desk, given: Rulesets, patients: int | None = None) -> None:
    """Activate as the command does; with `patients` it is interrupted after so many."""
    change = activation(desk.ledger, given)
    number = (await change.begin("Dr A", "amendment 2")).number
    for patient in (await change.patients())[:patients]:
        await change.switch(patient, number)
    if patients is None:
        await change.finished(number)


async def check_replays(desk: Desk) -> None:
    """Byte for byte: the documents of every notice, origin and ruleset among them."""
    history = await desk.ledger.active_rules()
    for patient in await desk.ledger.patients():
        again = replay(
            patient,
            await desk.ledger.accepted(patient),
            built_in_ruleset(),
            lambda delivery: decode(delivery, TOPICS),
            lambda config_hash: ruleset_by_hash(history, config_hash),
        )
        assert [notice.document() for notice in again.notices] == await desk.notices(patient)


async def test_only_the_differences_are_told_and_their_origin_is_said() -> None:
    desk = await told_desk()
    before = await desk.notices()
    await activate(desk, of(SINGLE))
    told = (await desk.notices())[len(before) :]
    named = [(one["action"], one["finding"]) for one in told]
    assert ("withdrawn", "MOLECULAR_RELAPSE_SUSPECTED") in named
    assert ("raised", "MOLECULAR_RELAPSE_CONFIRMED") in named
    assert {one["details"]["origin"] for one in told} == {"rules_changed"}
    assert {one["rule"]["ruleset"] for one in told} == {"single-positive"}
    withdrawn = next(one for one in told if one["action"] == "withdrawn")
    assert "under the study's changed rules" in withdrawn["explanation"]
    event = (await desk.ledger.accepted(P1))[-1]
    assert (event.key.source, event.topic) == (RULES_SOURCE, RULES_TOPIC)
    rows = [row for row in desk.ledger._notices.values() if row.patient == P1]  # type: ignore[attr-defined]
    assert {row.cause_id for row in rows[len(before) :]} == {event.key.event_id}
    await check_replays(desk)


async def test_a_later_fact_that_changes_nothing_amends_nothing() -> None:
    desk = await told_desk()
    await activate(desk, of(SINGLE))
    desk.rulesets.use({"*": built_in_ruleset("single-positive")})
    count = len(await desk.notices())
    await desk.give(contact(101))
    assert [one["details"].get("origin") for one in (await desk.notices())[count:]] == []
    row = await desk.ledger.state(P1)
    assert row is not None
    assert "rules_changed" not in row.document
    await check_replays(desk)


async def test_there_and_back_again_replays() -> None:
    desk = await told_desk()
    await activate(desk, of(SINGLE))
    await activate(desk, of())
    desk.rulesets.use({"*": built_in_ruleset()})
    await desk.give(sample(130, "detected", "s2"))
    said = await desk.said()
    assert said.count("raised MOLECULAR_RELAPSE_CONFIRMED") == 2
    await check_replays(desk)
    assert [row.number for row in await desk.ledger.active_rules()] == [1, 2, 3]


async def test_interrupted_it_goes_on_and_no_worker_starts_meanwhile() -> None:
    desk = await told_desk()
    await activate(desk, of(SINGLE), patients=1)
    with pytest.raises(RulesDifferError, match="not finished"):
        await hold_rules(desk.ledger, of(SINGLE), CLOCK)
    told = len(await desk.notices(P1))
    await activate(desk, of(SINGLE))
    assert len(await desk.notices(P1)) == told
    assert len(await desk.ledger.active_rules()) == 2
    assert [event.topic for event in await desk.ledger.accepted(P2)].count(RULES_TOPIC) == 1
    await hold_rules(desk.ledger, of(SINGLE), CLOCK)
    await check_replays(desk)


async def test_it_refuses_while_a_worker_runs_and_before_any_has_run() -> None:
    desk = Desk(memory())
    await desk.give(*STORY)
    change = activation(desk.ledger, of(SINGLE))
    with pytest.raises(StartRefusedError, match="never recorded"):
        await change.begin("Dr A", "too early")
    await hold_rules(desk.ledger, desk.rulesets, CLOCK)
    assert await desk.ledger.acquire_lease("worker:host:1", "host:1", 20)
    with pytest.raises(StartRefusedError, match="a worker runs"):
        await change.begin("Dr A", "too early")
    await desk.ledger.release_lease("worker:host:1", "host:1")
    assert await desk.ledger.acquire_lease("rebuild", "host:2", 20)
    with pytest.raises(StartRefusedError, match="a rebuild of this database runs"):
        await change.begin("Dr A", "too early")
    assert len(await desk.ledger.active_rules()) == 1


async def test_the_audit_trail_says_who_when_why_and_from_what_to_what() -> None:
    desk = await told_desk()
    await activate(desk, of(SINGLE))
    entries = await desk.ledger.audit()
    last = entries[-1]
    assert (last.actor, last.reason, last.at) == ("Dr A", "amendment 2", NOON)
    assert built_in_ruleset().parameters.config_hash in last.details
    assert built_in_ruleset("single-positive").parameters.config_hash in last.details
    assert list(broken_links(entries)) == []


async def test_a_shadow_run_says_what_an_activation_tells_and_writes_nothing() -> None:
    desk = await told_desk()
    before = await desk.notices(None)
    shadow = activation(desk.ledger, of(SINGLE))
    said = [
        f"{notice.said.action} {notice.said.finding}"
        async for one in shadow.shadows([P1])
        if one.outcome
        for notice in one.outcome.notices
    ]
    assert await desk.notices(None) == before
    assert len(await desk.ledger.active_rules()) == 1
    count = len(await desk.notices())
    await activate(desk, of(SINGLE))
    assert (await desk.said())[count:] == said


async def test_the_whole_ledger_replays_in_the_order_of_its_recording() -> None:
    desk = await told_desk()
    await activate(desk, of(SINGLE))
    desk.rulesets.use({"*": built_in_ruleset("single-positive")})
    await desk.give(sample(130, "not_detected", "s2"))
    await activate(desk, of())
    rows = list(desk.ledger._accepted.values())  # type: ignore[attr-defined]
    settings = Settings(deployment="test", kafka=KafkaSettings(topic_prefix="t."))
    again = await whole_replay(rows, settings, await desk.ledger.active_rules())
    recorded_values = [row.value for row in desk.ledger._notices.values()]  # type: ignore[attr-defined]
    assert [one.value for one in again] == recorded_values


@pytest.mark.parametrize("home", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def test_in_a_database(home: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    if home == "postgres":
        url = request.getfixturevalue("postgres_database")
    await upgrade(url)
    ledger = SqlLedger(open_engine(url))
    desk = await told_desk(ledger)
    await activate(desk, of(SINGLE), patients=1)
    await activate(desk, of(SINGLE))
    await check_replays(desk)
    said = await desk.said()
    await activate(await told_again(desk), of())
    assert len(await desk.said()) > len(said)
    await check_replays(desk)
    await ledger.close()


async def told_again(desk: Desk) -> Desk:
    """Another result under the rules that are active now."""
    desk.rulesets.use({"*": built_in_ruleset("single-positive")})
    await desk.give(sample(130, "detected", "s2"))
    return desk
