"""What a driver's error means to the ledger, in words that hold no value of any row.

PostgreSQL names its errors by SQLSTATE (its manual, appendix A), SQLite by its result codes.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy import exc

from monitor.ledger.port import Conflict, LedgerError, LedgerRevision, RefusedRow, Unavailable

_AWAY = "the database is away or busy"
_CONFLICT = "another writer was first"
_REFUSED = "the database refuses the content of a row"
_REVISION = "the database's tables are not those of this program: run `monitor db upgrade`"
_FAILED = "the database failed"

# The first entry that begins the SQLSTATE decides; longer ones come first.
_BY_SQLSTATE: tuple[tuple[str, type[LedgerError], str], ...] = (
    ("23502", RefusedRow, _REFUSED),  # null where none may be
    ("23514", RefusedRow, _REFUSED),  # a check
    ("23", Conflict, _CONFLICT),  # a key that exists
    ("40003", Unavailable, _AWAY),  # commit with unknown outcome
    ("40", Conflict, _CONFLICT),  # serialization failure, deadlock
    ("22", RefusedRow, _REFUSED),  # U+0000, out of range
    ("54", RefusedRow, _REFUSED),  # a key too long for an index
    ("42P01", LedgerRevision, _REVISION),  # no such table
    ("42703", LedgerRevision, _REVISION),  # no such column
    ("3F", LedgerRevision, _REVISION),  # no such schema
    ("0A000", Unavailable, _AWAY),  # a plan from before a migration: the retry plans anew
    ("08", Unavailable, _AWAY),  # connection
    ("25", Unavailable, _AWAY),  # idle in a transaction too long; a standby that only reads
    ("28", Unavailable, _AWAY),  # login
    ("3D", Unavailable, _AWAY),  # no such database
    ("53", Unavailable, _AWAY),  # out of connections, memory or disk
    ("55", Unavailable, _AWAY),  # lock timeout
    ("57", Unavailable, _AWAY),  # shutdown, start-up, statement timeout
    ("58", Unavailable, _AWAY),  # the server's disk
)
_BY_SQLITE_CODE: dict[int, tuple[type[LedgerError], str]] = {
    sqlite3.SQLITE_BUSY: (Unavailable, _AWAY),
    sqlite3.SQLITE_LOCKED: (Unavailable, _AWAY),
    sqlite3.SQLITE_CANTOPEN: (Unavailable, _AWAY),
    sqlite3.SQLITE_IOERR: (Unavailable, _AWAY),
    sqlite3.SQLITE_FULL: (Unavailable, _AWAY),
    sqlite3.SQLITE_READONLY: (Unavailable, _AWAY),
    sqlite3.SQLITE_NOMEM: (Unavailable, _AWAY),
    sqlite3.SQLITE_PROTOCOL: (Unavailable, _AWAY),
    sqlite3.SQLITE_INTERRUPT: (Unavailable, _AWAY),
    sqlite3.SQLITE_CONSTRAINT: (Conflict, _CONFLICT),
    sqlite3.SQLITE_TOOBIG: (RefusedRow, _REFUSED),
    sqlite3.SQLITE_MISMATCH: (RefusedRow, _REFUSED),
    sqlite3.SQLITE_SCHEMA: (Unavailable, _AWAY),
}
_LOST = (
    *(OSError, TimeoutError, EOFError, exc.TimeoutError, asyncpg.InterfaceError),
    asyncpg.InternalClientError,  # a server that died in the middle of an answer
)
_REFUSED_CONSTRAINTS = {sqlite3.SQLITE_CONSTRAINT_NOTNULL, sqlite3.SQLITE_CONSTRAINT_CHECK}
_NO_SUCH = ("no such table", "no such column", "has no column named")


@contextmanager
def as_ledger_errors() -> Iterator[None]:
    """Raise what the port promises in place of what drivers raise; other exceptions pass.

    The cause is dropped: a driver's text may quote keys and values.
    """
    try:
        yield
    except LedgerError:
        raise
    except Exception as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from None


def _meaning(error: Exception) -> LedgerError | None:
    chain = list(_chain(error))
    for one in chain:
        state = getattr(one, "sqlstate", None)
        if isinstance(state, str):
            return _of_sqlstate(state)
    for one in chain:
        if isinstance(one, sqlite3.Error):
            return _of_sqlite(one)
    if any(isinstance(one, UnicodeEncodeError | OverflowError) for one in chain):
        return RefusedRow(_REFUSED)
    if any(isinstance(one, _LOST) for one in chain):
        return Unavailable(f"{_AWAY} ({type(chain[-1]).__name__})")
    if isinstance(error, exc.DBAPIError):
        return LedgerError(f"{_FAILED} ({type(chain[-1]).__name__})")
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, from the outside in."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = getattr(seen, "orig", None) or seen.__cause__


def _of_sqlstate(state: str) -> LedgerError:
    for beginning, kind, text in _BY_SQLSTATE:
        if state.startswith(beginning):
            return kind(f"{text} (SQLSTATE {state})")
    return LedgerError(f"{_FAILED} (SQLSTATE {state})")


def _of_sqlite(error: sqlite3.Error) -> LedgerError:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # the driver's own complaint: a value that it cannot bind, a closed connection
        if "bind" in str(error):
            return RefusedRow(_REFUSED)
        return Unavailable(f"{_AWAY} ({type(error).__name__})")
    if code in _REFUSED_CONSTRAINTS:
        return RefusedRow(_REFUSED)
    if code == sqlite3.SQLITE_ERROR and any(words in str(error) for words in _NO_SUCH):
        return LedgerRevision(_REVISION)
    kind, text = _BY_SQLITE_CODE.get(code & 0xFF, (LedgerError, _FAILED))
    return kind(f"{text} ({error.sqlite_errorname})")
