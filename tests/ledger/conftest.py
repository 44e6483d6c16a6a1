"""The ledger's homes: what one of them promises, all of them keep."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from monitor.ledger import tables
from monitor.ledger.engine import open_engine
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.migrate import upgrade
from monitor.ledger.port import Ledger
from monitor.ledger.sql import SqlLedger
from tests.services import postgres

ALL_TABLES = ", ".join(table.name for table in tables.metadata.sorted_tables)


def apart(work: Coroutine[Any, Any, Any]) -> None:
    """Run on a loop of its own: a fixture may be asked for inside a running one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def truncate(url: str) -> None:
    engine = open_engine(url)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {ALL_TABLES} RESTART IDENTITY"))
    await engine.dispose()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ledger") / "empty.db"
    apart(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
def sqlite_url(empty_sqlite: Path, tmp_path: Path) -> str:
    shutil.copy(empty_sqlite, tmp_path / "ledger.db")
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: postgres.Server) -> Iterator[str]:
    name = postgres.create_database(postgres_server)
    url = postgres.server_url(postgres_server, name)
    apart(upgrade(url))
    yield url
    postgres.drop_database(postgres_server, name)


@pytest.fixture
def postgres_ledger_url(migrated_postgres: str) -> str:
    apart(truncate(migrated_postgres))
    return migrated_postgres


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def ledger(request: pytest.FixtureRequest) -> AsyncIterator[Ledger]:
    """An empty ledger in each of its homes."""
    one: Ledger
    if request.param == "memory":
        one = MemoryLedger(time.monotonic)
    else:
        fixture = {"sqlite": "sqlite_url", "postgres": "postgres_ledger_url"}[request.param]
        one = SqlLedger(open_engine(request.getfixturevalue(fixture)))
    yield one
    await one.close()


@pytest.fixture
async def postgres_ledger(postgres_ledger_url: str) -> AsyncIterator[SqlLedger]:
    one = SqlLedger(open_engine(postgres_ledger_url))
    yield one
    await one.close()


@pytest.fixture
async def outsider(postgres_ledger_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_ledger_url.replace("+asyncpg", ""))
    yield connection
    await connection.close()
