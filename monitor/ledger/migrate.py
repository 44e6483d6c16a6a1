"""Brings a ledger's database to the tables of this program, once, whoever else tries meanwhile."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from monitor.ledger.engine import open_engine
from monitor.ledger.failures import as_ledger_errors
from monitor.ledger.port import LedgerError, LedgerRevision

MIGRATION_SECONDS_MAX = 600.0
# Any number, as long as every version of this program takes the same.
_ADVISORY_LOCK = 7_061_778_382


def scripts() -> Path:
    """The folder of the migrations: inside the installed package, or beside it in a checkout.

    Raises LedgerError where there is none.
    """
    package = Path(__file__).resolve().parents[1]
    for place in (package / "migrations", package.parent / "migrations"):
        if (place / "env.py").is_file():
            return place
    raise LedgerError("the migrations are not installed")


def head() -> str:
    """The revision that this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise LedgerError("the migrations are not installed")
    return newest


async def current(url: str) -> str | None:
    """The revision of a database, or None where nothing was ever created.

    Raises Unavailable where it does not answer.
    """
    engine = open_engine(url)
    try:
        with as_ledger_errors():
            async with engine.connect() as connection:
                return await connection.run_sync(_revision)
    finally:
        await engine.dispose()


async def upgrade(url: str) -> str:
    """Bring a database to `head` in one transaction and return that revision.

    Raises LedgerRevision for a database of a newer program; Unavailable where it does not answer,
    where a lock cannot be had within 5 s, or where one statement takes longer than 10 minutes.
    Nothing has changed then.
    """
    engine = open_engine(url, MIGRATION_SECONDS_MAX)
    try:
        with as_ledger_errors():
            async with engine.begin() as connection:
                await connection.run_sync(_upgrade)
                return head()
    finally:
        await engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts()).replace("%", "%%"))
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Two that upgrade at once: the second waits and then finds nothing to do. (SQLite's
        # transactions take the one lock there is.)
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise LedgerRevision("the database is at a revision that this program lacks") from None
