"""However a stream is cut into batches, and wherever workers die, the same refusals stay open."""

import json
import random
from collections.abc import Sequence
from itertools import cycle
from typing import Any
from unittest.mock import Mock

import pytest

from monitor import fold
from monitor.clock import FixedClock
from monitor.intake import Intake
from monitor.ledger.closings import DeliveryKey
from monitor.ledger.redrive import REDRIVE_OF
from monitor.wire.delivery import Delivery
from tests.clinical.facts import STUDY, Given, enrolled, sample
from tests.intake.desk import NOON, STRUCTURED, Desk, batches
from tests.intake.refused import RESULTS, SPOILT, ends, row_at, take

RECORDS, PATIENTS, VERSIONS, IDS = 4, 2, 3, 12
POISON = (b"\xff", b"{", None)


def story(seed: int, length: int = 60, *, conflicts: bool = True) -> list[Delivery]:
    """Good and spoilt versions of a few records, conflicts, poison, and redrives of all that."""
    chance = random.Random(seed)
    made: list[Delivery] = []
    for offset in range(length):
        value = _value(chance, conflicts=conflicts)
        headers: tuple[tuple[str, bytes | None], ...] = STRUCTURED
        if made and chance.random() < 0.35:
            before = chance.choice(made)
            place = f"{RESULTS}/0/{before.offset}/0".encode()
            headers = (*STRUCTURED, (REDRIVE_OF, place), ("redrivecount", b"1"))
            value = before.value if chance.random() < 0.9 else value
        made.append(Delivery(RESULTS, 0, offset, None, headers, value))
    return made


def _value(chance: random.Random, *, conflicts: bool) -> bytes | None:
    if chance.random() < 0.1:
        return chance.choice(POISON)
    number, version = chance.randrange(RECORDS), chance.randrange(1, VERSIONS + 1)
    call, patient, event_id = "detected", number % PATIENTS, f"e{number}-{version}"
    if conflicts:
        call = chance.choice(["detected", "not_detected"])
        patient, event_id = chance.randrange(PATIENTS), f"e{chance.randrange(IDS)}"
    given: Given = sample(100 + number, call, f"s{number}")
    given = given.but(version=version, patient_id=f"P-{patient}")
    return given.but(**(SPOILT if chance.random() < 0.4 else {})).line(event_id)


async def told(deliveries: Sequence[Delivery], sizes: Sequence[int], again: int = 0) -> Desk:
    """One worker after the other; each but the first has up to `again` deliveries once more."""
    desk, cut = Desk(), cycle(sizes)
    done = 0
    for batch in batches(deliveries, lambda: next(cut)):
        begin = max(0, done - again)
        await take(desk, *deliveries[begin:done], *batch)
        done += len(batch)
    return desk


@pytest.mark.parametrize("seed", range(12))
async def test_borders_of_batches_do_not_matter(seed: int) -> None:
    made = story(seed)
    found = [await ends(await told(made, sizes)) for sizes in ([1], [60], [7, 2, 5])]
    assert found[0] == found[1] == found[2]
    assert {"open"} < set(found[0].values())


@pytest.mark.parametrize("seed", range(6))
async def test_what_comes_once_more_opens_and_closes_nothing(seed: int) -> None:
    """But for conflicts, which may have been answered by the time they come once more."""
    made = story(100 + seed, conflicts=False)
    once, again = await told(made, [5]), await told(made, [4, 3], again=9)
    assert await ends(again) == await ends(once)
    rows = [await row_at(desk, offset) for desk in (once, again) for offset in await ends(once)]
    half = len(rows) // 2
    assert [row.redrive_count for row in rows[:half]] == [row.redrive_count for row in rows[half:]]


@pytest.mark.parametrize("seed", range(4))
async def test_of_one_thing_one_row_is_open_at_most(seed: int) -> None:
    """However often it is redriven: the rows of equal bytes are linked by what closed them."""
    desk = await told(story(200 + seed), [9])
    for offset, end in (await ends(desk)).items():
        if end.startswith("refused_again"):
            by = int(end.split("(")[1].rstrip(")"))
            first, second = await row_at(desk, offset), await row_at(desk, by)
            assert second.value == first.value
            assert second.redrive_count == first.redrive_count + 1
            assert DeliveryKey(RESULTS, 0, by) > DeliveryKey(RESULTS, 0, offset)


def test_a_story_has_what_it_is_to_try() -> None:
    values = [one.value for seed in range(12) for one in story(seed)]
    assert values.count(None) > 2
    assert sum(REDRIVE_OF in dict(one.headers) for one in story(1)) > 10
    spoilt = [value for value in values if value and b"FURLONGS" in value]
    assert json.loads(spoilt[0])["data"]["quantity"]["unit"] == "FURLONGS"


async def test_a_day_that_is_closed_asks_for_nothing_that_was_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It settles nothing, and there are as many as patients every night."""
    desk = Desk()
    await desk.give(enrolled())
    asked: list[object] = []
    inner = desk.ledger.refusals

    async def refusals(*names: Any) -> Any:
        asked.extend(name for some in names for name in some)
        return await inner(*names)

    monkeypatch.setattr(desk.ledger, "refusals", refusals)
    assert len(await desk.intake.close_days()) == 1
    assert asked == []


async def test_an_error_in_taking_a_mark_away_undoes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    given = sample(100, "detected", "s1")
    await desk.give(enrolled())
    with monkeypatch.context() as broken:
        broken.setattr(fold, "apply", Mock(side_effect=ZeroDivisionError))
        assert await desk.give(given) == ["processing_error"]
    rules = desk.rulesets(STUDY)
    per_study = {"OTHER": rules}  # and of the marked patient's study they cannot be found
    intake = Intake(desk.ledger, FixedClock(NOON), desk.settings, rules_for=per_study.__getitem__)
    moved = given.but(version=2, study_id="OTHER", patient_id="P-9")
    (receipt,) = await intake.receive([desk.delivery(moved)])
    assert receipt.outcome == "applied"
    assert await ends(desk) == {0: "accepted (1)"}
    assert await desk.incomplete()
    assert "a mark could not be taken away: KeyError" in caplog.text
