"""The ledger in a database, looked through patient by patient and restored."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select, tuple_, union, update

from monitor.ledger import bulk, rows, tables
from monitor.ledger.activations import AuditEntry
from monitor.ledger.archive import HELD, Marks, Published, Said
from monitor.ledger.entries import NoticeRow, PatientKey, StateRow
from monitor.ledger.port import Conflict
from monitor.ledger.sql_refusals import SqlRefusals

_event = tables.accepted_event.c
_notice = tables.notice.c
_state = tables.patient_state.c
_record = tables.record.c
_quarantine = tables.quarantine.c
_NOTICE = [_notice[column] for column in rows.NOTICE_COLUMNS]
_PLACE = ("published_at", "published_partition", "published_offset")
_SAID = [*_NOTICE, *(_notice[column] for column in _PLACE)]
_ADD_SAID = bulk.Insertion(tables.notice, (*rows.NOTICE_COLUMNS, *_PLACE))
_IS_HELD = (_notice.published_at.is_(None), _notice.published_partition == HELD)
_IDS_MAX = 5_000  # in one statement: SQLite takes 32,766 variables


class SqlArchive(SqlRefusals):
    """The part of the ledger in a database that compares and restores."""

    async def everybody(self) -> list[PatientKey]:
        """Every patient with a state, an accepted event or a notice, by key."""
        known = union(*(select(one.study_id, one.patient_id) for one in (_event, _notice, _state)))
        async with self._reading() as connection:
            return sorted(PatientKey(*row) for row in await connection.execute(known))

    async def said(self, patient: PatientKey) -> list[Said]:
        """A patient's notices in sequence."""
        wanted = select(*_SAID).where(*_of(patient)).order_by(_notice.sequence)
        async with self._reading() as connection:
            return [_said(row) for row in await connection.execute(wanted)]

    async def marks(self) -> Marks:
        """The marks of all incomplete patients, from records and quarantine."""
        conflicts = (
            select(_record.study_id, _record.patient_id, _record.source, _record.record_id)
            .add_columns(_record.refused_version)
            .where(_record.refused_version.is_not(None))
            .order_by(_record.source, _record.record_id)
        )
        failed = select(
            _quarantine.study_id, _quarantine.patient_id, _quarantine.received_at
        ).where(*bulk.MARKS, _quarantine.patient_id.is_not(None))
        refused: dict[PatientKey, tuple[tuple[str, str, int], ...]] = {}
        async with self._reading() as connection:
            for study, patient, *mark in await connection.execute(conflicts):
                key = PatientKey(study, patient)
                refused[key] = (*refused.get(key, ()), (mark[0], mark[1], mark[2]))
            found = await connection.execute(failed.order_by(_quarantine.received_at))
            broken = {PatientKey(study, patient): at for study, patient, at in found}
        return Marks(refused, broken)

    async def restore(
        self, patient: PatientKey, was: StateRow | None, state: StateRow, said: Sequence[Said]
    ) -> None:
        """Write a patient's state in place of `was`, and these notices in place of all there are.

        Raises `Conflict` when the state has moved, or a notice of another patient has an id.
        """
        async with self._writing() as connection:
            if was is None:
                new = [(*patient, *rows.state_values(state, 1))]
                counted = await self._bulk.insert(connection, bulk.NEW_STATES, new)
            else:
                values = rows.state_values(state, was.revision + 1)
                moved = [(*patient, was.version, was.revision, *values)]
                counted = await self._bulk.rewrite(connection, bulk.MOVE_STATES, moved)
            if counted != 1:
                raise Conflict("a row of patient_state has moved")
            await connection.execute(delete(tables.notice).where(*_of(patient)))
            added = list(map(_said_values, said))
            if added and await self._bulk.insert(connection, _ADD_SAID, added) != len(added):
                raise Conflict("a row of notice exists already")

    async def add_said(self, said: Sequence[Said]) -> None:
        """Add notices as they are, but for those whose id or sequence is there."""
        if said:
            async with self._writing() as connection:
                await self._bulk.insert(connection, _ADD_SAID, list(map(_said_values, said)))

    async def hold_unsent(self) -> None:
        """Let every notice that was not published wait for a release."""
        unsent = update(tables.notice).where(_notice.published_at.is_(None))
        async with self._writing() as connection:
            await connection.execute(unsent.values(published_partition=HELD, published_offset=HELD))

    async def held(self) -> list[NoticeRow]:
        """Notices that wait for a release, in the order of their recording."""
        wanted = select(*_NOTICE).where(*_IS_HELD).order_by(_notice.position)
        async with self._reading() as connection:
            return [rows.notice_row(row) for row in await connection.execute(wanted)]

    async def release(self, notice_ids: Sequence[str], entry: AuditEntry) -> None:
        """Let held notices be sent, and record who said so; `Conflict` where one is not held."""
        rows.refuse_unkeepable([(entry.actor, entry.reason)])
        free = update(tables.notice).values(published_partition=None, published_offset=None)
        async with self._writing() as connection:
            for start in range(0, len(notice_ids), _IDS_MAX):
                some = [(one,) for one in notice_ids[start : start + _IDS_MAX]]
                freed = free.where(*_IS_HELD, tuple_(_notice.notice_id).in_(some))
                if (await connection.execute(freed)).rowcount != len(some):
                    raise Conflict("a notice is not held any more")
            columns = [column.name for column in tables.audit_event.c]
            values = {name: getattr(entry, name) for name in columns}
            await connection.execute(insert(tables.audit_event), values)


def _of(patient: PatientKey) -> tuple[Any, Any]:
    return (_notice.study_id == patient.study_id, _notice.patient_id == patient.patient_id)


def _said(values: Sequence[Any]) -> Said:
    *notice, at, partition, offset = values
    published = None if at is None else Published(at, partition, offset)
    return Said(rows.notice_row(notice), published, held=at is None and partition == HELD)


def _said_values(said: Said) -> rows.Values:
    row = rows.notice_values(said.row)
    if said.published is not None:
        return (*row, said.published.at, said.published.partition, said.published.offset)
    place = HELD if said.held else None
    return (*row, None, place, place)
