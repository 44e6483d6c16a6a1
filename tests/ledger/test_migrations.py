"""Migrations make the very tables that the statements are written for."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from monitor.ledger import migrate
from monitor.ledger.engine import open_engine
from monitor.ledger.port import Unavailable
from monitor.ledger.tables import metadata

# All that a catalogue says about columns, indexes and storage, in words.
POSTGRES_CATALOGUE = """
    SELECT relname, attnum::text, attname, format_type(atttypid, atttypmod), attnotnull::text,
           coalesce(collname, ''), attidentity, coalesce(pg_get_expr(adbin, adrelid), ''),
           coalesce(reloptions::text, '')
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0
        AND relname <> 'alembic_version'
    UNION ALL
    SELECT tablename, '', indexname, indexdef, '', '', '', '', '' FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL
    SELECT conrelid::regclass::text, '', conname, pg_get_constraintdef(oid), '', '', '', '', ''
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        AND conrelid <> 'alembic_version'::regclass
    ORDER BY 1, 2, 3, 4
"""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fresh.db"
    url: str = request.getfixturevalue("postgres_database")
    return url


async def run(url: str, *steps: Any) -> list[Any]:
    engine = open_engine(url)
    try:
        async with engine.begin() as connection:
            return [await connection.run_sync(step) for step in steps]
    finally:
        await engine.dispose()


def differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def catalogue(connection: Connection) -> list[Any]:
    if connection.dialect.name == "postgresql":
        return list(connection.execute(text(POSTGRES_CATALOGUE)))
    told = connection.execute(
        text("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 2")
    )
    # A column that was added stands behind the constraints, which is the same table.
    return [
        (kind, name, table, sorted(re.findall(r"\w+", sql)) if sql else sql)
        for kind, name, table, sql in told
        if table != "alembic_version"
    ]


def downgrade(connection: Connection) -> None:
    config = migrate._config()
    config.attributes["connection"] = connection
    command.downgrade(config, "base")


async def test_the_migrated_tables_are_the_tables_of_the_statements(fresh_url: str) -> None:
    await migrate.upgrade(fresh_url)
    found, migrated = await run(fresh_url, differences, catalogue)
    assert found == []
    _, _, created = await run(fresh_url, downgrade, metadata.create_all, catalogue)
    assert migrated == created
    assert len(migrated) > len(metadata.tables)


async def test_a_database_tells_its_revision(fresh_url: str) -> None:
    assert await migrate.current(fresh_url) is None
    assert await migrate.upgrade(fresh_url) == migrate.head()
    assert await migrate.current(fresh_url) == migrate.head()
    assert await migrate.upgrade(fresh_url) == migrate.head()


async def test_two_may_upgrade_at_once(fresh_url: str) -> None:
    answers = await asyncio.gather(*(migrate.upgrade(fresh_url) for _ in range(2)))
    assert answers == [migrate.head(), migrate.head()]
    (found,) = await run(fresh_url, differences)
    assert found == []


async def test_undone_and_done_again_it_is_the_same(fresh_url: str) -> None:
    await migrate.upgrade(fresh_url)
    before, _, empty = await run(fresh_url, catalogue, downgrade, catalogue)
    assert empty == []
    await migrate.upgrade(fresh_url)
    assert (await run(fresh_url, catalogue))[0] == before


@pytest.mark.postgres
async def test_states_are_compressed_the_quick_way(migrated_postgres: str) -> None:
    wanted = """SELECT attcompression FROM pg_attribute
        WHERE attrelid = 'patient_state'::regclass AND attname = 'state'"""
    known = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"

    def compression(connection: Connection) -> tuple[Any, Any]:
        return connection.scalar(text(wanted)), connection.scalar(text(known))

    (found,) = await run(migrated_postgres, compression)
    assert found in {(b"l", True), ("l", True), (b"", False), ("", False)}


async def test_a_server_that_is_away_is_unavailable() -> None:
    nowhere = "postgresql://monitor@127.0.0.1:1/none"
    with pytest.raises(Unavailable):
        await migrate.current(nowhere)
    with pytest.raises(Unavailable):
        await migrate.upgrade(nowhere)
