"""The promises of the monitor, each as a pure check over what was read from Kafka and SQL."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from monitor.ledger.entries import AcceptedRow, Counts, PatientKey, QuarantineRow, TopicPartition
from monitor.wire.delivery import Delivery
from tests.faults.evidence import (
    Evidence,
    Kind,
    Position,
    Violation,
    grouped,
    number_of,
    position,
)

CLOCK_TOPIC = "clock"  # days that the monitor closed itself: nobody sent them
Found = Iterator[Violation]
K = TypeVar("K")
V = TypeVar("V")


def violations(evidence: Evidence) -> list[Violation]:
    """Every promise that was broken, with what broke it."""
    return list(chain.from_iterable(check(evidence) for check in CHECKS))


def every_message_is_on_its_topic_once(evidence: Evidence) -> Found:
    """The test's own premise: the broker has what was sent, no more and no less."""
    found = Counter(number_of(delivery) for delivery in evidence.delivered)
    for one in evidence.sent:
        if found[one.number] != 1:
            kind = Kind.LOST if found[one.number] == 0 else Kind.DOUBLED
            yield Violation(kind, f"message {one.number} is {found[one.number]} times on its topic")


def every_event_has_one_row(evidence: Evidence) -> Found:
    """An accepted pair has one inbox row from one of its deliveries, a refused one quarantine."""
    sent = {one.number: one for one in evidence.sent}
    inbox = _by(evidence.accepted, lambda row: tuple(row.key))
    refused = _by(evidence.quarantined, position)
    copies: dict[tuple[str, str], set[Position]] = defaultdict(set)
    for delivery in evidence.delivered:
        one, at = sent[number_of(delivery)], position(delivery)
        if one.refused is not None:
            yield from _one_row("quarantine", refused[at], at)
            yield from _refused_as(one.refused, refused[at])
        elif one.pair is not None:
            copies[one.pair].add(at)
            if at in refused:
                yield Violation(Kind.DOUBLED, f"{at} was sound and lies in quarantine")
    for pair, places in copies.items():
        yield from _one_row("inbox", inbox[pair], min(places))
        if any(position(row) not in places for row in inbox[pair]):
            yield Violation(Kind.ALTERED, f"the inbox row of {min(places)} names another place")


def _one_row(table: str, found: Sequence[object], at: Position) -> Found:
    if len(found) != 1:
        kind = Kind.LOST if not found else Kind.DOUBLED
        yield Violation(kind, f"{at} has {len(found)} {table} rows")


def _refused_as(reason: str, found: Sequence[QuarantineRow]) -> Found:
    for row in found:
        if row.reason != reason:
            yield Violation(Kind.ALTERED, f"{position(row)}: {row.reason} instead of {reason}")


def rows_hold_the_bytes_that_were_sent(evidence: Evidence) -> Found:
    """Inbox and quarantine keep key, headers and value as they came, and nothing else."""
    delivered = {position(delivery): delivery for delivery in evidence.delivered}
    rows: list[AcceptedRow | QuarantineRow] = [*evidence.accepted, *evidence.quarantined]
    for row in rows:
        if row.topic == CLOCK_TOPIC:
            continue
        one = delivered.get(position(row))
        if one is None:
            yield Violation(Kind.INVENTED, f"a row of {position(row)}, where nothing was sent")
        elif (row.message_key, tuple(row.headers), row.value) != (one.key, one.headers, one.value):
            yield Violation(Kind.ALTERED, f"{position(row)}: a row with other bytes")


def arrivals_are_numbered(evidence: Evidence) -> Found:
    """A patient's facts are 1, 2, 3 … and the state has counted each of them once."""
    arrivals: dict[PatientKey, list[int]] = defaultdict(list)
    for row in evidence.accepted:
        arrivals[row.patient].append(row.arrival)
        if row.moved_from is not None and row.moved_arrival is not None:
            arrivals[row.moved_from].append(row.moved_arrival)
    for patient in arrivals.keys() | evidence.states.keys():
        version = evidence.states.get(patient, 0)
        if sorted(arrivals[patient]) != list(range(1, version + 1)):
            yield Violation(Kind.ARRIVALS, f"{patient}: {len(arrivals[patient])} facts, {version=}")


def notices_are_as_replayed(evidence: Evidence) -> Found:
    """Each notice that the recorded events give is in the database once, with the same bytes."""
    held = _by(evidence.notices, lambda row: row.notice_id)
    expected = {row.notice_id: row for row in evidence.expected}
    for notice_id, row in expected.items():
        if len(held[notice_id]) != 1:
            kind = Kind.MISSED if not held[notice_id] else Kind.DOUBLED
            yield Violation(kind, f"notice {notice_id} is {len(held[notice_id])} times in SQL")
        elif held[notice_id][0] != row:
            yield Violation(Kind.ALTERED, f"notice {notice_id} is not as replayed")
    for notice_id in held.keys() - expected.keys():
        if held[notice_id]:
            yield Violation(Kind.INVENTED, f"notice {notice_id} follows from no recorded event")


