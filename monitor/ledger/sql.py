"""The ledger in a database: PostgreSQL for production, SQLite for one worker on one machine."""

from collections.abc import Mapping, Sequence
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.crash_points import crash_at
from monitor.ledger import bulk, rows
from monitor.ledger.answers import answer_values
from monitor.ledger.closings import Closing, closing_values
from monitor.ledger.entries import (
    Changes,
    EventKey,
    Loaded,
    OffsetAdvance,
    PatientKey,
    RecordKey,
    RecordRow,
    StateRow,
    TopicIdentity,
    TopicPartition,
)
from monitor.ledger.port import Conflict
from monitor.ledger.rows import Values
from monitor.ledger.sql_archive import SqlArchive


class SqlLedger(SqlArchive):
    """`Ledger` over an engine of `monitor.ledger.engine`; errors are those of the port."""

    async def load(
        self,
        group: str,
        events: Sequence[EventKey],
        records: Sequence[RecordKey],
        patients: Sequence[PatientKey],
        partitions: Sequence[TopicPartition],
    ) -> Loaded:
        """Read what a batch touches, a query each; states also of the records' present patients."""
        async with self._reading() as connection:
            offsets = await self._find(
                connection, bulk.FIND_OFFSETS, ((group, *partition) for partition in partitions)
            )
            hashes = await self._find(connection, bulk.FIND_EVENTS, events)
            found = await self._find(connection, bulk.FIND_RECORDS, records)
            standing = dict(map(rows.record_row, found))
            touched = chain(patients, (row.patient for row in standing.values()))
            states = await self._find(connection, bulk.FIND_STATES, touched)
        return Loaded(
            {EventKey(source, event_id): digest for source, event_id, digest in hashes},
            standing,
            dict(map(rows.state_row, states)),
            {TopicPartition(topic, partition): last for topic, partition, last in offsets},
        )

    async def record(self, changes: Changes) -> None:
        """Write one transaction, rows in key order, counts compared.

        Raises `Conflict` when a loaded row has moved or a key exists, `RefusedRow` when the
        database refuses a row's content, `Superseded` when `changes.activation` is not the
        highest any more; nothing is written then.
        """
        async with self._writing() as connection:
            if changes.activation is not None:
                await self._refuse_superseded(connection, changes.activation)
            await self._move_offsets(connection, changes.group, changes.offsets)
            await self._write_states(connection, changes.states)
            await self._write_records(connection, changes.records)
            await self._write_events(connection, changes)
            await self._close_refused(connection, changes.closings)
            answers = list(map(answer_values, changes.answers))
            if answers:
                await self._bulk.insert(connection, bulk.NEW_ANSWERS, answers)
            if changes.audit is not None:
                await self._insert_audit(connection, changes.audit)
            crash_at("before-commit")
        crash_at("after-commit")

    async def remember_topics(self, group: str, topics: Mapping[str, TopicIdentity]) -> None:
        """Keep the identity of topics that are not known yet; known ones stay as they are."""
        values = [(group, name, *identity) for name, identity in sorted(topics.items())]
        if values:
            async with self._writing() as connection:
                await self._bulk.insert(connection, bulk.NEW_TOPICS, values)

    async def _move_offsets(
        self, connection: AsyncConnection, group: str, advances: Sequence[OffsetAdvance]
    ) -> None:
        """First of all: another owner of a partition waits or loses here, before it can do harm."""
        new, moved = [], []
        for advance in sorted(advances, key=lambda one: one.partition):
            key, counts = (group, *advance.partition), rows.count_values(advance.counts)
            if advance.loaded is None:
                new.append((*key, advance.last, *counts))
            else:
                moved.append((*key, advance.loaded, advance.last, *counts))
        await self._insert_all(connection, bulk.NEW_OFFSETS, new)
        await self._rewrite_all(connection, bulk.MOVE_OFFSETS, moved)

    async def _write_events(self, connection: AsyncConnection, changes: Changes) -> None:
        """Inbox, outbox and quarantine, in the order given: `position` then tells it for ever.

        The patients' rows are locked by now, so that positions also follow a patient's own order.
        """
        accepted = list(map(rows.accepted_values, changes.accepted))
        notices = list(map(rows.notice_values, changes.notices))
        refused = {row[:4]: row for row in map(rows.quarantine_values, changes.quarantined)}
        await self._insert_all(connection, bulk.NEW_EVENTS, accepted)
        await self._insert_all(connection, bulk.NEW_NOTICES, notices)
        await self._insert_all(connection, bulk.NEW_QUARANTINED, list(refused.values()))

    async def _close_refused(
        self, connection: AsyncConnection, closings: Sequence[Closing]
    ) -> None:
        """After the rows of this transaction were written, for it may close one of them."""
        values = sorted((*one.key, *closing_values(one)) for one in closings)
        if values:
            await self._bulk.rewrite(connection, bulk.CLOSE_REFUSED, values)

    async def _write_records(
        self,
        connection: AsyncConnection,
        records: Mapping[RecordKey, tuple[RecordRow | None, RecordRow]],
    ) -> None:
        new, moved = [], []
        for key, (loaded, row) in sorted(records.items(), key=lambda item: item[0]):
            if loaded is None:
                new.append((*key, *rows.record_values(row, 1)))
            else:
                revision = loaded.revision
                moved.append((*key, revision, *rows.record_values(row, revision + 1)))
        await self._insert_all(connection, bulk.NEW_RECORDS, new)
        await self._rewrite_all(connection, bulk.MOVE_RECORDS, moved)

    async def _write_states(
        self,
        connection: AsyncConnection,
        states: Mapping[PatientKey, tuple[StateRow | None, StateRow]],
    ) -> None:
        new, moved = [], []
        for key, (loaded, row) in sorted(states.items(), key=lambda item: item[0]):
            if loaded is None:
                new.append((*key, *rows.state_values(row, 1)))
            else:
                was = (loaded.version, loaded.revision)
                moved.append((*key, *was, *rows.state_values(row, loaded.revision + 1)))
        await self._insert_all(connection, bulk.NEW_STATES, new)
        await self._rewrite_all(connection, bulk.MOVE_STATES, moved)

    async def _insert_all(
        self, connection: AsyncConnection, insertion: bulk.Insertion, values: Sequence[Values]
    ) -> None:
        if values and await self._bulk.insert(connection, insertion, values) != len(values):
            raise Conflict(f"a row of {insertion.table.name} exists already")

    async def _rewrite_all(
        self, connection: AsyncConnection, rewrite: bulk.Rewrite, values: Sequence[Values]
    ) -> None:
        if values and await self._bulk.rewrite(connection, rewrite, values) != len(values):
            raise Conflict(f"a row of {rewrite.table.name} has moved")
