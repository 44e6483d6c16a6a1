"""The outbox and the leases in the ledger's database: what relay and ticker ask."""

import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ColumnElement, Insert, and_, delete, exists, or_, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from monitor.ledger import bulk, rows, tables
from monitor.ledger.activating import SqlActivations
from monitor.ledger.answers import ANSWER, ANSWER_COLUMNS, answer_outgoing, answer_row
from monitor.ledger.archive import HELD
from monitor.ledger.entries import Outgoing, PatientKey, Sent
from monitor.ledger.outgoing import (
    DEAD_LETTER,
    NOTICE,
    dead_letter_outgoing,
    dead_letters_limit,
    interleaved,
    notice_outgoing,
)
from monitor.ledger.postgres import PostgresBulk
from monitor.ledger.reading import QUARANTINED
from monitor.ledger.sqlite import SqliteBulk

_notice = tables.notice.c
_quarantine = tables.quarantine.c
_lease = tables.relay_lease.c
_UNSENT_NOTICES = (
    select(_notice.notice_id, _notice.study_id, _notice.patient_id, _notice.headers, _notice.value)
    .add_columns(_notice.published_partition)
    .where(_notice.published_at.is_(None))
    .order_by(_notice.position)
)
_held = tables.notice.alias("held").c
_NOBODY_WAITS = ~exists().where(
    _held.published_at.is_(None),
    _held.published_partition == HELD,
    _held.study_id == _notice.study_id,
    _held.patient_id == _notice.patient_id,
)
_UNSENT_DEAD_LETTERS = (
    select(*QUARANTINED).where(_quarantine.published_at.is_(None)).order_by(_quarantine.position)
)
_answer = tables.acknowledgement.c
_PLACE = tuple_(_answer.topic, _answer.partition, _answer.offset)
_UNSENT_ANSWERS = (
    select(*(_answer[name] for name in ANSWER_COLUMNS))
    .add_columns(_quarantine.published_partition, _quarantine.published_offset)
    .outerjoin(
        tables.quarantine,
        and_(
            _quarantine.topic == _answer.topic,
            _quarantine.partition == _answer.partition,
            _quarantine.offset == _answer.offset,
            _quarantine.item == 0,
        ),
    )
    .where(or_(_answer.reason.is_(None), _quarantine.published_at.is_not(None)))
    .order_by(_answer.position)
)
_LIGHTLY = text("SET LOCAL synchronous_commit = off")


class SqlOutbox(SqlActivations):
    """The outbox half of the ledger in a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._on_postgres = engine.dialect.name == "postgresql"
        self._bulk: bulk.Bulk = PostgresBulk() if self._on_postgres else SqliteBulk()
        self._insert = postgresql.insert if self._on_postgres else sqlite.insert

    @asynccontextmanager
    async def _writing_lightly(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that a crash of the server may undo: only what may be done again.

        A lost mark sends a notice once more with the same bytes, a lost lease is taken again.
        """
        async with self._writing() as connection:
            if self._on_postgres:
                await connection.execute(_LIGHTLY)
            yield connection

    async def acquire_lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew a lease by the database's clock; False while another holds it."""
        async with self._writing_lightly() as connection:
            taken = await connection.execute(self._take(name, holder, seconds))
            return taken.rowcount == 1

    def _take(self, name: str, holder: str, seconds: float) -> Insert:
        now: ColumnElement[float] = self._bulk.seconds_now
        row = {"name": name, "holder": holder, "until": now + seconds}
        statement: Any = self._insert(tables.relay_lease).values(row)
        taken: Insert = statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": now + seconds},
            where=or_(_lease.holder == holder, _lease.until <= now),
        )
        return taken

    async def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back, if it is still held by `holder`."""
        given = delete(tables.relay_lease).where(_lease.name == name, _lease.holder == holder)
        async with self._writing() as connection:
            await connection.execute(given)

    async def leased(self, beginning: str) -> list[str]:
        """Names that begin so and are held now by the database's clock, in order."""
        wanted = (
            select(_lease.name)
            .where(_lease.name.startswith(beginning, autoescape=True))
            .where(_lease.until > self._bulk.seconds_now)
            .order_by(_lease.name)
        )
        async with self._reading() as connection:
            return list((await connection.scalars(wanted)).all())

    async def unsent(self, limit: int) -> list[Outgoing]:
        """At most `limit` unsent notices and dead letters, by turns, each oldest first.

        A patient's notices come in sequence and none is left out before another: they were
        recorded in this order, and while one is held those after it wait.
        """
        share = dead_letters_limit(limit)
        async with self._reading() as connection:
            refused = (await connection.execute(_UNSENT_DEAD_LETTERS.limit(share))).all()
            wanted = _UNSENT_NOTICES.limit(limit - len(refused))
            found = (await connection.execute(wanted)).all()
            if any(row.published_partition == HELD for row in found):
                found = (await connection.execute(wanted.where(_NOBODY_WAITS))).all()
        notices = [
            notice_outgoing(notice, PatientKey(study, patient), rows.unpack_headers(headers), value)
            for notice, study, patient, headers, value, _ in found
        ]
        return interleaved(notices, map(dead_letter_outgoing, map(rows.quarantine_row, refused)))

    async def unsent_answers(self, limit: int) -> list[Outgoing]:
        """Answers that can be sent, oldest first: a refusal's after its dead letter."""
        async with self._reading() as connection:
            found = (await connection.execute(_UNSENT_ANSWERS.limit(limit))).all()
        return [
            answer_outgoing(answer_row(row), None if place[0] is None else (place[0], place[1]))
            for *row, place in ((*one[:-2], one[-2:]) for one in found)
        ]

    async def mark_sent(self, sent: Sequence[Sent], at: datetime.datetime) -> None:
        """Remember the broker's acknowledgements; marking again changes nothing."""
        marks = (
            (NOTICE, bulk.SENT_NOTICES),
            (DEAD_LETTER, bulk.SENT_DEAD_LETTERS),
        )
        async with self._writing_lightly() as connection:
            for kind, rewrite in marks:
                values = sorted(
                    (*one.outgoing.row_key, one.partition, one.offset, at)
                    for one in sent
                    if one.outgoing.kind == kind
                )
                if values:
                    await self._bulk.rewrite(connection, rewrite, values)
            answered = [one.outgoing.row_key for one in sent if one.outgoing.kind == ANSWER]
            if answered:
                await connection.execute(delete(tables.acknowledgement).where(_PLACE.in_(answered)))

    async def unsent_since(self) -> datetime.datetime | None:
        """`detected_at` (UTC) of the oldest unsent notice, or None."""
        oldest = (
            select(_notice.detected_at)
            .where(_notice.published_at.is_(None))
            .order_by(_notice.position)
            .limit(1)
        )
        async with self._reading() as connection:
            return await connection.scalar(oldest)
