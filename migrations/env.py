"""Runs migrations over the program's own connection, or over one to the configured database."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from monitor.ledger.engine import open_engine
from monitor.ledger.tables import metadata


def run(connection: Connection) -> None:
    """Run what was asked for in the connection's transaction."""
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run() -> None:
    """Open the database of the settings for the `alembic` command."""
    engine = open_engine(os.environ["CTDNA_MONITOR_DATABASE__URL"])
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(connect_and_run())
