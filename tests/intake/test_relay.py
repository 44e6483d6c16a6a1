"""The relay with a broker that refuses, that does not answer, and that answers late."""

import asyncio
from collections.abc import Sequence

import pytest

from monitor import relay as relaying
from monitor.clock import Clock
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import Unavailable
from monitor.relay import NOWHERE, Relay, UnsendableError
from tests.clinical.facts import died, enrolled
from tests.intake.desk import Desk

STUCK, OTHER = "P-1", "P-2"


class Board:
    """A broker by hand: keeps what it acknowledged, and does to a key what it is told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes | None, bytes | None]] = []
        self.stuck: set[bytes] = set()
        self.once: set[bytes] = set()  # stuck from their second message on
        self.errors: dict[bytes, Exception] = {}
        self.answer = asyncio.Event()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> tuple[int, int]:
        assert headers
        if key in self.once:
            self.once.remove(key)
            self.stuck.add(key)
        elif key in self.stuck:
            await self.answer.wait()
        if key in self.errors:
            raise self.errors[key]
        self.sent.append((topic, key, value))
        return 0, len(self.sent) - 1


@pytest.fixture(autouse=True)
def _short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "ROUND_SECONDS_MAX", 0.05)


async def told(*patients: str) -> tuple[MemoryLedger, Relay, Board]:
    """A ledger with one unsent notice of each patient, and a relay to a board."""
    ledger, board = MemoryLedger(Clock().monotonic), Board()
    desk = Desk(ledger)
    for patient in patients:
        facts = (enrolled(), died(10))
        mine = (
            one.but(patient_id=patient, record_id=f"{patient}-{one.record_id}") for one in facts
        )
        assert await desk.give(*mine) == ["applied", "applied"]
    return ledger, Relay(ledger, board, Clock(), holder="test"), board


def key_of(patient: str) -> bytes:
    return f"S-1/{patient}".encode()


async def test_a_patient_whose_send_does_not_come_back_holds_back_nobody_else() -> None:
    ledger, relay, board = await told(STUCK, OTHER)
    board.stuck = {key_of(STUCK)}
    assert await relay.send_once() == 1
    assert await relay.send_once() == 0
    assert [key for _, key, _ in board.sent] == [key_of(OTHER)]
    board.answer.set()
    await asyncio.sleep(0)
    assert await relay.send_once() == 1
    assert [key for _, key, _ in board.sent] == [key_of(OTHER), key_of(STUCK)]
    assert await ledger.unsent(10) == []


async def test_what_came_back_is_marked_though_the_rest_of_its_patient_has_not() -> None:
    ledger, relay, board = await told(STUCK)
    desk = Desk(ledger, group="later")
    assert await desk.give(died(12, record_id="again").but(patient_id=STUCK)) == ["applied"]
    waiting = await ledger.unsent(10)
    assert len(waiting) > 1
    board.once = {key_of(STUCK)}
    assert await relay.send_once() == 1
    assert len(await ledger.unsent(10)) == len(waiting) - 1
    await relay.release()
    later = Relay(ledger, Board(), Clock(), holder="later")
    assert await later.send_once() == len(waiting) - 1


async def test_what_cannot_be_marked_is_not_sent_again_and_nothing_else_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, relay, board = await told(STUCK)
    mark = ledger.mark_sent
    monkeypatch.setattr(ledger, "mark_sent", refusing)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await relay.send_once()
    desk = Desk(ledger, group="later")
    others = (enrolled(record_id="o").but(patient_id=OTHER), died(9, "d").but(patient_id=OTHER))
    assert await desk.give(*others) == ["applied", "applied"]
    with pytest.raises(Unavailable):
        await relay.send_once()
    assert [key for _, key, _ in board.sent] == [key_of(STUCK)]
    monkeypatch.setattr(ledger, "mark_sent", mark)
    assert await relay.send_once() == 2
    assert [key for _, key, _ in board.sent] == [key_of(STUCK), key_of(OTHER)]
    assert await ledger.unsent(10) == []


async def test_a_flood_of_refusals_beside_notices_in_flight_blocks_no_other_notice() -> None:
    stuck = [f"P-{number}" for number in range(10, 16)]
    ledger, _, board = await told(*stuck)
    relay = Relay(ledger, board, Clock(), holder="small", batch_max=4)
    board.stuck = set(map(key_of, stuck))
    for _ in range(2):  # as many rounds as it takes to have them all in flight
        await relay.send_once()
    desk = Desk(ledger, group="later")
    await desk.intake.receive([desk.raw(b"no JSON") for _ in range(100)])
    others = (enrolled(record_id="o").but(patient_id=OTHER), died(9, "d").but(patient_id=OTHER))
    assert await desk.give(*others) == ["applied", "applied"]
    await relay.send_once()
    assert key_of(OTHER) in [key for _, key, _ in board.sent]
    assert len(await ledger.unsent(1000)) > 2 * len(stuck)  # most refusals still wait


async def test_what_was_marked_before_a_failure_is_counted_at_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, relay, board = await told(STUCK)
    board.stuck = {key_of(STUCK)}
    assert await relay.send_once() == 0
    board.answer.set()
    await asyncio.sleep(0)
    unsent = ledger.unsent
    monkeypatch.setattr(ledger, "unsent", refusing)
    with pytest.raises(Unavailable):
        await relay.send_once()
    assert await unsent(10) == []
    monkeypatch.setattr(ledger, "unsent", unsent)
    assert await relay.send_once() == 1


async def refusing(*_given: object) -> None:
    raise Unavailable("no space left")


async def test_a_relay_that_ends_marks_what_came_back() -> None:
    ledger, relay, board = await told(STUCK)
    board.stuck = {key_of(STUCK)}
    assert await relay.send_once() == 0
    board.answer.set()
    await asyncio.sleep(0)
    await relay.release()
    assert await ledger.unsent(10) == []


async def test_a_refused_send_is_tried_again_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger, relay, board = await told(STUCK)
    board.errors = {key_of(STUCK): ConnectionError("secret")}
    for _ in range(5):
        assert await relay.send_once() == 0
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text
    board.errors = {}
    assert await relay.send_once() == 1
    assert await ledger.unsent(10) == []


async def test_what_no_topic_takes_is_settled_and_blocks_nothing() -> None:
    ledger, relay, board = await told(STUCK)
    board.errors = {key_of(STUCK): UnsendableError()}
    assert await relay.send_once() == 1
    assert board.sent == []
    assert await ledger.unsent(10) == []
    assert NOWHERE == -1
