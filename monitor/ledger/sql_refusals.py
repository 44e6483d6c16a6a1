"""The quarantine in a database: what a batch may close, and what people look at and send again."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.ledger import bulk, rows, tables
from monitor.ledger.closings import CLOSING_COLUMNS, DeliveryKey, closing_of
from monitor.ledger.entries import EventKey, PatientKey, RecordKey
from monitor.ledger.outbox import SqlOutbox
from monitor.ledger.reading import QUARANTINED
from monitor.ledger.refusals import Kept, Original, Refusal, Refused, Wanted, delivery_key
from monitor.wire.delivery import Reason

_row = tables.quarantine.c
_PLACE = ("published_at", "published_partition", "published_offset")
_BESIDE = [_row[name] for name in ("position", "redriven_at", *_PLACE, *CLOSING_COLUMNS)]
_SAME = (
    *("reason", "stage", "source", "event_id", "record_id", "record_version"),
    *("attempts", "redrive_count"),
)
# In the order of an index of open rows: a table of many closed ones is not looked through.
_ANY_NAMED = (  # what bears no source is found by its place alone
    select(literal(1))
    .where(_row.closed_at.is_(None), _row.source.is_not(None))
    .order_by(_row.source, _row.event_id)
    .limit(1)
)
_ANY_MARKS = select(literal(1)).where(*bulk.MARKS).order_by(_row.received_at).limit(1)
_ANY_OPEN = select(_ANY_NAMED.scalar_subquery(), _ANY_MARKS.scalar_subquery())


class SqlRefusals(SqlOutbox):
    """The part of the ledger in a database that is about refused deliveries."""

    async def refusals(
        self,
        events: Sequence[EventKey],
        records: Sequence[RecordKey],
        patients: Sequence[PatientKey],
        places: Sequence[DeliveryKey],
    ) -> Refused:
        """Open rows that bear these names, and those at `places`, open or not.

        Marks are counted of `patients`, and of whom else one of these rows marks.
        """
        named = ((bulk.FIND_REFUSED_EVENTS, events), (bulk.FIND_REFUSED_RECORDS, records))
        known: dict[DeliveryKey, Refusal] = {}
        async with self._reading() as connection:

            async def look(lookup: bulk.Lookup, keys: Iterable[rows.Values]) -> None:
                for row in await self._find(connection, lookup, keys):
                    one = _refusal(dict(zip(lookup.columns, row, strict=True)))
                    known[one.key] = one

            asked = (await connection.execute(_ANY_OPEN)).one() if events else (None, None)
            any_named, any_marks = asked
            for lookup, keys in named if any_named else ():
                await look(lookup, keys)
            await look(bulk.FIND_REFUSED, places)
            marked = {*(patients if any_marks else ()), *_marked(known.values())}
            counted = await self._find(connection, bulk.COUNT_MARKS, marked)
        marks = {PatientKey(study, patient): count for study, patient, count in counted}
        return Refused(list(known.values()), marks)

    async def _find(
        self, connection: AsyncConnection, lookup: bulk.Lookup, keys: Iterable[rows.Values]
    ) -> Sequence[Sequence[Any]]:
        wanted = sorted(set(keys))
        return await self._bulk.find(connection, lookup, wanted) if wanted else ()

    async def kept(self, wanted: Wanted, after: int, limit: int, *, whole: bool) -> list[Kept]:
        """Rows whose position is above `after`, in order; not `whole`: without their value."""
        columns = [one if whole or one.name != "value" else null() for one in QUARANTINED]
        found = _wanted(select(*columns, *_BESIDE), wanted)
        found = found.where(_row.position > after).order_by(_row.position).limit(limit)
        async with self._reading() as connection:
            return [_kept(row) for row in await connection.execute(found)]

    async def count_kept(self, wanted: Wanted) -> Mapping[str, tuple[int, datetime.datetime]]:
        """How many by reason, and when (UTC) the oldest of each was received."""
        counted = select(_row.reason, func.count(), func.min(_row.received_at))
        found = _wanted(counted, wanted).group_by(_row.reason).order_by(_row.reason)
        async with self._reading() as connection:
            return {reason: (n, at) for reason, n, at in await connection.execute(found)}

    async def last_kept(self) -> int:
        """The position of the newest row; 0 without any."""
        async with self._reading() as connection:
            return await connection.scalar(select(func.max(_row.position))) or 0

    async def mark_redriven(self, keys: Sequence[DeliveryKey], at: datetime.datetime) -> None:
        """Remember that these were sent to their topic once more, in the redrive of this time."""
        if keys:
            values = [(*key, at) for key in sorted(keys)]
            async with self._writing() as connection:
                await self._bulk.rewrite(connection, bulk.MARK_REDRIVEN, values)

    async def redriven(self, at: datetime.datetime) -> Mapping[str, int]:
        """What became of those of one redrive: how many by `ClosedAs`, and "" for open ones."""
        closed = func.coalesce(_row.closed_as, "")
        found = select(closed, func.count()).where(_row.redriven_at == at).group_by(closed)
        async with self._reading() as connection:
            return {row[0]: row[1] for row in await connection.execute(found)}

    async def names_open(self, patient: PatientKey) -> int:
        """How many open rows name a patient, but for conflicts of versions.

        Of those the patient's own state knows whether they were answered.
        """
        named = select(func.count()).where(
            _row.closed_at.is_(None),
            _row.study_id == patient.study_id,
            _row.patient_id == patient.patient_id,
            _row.reason != Reason.VERSION_CONFLICT,
        )
        async with self._reading() as connection:
            return await connection.scalar(named) or 0


def _marked(refusals: Iterable[Refusal]) -> set[PatientKey]:
    return {one.marked for one in refusals if one.marked is not None}


def _wanted(found: Select[Any], wanted: Wanted) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [
        _row[name] == given
        for name in ("reason", "topic", "source", "study_id", "patient_id")
        if (given := getattr(wanted, name)) is not None
    ]
    if wanted.since is not None:
        conditions.append(_row.received_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(_row.received_at < wanted.until)
    if wanted.key is not None:
        place = zip(("topic", "partition", "offset", "item"), wanted.key, strict=True)
        conditions += [_row[name] == given for name, given in place]
    if wanted.open_only:
        conditions.append(_row.closed_at.is_(None))
    if wanted.position_max is not None:
        conditions.append(_row.position <= wanted.position_max)
    return found.where(*conditions)


def _refusal(values: Mapping[str, Any]) -> Refusal:
    key = DeliveryKey(*(values[name] for name in DeliveryKey._fields))
    closing = closing_of(key, [values[name] for name in CLOSING_COLUMNS])
    patient = PatientKey(values["study_id"], values["patient_id"])
    return Refusal(
        key=key,
        patient=None if values["patient_id"] is None else patient,
        closed_as=closing.closed_as if closing else None,
        closed_by=closing.by if closing else None,
        original=_original(values) if "value" in values else None,
        **{name: values[name] for name in _SAME},
    )


def _original(values: Mapping[str, Any]) -> Original:
    return rows.unpack_headers(values["headers"]), values["value"]


def _kept(values: Sequence[Any]) -> Kept:
    size = len(QUARANTINED)
    row = rows.quarantine_row(values[:size])
    position, redriven_at, at, partition, offset, *closing = values[size:]
    letter = None if at is None else (at, partition, offset)
    return Kept(position, row, redriven_at, closing_of(delivery_key(row), closing), letter)
