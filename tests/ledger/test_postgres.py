"""The ledger on PostgreSQL when things go wrong: lost connections, lost answers, other writers."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import make_url, text

from monitor.ledger import engine as engines
from monitor.ledger import reading
from monitor.ledger.engine import open_engine
from monitor.ledger.port import (
    Conflict,
    Superseded,
    Unavailable,
)
from monitor.ledger.sql import SqlLedger
from tests.ledger.samples import ANNA, GROUP, accepted, advance, changes, event_key, state
from tests.ledger.test_activations import entry, rules
from tests.ledger.wire import Wire

pytestmark = pytest.mark.postgres


FIRST = changes(
    offsets=[advance(None, 0, applied=1)],
    accepted=[accepted("e1")],
    states={ANNA: (None, state())},
)
END_OTHERS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE application_name = 'ctdna-monitor' AND datname = current_database()"""


async def test_connections_have_the_settings_that_were_measured(postgres_ledger: SqlLedger) -> None:
    async with postgres_ledger._engine.connect() as connection:
        shown = {
            name: await connection.scalar(text(f"SHOW {name}"))
            for name in (
                "application_name",
                "jit",
                "plan_cache_mode",
                "idle_in_transaction_session_timeout",
                "statement_timeout",
                "lock_timeout",
                "synchronous_commit",
            )
        }
    assert shown == {
        "application_name": "ctdna-monitor",
        "jit": "off",
        "plan_cache_mode": "force_custom_plan",
        "idle_in_transaction_session_timeout": "5s",
        "statement_timeout": "30s",
        "lock_timeout": "5s",
        "synchronous_commit": "on",
    }


async def test_the_urls_own_settings_win(postgres_ledger_url: str) -> None:
    url = f"{postgres_ledger_url}?sslmode=disable&application_name=mine&search_path=public"
    engine = open_engine(url.replace("+asyncpg", ""))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SHOW application_name")) == "mine"
        assert await connection.scalar(text("SHOW jit")) == "off"
    await engine.dispose()


async def test_of_two_writers_one_wins(postgres_ledger: SqlLedger) -> None:
    await postgres_ledger.record(FIRST)
    both = [
        changes(
            accepted=[accepted(name, arrival=2)],
            states={ANNA: (state(), state(2, document=name))},
        )
        for name in ("left", "right")
    ]
    answers = await asyncio.gather(*map(postgres_ledger.record, both), return_exceptions=True)
    assert [type(answer) for answer in answers if answer is not None] == [Conflict]
    now = await postgres_ledger.state(ANNA)
    assert now is not None
    assert [row.key.event_id for row in await postgres_ledger.accepted(ANNA)] == [
        "e1",
        now.document,
    ]


async def test_a_write_that_follows_from_rules_waits_for_an_activation_in_progress(
    postgres_ledger: SqlLedger, outsider: asyncpg.Connection
) -> None:
    await postgres_ledger.activate_rules([rules(1)], entry([]))
    begun = outsider.transaction()
    await begun.start()
    await outsider.execute(
        "INSERT INTO active_rules SELECT 2, scope, name, config_hash, parameters, activated_at, "
        "activated_by, reason FROM active_rules"
    )
    row = changes(states={ANNA: (None, state())}, activation=1)
    writing = asyncio.ensure_future(postgres_ledger.record(row))
    await asyncio.sleep(0.3)
    assert not writing.done()
    await begun.commit()
    with pytest.raises(Superseded):
        await writing
    assert await postgres_ledger.state(ANNA) is None


async def test_a_connection_that_died_in_the_pool_costs_one_failure(
    postgres_ledger: SqlLedger, outsider: asyncpg.Connection
) -> None:
    assert await postgres_ledger.state(ANNA) is None
    await outsider.execute(END_OTHERS)
    with pytest.raises(Unavailable):
        await postgres_ledger.record(FIRST)
    await postgres_ledger.record(FIRST)
    assert await postgres_ledger.state(ANNA) == state()


async def test_a_backend_killed_in_a_transaction_leaves_nothing(
    postgres_ledger: SqlLedger, outsider: asyncpg.Connection
) -> None:
    # Another writer holds the row that the transaction needs, so that it hangs half done.
    async with outsider.transaction():
        await outsider.execute("LOCK TABLE accepted_event")
        recording = asyncio.ensure_future(postgres_ledger.record(FIRST))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not await outsider.fetchval(waiting):  # the server tells nobody  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await outsider.execute(END_OTHERS)
        with pytest.raises(Unavailable):
            await recording
    assert await postgres_ledger.patients() == []
    await postgres_ledger.record(FIRST)


async def test_after_a_lost_answer_to_commit_the_writer_finds_its_own_rows(
    postgres_ledger_url: str,
) -> None:
    wire = Wire(make_url(postgres_ledger_url).port or 5432)
    ledger = await wire.ledger(postgres_ledger_url)
    await ledger.state(ANNA)
    wire.cut = True
    with pytest.raises(Unavailable):
        await ledger.record(FIRST)
    assert wire.cut is False
    loaded = await ledger.load(GROUP, [event_key("e1")], [], [ANNA], [])
    assert loaded.events == {event_key("e1"): b"#" * 32}
    assert loaded.states == {ANNA: state()}
    with pytest.raises(Conflict):
        await ledger.record(FIRST)
    await ledger.close()
    await wire.close()


async def test_a_server_that_does_not_say_farewell_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, postgres_ledger_url: str
) -> None:
    monkeypatch.setattr(reading, "CLOSE_SECONDS_MAX", 0.2)
    wire = Wire(make_url(postgres_ledger_url).port or 5432)
    wire.deaf = True
    ledger = await wire.ledger(postgres_ledger_url)
    await ledger.state(ANNA)
    closing = asyncio.create_task(ledger.close())
    done, _ = await asyncio.wait({closing}, timeout=3)
    assert done == {closing}
    await wire.close()


async def test_a_lock_that_cannot_be_had_is_a_busy_database(
    monkeypatch: pytest.MonkeyPatch, postgres_ledger_url: str, outsider: asyncpg.Connection
) -> None:
    monkeypatch.setattr(engines, "LOCK_SECONDS_MAX", 0.1)
    ledger = SqlLedger(open_engine(postgres_ledger_url))
    async with outsider.transaction():
        await outsider.execute("LOCK TABLE patient_state")
        with pytest.raises(Unavailable, match="55P03"):
            await ledger.record(FIRST)
    await ledger.close()


async def test_a_worker_that_stops_in_a_transaction_loses_it(
    monkeypatch: pytest.MonkeyPatch, postgres_ledger_url: str
) -> None:
    monkeypatch.setattr(engines, "IDLE_IN_TRANSACTION_SECONDS_MAX", 0.1)
    ledger = SqlLedger(open_engine(postgres_ledger_url))

    async def stop_halfway() -> None:
        async with ledger._writing() as connection:
            await connection.execute(text("SELECT 1"))
            await asyncio.sleep(0.4)
            await connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        await stop_halfway()
    await ledger.close()
