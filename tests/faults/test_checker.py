"""The checks find what they are for: sound evidence passes, and each spoiled piece is named."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import pytest

from monitor.clock import Clock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.entries import Counts, TopicPartition
from monitor.ledger.memory import MemoryLedger
from monitor.relay import Relay
from monitor.rulesets import Rulesets
from monitor.settings import Settings
from monitor.wire.delivery import Delivery
from tests.faults.checker import violations
from tests.faults.cohort import cohort
from tests.faults.evidence import Evidence, Kind, Offsets
from tests.faults.replay import replay, standing, told_by

TOPICS = {name: name for name in ("ctdna.results", "imaging.reads", "clinical.events")}


class Board:
    """Takes every message that is sent, as a topic of one partition does."""

    def __init__(self) -> None:
        self.messages: list[Delivery] = []
        self._offsets = count()

    async def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: object
    ) -> tuple[int, int]:
        offset = next(self._offsets)
        self.messages.append(Delivery(topic, 0, offset, key, tuple(headers), value))  # type: ignore[arg-type]
        return 0, offset


async def sound_evidence() -> Evidence:
    """A small cohort through intake, relay and a ledger in memory."""
    messages = cohort(1_500, seed=3)
    offsets = {name: count() for name in TOPICS}
    deliveries = [
        Delivery(one.topic, 0, next(offsets[one.topic]), one.key, one.headers, one.value)
        for one in messages
    ]
    ledger, clock, board = MemoryLedger(time.monotonic), Clock(), Board()
    told = Settings()
    settings = IntakeSettings("g", told.deployment, TOPICS)
    intake = Intake(ledger, clock, settings, rules_for=Rulesets(None))
    for begin in range(0, len(deliveries), 100):
        await intake.receive(deliveries[begin : begin + 100])
    relay = Relay(ledger, board, clock, holder="test")
    while await relay.send_once():
        pass
    accepted = list(ledger._accepted.values())
    notices = told_by(ledger)
    found = standing([row.document for row in ledger._states.values()])
    places = {TopicPartition(name, 0): Offsets(1, 1) for name in TOPICS}
    return Evidence(
        sent=messages,
        delivered=deliveries,
        accepted=accepted,
        quarantined=await ledger.quarantined(),
        notices=notices,
        sent_notices=frozenset(ledger._published),
        states={patient: row.version for patient, row in ledger._states.items()},
        ledger=dict(await ledger.offsets("g")),
        published=[one for one in board.messages if one.topic == "monitor.notices"],
        dead_letters=[one for one in board.messages if one.topic.endswith(".dlq")],
        expected=await replay(accepted, told),
        findings=found,
        evaluated_findings=dict(found),
        commits=[places],
    )


@pytest.fixture(scope="module")
def sound() -> Evidence:
    return asyncio.run(sound_evidence())


def test_sound_evidence_passes_and_is_rich_enough(sound: Evidence) -> None:
    assert violations(sound) == []
    assert len({one.finding for one in sound.notices}) > 15
    assert len({one.reason for one in sound.quarantined}) >= 4
    assert sum(counts.duplicate for _, counts in sound.ledger.values()) > 20


def uncounted(sound: Evidence) -> Evidence:
    place, (last, counts) = next(iter(sound.ledger.items()))
    counts = replace(counts, applied=counts.applied - 1, duplicate=counts.duplicate + 1)
    return replace(sound, ledger={**sound.ledger, place: (last, counts)})


def unrecorded(sound: Evidence) -> Evidence:
    place = next(iter(sound.ledger))
    return replace(sound, ledger={**sound.ledger, place: (0, Counts(applied=1))})


def ahead(sound: Evidence) -> Evidence:
    place = TopicPartition("ctdna.results", 0)
    return replace(sound, commits=[*sound.commits, {place: Offsets(committed=9, recorded=7)}])


def swapped(sound: Evidence) -> Evidence:
    """Two notices of one patient the other way round on the topic."""
    published = list(sound.published)
    key = published[0].key
    first, second, *_ = (n for n, one in enumerate(published) if one.key == key)
    published[first], published[second] = published[second], published[first]
    return replace(sound, published=published)


def doubled_refusal(sound: Evidence) -> Evidence:
    return replace(sound, quarantined=[*sound.quarantined, sound.quarantined[0]])


def rejudged(sound: Evidence) -> Evidence:
    first, *rest = sound.quarantined
    return replace(sound, quarantined=[replace(first, reason="too_large"), *rest])


def other_bytes_in_the_inbox(sound: Evidence) -> Evidence:
    first, *rest = sound.accepted
    return replace(sound, accepted=[replace(first, value=b"{}"), *rest])


def other_bytes_on_the_topic(sound: Evidence) -> Evidence:
    copy = replace(sound.published[-1], value=b"{}")
    return replace(sound, published=[*sound.published, copy])


def other_bytes_in_the_outbox(sound: Evidence) -> Evidence:
    first, *rest = sound.notices
    return replace(sound, notices=[first._replace(value=b"{}"), *rest])


def uncounted_fact(sound: Evidence) -> Evidence:
    """Two facts under one number, as a lost update leaves them."""
    patient, version = next((p, v) for p, v in sound.states.items() if v > 1)
    rows = [
        replace(row, arrival=version - 1)
        if (row.patient, row.arrival) == (patient, version)
        else row
        for row in sound.accepted
    ]
    return replace(sound, accepted=rows, states={**sound.states, patient: version - 1})


@dataclass(frozen=True)
class Spoiled:
    kind: Kind
    spoil: Callable[[Evidence], Evidence]


SPOILED = {
    "an event without a row": Spoiled(
        Kind.LOST, lambda sound: replace(sound, accepted=sound.accepted[1:])
    ),
    "an event with two rows": Spoiled(
        Kind.DOUBLED, lambda sound: replace(sound, accepted=[*sound.accepted, sound.accepted[0]])
    ),
    "a refusal without a row": Spoiled(
        Kind.LOST, lambda sound: replace(sound, quarantined=sound.quarantined[1:])
    ),
    "a refusal with two rows": Spoiled(Kind.DOUBLED, doubled_refusal),
    "a refusal for another reason": Spoiled(Kind.ALTERED, rejudged),
    "a row of nothing": Spoiled(
        Kind.INVENTED,
        lambda sound: replace(
            sound, accepted=[*sound.accepted, replace(sound.accepted[0], offset=10**6)]
        ),
    ),
    "a message that is not on its topic": Spoiled(
        Kind.LOST, lambda sound: replace(sound, delivered=sound.delivered[1:])
    ),
    "an inbox row with other bytes": Spoiled(Kind.ALTERED, other_bytes_in_the_inbox),
    "a fact that the state lost": Spoiled(Kind.ARRIVALS, uncounted_fact),
    "a notice that is not in the database": Spoiled(
        Kind.MISSED, lambda sound: replace(sound, notices=sound.notices[1:])
    ),
    "a notice that is twice in the database": Spoiled(
        Kind.DOUBLED, lambda sound: replace(sound, notices=[*sound.notices, sound.notices[0]])
    ),
    "a notice that follows from nothing": Spoiled(
        Kind.INVENTED, lambda sound: replace(sound, expected=sound.expected[1:])
    ),
    "a notice with other bytes in the database": Spoiled(Kind.ALTERED, other_bytes_in_the_outbox),
    "a notice that is not on the topic": Spoiled(
        Kind.UNSENT, lambda sound: replace(sound, published=sound.published[:-1])
    ),
    "a notice that is not marked": Spoiled(
        Kind.UNSENT, lambda sound: replace(sound, sent_notices=frozenset())
    ),
    "a copy with other bytes": Spoiled(Kind.ALTERED, other_bytes_on_the_topic),
    "a first notice left out": Spoiled(
        Kind.OUT_OF_SEQUENCE, lambda sound: replace(sound, published=sound.published[1:])
    ),
    "notices in another order": Spoiled(Kind.OUT_OF_SEQUENCE, swapped),
    "a dead letter that is not there": Spoiled(
        Kind.UNSENT, lambda sound: replace(sound, dead_letters=sound.dead_letters[1:])
    ),
    "a dead letter with other bytes": Spoiled(
        Kind.INVENTED,
        lambda sound: replace(
            sound, dead_letters=[*sound.dead_letters, replace(sound.dead_letters[0], value=b"")]
        ),
    ),
    "an offset committed too early": Spoiled(Kind.COMMITTED_AHEAD, ahead),
    "an offset counted under another outcome": Spoiled(Kind.MISCOUNTED, uncounted),
    "offsets that the ledger does not hold": Spoiled(Kind.LOST, unrecorded),
    "other findings than evaluate's": Spoiled(
        Kind.OTHER_FINDINGS, lambda sound: replace(sound, evaluated_findings={})
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_spoiled_is_named(sound: Evidence, name: str) -> None:
    spoiled = SPOILED[name]
    assert spoiled.kind in {one.kind for one in violations(spoiled.spoil(sound))}


def test_copies_of_a_notice_are_no_violation(sound: Evidence) -> None:
    again = [*sound.published, *sound.published[:50]]
    assert violations(replace(sound, published=again)) == []
