"""An engine to the ledger's database from its URL, with every setting of the connection.

Plain `postgresql://` and `sqlite://` choose the drivers that were measured.
"""

import sqlite3
import time
from typing import Any

import asyncpg
from sqlalchemy import URL, Connection, ExceptionContext, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

APPLICATION = "ctdna-monitor"
CONNECT_SECONDS_MAX = 10.0
STATEMENT_SECONDS_MAX = 30.0
BUSY_SECONDS_MAX = 5.0
LOCK_SECONDS_MAX = 5.0
WAL_PAUSE_SECONDS = 0.02
# Below the consumer's session timeout of 6 s: a worker that stopped in the middle of a transaction
# has lost it before another worker takes over its partitions.
IDLE_IN_TRANSACTION_SECONDS_MAX = 5.0
_READS = "monitor_reads"


def open_engine(url: str, statement_s: float = STATEMENT_SECONDS_MAX) -> AsyncEngine:
    """Make an engine; it connects when it is first used, and leaves values out of its messages.

    Raises ValueError for another database, or for SQLite without a file.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return _postgres(parsed, statement_s)
    if backend == "sqlite":
        return _sqlite(parsed)
    raise ValueError("the ledger lives in PostgreSQL or SQLite")


def for_reading(engine: AsyncEngine) -> AsyncEngine:
    """The same connections without a transaction around each use: a round trip or a lock less."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_READS: True})
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _postgres(url: URL, statement_s: float) -> AsyncEngine:
    # The driver reads libpq's own form, so that sslmode, sslrootcert and the like mean what
    # they mean everywhere.
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    given = url.query
    settings = {
        "application_name": APPLICATION,
        "jit": "off",
        # A generic plan made while a table was small stays a sequential scan for good.
        "plan_cache_mode": "force_custom_plan",
        "statement_timeout": _milliseconds(statement_s),
        "lock_timeout": _milliseconds(LOCK_SECONDS_MAX),
        "idle_in_transaction_session_timeout": _milliseconds(IDLE_IN_TRANSACTION_SECONDS_MAX),
        "timezone": "UTC",
    }
    settings = {name: value for name, value in settings.items() if name not in given}

    async def connect(*_args: Any, **_kwargs: Any) -> Any:
        return await asyncpg.connect(
            dsn,
            timeout=CONNECT_SECONDS_MAX,
            command_timeout=statement_s + LOCK_SECONDS_MAX,  # the server speaks first, if it lives
            server_settings=settings,
        )

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        hide_parameters=True,
        pool_size=5,
        max_overflow=5,
        pool_timeout=CONNECT_SECONDS_MAX,
    )
    event.listen(engine.sync_engine, "handle_error", _give_up_confused)
    return engine


def _give_up_confused(context: ExceptionContext) -> None:
    """Take no connection again whose driver lost its place in the server's answers."""
    if isinstance(context.original_exception.__cause__, asyncpg.InternalClientError):
        context.is_disconnect = True


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))


def _sqlite(url: URL) -> AsyncEngine:
    if not url.database or url.database == ":memory:":
        raise ValueError("name a file for SQLite: sqlite:///path/to/file")
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        # The driver's own transactions begin without the lock to write, and then fail with
        # "busy" at once when another connection wrote meanwhile; ours take it first.
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS_MAX},
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    _change_to_wal(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _change_to_wal(cursor: Any) -> None:
    """Change a new file's journal: "busy" at once where another does so too, no timeout waits."""
    for wait in (WAL_PAUSE_SECONDS,) * int(BUSY_SECONDS_MAX / WAL_PAUSE_SECONDS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            time.sleep(wait)
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get(_READS, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
