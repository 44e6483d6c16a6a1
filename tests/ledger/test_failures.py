"""What PostgreSQL's errors mean to the ledger, in words that hold nothing of any row."""

import traceback

import asyncpg
import pytest
from sqlalchemy import text

from monitor.ledger.engine import open_engine
from monitor.ledger.failures import as_ledger_errors
from monitor.ledger.port import (
    Conflict,
    LedgerError,
    LedgerRevision,
    RefusedRow,
    Unavailable,
)
from monitor.ledger.sql import SqlLedger
from tests.ledger.samples import ANNA, accepted, changes, state

pytestmark = pytest.mark.postgres

FIRST = changes(accepted=[accepted("e1")], states={ANNA: (None, state())})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://monitor@127.0.0.1:1/none",
        "postgresql://monitor@host.invalid/none",
        "postgresql:///none?host=/nowhere",
    ],
)
async def test_a_server_that_is_not_there_is_unavailable(url: str) -> None:
    ledger = SqlLedger(open_engine(url))
    with pytest.raises(Unavailable):
        await ledger.record(FIRST)
    with pytest.raises(Unavailable):
        await ledger.state(ANNA)
    await ledger.close()


async def test_another_database_or_login_is_unavailable(postgres_ledger_url: str) -> None:
    for part, other in (("/test_", "/absent_"), ("//monitor@", "//nobody@")):
        ledger = SqlLedger(open_engine(postgres_ledger_url.replace(part, other)))
        with pytest.raises(Unavailable):
            await ledger.state(ANNA)
        await ledger.close()


async def test_missing_tables_are_another_revision(postgres_database: str) -> None:
    ledger = SqlLedger(open_engine(postgres_database))
    for call in (ledger.record(FIRST), ledger.state(ANNA), ledger.unsent(10)):
        with pytest.raises(LedgerRevision, match="monitor db upgrade"):
            await call
    await ledger.close()


@pytest.mark.parametrize(
    ("sqlstate", "meaning"),
    [
        ("40001", Conflict),
        ("40P01", Conflict),
        ("23505", Conflict),
        ("23502", RefusedRow),
        ("22021", RefusedRow),
        ("22P05", RefusedRow),
        ("54000", RefusedRow),
        ("53100", Unavailable),
        ("53300", Unavailable),
        ("57014", Unavailable),
        ("57P01", Unavailable),
        ("57P03", Unavailable),
        ("25006", Unavailable),
        ("08006", Unavailable),
        ("42703", LedgerRevision),
        ("42501", LedgerError),
        ("XX001", LedgerError),
    ],
)
async def test_every_sqlstate_has_a_meaning_without_the_servers_words(
    postgres_ledger: SqlLedger, sqlstate: str, meaning: type[LedgerError]
) -> None:
    words = f"DO $$ BEGIN RAISE 'about P-001' USING ERRCODE = '{sqlstate}'; END $$"
    with pytest.raises(LedgerError) as raised:
        async with postgres_ledger._writing() as connection:
            await connection.execute(text(words))
    assert type(raised.value) is meaning
    assert "P-001" not in "".join(traceback.format_exception(raised.value)).replace(words, "")


async def test_a_driver_that_lost_its_place_is_away_and_not_used_again(
    postgres_ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What asyncpg says now and then of a server that is killed."""

    async def server(asked: str = "pg_backend_pid()") -> int:
        async with postgres_ledger._writing() as connection:
            return int((await connection.execute(text(f"SELECT {asked}"))).scalar_one())

    async def confused(*_args: object, **_options: object) -> None:
        raise asyncpg.InternalClientError("got result for unknown protocol state 0")

    before = await server()
    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "prepare", confused)
        with pytest.raises(Unavailable, match="InternalClientError"):
            await server("1")  # not yet prepared
    assert await server() != before


async def test_a_key_too_long_for_an_index_is_refused(postgres_ledger: SqlLedger) -> None:
    noise = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(3000))
    with pytest.raises(RefusedRow):
        await postgres_ledger.record(changes(accepted=[accepted(noise)]))


def test_what_is_no_failure_of_a_store_passes() -> None:
    with pytest.raises(KeyError), as_ledger_errors():
        raise KeyError("x")
