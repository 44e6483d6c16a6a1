"""A redrive that cannot write what it has to leaves nothing behind that stops the next one."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import pytest

from monitor.ledger.archive import Archive
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.port import Conflict, RefusedRow, Unavailable
from monitor.stream import redriving
from monitor.stream.redriving import LEASE, Redriven, Stopped
from tests.stream.test_redriving import Sending, redrive_of, refused_desk, run


@pytest.mark.parametrize("problem", [Conflict(), Unavailable()])
async def test_marking_is_tried_again(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may be closing the very rows that were sent."""
    desk = await refused_desk()
    ledger = cast("Archive", desk.ledger)
    mark, failures = ledger.mark_redriven, [problem, problem]

    async def failing(keys: Sequence[DeliveryKey], at: datetime) -> None:
        if failures:
            raise failures.pop()
        await mark(keys, at)

    monkeypatch.setattr(redriving, "MARK_PAUSES_SECONDS", (0, 0))
    monkeypatch.setattr(desk.ledger, "mark_redriven", failing)
    assert await run(redrive_of(desk, Sending(desk))) == Redriven(sent=6, accepted=6)


@pytest.mark.parametrize("problem", [RefusedRow(), Unavailable()])
async def test_what_cannot_be_noted_leaves_no_lease(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The corrected command may run at once."""
    desk = await refused_desk()

    async def failing(*_: object) -> None:
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr(redriving, "note", failing)
        with pytest.raises(type(problem)):
            await run(redrive_of(desk, Sending(desk)))
    assert await desk.ledger.leased(LEASE) == []
    assert await desk.ledger.audit() == []
    assert (await run(redrive_of(desk, Sending(desk)))).accepted == 6


async def test_interrupted_before_it_is_noted_it_sends_nothing_and_leaves_no_lease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = await refused_desk()
    is_noting = asyncio.Event()

    async def slow(*_: object) -> None:
        is_noting.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(redriving, "note", slow)
    running = asyncio.create_task(run(redrive_of(desk, Sending(desk))))
    await is_noting.wait()
    running.cancel()
    assert await running == Redriven(stopped=Stopped.INTERRUPTED)
    assert await desk.ledger.leased(LEASE) == []
