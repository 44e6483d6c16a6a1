"""Senders are told what became of each delivery, in every home of the ledger: once, and in time."""

import json
from dataclasses import replace
from typing import Any

import pytest

from monitor.clock import FixedClock
from monitor.ledger.entries import Outgoing, Sent
from monitor.ledger.port import Ledger
from monitor.relay import Relay, UnsendableError
from monitor.settings import KafkaSettings
from monitor.wire.acknowledgement import AcknowledgementDocument
from monitor.wire.delivery import Delivery
from tests.clinical.facts import SOURCE, sample
from tests.intake.desk import NOON, Desk
from tests.intake.refused import RESULTS, spoilt, take

FIRST = sample(100, "detected", "s1")


def answering(ledger: Ledger) -> Desk:
    desk = Desk(ledger)
    desk.settings = replace(desk.settings, answering=True)
    return desk


async def hand_in(desk: Desk) -> list[Delivery]:
    """One of each outcome."""
    given = [
        desk.raw(FIRST.but(version=2).line("e1"), RESULTS),
        desk.raw(FIRST.but(version=2).line("e1"), RESULTS),
        desk.raw(FIRST.line("e0"), RESULTS),
        spoilt(desk, FIRST, "e2"),
        replace(desk.raw(b"\xff", RESULTS), key=b"\x00\xff"),
    ]
    outcomes = ["applied", "duplicate", "stale", "unmapped_code", "undecodable"]
    assert await take(desk, *given) == outcomes
    return given


def read(one: Outgoing) -> dict[str, Any]:
    AcknowledgementDocument.model_validate_json(one.value or b"", strict=False)
    document: dict[str, Any] = json.loads(one.value or b"")
    return document


class Broker:
    """Takes what it is given; a dead letter of the unit is too large for it."""

    def __init__(self, *, takes_large: bool = True) -> None:
        self.sent: list[tuple[str, bytes | None, bytes | None, Any]] = []
        self.takes_large = takes_large

    async def send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Any
    ) -> tuple[int, int]:
        if not self.takes_large and topic.endswith(".dlq"):
            raise UnsendableError
        self.sent.append((topic, key, value, tuple(headers)))
        return 1, len(self.sent)

    def answers(self) -> list[tuple[bytes | None, bytes | None, Any]]:
        return [one[1:] for one in self.sent if one[0] == "t.results.ack"]


def relay_of(ledger: Ledger, broker: Broker, *, on: bool = True) -> Relay:
    clock = FixedClock(NOON)
    return Relay(ledger, broker, clock, holder="me", prefix="t.", answering=on)


async def test_each_outcome_has_its_answer(ledger: Ledger) -> None:
    given = await hand_in(answering(ledger))
    broker = Broker()
    relay = relay_of(ledger, broker)
    assert [await relay.send_once() for _ in range(3)] == [5, 2, 0]
    found = {document["delivery"]["offset"]: document for document in (
        json.loads(value or b"") for _, value, _ in broker.answers()
    )}  # fmt: skip
    assert [found[n]["outcome"] for n in range(5)] == [
        *("accepted", "duplicate", "stale", "refused", "refused"),
    ]
    assert found[0] == {
        "outcome": "accepted", "source": SOURCE, "id": "e1", "reason": None, "field": None,
        "message": None, "delivery": {"topic": RESULTS, "partition": 0, "offset": 0},
        "dead_letter": None, "received_at": "2026-01-01T12:00:00Z",
    }  # fmt: skip
    refused = found[3]
    assert (refused["id"], refused["reason"]) == ("e2", "unmapped_code")
    assert refused["field"] == "data.quantity.unit"
    assert refused["dead_letter"]["topic"] == f"{RESULTS}.dlq"
    assert refused["dead_letter"]["partition"] == 1
    assert (found[4]["source"], found[4]["id"]) == (None, None)
    assert {key for key, _, _ in broker.answers()} == {None, given[4].key}


async def test_a_refusal_is_answered_after_its_dead_letter_only(ledger: Ledger) -> None:
    await hand_in(answering(ledger))
    before = await ledger.unsent_answers(10)
    assert [read(one)["outcome"] for one in before] == ["accepted", "duplicate", "stale"]
    letters = [one for one in await ledger.unsent(20) if one.kind == "dead_letter"]
    await ledger.mark_sent([Sent(letters[0], 2, 70), Sent(letters[1], -1, -1)], NOON)
    assert await ledger.unsent_answers(2) == before[:2]
    *same, refused, unsendable = await ledger.unsent_answers(10)
    assert same == before
    place = {"topic": f"{RESULTS}.dlq", "partition": 2, "offset": 70}
    assert (read(refused)["dead_letter"], read(unsendable)["dead_letter"]) == (place, None)


async def test_every_sending_has_the_same_bytes_and_the_last_is_forgotten(ledger: Ledger) -> None:
    await hand_in(answering(ledger))
    once = await ledger.unsent_answers(10)
    assert await ledger.unsent_answers(10) == once
    headers = [name for name, _ in once[0].headers]
    assert headers == ["content-type", *sorted(headers[1:])]
    told = {name: (value or b"").decode() for name, value in once[0].headers}
    assert told["ce_type"] == "org.ctdnamonitor.delivery.acknowledged.v1"
    assert (told["ce_source"], told["ce_causationid"]) == ("urn:ctdna-monitor:test", "e1")
    assert told["ce_time"] == "2026-01-01T12:00:00Z"
    assert len({dict(one.headers)["ce_id"] for one in once}) == 3
    await ledger.mark_sent([Sent(once[0], 0, 1)], NOON)
    await ledger.mark_sent([Sent(once[0], 0, 2)], NOON)
    assert await ledger.unsent_answers(10) == once[1:]


async def test_what_a_restart_brings_back_is_not_answered_again(ledger: Ledger) -> None:
    desk = answering(ledger)
    given = await hand_in(desk)
    sent = await ledger.unsent_answers(10)
    await ledger.mark_sent([Sent(one, 0, 0) for one in sent], NOON)
    await take(desk, *given, desk.raw(FIRST.but(version=3).line("e9"), RESULTS))
    assert [read(one)["id"] for one in await ledger.unsent_answers(10)] == ["e9"]


async def test_unless_it_is_asked_for_nobody_is_answered(ledger: Ledger) -> None:
    desk, broker = Desk(ledger), Broker()
    await hand_in(desk)
    await relay_of(ledger, broker).send_once()
    assert (await ledger.unsent_answers(10), broker.answers()) == ([], [])
    desk.settings = replace(desk.settings, answering=True)
    await take(desk, desk.raw(FIRST.but(version=3).line("e9"), RESULTS))
    await relay_of(ledger, broker, on=False).send_once()
    assert (len(await ledger.unsent_answers(10)), broker.answers()) == (1, [])


async def test_a_dead_letter_that_is_too_large_does_not_keep_the_answer(ledger: Ledger) -> None:
    await hand_in(answering(ledger))
    broker = Broker(takes_large=False)
    relay = relay_of(ledger, broker)
    for _ in range(3):
        await relay.send_once()
    documents = [json.loads(value or b"") for _, value, _ in broker.answers()]
    assert len(documents) == 5
    assert all(one["dead_letter"] is None for one in documents)


@pytest.mark.parametrize("on", [True, False])
def test_the_topic_is_there_when_it_is_asked_for(on: bool) -> None:  # noqa: FBT001 - a parameter
    kafka = KafkaSettings(topic_prefix="t.", acknowledgements=on)
    assert ("t.results.ack" in kafka.topics) is on
    assert len(kafka.topics) == 7 + on
