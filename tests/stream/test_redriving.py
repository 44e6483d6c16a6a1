"""A redrive sends what it should, as fast as it may, and says what became of it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from monitor.clock import Clock
from monitor.exits import StartRefusedError, UnreachableError
from monitor.ledger.archive import Archive
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.entries import QuarantineRow
from monitor.ledger.refusals import Wanted, delivery_key
from monitor.stream import redriving
from monitor.stream.redrive_plan import Plan, plan
from monitor.stream.redriving import LEASE, Redrive, Redriven, Stopped, Terms
from monitor.wire.delivery import Delivery
from tests.clinical.facts import Given, sample
from tests.intake.desk import TOPICS, Desk
from tests.intake.refused import RESULTS, ends, redriven, spoilt, take

INPUTS = list(TOPICS)
WHY = ("anna", "the unit was mapped")
SAMPLES = [sample(100 + n, "detected", f"s{n}") for n in range(6)]


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redriving, "POLL_SECONDS", 0.001)


class Sending:
    """A broker and a worker behind it, which reads the unit that was not known before."""

    def __init__(self, desk: Desk, *, knows: bool = True, works: bool = True) -> None:
        self.unsendable: list[DeliveryKey] = []
        self.sent: list[QuarantineRow] = []
        self.sizes: list[int] = []
        self.failing = False
        self._desk = desk
        self._knows = knows
        self._works = works
        self._acknowledged: list[DeliveryKey] = []

    async def send(self, rows: Sequence[QuarantineRow]) -> None:
        if self.failing:
            raise UnreachableError("away")
        self.sizes += [len(rows)] if rows else []
        self.sent += rows
        self._acknowledged += map(delivery_key, rows)
        given = [redriven(self._desk, row) for row in rows]
        if self._works and given:
            intake = self._desk.new_intake()
            inner = intake._decoder

            def decoder(delivery: Delivery) -> Any:
                known = (delivery.value or b"").replace(b"FURLONGS", b"VAF_PCT")
                return inner(replace(delivery, value=known) if self._knows else delivery)

            intake._decoder = decoder
            await intake.receive(given)

    def acknowledged(self) -> list[DeliveryKey]:
        found, self._acknowledged = self._acknowledged, []
        return found


async def refused_desk(givens: Sequence[Given] = SAMPLES) -> Desk:
    desk = Desk()
    await take(desk, *(spoilt(desk, given, f"e{n}") for n, given in enumerate(givens)))
    return desk


def redrive_of(desk: Desk, sending: Sending, terms: Terms | None = None) -> Redrive:
    ledger = cast("Archive", desk.ledger)
    return Redrive(ledger, sending, Clock(), "here", terms or Terms())


async def run(
    redrive: Redrive, wanted: Wanted | None = None, topics: Sequence[str] = INPUTS
) -> Redriven:
    return await redrive.run(wanted or Wanted(), topics, WHY, lambda _done: None)


async def test_all_that_is_open_is_sent_in_order_and_settled() -> None:
    desk = await refused_desk()
    sending = Sending(desk)
    done = await run(redrive_of(desk, sending, Terms(rate=1e6)))
    assert done == Redriven(sent=6, accepted=6)
    assert [row.offset for row in sending.sent] == list(range(6))
    assert await desk.records() == {given.record_id: 1 for given in SAMPLES}
    assert await ends(desk) == {n: f"accepted ({n + 6})" for n in range(6)}
    assert await run(redrive_of(desk, Sending(desk))) == Redriven()


async def test_who_asked_for_it_and_why_is_in_the_audit_trail() -> None:
    desk = await refused_desk()
    wanted = Wanted(reason="unmapped_code", topic=RESULTS)
    await run(redrive_of(desk, Sending(desk)), wanted)
    begun, finished = await desk.ledger.audit()
    assert (begun.actor, begun.action, begun.reason) == ("anna", redriving.BEGUN, WHY[1])
    assert json.loads(begun.details)["asked"] == {
        "reason": "unmapped_code", "topic": RESULTS, "open_only": "True",
    }  # fmt: skip
    told = json.loads(finished.details)
    assert (finished.action, told["sent"], told["accepted"]) == (redriving.FINISHED, 6, 6)
    assert finished.previous_hash == begun.hash


async def test_conflicts_and_foreign_topics_are_counted_and_never_sent() -> None:
    desk = await refused_desk(SAMPLES[:2])
    other = SAMPLES[2].but(call="not_detected")
    lines = [SAMPLES[2].line("a"), other.line("a"), other.line("b")]
    await take(desk, *(desk.raw(one, RESULTS) for one in lines))
    ledger, imaging = cast("Archive", desk.ledger), ["t.imaging.reads"]
    conflicts = {"duplicate_conflict": 1, "version_conflict": 1}
    assert await plan(ledger, Wanted(), INPUTS) == Plan({"unmapped_code": 2}, conflicts)
    assert await plan(ledger, Wanted(), imaging) == Plan(elsewhere=4)
    assert await run(redrive_of(desk, Sending(desk)), topics=imaging) == Redriven()
    done = await run(redrive_of(desk, Sending(desk)))
    assert (done.sent, done.accepted) == (2, 2)
    assert (await plan(ledger, Wanted(), INPUTS)).never == conflicts


async def test_what_is_refused_again_is_sent_once_and_stops_it_in_time() -> None:
    desk = await refused_desk()
    sending = Sending(desk, knows=False)
    done = await run(redrive_of(desk, sending, Terms(rate=1, refused_max=2)))
    assert (done.sent, done.refused_again, done.stopped) == (2, 2, Stopped.REFUSED)
    assert sending.sizes == [1, 1]
    done = await run(redrive_of(desk, Sending(desk, knows=False)))
    assert (done.sent, done.refused_again, done.stopped) == (6, 6, None)
    rows = [one for one in await desk.ledger.quarantined() if one.redrive_count == 2]
    assert len(rows) == 2


@pytest.mark.parametrize("refused_max", [1, 2])
async def test_no_more_is_sent_than_may_be_refused(refused_max: int) -> None:
    desk = await refused_desk()
    sending = Sending(desk, knows=False)
    done = await run(redrive_of(desk, sending, Terms(refused_max=refused_max)))
    assert (done.sent, done.refused_again) == (refused_max, refused_max)
    assert done.stopped is Stopped.REFUSED


async def test_where_values_may_be_long_few_are_read_at_a_time() -> None:
    desk = Desk()
    await take(desk, *(desk.raw(b"\xff%d" % n, RESULTS) for n in range(20)))
    sending = Sending(desk)
    done = await run(redrive_of(desk, sending))
    assert (done.sent, sending.sizes) == (20, [8, 8, 4])


async def test_without_a_worker_it_gives_up_and_says_so() -> None:
    desk = await refused_desk()
    done = await run(redrive_of(desk, Sending(desk, works=False), Terms(patience_s=0.01)))
    assert (done.sent, done.waiting, done.stopped) == (6, 6, Stopped.SILENCE)
    assert set((await ends(desk)).values()) == {"open"}


async def test_no_more_is_under_way_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redriving, "UNDER_WAY_MAX", 4)
    monkeypatch.setattr(redriving, "PAGE", 2)
    desk = await refused_desk()
    sending = Sending(desk, works=False)
    done = await run(redrive_of(desk, sending, Terms(patience_s=0.01)))
    assert (sending.sizes, done.waiting) == ([2, 2], 4)


async def test_interrupted_it_tells_what_was_sent() -> None:
    desk = await refused_desk()
    redrive, is_sent = redrive_of(desk, Sending(desk, works=False)), asyncio.Event()

    def told(done: Redriven) -> None:
        if done.sent:
            is_sent.set()

    running = asyncio.create_task(redrive.run(Wanted(), INPUTS, WHY, told))
    await is_sent.wait()
    running.cancel()
    done = await running
    assert (done.sent, done.waiting, done.stopped) == (6, 6, Stopped.INTERRUPTED)
    (*_, last) = await desk.ledger.audit()
    assert json.loads(last.details)["stopped"] == "interrupted"
    assert await desk.ledger.leased(LEASE) == []


async def test_a_broker_that_is_away_is_told_and_noted() -> None:
    desk = await refused_desk()
    sending = Sending(desk)
    sending.failing = True
    with pytest.raises(UnreachableError):
        await run(redrive_of(desk, sending))
    (*_, last) = await desk.ledger.audit()
    assert (last.action, json.loads(last.details)["sent"]) == (redriving.FINISHED, 0)


async def test_one_redrive_at_a_time() -> None:
    desk = await refused_desk()
    await desk.ledger.acquire_lease(LEASE, "another", 60)
    with pytest.raises(StartRefusedError, match="another redrive"):
        await run(redrive_of(desk, Sending(desk)))
    assert await desk.ledger.audit() == []