def notices_are_published(evidence: Evidence) -> Found:
    """Each notice of the database is on the topic, every copy with the bytes of the database."""
    copies = grouped(evidence.published, "ce_id")
    for row in evidence.notices:
        key = "/".join(row.patient).encode()
        if not copies.get(row.notice_id):
            yield Violation(Kind.UNSENT, f"notice {row.notice_id} is not on the topic")
        elif row.notice_id not in evidence.sent_notices:
            yield Violation(Kind.UNSENT, f"notice {row.notice_id} is not marked as published")
        for copy in copies.get(row.notice_id, ()):
            if (copy.key, copy.headers, copy.value) != (key, row.headers, row.value):
                yield Violation(Kind.ALTERED, f"{position(copy)}: a notice with other bytes")
    for notice_id in copies.keys() - {row.notice_id for row in evidence.notices}:
        yield Violation(Kind.INVENTED, f"notice {notice_id} is on the topic only")


def first_occurrences_are_in_sequence(evidence: Evidence) -> Found:
    """Of each patient 1, 2, 3 … in the database, and on the topic when copies are left out."""
    sequence = {row.notice_id: row.sequence for row in evidence.notices}
    held: dict[bytes, list[int]] = defaultdict(list)
    for row in evidence.notices:
        held["/".join(row.patient).encode()].append(row.sequence)
    published: dict[bytes, dict[int, int]] = defaultdict(dict)
    for delivery in evidence.published:
        notice_id = (dict(delivery.headers).get("ce_id") or b"").decode()
        if notice_id in sequence:
            published[delivery.key or b""].setdefault(sequence[notice_id], delivery.partition)
    for key, numbers in held.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield Violation(Kind.OUT_OF_SEQUENCE, f"{key!r}: {sorted(numbers)} in SQL")
        first = list(published[key])
        if first != list(range(1, len(first) + 1)):
            yield Violation(Kind.OUT_OF_SEQUENCE, f"{key!r}: {first} on the topic")
        if len(set(published[key].values())) > 1:
            yield Violation(Kind.OUT_OF_SEQUENCE, f"{key!r}: on several partitions")


def dead_letters_carry_the_original(evidence: Evidence) -> Found:
    """Each quarantine row is on its dead letter topic with its own key, value and headers."""
    copies: dict[tuple[object, ...], int] = Counter()
    for one in evidence.dead_letters:
        own = tuple(header for header in one.headers if not header[0].startswith("dlq."))
        copies[one.topic, one.key, own, one.value] += 1
    for row in evidence.quarantined:
        key = (f"{row.topic}.dlq", row.message_key, tuple(row.headers), row.value)
        if not copies.pop(key, 0):
            yield Violation(Kind.UNSENT, f"{position(row)}: no dead letter with its bytes")
    for topic, *_ in copies:
        yield Violation(Kind.INVENTED, f"a dead letter on {topic} that nobody sent")


def nothing_is_committed_beyond_the_ledger(evidence: Evidence) -> Found:
    """The group's next offset is at most one after the last that the ledger holds."""
    for sample in evidence.commits:
        for place, offsets in sample.items():
            if offsets.committed > offsets.recorded + 1:
                yield Violation(Kind.COMMITTED_AHEAD, f"{place}: {offsets}")


def counts_add_up(evidence: Evidence) -> Found:
    """Of each partition the ledger counted every offset once, under its outcome."""
    delivered = Counter(map(_place, evidence.delivered))
    accepted = Counter(map(_place, evidence.accepted))
    refused = Counter(map(_place, evidence.quarantined))
    for place, total in delivered.items():
        last, counts = evidence.ledger.get(place, (-1, Counts()))
        if last != total - 1:
            yield Violation(Kind.LOST, f"{place}: recorded to {last} of {total}")
            continue
        told = (counts.applied + counts.stale, counts.rejected, counts.duplicate)
        taken = accepted[place], refused[place]
        true = (*taken, total - sum(taken))
        if told != true:
            yield Violation(Kind.MISCOUNTED, f"{place}: {told} instead of {true}")


def the_same_findings_stand(evidence: Evidence) -> Found:
    """Those of `monitor evaluate` over the same events in the order in which they were sent."""
    for patient in sorted(evidence.findings.keys() | evidence.evaluated_findings.keys()):
        if evidence.findings.get(patient) != evidence.evaluated_findings.get(patient):
            yield Violation(Kind.OTHER_FINDINGS, f"{patient}: other findings than evaluate's")


def _place(one: Delivery | AcceptedRow | QuarantineRow) -> TopicPartition:
    return TopicPartition(one.topic, one.partition)


def _by(rows: Sequence[V], key: Callable[[V], K]) -> defaultdict[K, list[V]]:
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


CHECKS: Sequence[Callable[[Evidence], Found]] = (
    every_message_is_on_its_topic_once,
    every_event_has_one_row,
    rows_hold_the_bytes_that_were_sent,
    arrivals_are_numbered,
    notices_are_as_replayed,
    notices_are_published,
    first_occurrences_are_in_sequence,
    dead_letters_carry_the_original,
    nothing_is_committed_beyond_the_ledger,
    counts_add_up,
    the_same_findings_stand,
)
