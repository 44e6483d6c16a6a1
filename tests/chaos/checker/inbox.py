"""Checks of inbox and quarantine: every message came to exactly one end, with its own bytes."""

import datetime
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from tests.auditor.telling import given_day
from tests.auditor.values import TYPE_PREFIX, TYPE_SUFFIX, rule
from tests.chaos.checker.evidence import (
    CLOCK_TOPIC,
    Kind,
    OnTopic,
    Violation,
    place,
    position,
)
from tests.chaos.checker.model import rules_of
from tests.chaos.checker.rows import InboxRow, QuarantineRow
from tests.chaos.checker.seen import CONFLICTS, Read, Seen, number_of, read

Found = Iterator[Violation]
CLOCK = "urn:ctdna-monitor:clock"


def acknowledged_messages_are_on_their_topic(seen: Seen) -> Found:
    """The broker has what it acknowledged, but for what retention took; nothing is a stranger's."""
    evidence = seen.evidence
    present = {position(one): one for one in evidence.delivered}
    numbers = {number_of(one) for one in evidence.delivered}
    for told in evidence.acknowledged:
        one, at = seen.sent.get(told.number), position(told)
        if one is None or told.value != one.value:
            yield Violation(Kind.ALTERED, f"{at}: acknowledged is what nobody sent")
            continue
        low, _ = evidence.bounds.get(place(told), (0, 0))
        if place(told) in seen.remade or 0 <= told.offset < low:
            continue
        there = at in present and number_of(present[at]) == told.number
        if not (there or (told.offset < 0 and told.number in numbers)):
            yield Violation(Kind.LOST, f"{at}: acknowledged, and not on its topic")
    for at, lies in present.items():
        one = seen.sent.get(-1 if (number := number_of(lies)) is None else number)
        if one is None:
            yield Violation(Kind.INVENTED, f"{at}: nobody sent that message")
        elif (lies.key, lies.headers, lies.value) != (one.key, tuple(one.headers), one.value):
            yield Violation(Kind.ALTERED, f"{at}: the topic holds other bytes than were sent")


def every_message_comes_to_one_end(seen: Seen) -> Found:
    """Accepted, a duplicate of what was accepted, or quarantined: one of them, and rightly so."""
    for one in seen.deliveries:
        refusals, rows = seen.refusals(one), _own_rows(seen, one)
        if len(refusals) + len(rows) > 1:
            yield Violation(Kind.DOUBLED, f"{position(one)} has several rows")
        reason = seen.reason(one)
        if not refusals and (reason is None or reason in CONFLICTS):
            yield from _accepted(seen, one)
        elif not refusals and not seen.left_out(position(one)):
            yield Violation(Kind.LOST, f"{position(one)}: refused, and not in quarantine")
        for row in refusals:
            wanted = reason
            if row.reason in CONFLICTS and reason in {None, *CONFLICTS}:
                wanted = row.reason if _contradicts(seen, one, row.reason) else None
            if row.reason != wanted:
                told = "accepted" if wanted is None else f"refused as {wanted}"
                yield Violation(Kind.WRONG, f"{position(one)}: {row.reason}, should be {told}")


def _own_rows(seen: Seen, one: OnTopic) -> list[InboxRow]:
    said = read(one)
    rows = seen.inbox.get(said.pair, ()) if said else ()
    return [
        row
        for row in rows
        if position(row) == position(one) and (row.headers, row.value) == (one.headers, one.value)
    ]


def _accepted(seen: Seen, one: OnTopic) -> Found:
    """Its event has an inbox row of the same content."""
    said = read(one)
    rows = seen.inbox.get(said.pair, ()) if said else ()
    if not rows and not seen.left_out(position(one)):
        yield Violation(Kind.LOST, f"{position(one)} is neither in the inbox nor in quarantine")
    elif said and rows and not any(_same(row, said) for row in rows):
        yield Violation(Kind.LOST, f"{position(one)}: taken for a duplicate of another content")


def _same(row: InboxRow, said: Read) -> bool:
    kept = read(row)
    return kept is not None and kept.content == said.content


def _contradicts(seen: Seen, one: OnTopic, reason: str) -> bool:
    """Whether an event accepted before this message says something else under the same name."""
    said = read(one)
    if said is None:
        return False
    if reason == "duplicate_conflict":
        others = [row for row in seen.inbox.get(said.pair, ()) if not _same(row, said)]
    else:
        record = said.record
        kind = f"{TYPE_PREFIX}{record.kind}{TYPE_SUFFIX}"
        others = [
            row
            for row in seen.versions.get(record.key, ())
            if row.type != kind or (row.record_version == record.version and not _same(row, said))
        ]
    remade = place(one) in seen.remade
    return any(place(row) != place(one) or row.offset < one.offset or remade for row in others)


def every_event_has_one_row(seen: Seen) -> Found:
    """The pair of source and id is in the inbox once, and a place in quarantine once."""
    for pair, rows in seen.inbox.items():
        if len(rows) > 1:
            yield Violation(Kind.DOUBLED, f"{pair} has {len(rows)} inbox rows")
    for at, refusals in seen.quarantine.items():
        if len(refusals) > 1 and place(at) not in seen.remade:
            yield Violation(Kind.DOUBLED, f"{at} has {len(refusals)} quarantine rows")


