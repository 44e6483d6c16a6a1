"""What looks wrong and is not: copies, retention, an operator's steps, outages."""

from dataclasses import replace

from tests.chaos.checker import Acknowledged, Evidence, Kind, Sample, violations
from tests.chaos.checker.evidence import place
from tests.chaos.checker.flaws import (
    AT,
    a_copy,
    a_sample_lost_everywhere,
    an_ack_below_retention,
)


def test_copies_of_a_notice_are_no_violation(sound: Evidence) -> None:
    again = [*sound.published, *sound.published[:50]]
    assert violations(replace(sound, published=again)) == []


def test_what_retention_took_is_known_by_its_acknowledgement(sound: Evidence) -> None:
    assert violations(an_ack_below_retention(sound)) == []


def test_what_was_sent_before_the_database_went_back_may_differ(sound: Evidence) -> None:
    spoiled = a_copy(value=b"{}")(sound)
    told = {place(sound.published[0]): spoiled.published[-1].offset + 1}
    assert violations(replace(spoiled, forgotten=told)) == []


def test_offsets_that_an_operator_left_out_are_not_missed(sound: Evidence) -> None:
    row = next(r for r in sound.accepted if r.topic != "clock" and r.record_version == 1)
    spoiled = a_sample_lost_everywhere(sound)
    ledger = [
        one._replace(duplicate=one.duplicate - 1) if place(one) == place(row) else one
        for one in spoiled.ledger
    ]
    left = {place(row): [(row.offset, row.offset)]}
    found = violations(replace(spoiled, ledger=ledger, skipped=left))
    assert Kind.LOST not in {one.kind for one in found if "neither" in one.what}
    assert Kind.MISCOUNTED not in {one.kind for one in found}


def test_a_pause_and_an_outage_are_no_stall(sound: Evidence) -> None:
    waiting = [Sample(at * 10.0, 5, 0, 9, paused=True) for at in range(20)]
    assert violations(replace(sound, samples=waiting, calm_at=None)) == []


def test_an_acknowledgement_is_a_plain_value() -> None:
    told = Acknowledged("ctdna.results", 0, 7, 3, b"{}")
    assert place(told) == AT
