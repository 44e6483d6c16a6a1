"""What closes a refused delivery, in every home of the ledger: settled by later ones, no sooner."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from monitor.ledger import bulk
from monitor.ledger.entries import PatientKey
from monitor.ledger.port import Ledger
from monitor.ledger.redrive import REDRIVE_OF
from monitor.ledger.sql import SqlLedger
from monitor.wire.delivery import Delivery, Reason
from tests.clinical.facts import sample
from tests.intake.desk import P1, Desk
from tests.intake.refused import (
    RESULTS,
    ends,
    kept,
    names_open,
    redriven,
    row_at,
    spoilt,
    take,
)

FIRST = sample(100, "detected", "s1")
SECOND = sample(120, "detected", "s2")


async def test_the_repaired_event_under_its_own_id_closes_it(ledger: Ledger) -> None:
    desk = Desk(ledger)
    assert await take(desk, spoilt(desk, FIRST, "e1"), spoilt(desk, SECOND, "e2")) == [
        *(Reason.UNMAPPED_CODE, Reason.UNMAPPED_CODE)
    ]
    assert await ends(desk) == {0: "open", 1: "open"}
    assert await names_open(desk, P1) == 2
    assert await take(desk, desk.raw(FIRST.line("e1"), RESULTS)) == ["applied"]
    assert await ends(desk) == {0: "accepted (2)", 1: "open"}
    (left,) = await kept(desk)
    names = (left.row.record_id, left.row.record_version, left.row.patient, left.row.stage)
    assert names == ("s2", 1, P1, "decode")
    assert await names_open(desk, P1) == 1


async def test_a_version_that_is_not_below_closes_it_and_a_lower_one_does_not(
    ledger: Ledger,
) -> None:
    desk = Desk(ledger)
    bad = spoilt(desk, FIRST.but(version=2), "e1")
    assert await take(desk, bad, desk.raw(FIRST.line("e2"), RESULTS)) == [
        *(Reason.UNMAPPED_CODE, "applied")
    ]
    assert await ends(desk) == {0: "open"}
    assert await take(desk, desk.raw(FIRST.but(version=2).line("e3"), RESULTS)) == ["applied"]
    assert await ends(desk) == {0: "accepted (2)"}


async def test_conflicts_are_closed_by_what_answers_them_only(ledger: Ledger) -> None:
    desk = Desk(ledger)
    other = FIRST.but(call="not_detected")
    given = [FIRST.line("e1"), other.line("e1"), other.line("e2"), FIRST.line("e1")]
    assert await take(desk, *(desk.raw(one, RESULTS) for one in given)) == [
        *("applied", Reason.DUPLICATE_CONFLICT, Reason.VERSION_CONFLICT, "duplicate")
    ]
    assert await ends(desk) == {1: "open", 2: "open"}
    assert (await desk.incomplete(), await names_open(desk, P1)) == (True, 1)
    assert await take(desk, desk.raw(other.but(version=2).line("e3"), RESULTS)) == ["applied"]
    assert await ends(desk) == {1: "accepted (4)", 2: "accepted (4)"}
    assert not await desk.incomplete()


async def test_an_id_used_for_another_record_closes_nothing(ledger: Ledger) -> None:
    desk = Desk(ledger)
    bad = [spoilt(desk, FIRST.but(version=2), "e1"), spoilt(desk, FIRST, "e2")]
    assert await take(desk, *bad) == [Reason.UNMAPPED_CODE] * 2
    assert await take(desk, desk.raw(SECOND.line("e1"), RESULTS)) == ["applied"]
    foreign = SECOND.sent_by("https://other.example").but(record_id="s1", version=9)
    assert await take(desk, desk.raw(foreign.line("e2"), RESULTS)) == ["applied"]
    assert await ends(desk) == {0: "open", 1: "open"}


async def test_a_redrive_closes_what_it_repeats_and_nothing_else(ledger: Ledger) -> None:
    desk = Desk(ledger)
    poison = [b"\xff", b"\xfe"]  # nothing in them can be read
    assert await take(desk, *(desk.raw(one, RESULTS) for one in poison)) == ["undecodable"] * 2
    again = redriven(desk, await row_at(desk, 0))
    forged = desk.raw(FIRST.line("e1"), RESULTS)
    named = (*forged.headers, (REDRIVE_OF, b"t.ctdna.results/0/1/0"))
    forged = Delivery(forged.topic, 0, forged.offset, None, named, forged.value)
    assert await take(desk, again, forged) == ["undecodable", "applied"]
    assert await ends(desk) == {0: "refused_again (2)", 1: "open", 2: "open"}
    row = await row_at(desk, 2)
    assert (row.redrive_count, row.attempts, row.value) == (1, 2, b"\xff")


@pytest.mark.parametrize(
    "place", ["0/99999999999/0", "2147483648/0/0", "0/0/2147483648", "0/1/99999999999999999"]
)
async def test_a_redrive_of_a_place_that_cannot_be_is_a_delivery_like_any(
    ledger: Ledger, place: str
) -> None:
    desk = Desk(ledger)
    given = desk.raw(FIRST.line("e1"), RESULTS)
    named = (*given.headers, (REDRIVE_OF, f"t.ctdna.results/{place}".encode()))
    assert await take(desk, replace(given, headers=named)) == ["applied"]


async def test_a_redriven_delivery_that_is_accepted_closes_its_row(ledger: Ledger) -> None:
    """Nothing names it but the redrive: the sender repaired nothing, the program can read it."""
    desk = Desk(ledger)
    bare = json.dumps({**FIRST.event("e1"), "specversion": "0.3"}).encode()
    assert await take(desk, desk.raw(bare, RESULTS)) == [Reason.ENVELOPE_INVALID]
    row = await row_at(desk, 0)
    again = redriven(desk, row)
    (receipt,) = await _reading_old_envelopes(desk, [again])
    assert receipt == "applied"
    assert await ends(desk) == {0: "accepted (1)"}
    assert again.headers[-1] == ("redrivecount", b"1")


async def _reading_old_envelopes(desk: Desk, batch: Sequence[Delivery]) -> list[str]:
    """Another version of the program, which reads what this one refuses."""
    intake = desk.new_intake()
    inner = intake._decoder

    def decoder(delivery: Delivery) -> object:
        value = (delivery.value or b"").replace(b'"0.3"', b'"1.0"')
        new = Delivery(delivery.topic, 0, delivery.offset, None, delivery.headers, value)
        return inner(new)

    intake._decoder = decoder  # type: ignore[assignment]
    return [receipt.outcome for receipt in await intake.receive(batch)]


async def test_two_redrives_of_one_row_leave_one_open(ledger: Ledger) -> None:
    desk = Desk(ledger)
    await take(desk, desk.raw(b"\xff", RESULTS))
    row = await row_at(desk, 0)
    await take(desk, redriven(desk, row))
    third = redriven(desk, row)
    assert await take(desk, third, redriven(desk, row)) == ["undecodable"] * 2
    assert await ends(desk) == {
        0: "refused_again (1)", 1: "refused_again (2)", 2: "refused_again (3)", 3: "open",
    }  # fmt: skip
    assert (await row_at(desk, 3)).redrive_count == 3
    assert dict((await row_at(desk, 3)).headers)[REDRIVE_OF] == b"t.ctdna.results/0/0/0"


async def test_what_a_restart_brings_back_closes_its_own_row_alone(ledger: Ledger) -> None:
    desk = Desk(ledger)
    good = desk.raw(FIRST.line("e1"), RESULTS)
    bad = spoilt(desk, FIRST, "e2")
    old = desk.raw(json.dumps({**SECOND.event("e3"), "specversion": "0.3"}).encode(), RESULTS)
    assert await take(desk, good, bad, old) == ["applied", "unmapped_code", "envelope_invalid"]
    assert await take(desk, good, bad, old) == ["duplicate", "unmapped_code", "envelope_invalid"]
    assert await ends(desk) == {1: "open", 2: "open"}
    assert (await row_at(desk, 1)).attempts == 2
    assert await _reading_old_envelopes(desk, [good, bad, old]) == [
        *("duplicate", "rejected", "applied")
    ]
    assert await ends(desk) == {1: "open", 2: "accepted (2)"}


async def test_names_that_cannot_be_kept_are_not_taken(ledger: Ledger) -> None:
    desk = Desk(ledger)
    names = {
        "record_id": "s\0", "record_version": 10**30, "study_id": "no slash/", "patient_id": "P-1",
    }  # fmt: skip
    long = {"record_id": "x" * 300, "status": "final"}
    await take(desk, spoilt(desk, FIRST, "e1", **names), spoilt(desk, FIRST, "e2", **long))
    first, second = [one.row for one in await kept(desk)]
    assert (first.record_id, first.record_version, first.patient) == (None, None, None)
    assert (second.record_id, second.record_version, second.event_id) == (None, 1, "e2")
    assert second.patient == P1


async def test_what_nobody_refused_asks_for_nothing(ledger: Ledger) -> None:
    found = await ledger.refusals([], [], [PatientKey("S", "nobody")], [])
    assert (list(found.refusals), dict(found.marks)) == ([], {})


async def test_a_provisional_version_takes_no_refused_ones_place(ledger: Ledger) -> None:
    """Contract 2: it moves nothing that is settled, and a final one may be what was refused."""
    desk = Desk(ledger)
    final = desk.raw(FIRST.line("e1"), RESULTS)
    bad = [spoilt(desk, FIRST.but(version=2), "e2"), spoilt(desk, FIRST.but(version=3), "e3")]
    assert await take(desk, final, *bad) == ["applied", *[Reason.UNMAPPED_CODE] * 2]
    beside = FIRST.but(version=4, status="registered")
    assert await take(desk, desk.raw(beside.line("e4"), RESULTS)) == ["applied"]
    assert await ends(desk) == {1: "open", 2: "open"}
    itself = FIRST.but(version=3, status="preliminary")
    assert await take(desk, desk.raw(itself.line("e5"), RESULTS)) == ["applied"]
    assert await ends(desk) == {1: "open", 2: "accepted (4)"}
    settling = FIRST.but(version=5)
    assert await take(desk, desk.raw(settling.line("e6"), RESULTS)) == ["applied"]
    assert await ends(desk) == {1: "accepted (5)", 2: "accepted (4)"}


async def test_a_conflict_of_ids_is_not_answered_by_what_was_there_before(
    ledger: Ledger,
) -> None:
    desk = Desk(ledger)
    other = FIRST.but(call="not_detected")
    given = [FIRST.line("e1"), other.line("e1"), FIRST.line("e3")]
    assert await take(desk, *(desk.raw(one, RESULTS) for one in given)) == [
        *("applied", Reason.DUPLICATE_CONFLICT, "stale")
    ]
    assert await ends(desk) == {1: "open"}
    reused = [desk.raw(SECOND.line(event_id), RESULTS) for event_id in ("e1", "e4")]
    assert await take(desk, *reused) == [Reason.DUPLICATE_CONFLICT, "applied"]
    assert await ends(desk) == {1: "open", 3: "accepted (4)"}


async def test_a_redrive_that_comes_twice_in_a_batch_keeps_its_count(ledger: Ledger) -> None:
    desk = Desk(ledger)
    await take(desk, desk.raw(b"\xff", RESULTS))
    again = redriven(desk, await row_at(desk, 0))
    assert await take(desk, again, again) == ["undecodable"] * 2
    assert await ends(desk) == {0: "refused_again (1)", 1: "open"}
    row = await row_at(desk, 1)
    assert (row.redrive_count, row.attempts) == (1, 2)


async def test_what_nothing_can_name_costs_later_batches_one_statement(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(ledger)
    assert await take(desk, desk.raw(b"\xff", RESULTS)) == ["undecodable"]
    if not isinstance(ledger, SqlLedger):
        return
    asked = []
    inner = ledger._find

    async def find(connection: Any, lookup: Any, keys: Any) -> Any:
        wanted = list(keys)
        if wanted and lookup.table.name == "quarantine":
            asked.append(lookup)
        return await inner(connection, lookup, wanted)

    monkeypatch.setattr(ledger, "_find", find)
    assert await take(desk, desk.raw(FIRST.line("e1"), RESULTS)) == ["applied"]
    assert asked == []
    assert await take(desk, spoilt(desk, SECOND, "e2")) == [Reason.UNMAPPED_CODE]
    assert await take(desk, desk.raw(SECOND.line("e3"), RESULTS)) == ["applied"]
    assert asked == [bulk.FIND_REFUSED_EVENTS, bulk.FIND_REFUSED_RECORDS]