def rows_hold_the_bytes_that_were_sent(seen: Seen) -> Found:
    """Inbox and quarantine keep key, headers and value as they came, and nothing else."""
    rows: Sequence[InboxRow | QuarantineRow] = [
        *seen.evidence.accepted,
        *seen.evidence.quarantined,
    ]
    for row in rows:
        if isinstance(row, InboxRow) and row.topic == CLOCK_TOPIC:
            continue
        lay = seen.log.get(position(row), ())
        if not lay:
            yield Violation(Kind.INVENTED, f"a row of {position(row)}, where nothing was sent")
        elif all((row.message_key, row.headers, row.value) != one[3:] for one in lay):
            yield Violation(Kind.ALTERED, f"{position(row)}: a row with other bytes")


def columns_say_what_the_bytes_say(seen: Seen) -> Found:
    """The inbox names event, record, patient and clinical day as the message itself does."""
    for row in seen.evidence.accepted:
        said = read(row)
        if said is None:
            yield Violation(Kind.WRONG, f"{position(row)}: accepted, and no event of ours")
            continue
        record = said.record
        named = (*said.pair, f"{TYPE_PREFIX}{record.kind}{TYPE_SUFFIX}", *record.key[1:])
        told = (row.source, row.event_id, row.type, row.record_id)
        about = (str(record.get("study_id")), str(record.get("patient_id")), record.version)
        day = given_day(record)
        if named != told or about != (*row.patient, row.record_version) or day != row.clinical_day:
            yield Violation(Kind.WRONG, f"{position(row)}: columns that the message does not say")


def closed_days_are_over(seen: Seen) -> Found:
    """A day that the monitor closed is a known patient's, and over in the study's zone."""
    zone = ZoneInfo(rule(rules_of(seen.evidence.rules), "schedule.timezone"))
    known = set()
    for row in seen.evidence.accepted:
        if row.topic == CLOCK_TOPIC:
            said = read(row)
            day = given_day(said.record) if said else None
            name = f"{row.study_id}/{row.patient_id}/{day}"
            over = row.received_at.astimezone(zone).date() - datetime.timedelta(days=1)
            sound = row.source == CLOCK and row.type == f"{TYPE_PREFIX}day.closed{TYPE_SUFFIX}"
            if not sound or row.record_id != name or row.patient not in known:
                yield Violation(Kind.INVENTED, f"{row.event_id}: no closed day of a patient")
            elif day is None or day > over:
                yield Violation(Kind.WRONG, f"{row.event_id}: closed before it was over")
        known.add(row.patient)


def arrivals_are_numbered(seen: Seen) -> Found:
    """A patient's facts are 1, 2, 3 … as they were recorded, and the state counts each once."""
    arrivals: dict[tuple[str, str], list[int]] = {}
    for row in seen.evidence.accepted:
        if row.moved_from is not None and row.moved_arrival is not None:
            arrivals.setdefault(row.moved_from, []).append(row.moved_arrival)
        arrivals.setdefault(row.patient, []).append(row.arrival)
    versions = {(row.study_id, row.patient_id): row.version for row in seen.evidence.states}
    for patient in arrivals.keys() | versions.keys():
        version, found = versions.get(patient, 0), arrivals.get(patient, [])
        if found != list(range(1, version + 1)):
            yield Violation(Kind.ARRIVALS, f"{patient}: {len(found)} facts, {version=}")


def records_stand_as_their_versions_say(seen: Seen) -> Found:
    """Outcomes in the inbox, rows of records and marks of incomplete patients (contract 2)."""
    stands = {key: one for told in seen.told for key, one in told.records.items()}
    for told in seen.told:
        yield from (Violation(Kind.WRONG, words) for words in told.unlike)
    kept = {(row.source, row.record_id): row for row in seen.evidence.records}
    for key in stands.keys() | kept.keys():
        one, row = stands.get(key), kept.get(key)
        if one is None or row is None:
            yield Violation(Kind.INVENTED if one is None else Kind.LOST, f"record {key}")
        elif (f"{TYPE_PREFIX}{one.type}{TYPE_SUFFIX}", *one[1:]) != (
            row.type, (row.study_id, row.patient_id), row.standing_version, row.settled,
        ):  # fmt: skip
            yield Violation(Kind.WRONG, f"record {key} is not where its versions put it")
    incomplete = set(_incomplete(seen))
    for state in seen.evidence.states:
        if state.incomplete != ((state.study_id, state.patient_id) in incomplete):
            yield Violation(Kind.WRONG, f"{state[:2]}: incomplete is {state.incomplete}")


def _incomplete(seen: Seen) -> Iterator[tuple[str, str]]:
    """Patients with a record of which a refused version is not below every accepted one."""
    stands = {key: one for told in seen.told for key, one in told.records.items()}
    highest = {key: one for told in seen.told for key, one in told.highest.items()}
    for row in seen.evidence.quarantined:
        said = read(row) if row.reason == "version_conflict" else None
        if said and said.record.key in stands and said.record.version >= highest[said.record.key]:
            yield stands[said.record.key].patient
