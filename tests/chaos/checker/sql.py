"""Reads the ledger's tables over a connection of its own, with statements of its own."""

import datetime
import json
from typing import Any, NamedTuple, TypeVar

import asyncpg

from tests.chaos.checker.rows import (
    AuditRow,
    Headers,
    InboxRow,
    LedgerRow,
    NoticeRow,
    QuarantineRow,
    RecordRow,
    StateRow,
)

ZONE = "Asia/Shanghai"  # the study's
AT_REST = """
SELECT NOT EXISTS (SELECT FROM notice WHERE published_at IS NULL)
   AND NOT EXISTS (SELECT FROM quarantine WHERE published_at IS NULL)
   AND NOT EXISTS (SELECT FROM patient_state WHERE next_due_on < (now() AT TIME ZONE $1)::date)
"""
R = TypeVar("R", bound=NamedTuple)


class Tables(NamedTuple):
    """What one moment of the database holds."""

    accepted: list[InboxRow]
    records: list[RecordRow]
    states: list[StateRow]
    notices: list[NoticeRow]
    quarantined: list[QuarantineRow]
    ledger: list[LedgerRow]
    audit: list[AuditRow]
    rested_at: datetime.datetime | None


async def _connect(database_url: str) -> Any:
    scheme, _, address = database_url.partition("://")
    return await asyncpg.connect(f"{scheme.partition('+')[0]}://{address}", timeout=30)


async def at_rest(database_url: str) -> bool:
    """Whether nothing waits to be sent and no patient's day waits to be closed.

    Only then can the workers be ended without leaving something to the next start.
    """
    connection = await _connect(database_url)
    try:
        return bool(await connection.fetchval(AT_REST, ZONE))
    finally:
        await connection.close()


async def read_tables(database_url: str) -> Tables:
    """All of it, as of one moment. The URL may name a driver (`postgresql+asyncpg://`)."""
    connection = await _connect(database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return Tables(
                await _rows(connection, InboxRow, "accepted_event", "position"),
                await _rows(connection, RecordRow, "record", "source, record_id"),
                await _rows(connection, StateRow, "patient_state", "study_id, patient_id"),
                await _rows(connection, NoticeRow, "notice", "position"),
                await _rows(connection, QuarantineRow, "quarantine", "position"),
                await _rows(connection, LedgerRow, "delivery_ledger", 'topic, "partition"'),
                await _rows(connection, AuditRow, "audit_event", "number"),
                await connection.fetchval(f"SELECT CASE WHEN ({AT_REST}) THEN now() END", ZONE),
            )
    finally:
        await connection.close()


async def _rows(connection: Any, kind: type[R], table: str, order: str) -> list[R]:
    columns = ", ".join(f'"{name}"' for name in kind._fields)
    found = await connection.fetch(f"SELECT {columns} FROM {table} ORDER BY {order}")
    return [kind._make(_unpacked(name, one[name]) for name in kind._fields) for one in found]


def _unpacked(name: str, value: Any) -> Any:
    return headers_of(value) if name == "headers" else value


def headers_of(packed: bytes) -> Headers:
    """Headers from their column: a JSON list of pairs, each byte one character."""
    return tuple(
        (name, None if text is None else text.encode("latin-1"))
        for name, text in json.loads(packed)
    )
