"""What the ledger's database tells: single statements that change nothing."""

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from monitor.ledger import rows, tables
from monitor.ledger.engine import for_reading
from monitor.ledger.entries import (
    AcceptedRow,
    Counts,
    PatientKey,
    QuarantineRow,
    StateRow,
    TopicIdentity,
    TopicPartition,
)
from monitor.ledger.failures import as_ledger_errors

_accepted = tables.accepted_event.c
_state = tables.patient_state.c
_notice = tables.notice.c
_offset = tables.delivery_ledger.c
_topic = tables.topic.c
ACCEPTED = [_accepted[column] for column in rows.ACCEPTED_COLUMNS]
CLOSE_SECONDS_MAX = 2.0
QUARANTINED = [tables.quarantine.c[column] for column in rows.QUARANTINE_COLUMNS]


class SqlReading:
    """The reading half of the ledger in a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._for_reading = for_reading(engine)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with as_ledger_errors():
            async with self._for_reading.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back by any exception."""
        with as_ledger_errors():
            async with self._engine.begin() as connection:
                yield connection

    async def due(self, day: datetime.date, limit: int) -> list[PatientKey]:
        """Patients whose `next_due_on` is on or before `day`, earliest first, then by key."""
        wanted = (
            select(_state.study_id, _state.patient_id)
            .where(_state.next_due_on <= day)
            .order_by(_state.next_due_on, _state.study_id, _state.patient_id)
            .limit(limit)
        )
        async with self._reading() as connection:
            return [PatientKey(*row) for row in await connection.execute(wanted)]

    async def state(self, patient: PatientKey) -> StateRow | None:
        """One patient's state, or None."""
        wanted = select(*(_state[column] for column in rows.STATE_COLUMNS)).where(
            _state.study_id == patient.study_id, _state.patient_id == patient.patient_id
        )
        async with self._reading() as connection:
            found = (await connection.execute(wanted)).one_or_none()
        return None if found is None else rows.state_row(found)[1]

    async def patients(self) -> list[PatientKey]:
        """Every patient with a state, by key."""
        wanted = select(_state.study_id, _state.patient_id).order_by(
            _state.study_id, _state.patient_id
        )
        async with self._reading() as connection:
            return [PatientKey(*row) for row in await connection.execute(wanted)]

    async def notices(
        self, patient: PatientKey | None
    ) -> list[tuple[str, datetime.datetime | None]]:
        """Notice documents with when they were published, in the order of their recording."""
        wanted = select(_notice.document, _notice.published_at).order_by(_notice.position)
        if patient is not None:
            wanted = wanted.where(
                _notice.study_id == patient.study_id, _notice.patient_id == patient.patient_id
            )
        async with self._reading() as connection:
            return [(row[0], row[1]) for row in await connection.execute(wanted)]

    async def accepted(self, patient: PatientKey) -> list[AcceptedRow]:
        """Events about this patient, also those that took a record away, by its arrival numbers."""
        here = and_(
            _accepted.study_id == patient.study_id, _accepted.patient_id == patient.patient_id
        )
        away = and_(
            _accepted.moved_from_study_id == patient.study_id,
            _accepted.moved_from_patient_id == patient.patient_id,
        )
        wanted = select(*ACCEPTED).where(or_(here, away)).order_by(_accepted.position)
        async with self._reading() as connection:
            found = [rows.accepted_row(row) for row in await connection.execute(wanted)]
        return sorted(found, key=lambda row: rows.arrival_of(row, patient))

    async def quarantined(self) -> list[QuarantineRow]:
        """Refused deliveries in the order of their recording."""
        wanted = select(*QUARANTINED).order_by(tables.quarantine.c.position)
        async with self._reading() as connection:
            return [rows.quarantine_row(row) for row in await connection.execute(wanted)]

    async def topics(self, group: str) -> Mapping[str, TopicIdentity]:
        """The topics, by full name, that a group's offsets were recorded of."""
        wanted = select(_topic.topic, _topic.topic_id, _topic.partitions).where(
            _topic.consumer_group == group
        )
        async with self._reading() as connection:
            found = await connection.execute(wanted)
            return {name: TopicIdentity(topic_id, count) for name, topic_id, count in found}

    async def offsets(self, group: str) -> Mapping[TopicPartition, tuple[int, Counts]]:
        """The last recorded offset and the counts of every partition of a group."""
        columns: list[Any] = [_offset.topic, _offset.partition, _offset.last_offset]
        columns += [_offset.applied, _offset.duplicate, _offset.stale, _offset.rejected]
        wanted = select(*columns).where(_offset.consumer_group == group)
        async with self._reading() as connection:
            return {
                TopicPartition(topic, partition): (last, Counts(*counts))
                for topic, partition, last, *counts in await connection.execute(wanted)
            }

    async def close(self) -> None:
        """Release connections; a server that does not answer their farewell is left after 2 s."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS_MAX):
                await self._engine.dispose()
