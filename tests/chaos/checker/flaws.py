"""Planted flaws: each spoils one thing in sound evidence, and names what must be found."""

import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from tests.chaos.checker.evidence import Evidence, Kind, OnTopic, Place, Sample, place, position
from tests.chaos.checker.notices import notice_id_of
from tests.chaos.checker.rows import AuditRow, InboxRow, NoticeRow, QuarantineRow
from tests.chaos.checker.seen import read

T = TypeVar("T")
Spoil = Callable[[Evidence], Evidence]


class Flaw(NamedTuple):
    kind: Kind
    spoil: Spoil


def spoiled(sound: Evidence, name: str, rows: Any) -> Evidence:
    """The evidence with another list."""
    changes: Any = {name: rows}
    return replace(sound, **changes)


def without(name: str, chosen: Callable[[Any], bool] = lambda _: True) -> Spoil:
    """One list of the evidence without its first chosen row."""

    def spoil(sound: Evidence) -> Evidence:
        rows = list(getattr(sound, name))
        del rows[next(number for number, row in enumerate(rows) if chosen(row))]
        return spoiled(sound, name, rows)

    return spoil


def changed(
    name: str, change: Callable[[Any], Any], chosen: Callable[[Any], bool] = lambda _: True
) -> Spoil:
    """One list of the evidence with its first chosen row changed."""

    def spoil(sound: Evidence) -> Evidence:
        rows = list(getattr(sound, name))
        number = next(number for number, row in enumerate(rows) if chosen(row))
        rows[number] = change(rows[number])
        return spoiled(sound, name, rows)

    return spoil


def doubled(name: str) -> Spoil:
    """The first row of a list once more at its end."""
    return lambda sound: spoiled(sound, name, [*getattr(sound, name), getattr(sound, name)[0]])


def with_document(row: NoticeRow, **fields: Any) -> NoticeRow:
    """A notice that says something else in document, value and columns alike."""
    said = json.loads(row.document) | fields
    text = json.dumps(said)
    columns = {name: value for name, value in fields.items() if name in NoticeRow._fields}
    if "effective_on" in columns:
        columns["effective_on"] = datetime.date.fromisoformat(columns["effective_on"])
    return row._replace(document=text, value=text.encode(), **columns)


def swapped(rows: Sequence[T], one: int, other: int) -> list[T]:
    found = list(rows)
    found[one], found[other] = found[other], found[one]
    return found


def two_swapped_on_the_topic(sound: Evidence) -> Evidence:
    """Two notices of one patient the other way round."""
    key = sound.published[0].key
    one, other, *_ = (n for n, row in enumerate(sound.published) if row.key == key)
    return replace(sound, published=swapped(sound.published, one, other))


def two_swapped_in_sequence(sound: Evidence) -> Evidence:
    """Two notices of one fact, told in the other order: withdrawn before amended before raised."""
    rows = list(sound.notices)
    number = next(
        n
        for n in range(len(rows) - 1)
        if (rows[n].patient, rows[n].cause_id) == (rows[n + 1].patient, rows[n + 1].cause_id)
    )
    first, second = rows[number], rows[number + 1]
    rows[number] = with_document(second, sequence=first.sequence)
    rows[number + 1] = with_document(first, sequence=second.sequence)
    return replace(sound, notices=rows)


def a_fact_under_a_number_twice(sound: Evidence) -> Evidence:
    """As a lost update leaves them."""
    state = next(row for row in sound.states if row.version > 1)
    patient = (state.study_id, state.patient_id)
    last = (patient, state.version)
    accepted = [
        row._replace(arrival=row.arrival - 1) if (row.patient, row.arrival) == last else row
        for row in sound.accepted
    ]
    states = [
        row._replace(version=row.version - 1) if row == state else row for row in sound.states
    ]
    return replace(sound, accepted=accepted, states=states)


def a_sample_lost_everywhere(sound: Evidence) -> Evidence:
    """An event that no table knows, with ledger and notices as if it had been a duplicate."""
    row = next(row for row in sound.accepted if row.record_version == 1 and row.topic != "clock")
    ledger = [
        one._replace(applied=one.applied - 1, duplicate=one.duplicate + 1)
        if place(one) == place(row)
        else one
        for one in sound.ledger
    ]
    return replace(sound, accepted=[one for one in sound.accepted if one != row], ledger=ledger)


