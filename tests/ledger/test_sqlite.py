"""The ledger on SQLite: durable, one writer at a time, readers never wait."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from monitor.ledger import engine as engines
from monitor.ledger.engine import open_engine
from monitor.ledger.port import Conflict, LedgerRevision, Unavailable
from monitor.ledger.sql import SqlLedger
from tests.ledger.samples import ANNA, accepted, changes, state

FIRST = changes(accepted=[accepted("e1")], states={ANNA: (None, state())})


async def test_connections_are_durable(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    async with engine.connect() as connection:
        shown = [
            await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    await engine.dispose()
    full = 2
    assert shown == ["wal", full, 1, 5000]


async def test_a_reader_does_not_wait_for_a_writer_and_sees_no_half(sqlite_url: str) -> None:
    ledger = SqlLedger(open_engine(sqlite_url))
    await ledger.record(FIRST)
    async with ledger._writing() as connection:
        await connection.execute(text("DELETE FROM patient_state"))
        assert await asyncio.wait_for(ledger.state(ANNA), 1) == state()
    assert await ledger.state(ANNA) is None
    await ledger.close()


async def test_a_second_writer_waits_and_then_the_database_is_busy(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS_MAX", 0.3)
    ledger = SqlLedger(open_engine(sqlite_url))
    async with ledger._writing():
        with pytest.raises(Unavailable, match="BUSY"):
            await ledger.record(FIRST)
    await ledger.record(FIRST)

    async with ledger._writing():
        waiting = asyncio.ensure_future(ledger.record(changes(accepted=[accepted("e2")])))
        await asyncio.sleep(0.1)
        assert not waiting.done()
    await waiting
    await ledger.close()


async def test_of_two_writers_one_wins(sqlite_url: str) -> None:
    ledger = SqlLedger(open_engine(sqlite_url))
    both = [changes(states={ANNA: (None, state(document=name))}) for name in ("left", "right")]
    answers = await asyncio.gather(*map(ledger.record, both), return_exceptions=True)
    assert [type(answer) for answer in answers if answer is not None] == [Conflict]
    await ledger.close()


async def test_what_is_committed_survives_the_program(sqlite_url: str) -> None:
    first = SqlLedger(open_engine(sqlite_url))
    await first.record(FIRST)
    second = SqlLedger(open_engine(sqlite_url))
    assert await second.state(ANNA) == state()
    await first.close()
    await second.close()


async def test_missing_tables_are_another_revision(tmp_path: Path) -> None:
    ledger = SqlLedger(open_engine(f"sqlite:///{tmp_path}/new.db"))
    for call in (ledger.record(FIRST), ledger.state(ANNA), ledger.unsent(10)):
        with pytest.raises(LedgerRevision, match="monitor db upgrade"):
            await call
    await ledger.close()


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    ledger = SqlLedger(open_engine(f"sqlite:///{tmp_path}/absent/ledger.db"))
    with pytest.raises(Unavailable):
        await ledger.record(FIRST)
    await ledger.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d"])
def test_a_ledger_that_would_forget_or_is_unknown_is_not_opened(url: str) -> None:
    with pytest.raises(ValueError, match=r"SQLite"):
        open_engine(url)


async def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    async def opened(engine: AsyncEngine) -> object:
        async with engines.for_reading(engine).connect() as connection:
            return await connection.scalar(text("PRAGMA journal_mode"))

    for number in range(15):
        several = [open_engine(f"sqlite:///{tmp_path}/{number}.db") for _ in range(4)]
        assert await asyncio.gather(*map(opened, several)) == ["wal"] * 4
        for engine in several:
            await engine.dispose()
