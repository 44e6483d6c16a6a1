"""Whether a world that came to rest kept every promise: nothing lost, doubled or invented."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from monitor.ledger.entries import AcceptedRow, Counts, EventKey, NoticeRow, QuarantineRow
from monitor.settings import DLQ_SUFFIX, NOTICES_TOPIC
from monitor.wire.delivery import Delivery, Reason
from tests.simulation.database import Row, outcome_of
from tests.simulation.model import disagreements
from tests.simulation.sending import Message
from tests.simulation.world import Position, World

CONFLICTS = frozenset({Reason.DUPLICATE_CONFLICT, Reason.VERSION_CONFLICT})


def verdict(world: World) -> list[str]:
    """Every promise that was broken; the model is asked where the rows are sound."""
    return list(chain.from_iterable(check(world) for check in CHECKS)) or list(disagreements(world))


def every_offset_is_recorded_once(world: World) -> Iterator[str]:
    """applied + stale + rejected + duplicate = offsets, each with its row and its own bytes."""
    accepted, refused = _placed(world.database.accepted()), _placed(world.database.quarantined())
    pairs = {row.key for row in world.database.accepted()}
    for place in world.broker.places:
        told = Counter[str]()
        for delivery in world.broker.log(place):
            at = (delivery.topic, delivery.partition, delivery.offset)
            rows = [*accepted.pop(at, []), *refused.get(at, [])]
            told[_outcome(rows)] += 1
            yield from _rightly(world.sent[at], rows, pairs, at)
            yield from (f"{at}: a row with other bytes" for row in rows if not _same(row, delivery))
            refused.pop(at, None)
        counts = world.database.counts().get(place, Counts())
        found = Counter(
            {
                "applied": counts.applied,
                "duplicate": counts.duplicate,
                "stale": counts.stale,
                "rejected": counts.rejected,
            }
        )
        if +found != told:
            yield f"{place}: counted {dict(+found)}, and its rows say {dict(told)}"
    yield from (f"{at}: a row of what nobody sent" for at in (*accepted, *refused))


def _placed(rows: Iterable[Row]) -> dict[Position, list[Row]]:
    found: dict[Position, list[Row]] = defaultdict(list)
    for row in rows:
        if row.topic in {"ctdna.results", "imaging.reads", "clinical.events"}:
            found[row.topic, row.partition, row.offset].append(row)
    return found


def _outcome(rows: list[Row]) -> str:
    return outcome_of(rows[-1]) if rows else "duplicate"


def _rightly(
    message: Message, rows: list[Row], pairs: set[EventKey], at: Position
) -> Iterator[str]:
    """Whether a message has the rows that it should have."""
    if len(rows) > 1 and not _is_overtaken(rows):
        yield f"{at}: {len(rows)} rows"
    refused = [row.reason for row in rows if isinstance(row, QuarantineRow)]
    if message.event is None:
        if not refused:
            yield f"{at}: poison that is not in quarantine"
        elif message.refused is not None and message.refused != refused[0]:
            yield f"{at}: refused as {refused[0]} instead of {message.refused}"
        return
    if any(reason not in CONFLICTS for reason in refused):
        yield f"{at}: sound, and refused as {refused[0]}"
    if not rows and EventKey(message.event["source"], message.event["id"]) not in pairs:
        yield f"{at}: nothing is left of it"


def _is_overtaken(rows: list[Row]) -> bool:
    """A conflict that was answered before it was delivered once more, and is stale then."""
    first, *others = rows
    return (
        isinstance(first, AcceptedRow)
        and first.outcome == "stale"
        and [getattr(one, "reason", None) for one in others] == [Reason.VERSION_CONFLICT]
    )


def _same(row: Row, delivery: Delivery) -> bool:
    kept = (row.message_key, tuple(row.headers), row.value)
    return kept == (delivery.key, delivery.headers, delivery.value)


def arrivals_are_numbered(world: World) -> Iterator[str]:
    """A patient's facts are 1, 2, 3 …, and the state counted each of them once."""
    arrivals: dict[object, list[int]] = defaultdict(list)
    for row in world.database.accepted():
        arrivals[row.patient].append(row.arrival)
        if row.moved_from is not None and row.moved_arrival is not None:
            arrivals[row.moved_from].append(row.moved_arrival)
    for patient, state in world.database.states().items():
        found = sorted(arrivals.pop(patient, []))
        if found != list(range(1, state.version + 1)):
            yield f"{patient}: arrivals {found} in a state of version {state.version}"
    yield from (f"{patient}: facts and no state" for patient in arrivals)