def a_correction_dropped(sound: Evidence) -> Evidence:
    """A higher version is taken for a stale one: its finding stays as it was."""

    def stale(row: InboxRow) -> InboxRow:
        return row._replace(outcome="stale")

    higher = {(row.source, row.record_id) for row in sound.accepted if row.record_version > 1}
    return changed("accepted", stale, lambda row: (row.source, row.record_id) in higher)(sound)


def an_ack_below_retention(sound: Evidence) -> Evidence:
    """Retention took the first half of a topic: no flaw."""
    at, (_, high) = next(iter(sound.bounds.items()))
    kept = [row for row in sound.delivered if place(row) != at or row.offset >= high // 2]
    return replace(sound, delivered=kept, bounds={**sound.bounds, at: (high // 2, high)})


def lost_below_retention(sound: Evidence) -> Evidence:
    """The same, and an event of that half is in no table: only the acknowledgement tells."""
    spoiled = an_ack_below_retention(sound)
    kept = {position(row) for row in spoiled.delivered}
    return without("accepted", lambda row: row.topic != "clock" and position(row) not in kept)(
        spoiled
    )


def a_closed_day_too_early(sound: Evidence) -> Evidence:
    early = datetime.timedelta(days=3)
    return changed(
        "accepted",
        lambda row: row._replace(received_at=row.received_at - early),
        lambda row: row.topic == "clock",
    )(sound)


def a_mark_of_a_conflict_forgotten(sound: Evidence) -> Evidence:
    return changed(
        "states", lambda row: row._replace(incomplete=False), lambda row: bool(row.incomplete)
    )(sound)


def a_broken_chain(sound: Evidence) -> Evidence:
    at = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    row = AuditRow(1, at, "a", "rules.activated", "rules", "b", "{}", "", "0" * 64)
    return replace(sound, audit=[row])


def sampled(*samples: Sample, calm_at: float | None = None) -> Spoil:
    return lambda sound: replace(sound, samples=samples, calm_at=calm_at)


def never_at_rest(sound: Evidence) -> Evidence:
    """Settled in time, and when the tables were read a patient's day still waited."""
    samples = [Sample(30.0, 9, 0, 9)]
    return replace(sound, samples=samples, calm_at=20.0, rested_at=None)


def a_copy(**changes: Any) -> Spoil:
    """The last notice on the topic once more, changed."""

    def spoil(sound: Evidence) -> Evidence:
        last = sound.published[-1]
        copy = last._replace(offset=last.offset + 1, **changes)
        return replace(sound, published=[*sound.published, copy])

    return spoil


def is_of(kind: str) -> Callable[[InboxRow], bool]:
    def chosen(row: InboxRow) -> bool:
        said = read(row)
        return said is not None and said.record.kind == kind

    return chosen


AT = Place("ctdna.results", 0)
OTHER: Mapping[str, Any] = {"severity": "critical"}


def other_id(row: OnTopic) -> OnTopic:
    headers = tuple((n, b"x" if n == "ce_id" else v) for n, v in row.headers)
    return row._replace(headers=headers)


def refused_and_accepted(sound: Evidence) -> Evidence:
    """An inbox row's message lies in quarantine too."""
    row = sound.accepted[0]
    said = (row.topic, row.partition, row.offset, 0, row.message_key, row.headers, row.value)
    refused = QuarantineRow(*said, "too_large", row.received_at)
    return replace(sound, quarantined=[*sound.quarantined, refused])


def a_day_never_closed(sound: Evidence) -> Evidence:
    """All is as if the ticker had overlooked a patient's last day: no row, no notice of it."""
    versions = {(row.study_id, row.patient_id): row.version for row in sound.states}
    causes = {row.cause_id for row in sound.notices}
    day = next(
        row
        for row in reversed(sound.accepted)
        if row.topic == "clock" and row.event_id in causes and row.arrival == versions[row.patient]
    )
    told = {row.notice_id for row in sound.notices if row.cause_id == day.event_id}
    return replace(
        sound,
        accepted=[row for row in sound.accepted if row != day],
        records=[row for row in sound.records if row.record_id != day.record_id],
        states=[
            row._replace(version=row.version - (row[:2] == day.patient)) for row in sound.states
        ],
        notices=[row for row in sound.notices if row.notice_id not in told],
        published=[row for row in sound.published if notice_id_of(row) not in told],
    )
