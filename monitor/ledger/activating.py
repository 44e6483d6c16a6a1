"""The activations of rules and the audit trail in the ledger's database."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.ledger import tables
from monitor.ledger.activations import ActiveRules, AuditEntry
from monitor.ledger.port import Superseded
from monitor.ledger.reading import SqlReading
from monitor.ledger.rows import refuse_unkeepable

_state = tables.patient_state.c
_RULES = [tables.active_rules.c[one.name] for one in fields(ActiveRules)]
_HIGHEST = select(func.max(tables.active_rules.c.number))
# Nobody can begin another activation until this transaction has ended. SQLite has one writer.
_HOLD_ACTIVATION = text("LOCK TABLE active_rules IN SHARE MODE")
_AUDIT = [tables.audit_event.c[one.name] for one in fields(AuditEntry)]


class SqlActivations(SqlReading):
    """The part of the ledger in a database that people change, not patients' facts."""

    async def active_rules(self) -> list[ActiveRules]:
        """Every activation's rules, by number and scope; the last number's are active."""
        wanted = select(*_RULES).order_by(*_RULES[:2])
        async with self._reading() as connection:
            return [ActiveRules(*row) for row in await connection.execute(wanted)]

    async def activate_rules(self, rules: Sequence[ActiveRules], entry: AuditEntry) -> None:
        """Record an activation and its audit entry in one transaction.

        Raises `Conflict` when either number is taken, `RefusedRow`.
        """
        refuse_unkeepable([*map(astuple, rules), astuple(entry)])
        async with self._writing() as connection:
            for table, rows in ((tables.active_rules, rules), (tables.audit_event, [entry])):
                await connection.execute(insert(table), [_values(table, row) for row in rows])

    async def add_audit(self, entry: AuditEntry) -> None:
        """Record an audit entry alone. Raises `Conflict` when its number is taken, `RefusedRow`."""
        async with self._writing() as connection:
            await self._insert_audit(connection, entry)

    async def _insert_audit(self, connection: AsyncConnection, entry: AuditEntry) -> None:
        refuse_unkeepable([astuple(entry)])
        table = tables.audit_event
        await connection.execute(insert(table), [_values(table, entry)])

    async def _refuse_superseded(self, connection: AsyncConnection, activation: int) -> None:
        """Raise `Superseded` when another activation came after this one."""
        if connection.dialect.name == "postgresql":
            await connection.execute(_HOLD_ACTIVATION)
        if await connection.scalar(_HIGHEST) != activation:
            raise Superseded("other rules were activated")

    async def last_audit(self, action: str | None = None) -> list[AuditEntry]:
        """The last entry of the audit trail, or the last of an action; empty without any."""
        columns = tables.audit_event.c
        wanted = select(*_AUDIT).order_by(columns.number.desc()).limit(1)
        if action is not None:
            wanted = wanted.where(columns.action == action)
        async with self._reading() as connection:
            return [AuditEntry(*row) for row in await connection.execute(wanted)]

    async def audit(self) -> list[AuditEntry]:
        """The audit trail, oldest first."""
        wanted = select(*_AUDIT).order_by(tables.audit_event.c.number)
        async with self._reading() as connection:
            return [AuditEntry(*row) for row in await connection.execute(wanted)]

    async def ruleset_hashes(self) -> Mapping[str, frozenset[str]]:
        """By study: the hashes of the rules that its patients' latest facts were decided with."""
        wanted = select(_state.study_id, _state.ruleset_hash).where(_state.version > 0).distinct()
        found: dict[str, frozenset[str]] = {}
        async with self._reading() as connection:
            for study, digest in await connection.execute(wanted):
                found[study] = found.get(study, frozenset()) | {digest}
        return found


def _values(table: Table, row: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table.c}
