"""The checks find what they are for: sound evidence passes, and each planted flaw is named."""

from collections import Counter

import pytest

from tests.chaos.checker import Evidence, Kind, Sample, violations
from tests.chaos.checker.flaws import (
    AT,
    OTHER,
    Flaw,
    a_broken_chain,
    a_closed_day_too_early,
    a_copy,
    a_correction_dropped,
    a_day_never_closed,
    a_fact_under_a_number_twice,
    a_mark_of_a_conflict_forgotten,
    a_sample_lost_everywhere,
    changed,
    doubled,
    is_of,
    lost_below_retention,
    never_at_rest,
    other_id,
    refused_and_accepted,
    sampled,
    two_swapped_in_sequence,
    two_swapped_on_the_topic,
    with_document,
    without,
)

OTHER_DAY = "2020-02-02"

FLAWS = {
    # what was acknowledged
    "an acknowledged message that is not on its topic": Flaw(Kind.LOST, without("delivered")),
    "a message that nobody sent": Flaw(Kind.INVENTED, without("sent")),
    "a topic with other bytes": Flaw(
        Kind.ALTERED, changed("delivered", lambda row: row._replace(value=b"{}"))
    ),
    "an acknowledgement of other bytes": Flaw(
        Kind.ALTERED, changed("acknowledged", lambda row: row._replace(value=b"{}"))
    ),
    # inbox and quarantine
    "an event that is in no table": Flaw(Kind.LOST, a_sample_lost_everywhere),
    "an event that retention took and no table has": Flaw(Kind.LOST, lost_below_retention),
    "an event with two rows": Flaw(Kind.DOUBLED, doubled("accepted")),
    "a refusal without a row": Flaw(Kind.LOST, without("quarantined")),
    "a refusal with two rows": Flaw(Kind.DOUBLED, doubled("quarantined")),
    "a refusal for another reason": Flaw(
        Kind.WRONG, changed("quarantined", lambda row: row._replace(reason="too_large"))
    ),
    "a conflict that contradicts nothing": Flaw(
        Kind.WRONG,
        changed(
            "quarantined",
            lambda row: row._replace(reason="duplicate_conflict"),
            lambda row: row.reason == "version_conflict",
        ),
    ),
    "an accepted event that lies in quarantine too": Flaw(Kind.DOUBLED, refused_and_accepted),
    "a row of nothing": Flaw(
        Kind.INVENTED, changed("accepted", lambda row: row._replace(offset=10**6))
    ),
    "an inbox row with other bytes": Flaw(
        Kind.ALTERED, changed("accepted", lambda row: row._replace(message_key=b"other"))
    ),
    "an inbox row with another value": Flaw(
        Kind.ALTERED, changed("accepted", lambda row: row._replace(value=b"{}"))
    ),
    "a quarantine row with other bytes": Flaw(
        Kind.ALTERED, changed("quarantined", lambda row: row._replace(value=b"other"))
    ),
    "a column that the message does not say": Flaw(
        Kind.WRONG, changed("accepted", lambda row: row._replace(record_version=9))
    ),
    "a clinical day in another zone": Flaw(
        Kind.WRONG, changed("accepted", lambda row: row._replace(clinical_day=None))
    ),
    "a day closed before it was over": Flaw(Kind.WRONG, a_closed_day_too_early),
    "a closed day of a stranger": Flaw(
        Kind.INVENTED,
        changed(
            "accepted", lambda row: row._replace(patient_id="P-x"), lambda row: row.topic == "clock"
        ),
    ),
    "a fact that the state lost": Flaw(Kind.ARRIVALS, a_fact_under_a_number_twice),
    "a record that stands elsewhere": Flaw(
        Kind.WRONG, changed("records", lambda row: row._replace(standing_version=7))
    ),
    "a record without a row": Flaw(Kind.LOST, without("records")),
    "a record that nobody sent": Flaw(
        Kind.INVENTED, changed("records", lambda row: row._replace(record_id="x"))
    ),
    "a mark of a conflict that was forgotten": Flaw(Kind.WRONG, a_mark_of_a_conflict_forgotten),
    "a correction that was dropped": Flaw(Kind.WRONG, a_correction_dropped),
    "an audit entry that was changed": Flaw(Kind.ALTERED, a_broken_chain),
    # what was told
    "a notice that is not in the database": Flaw(Kind.MISSED, without("notices")),
    "a notice that is twice in the database": Flaw(Kind.DOUBLED, doubled("notices")),
    "a notice that nothing made due": Flaw(
        Kind.INVENTED, changed("notices", lambda row: with_document(row, notice_id="x"))
    ),
    "a notice of a fact that was never recorded": Flaw(
        Kind.INVENTED, without("accepted", is_of("patient.enrolled"))
    ),
    "a notice of another severity": Flaw(
        Kind.WRONG, changed("notices", lambda row: with_document(row, **OTHER))
    ),
    "a notice of another day": Flaw(
        Kind.WRONG, changed("notices", lambda row: with_document(row, effective_on=OTHER_DAY))
    ),
    "a notice with other details": Flaw(
        Kind.WRONG, changed("notices", lambda row: with_document(row, details={"pattern": "x"}))
    ),
    "a notice of another cause": Flaw(
        Kind.WRONG, changed("notices", lambda row: row._replace(cause_id="x"))
    ),
    "a notice without its evidence": Flaw(
        Kind.WRONG, changed("notices", lambda row: with_document(row, evidence=[]))
    ),
    "a notice that supersedes another": Flaw(
        Kind.WRONG, changed("notices", lambda row: with_document(row, supersedes="x"))
    ),
    "a notice with a sequence of its own": Flaw(
        Kind.OUT_OF_SEQUENCE, changed("notices", lambda row: with_document(row, sequence=99))
    ),
    "notices of one fact in another order": Flaw(Kind.OUT_OF_SEQUENCE, two_swapped_in_sequence),
    "a notice whose columns say other than its bytes": Flaw(
        Kind.WRONG, changed("notices", lambda row: row._replace(severity="critical"))
    ),
    "a notice with other bytes in the outbox": Flaw(
        Kind.WRONG, changed("notices", lambda row: row._replace(value=b"{}"))
    ),
    "a notice that is not on the topic": Flaw(Kind.UNSENT, without("published")),
    "a notice that is not marked": Flaw(
        Kind.UNSENT, changed("notices", lambda row: row._replace(published_at=None))
    ),
    "a mark that points elsewhere": Flaw(
        Kind.WRONG, changed("notices", lambda row: row._replace(published_offset=10**6))
    ),
    "a copy with other bytes": Flaw(Kind.ALTERED, a_copy(value=b"{}")),
    "a copy with another key": Flaw(Kind.ALTERED, a_copy(key=b"x")),
    "a notice that is on the topic only": Flaw(Kind.INVENTED, changed("published", other_id)),
    "a first notice left out": Flaw(Kind.OUT_OF_SEQUENCE, without("published")),
    "notices on the topic in another order": Flaw(Kind.OUT_OF_SEQUENCE, two_swapped_on_the_topic),
    "a copy on another partition": Flaw(Kind.OUT_OF_SEQUENCE, a_copy(partition=1)),
    "a dead letter that is not there": Flaw(Kind.UNSENT, without("dead_letters")),
    "a dead letter with other bytes": Flaw(
        Kind.INVENTED, changed("dead_letters", lambda row: row._replace(value=b""))
    ),
    "a dead letter that is not marked": Flaw(
        Kind.UNSENT, changed("quarantined", lambda row: row._replace(published_at=None))
    ),
    "other findings than what was sent gives": Flaw(
        Kind.OTHER_FINDINGS, without("accepted", is_of("patient.enrolled"))
    ),
    "a day that was never closed": Flaw(Kind.OTHER_FINDINGS, a_day_never_closed),
    # offsets and pace
    "offsets that the ledger does not hold": Flaw(
        Kind.LOST, changed("ledger", lambda row: row._replace(last_offset=0))
    ),
    "a partition without a ledger": Flaw(Kind.MISCOUNTED, without("ledger")),
    "an offset counted under another outcome": Flaw(
        Kind.MISCOUNTED,
        changed("ledger", lambda r: r._replace(applied=r.applied - 1, duplicate=r.duplicate + 1)),
    ),
    "an offset counted twice": Flaw(
        Kind.MISCOUNTED, changed("ledger", lambda row: row._replace(duplicate=row.duplicate + 1))
    ),
    "a refusal that was not counted": Flaw(
        Kind.MISCOUNTED,
        changed("ledger", lambda r: r._replace(rejected=r.rejected + 1, duplicate=r.duplicate - 1)),
    ),
    "an offset committed too early": Flaw(
        Kind.COMMITTED_AHEAD,
        sampled(Sample(0.0, 8, 0, 8, committed={AT: 9}, ledger={AT: 7})),
    ),
    "a ledger that went back": Flaw(
        Kind.BACKWARDS,
        sampled(Sample(0.0, 8, 0, 8, ledger={AT: 7}), Sample(1.0, 8, 0, 8, ledger={AT: 6})),
    ),
    "an intake that stands still": Flaw(
        Kind.STALLED, sampled(*(Sample(at * 10.0, 5, 0, 9) for at in range(8)))
    ),
    "a relay that stands still": Flaw(
        Kind.STALLED,
        sampled(*(Sample(at * 10.0, at, 3 + at, at, told=3 + at) for at in range(8))),
    ),
    "a run that settles too late": Flaw(Kind.LATE, sampled(Sample(100.0, 9, 0, 9), calm_at=20.0)),
    "a run that is never at rest": Flaw(Kind.LATE, never_at_rest),
    "a run that never settles": Flaw(Kind.LATE, sampled(Sample(30.0, 9, 1, 9), calm_at=20.0)),
}


def test_sound_evidence_passes_and_is_rich_enough(sound: Evidence) -> None:
    assert violations(sound) == []
    assert len({one.finding for one in sound.notices}) > 15
    assert {one.action for one in sound.notices} == {"raised", "amended", "withdrawn"}
    assert len({one.reason for one in sound.quarantined}) >= 4
    assert sum(one.duplicate for one in sound.ledger) > 20
    assert any(row.topic == "clock" for row in sound.accepted)
    assert any(row.moved_from for row in sound.accepted)
    assert Counter(row.outcome for row in sound.accepted)["stale"]


@pytest.mark.parametrize("name", FLAWS)
def test_what_is_spoiled_is_named(sound: Evidence, name: str) -> None:
    flaw = FLAWS[name]
    assert flaw.kind in {one.kind for one in violations(flaw.spoil(sound))}


def test_an_overlooked_day_is_found_by_what_should_stand_alone(sound: Evidence) -> None:
    found = violations(a_day_never_closed(sound))
    assert {one.kind for one in found} == {Kind.OTHER_FINDINGS}
