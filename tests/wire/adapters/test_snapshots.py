"""Of a later snapshot only what is new or changed is sent, and what vanished is held."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.wire.adapters.conversion import Conversion
from monitor.wire.adapters.snapshots import since
from tests.acceptance.evaluated import evaluate
from tests.wire.adapters.tables import SETTINGS, Row, converted, dm, rs, tr, tu

FIRST, SECOND = 20260131, 20260228
BEFORE: Sequence[Row] = (
    *(dm(), tu("T01"), tr("T01", 1, "20"), tr("T01", 1, "12", "LPERP"), tr("T01", 2, "18")),
    *(rs("OVRLRESP", 2, "SD"), tr("T01", 3, "17"), rs("OVRLRESP", 3, "SD")),
)


def at(version: int, rows: Sequence[Row]) -> Conversion:
    return converted(*rows, settings=replace(SETTINGS, version=version))


def later(rows: Sequence[Row], *, confirmed: bool = False) -> Conversion:
    """What the second snapshot adds to the first."""
    return since(at(SECOND, BEFORE), at(SECOND, rows), SECOND, confirmed=confirmed)


def changed(place: int, row: Row) -> list[Row]:
    return [row if number == place else one for number, one in enumerate(BEFORE)]


def without(*places: int) -> list[Row]:
    return [one for number, one in enumerate(BEFORE) if number not in places]


def names(found: Conversion) -> list[tuple[object, object, object]]:
    return [
        (one.content["record_id"], one.content["record_version"], one.content["status"])
        for one in found.events
    ]


def test_the_same_tables_send_nothing() -> None:
    found = later(BEFORE)
    assert (found.events, found.held, found.unchanged) == ((), (), 4)


def test_a_changed_read_is_sent_with_the_later_version_and_supersedes() -> None:
    rows = changed(4, tr("T01", 2, "26"))
    found = later(rows)
    assert names(found) == [("P-1/investigator/INVESTIGATOR/2", SECOND, "final")]
    assert found.unchanged == 3
    lines = [one.line for one in (*at(FIRST, BEFORE).events, *found.events)]
    told = evaluate(lines)
    assert told.rejections == []
    assert [read["sum_mm"] for read in told.timelines["S/P-1"]["imaging"]] == [
        "20.0",
        "26.0",
        "17.0",
    ]


def test_a_new_visit_is_sent() -> None:
    assert names(later([*BEFORE, tr("T01", 4, "16")])) == [
        ("P-1/investigator/INVESTIGATOR/4", SECOND, "final")
    ]


def test_a_record_that_vanished_is_held_and_when_confirmed_entered_in_error() -> None:
    found = later(without(6, 7))
    assert found.events == ()
    assert [(str(one.place), one.rows) for one in found.held] == [("tr.csv row 5", 2)]
    confirmed = later(without(6, 7), confirmed=True)
    assert names(confirmed) == [("P-1/investigator/INVESTIGATOR/3", SECOND, "entered_in_error")]
    told = evaluate(one.line for one in (*at(FIRST, BEFORE).events, *confirmed.events))
    assert told.rejections == []
    assert len(told.timelines["S/P-1"]["imaging"]) == 2


def test_a_read_that_lost_a_row_is_held_as_it_was() -> None:
    found = later(without(5))
    assert (found.events, found.unchanged) == ((), 3)
    assert [(str(one.place), one.rows) for one in found.held] == [("rs.csv row 2", 1)]
    assert names(later(without(5), confirmed=True)) == [
        ("P-1/investigator/INVESTIGATOR/2", SECOND, "final")
    ]


def test_a_row_that_decided_nothing_may_go() -> None:
    found = later(without(3))  # the perpendicular diameter of what is no node
    assert (found.events, found.held, found.unchanged) == ((), (), 4)


def test_what_is_refused_now_has_not_vanished() -> None:
    found = later(changed(4, tr("T01", 2, "??")))
    assert (found.events, found.held) == ((), ())
    assert len(found.refusals) == 1
    blocked = later(changed(4, tr("T01", 2, "18", TREVAL="?")))
    assert (blocked.events, blocked.held) == ((), ())


def test_a_patient_who_is_no_longer_enrolled_is_held() -> None:
    found = later(changed(0, dm(start="")))
    assert [str(one.place) for one in found.held] == ["dm.csv row 2"]


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_table_that_cannot_be_read_takes_nothing_away(*, confirmed: bool) -> None:
    unreadable = replace(at(SECOND, BEFORE), events=(), readable=False)
    found = since(at(SECOND, BEFORE), unreadable, SECOND, confirmed=confirmed)
    assert (found.events, found.held) == ((), ())


def test_the_id_of_an_event_is_of_source_record_and_version() -> None:
    first, again = at(FIRST, BEFORE), at(FIRST, changed(4, tr("T01", 2, "26")))
    assert [one.event_id for one in first.events] == [one.event_id for one in again.events]
    assert not {one.event_id for one in first.events} & {
        one.event_id for one in at(SECOND, BEFORE).events
    }
    assert json.loads(first.events[0].line)["id"] == first.events[0].event_id


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize(
    ("place", "row", "spared"),
    [
        (5, rs("OVRLRESP", 3, "SD", RSEVAL="INVESTIGATER"), 1),  # and the other row has gone
        (4, tr("T01", 3, "17", VISITNUM="x"), 1),
        (4, tr("T01", 3, "17", USUBJID=""), 1),
        (0, {**dm(), "USUBJID": ""}, 2),
    ],
)
def test_what_a_refused_row_may_be_of_has_not_vanished(
    place: int, row: Row, spared: int, *, confirmed: bool
) -> None:
    rows = changed(place, row)[:-2]
    found = later(rows, confirmed=confirmed)
    assert (found.held, found.spared) == ((), spared)
    assert not [one for one in names(found) if one[2] == "entered_in_error"]


def test_another_patients_vanished_row_is_held_beside_a_refused_one() -> None:
    two = [*BEFORE, {**rs("OVRLRESP", 2, "SD"), "USUBJID": "P-2"}]
    earlier = at(SECOND, two)
    found = since(
        earlier, at(SECOND, changed(4, tr("T01", 2, "18", TREVAL="?"))), SECOND, confirmed=True
    )
    assert names(found) == [("P-2/investigator/INVESTIGATOR/2", SECOND, "entered_in_error")]


def test_lesions_that_contradict_each_other_make_nothing_vanish() -> None:
    rows = [*without(6, 7), tu("T01", "NON-TARGET", VISITNUM="2")]
    found = later(rows, confirmed=True)
    assert (found.events, found.held, found.spared) == ((), (), 1)


def test_only_what_was_sent_without_doubt_is_unchanged() -> None:
    surely = at(SECOND, without(6, 7))
    found = since(at(SECOND, BEFORE), at(SECOND, BEFORE), SECOND, confirmed=False, surely=surely)
    assert names(found) == [("P-1/investigator/INVESTIGATOR/3", SECOND, "final")]
    assert (found.unchanged, found.again) == (3, 1)


def test_a_row_of_a_patient_who_is_misspelt_is_not_taken_out_of_a_read() -> None:
    rows = changed(5, rs("OVRLRESP", 2, "SD", USUBJID="P 1"))
    held = later(rows)
    assert (held.events, len(held.refusals), len(held.held)) == ((), 1, 1)
    confirmed = later(rows, confirmed=True)
    assert (confirmed.events, confirmed.held, confirmed.spared) == ((), (), 1)
