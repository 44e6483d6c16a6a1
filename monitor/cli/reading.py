"""How commands read the ledger of the settings: what goes wrong is said in words, not traced."""

import asyncio
import getpass
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import typer
from sqlalchemy import make_url

from monitor import settings
from monitor.exits import Exit, ExpectedError, StartRefusedError, UnreachableError
from monitor.ledger.entries import PatientKey
from monitor.ledger.port import LedgerError, Unavailable
from monitor.ledger.sql import SqlLedger
from monitor.wiring import open_ledger

T = TypeVar("T")

_PATIENT = re.compile(r"([A-Za-z0-9._-]{1,64})/([A-Za-z0-9._-]{1,64})")
_EMPTY = (
    "there is no database at the address of CTDNA_MONITOR_DATABASE__URL: "
    "is it the right one? (`monitor db upgrade` makes a new one)"
)


class UnknownPatientError(ExpectedError):
    """The ledger has never been told of this patient."""

    code = Exit.REFUSED


def patient_key(text: str) -> PatientKey:
    """Read `study_id/patient_id`. Raises ValueError, which the command line shows as usage."""
    match = _PATIENT.fullmatch(text)
    if match is None:
        raise ValueError("write a patient as STUDY/PATIENT, for example NCT06778382/SDCH-003")
    return PatientKey(match[1], match[2])


def who_decided(by: str | None) -> str:
    """Who is given, else the user of this machine. Raises BadParameter where neither is known."""
    try:
        who = getpass.getuser() if by is None else by
    except (ImportError, KeyError, OSError):
        who = ""
    if not who.strip():
        raise typer.BadParameter("say who decided", param_hint="--by")
    return who


def from_ledger(read: Callable[[SqlLedger], Awaitable[T]]) -> T:
    """What `read` finds in the ledger of the settings.

    Raises UnreachableError, StartRefusedError for a database without this program's tables,
    ConfigurationError.
    """
    url = settings.load().database.sqlalchemy_url
    # SQLite would make an empty file of a wrong name.
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise UnreachableError(_EMPTY)

    async def opened() -> T:
        async with open_ledger(url) as ledger:
            return await read(ledger)

    try:
        return asyncio.run(opened())
    except Unavailable as problem:
        raise UnreachableError(f"{problem}: look at CTDNA_MONITOR_DATABASE__URL") from None
    except LedgerError as problem:
        raise StartRefusedError(str(problem)) from None
