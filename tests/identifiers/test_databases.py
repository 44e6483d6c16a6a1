"""What databases say of a failure quotes rows; what the ledger says of it does not."""

import sqlite3
import traceback
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import exc

from monitor.ledger import migrate
from monitor.ledger.engine import open_engine
from monitor.ledger.entries import Changes
from monitor.ledger.failures import as_ledger_errors
from monitor.ledger.port import LedgerError
from monitor.ledger.sql import SqlLedger
from tests.identifiers.ears import listening
from tests.identifiers.planted import MARK
from tests.ledger.samples import accepted, changes

DETAIL = f"Key (source, event_id)=({MARK}, {MARK}) already exists."


def of_server(kind: type[asyncpg.PostgresError]) -> Exception:
    error: Exception = kind(DETAIL)
    vars(error)["detail"] = DETAIL
    return error


ORIGINALS = [
    of_server(asyncpg.UniqueViolationError),
    of_server(asyncpg.CheckViolationError),
    of_server(asyncpg.NotNullViolationError),
    of_server(asyncpg.CharacterNotInRepertoireError),
    of_server(asyncpg.StringDataRightTruncationError),
    of_server(asyncpg.DeadlockDetectedError),
    of_server(asyncpg.UndefinedColumnError),
    of_server(asyncpg.InsufficientPrivilegeError),
    of_server(asyncpg.InternalServerError),
    asyncpg.InterfaceError(DETAIL),
    asyncpg.DataError(DETAIL),
    sqlite3.IntegrityError(DETAIL),
    sqlite3.OperationalError(DETAIL),
    sqlite3.InterfaceError(f"Error binding parameter {MARK}"),
    UnicodeEncodeError("utf-8", f"{MARK}\ud800", 10, 11, "surrogates not allowed"),
    OverflowError(DETAIL),
    ConnectionResetError(DETAIL),
    TimeoutError(DETAIL),
]


@pytest.mark.parametrize("original", ORIGINALS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "by SQLAlchemy"])
def test_the_words_of_a_driver_are_dropped(original: Exception, *, wrapped: bool) -> None:
    error: Exception = original
    if wrapped:
        error = exc.DBAPIError(f"INSERT '{MARK}'", {"patient_id": MARK}, original)
    with listening() as ears, pytest.raises(LedgerError) as raised, as_ledger_errors():
        raise error
    shown = "".join(traceback.format_exception(raised.value))
    assert MARK not in shown
    assert MARK not in str(raised.value) + ears.text


@pytest.mark.parametrize(
    "wrong",
    [
        changes(accepted=[accepted(MARK), accepted(MARK)]),
        changes(accepted=[accepted(f"{MARK}\ud800")]),
    ],
    ids=["a key that exists", "half a surrogate pair"],
)
async def test_a_real_database_that_refuses_is_not_repeated(tmp_path: Path, wrong: Changes) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    await migrate.upgrade(url)
    ledger = SqlLedger(open_engine(url))
    with listening() as ears, pytest.raises(LedgerError) as raised:
        await ledger.record(wrong)
    await ledger.close()
    assert MARK not in "".join(traceback.format_exception(raised.value))
    assert MARK not in ears.text