def every_notice_is_on_the_topic(world: World) -> Iterator[str]:
    """Each is there with its bytes, at least once; nothing else is; first copies in sequence."""
    copies: dict[str, list[Delivery]] = defaultdict(list)
    for log in world.broker.logs(NOTICES_TOPIC).values():
        for one in log:
            copies[(dict(one.headers).get("ce_id") or b"").decode()].append(one)
    rows = {row.notice_id: row for row in world.database.notices()}
    for notice_id, found in copies.items():
        told = world.database.ever_told.get(notice_id, set())
        if any((one.headers, one.value) not in told for one in found):
            yield f"a notice on the topic with bytes that were never recorded: {notice_id}"
    for notice_id, row in rows.items():
        if not copies[notice_id]:
            yield f"notice {row.sequence} ({row.finding}) is not on the topic"
        if notice_id not in world.database.published():
            yield f"notice {row.sequence} ({row.finding}) is not marked as sent"
    # What a lost timeline told otherwise was read before what stands, so no order holds there.
    apart = world.database.told_otherwise() if world.faults["restored"] else set()
    together = {key: row for key, row in rows.items() if row.patient not in apart}
    yield from _in_sequence(together, copies)


def _in_sequence(
    rows: Mapping[str, NoticeRow], copies: Mapping[str, list[Delivery]]
) -> Iterator[str]:
    firsts: dict[object, list[tuple[int, int]]] = defaultdict(list)
    for notice_id, row in rows.items():
        offsets = [one.offset for one in copies[notice_id]]
        if len({(one.partition, one.key) for one in copies[notice_id]}) > 1:
            yield f"notice {row.sequence} ({row.finding}) is on several partitions"
        firsts[row.patient].append((min(offsets, default=-1), row.sequence))
        if row.value != (copies[notice_id][0].value if copies[notice_id] else row.value):
            yield f"notice {row.sequence} ({row.finding}) has other bytes on the topic"
    for patient, found in firsts.items():
        sequences = [sequence for _, sequence in sorted(found)]
        if sequences != list(range(1, len(sequences) + 1)):
            yield f"{patient}: first copies in the order {sequences}"


def every_dead_letter_is_sent(world: World) -> Iterator[str]:
    """Each refused delivery is on its dead letter topic with what came, and nothing else is."""
    known = {
        (row.topic + DLQ_SUFFIX, row.message_key, tuple(row.headers), row.value)
        for row in world.database.ever_refused.values()
    }
    found = set()
    for topic in world.broker.inputs:
        for log in world.broker.logs(topic + DLQ_SUFFIX).values():
            for one in log:
                own = tuple(pair for pair in one.headers if not pair[0].startswith("dlq."))
                found.add((one.topic, one.key, own, one.value))
    yield from (f"a dead letter on {one[0]} that nobody refused" for one in found - known)
    for row in world.database.quarantined():
        letter = (row.topic + DLQ_SUFFIX, row.message_key, tuple(row.headers), row.value)
        if letter not in found:
            yield f"a refused delivery of {row.topic} without its dead letter"


CHECKS = (
    every_offset_is_recorded_once,
    arrivals_are_numbered,
    every_notice_is_on_the_topic,
    every_dead_letter_is_sent,
)
