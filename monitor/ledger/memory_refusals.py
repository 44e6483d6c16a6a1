"""The quarantine in memory: as honest about what is open as a database is."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from monitor.ledger.answers import AnswerRow, answer_outgoing
from monitor.ledger.closings import Closing, DeliveryKey
from monitor.ledger.entries import EventKey, Outgoing, PatientKey, QuarantineRow, RecordKey
from monitor.ledger.memory_archive import MemoryArchive
from monitor.ledger.refusals import Kept, Refusal, Refused, Wanted, delivery_key, refusal_of
from monitor.wire.delivery import Reason

Name = tuple[str, str, str]


class MemoryRefusals(MemoryArchive):
    """The part of the ledger in memory that is about refused deliveries."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        super().__init__(seconds)
        self._letters: dict[DeliveryKey, tuple[datetime.datetime, int, int]] = {}
        self._redriven: dict[DeliveryKey, datetime.datetime] = {}
        self._answers: dict[tuple[str, int, int], AnswerRow] = {}
        # What bears a name: an event, a record, a patient.
        self._open: dict[Name, dict[DeliveryKey, None]] = {}

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
        names = [("event", *key) for key in events] + [("record", *key) for key in records]
        known = {key: self._refusal(key) for key in self._named(names)}
        for key in places:
            if key in self._quarantine:
                row = self._quarantine[key]
                known[key] = replace(self._refusal(key), original=(tuple(row.headers), row.value))
        marked = {*patients, *(one.marked for one in known.values() if one.marked is not None)}
        marks = {patient: self._marks(patient) for patient in marked}
        return Refused(list(known.values()), {key: count for key, count in marks.items() if count})

    def _marks(self, patient: PatientKey) -> int:
        named = self._named([("patient", *patient)])
        return sum(self._refusal(key).marked is not None for key in named)

    def _named(self, names: Iterable[Name]) -> Iterable[DeliveryKey]:
        return {key: None for name in names for key in self._open.get(name, ())}

    def _refusal(self, key: DeliveryKey) -> Refusal:
        closing = self._closings.get(key)
        return replace(
            refusal_of(self._quarantine[key]),
            original=None,
            closed_as=closing.closed_as if closing else None,
            closed_by=closing.by if closing else None,
        )

    def _refuse(self, row: QuarantineRow) -> None:
        """Keep a refused delivery; one that is there already counts one attempt more."""
        key = delivery_key(row)
        if (held := self._quarantine.get(key)) is not None:
            self._quarantine[key] = replace(held, attempts=held.attempts + 1)
            return
        self._quarantine[key] = row
        for name in _names_of(row):
            self._open.setdefault(name, {})[key] = None

    def _close(self, closing: Closing) -> None:
        row = self._quarantine.get(closing.key)
        if row is not None and closing.key not in self._closings:
            self._closings[closing.key] = closing
            for name in _names_of(row):
                self._open[name].pop(closing.key)

    async def unsent_answers(self, limit: int) -> list[Outgoing]:
        """Answers that can be sent, oldest first: a refusal's after its dead letter."""
        found = (
            (row, self._letters.get(DeliveryKey(*row.place))) for row in self._answers.values()
        )
        ready = ((row, letter) for row, letter in found if row.reason is None or letter)
        some = islice(ready, limit)
        return [answer_outgoing(row, letter[1:] if letter else None) for row, letter in some]

    async def kept(self, wanted: Wanted, after: int, limit: int, *, whole: bool) -> list[Kept]:
        """Rows whose position is above `after`, in order; not `whole`: without their value."""
        found = [one for one in self._kept(wanted) if one.position > after][:limit]
        return found if whole else [replace(k, row=replace(k.row, value=None)) for k in found]

    def _kept(self, wanted: Wanted) -> Iterable[Kept]:
        for position, (key, row) in enumerate(self._quarantine.items(), 1):
            is_open = key not in self._closings
            if _is_wanted(key, row, wanted) and (is_open or not wanted.open_only):
                if position > (wanted.position_max or position):
                    return
                ends = (self._redriven.get(key), self._closings.get(key), self._letters.get(key))
                yield Kept(position, row, *ends)

    async def count_kept(self, wanted: Wanted) -> Mapping[str, tuple[int, datetime.datetime]]:
        """How many by reason, and when (UTC) the oldest of each was received."""
        found: dict[str, tuple[int, datetime.datetime]] = {}
        for one in self._kept(wanted):
            count, oldest = found.get(one.row.reason, (0, one.row.received_at))
            found[one.row.reason] = (count + 1, min(oldest, one.row.received_at))
        return dict(sorted(found.items()))

    async def last_kept(self) -> int:
        """The position of the newest row; 0 without any."""
        return len(self._quarantine)

    async def mark_redriven(self, keys: Sequence[DeliveryKey], at: datetime.datetime) -> None:
        """Remember that these were sent to their topic once more, in the redrive of this time."""
        self._redriven |= dict.fromkeys(keys, at)

    async def redriven(self, at: datetime.datetime) -> Mapping[str, int]:
        """What became of those of one redrive: how many by `ClosedAs`, and "" for open ones."""
        keys = [key for key, moment in self._redriven.items() if moment == at]
        ends = (self._closings.get(key) for key in keys)
        return Counter("" if end is None else end.closed_as.value for end in ends)

    async def names_open(self, patient: PatientKey) -> int:
        """How many open rows name a patient, but for conflicts of versions.

        Of those the patient's own state knows whether they were answered.
        """
        rows = (self._quarantine[key] for key in self._named([("patient", *patient)]))
        return sum(row.reason != Reason.VERSION_CONFLICT for row in rows)


def _names_of(row: QuarantineRow) -> Iterable[Name]:
    """The names that an open row is looked for by."""
    if row.source is not None:
        if row.event_id is not None:
            yield ("event", row.source, row.event_id)
        if row.record_id is not None:
            yield ("record", row.source, row.record_id)
    if row.patient is not None:
        yield ("patient", *row.patient)


def _is_wanted(key: DeliveryKey, row: QuarantineRow, wanted: Wanted) -> bool:
    study, patient = row.patient or (None, None)
    same = (
        (wanted.reason, row.reason),
        (wanted.topic, row.topic),
        (wanted.source, row.source),
        (wanted.study_id, study),
        (wanted.patient_id, patient),
        (wanted.key, key),
    )
    return (
        all(asked in {None, found} for asked, found in same)
        and (wanted.since is None or row.received_at >= wanted.since)
        and (wanted.until is None or row.received_at < wanted.until)
    )
