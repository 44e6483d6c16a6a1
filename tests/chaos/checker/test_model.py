"""The model tells what the contract says, and what the monitor tells, fact by fact."""

import datetime
import itertools
import json
from collections import Counter
from typing import Any

from monitor.bulk.evaluation import LINES_TOPIC
from monitor.clock import FixedClock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.memory import MemoryLedger
from monitor.wire.codec import decode_line
from tests.auditor.generator import draw_history
from tests.auditor.product import deliveries, ruleset
from tests.chaos.checker import inbox, notices
from tests.chaos.checker.evidence import Evidence
from tests.chaos.checker.listener import Expected, notice_id
from tests.chaos.checker.model import told
from tests.chaos.checker.rows import InboxRow
from tests.chaos.checker.seen import Seen
from tests.chaos.checker.sound import (
    Board,
    inbox_rows,
    notice_rows,
    quarantine_rows,
    record_rows,
    send_all,
    state_rows,
)

SEEDS = (*range(1, 21), 40, 73, 74)  # the last three retract after an action
AT = datetime.datetime(2025, 6, 1, tzinfo=datetime.UTC)
EMPTY = ("sent", "acknowledged", "delivered", "ledger", "audit", "dead_letters", "samples")
OF_THE_MODEL = (
    inbox.columns_say_what_the_bytes_say,
    inbox.arrivals_are_numbered,
    inbox.records_stand_as_their_versions_say,
    notices.notices_are_as_the_rules_say,
    notices.notices_are_well_formed,
    notices.notices_are_published,
    notices.first_occurrences_are_in_sequence,
)
_numbers = itertools.count(1)


def fact(kind: str, record_id: str, version: int = 1, **fields: object) -> InboxRow:
    """A recorded fact of one patient."""
    number, name = next(_numbers), f"{record_id}/{version}"
    common = {"study_id": "S", "patient_id": "P", "record_id": record_id, "status": "final"}
    told_of = {**common, "record_version": version, **fields}
    event = {"type": f"org.ctdnamonitor.{kind}.v1", "source": "lab", "id": name, "data": told_of}
    place = ("clinical.events", 0, number, None, (), json.dumps(event).encode())
    named = (number, "lab", name, event["type"], "S", "P", number, record_id, version, None)
    return InboxRow(*named, *place, AT, "applied", None, None, None)  # type: ignore[arg-type]


def sample(record_id: str, on: str, call: str = "detected", version: int = 1) -> InboxRow:
    assay = {"lab": "L", "code": "C"}
    fields = {"specimen": {"collected_at": on}, "assay": assay, "call": call}
    return fact("ctdna.result", record_id, version, **fields)


def enrolled(version: int = 1, **fields: object) -> InboxRow:
    return fact("patient.enrolled", "e", version, **{"enrolled_on": "2025-01-02", **fields})


def said(*facts: InboxRow) -> list[Expected]:
    found = told(facts, "")
    assert found.unlike == ()
    return list(found.notices)


def names(found: list[Expected]) -> list[tuple[str, str]]:
    return [(one.action, one.finding.removeprefix("MOLECULAR_RELAPSE_")) for one in found]


def test_a_notice_has_the_id_of_the_contract() -> None:
    finding = "1d9d8e22-d4d8-5a0e-8fe0-578b227c1f56"
    assert notice_id(finding, "raised", 1) == "144de5df-b73a-55e0-be7a-3f06ebfe9cc8"


def test_nothing_is_told_before_an_enrolment_which_then_causes_all() -> None:
    found = said(sample("s1", "2025-03-01"), sample("s2", "2025-04-01"), enrolled())
    assert {one.cause_id for one in found} == {"e/1"}
    assert [one.sequence for one in found] == list(range(1, len(found) + 1))
    assert ("raised", "CONFIRMED") in names(found)


def test_an_enrolment_taken_away_withdraws_all_and_its_return_raises_it_again() -> None:
    facts = [enrolled(), sample("s1", "2025-03-01"), enrolled(2, status="entered_in_error")]
    raised = said(*facts[:2])
    gone = said(*facts)[len(raised) :]
    assert {one.action for one in gone} == {"withdrawn"}
    assert [one.supersedes for one in gone] == [one.notice_id for one in raised]
    again = said(*facts, enrolled(3))[len(raised) + len(gone) :]
    assert [(one.action, one.revision) for one in again] == [("raised", 3)] * len(raised)


def test_of_one_fact_withdrawn_comes_before_amended_before_raised() -> None:
    begun = [enrolled(), sample("s1", "2025-03-01"), sample("s2", "2025-04-01")]
    before = len(said(*begun))
    last = said(*begun, sample("s2", "2025-04-05", "not_detected", 2))[before:]
    actions = [one.action for one in last]
    assert actions == sorted(actions, key=["withdrawn", "amended", "raised"].index)
    assert {*actions} == {"withdrawn", "amended", "raised"}
    assert [one.evidence for one in last if one.finding.endswith("NOT_CONFIRMED")] == [
        (("lab", "s1", 1), ("lab", "s2", 2))
    ]


def test_a_fact_that_should_be_stale_and_one_beyond_all_rules_are_named() -> None:
    stale = told((enrolled(2), enrolled(1)), "")
    assert stale.unlike == ("e/1: applied instead of stale",)
    broken = told((fact("ctdna.result", "s1"),), "")
    assert [words.partition(":")[0] for words in broken.unlike] == ["s1/1"]


async def evidence_of(seed: int) -> Evidence:
    """A generated history through the monitor, three facts at a time."""
    history = draw_history(seed)
    rules = ruleset(history.rules.toml())
    ledger, board, clock = MemoryLedger(itertools.count().__next__), Board(), FixedClock(AT)
    intake = Intake(
        ledger,
        clock,
        IntakeSettings("g", "default", {}, frozenset({LINES_TOPIC})),
        rules_for=lambda _study: rules,
        decoder=lambda delivery: decode_line(delivery.value or b""),
    )
    facts = list(deliveries(history.events))
    for begin in range(0, len(facts), 3):
        await intake.receive(facts[begin : begin + 3])
        clock.advance(86_400)
    await send_all(ledger, board, clock)
    nothing: dict[str, Any] = dict.fromkeys(EMPTY, ())
    return Evidence(
        group="g",
        rules=history.rules.toml(),
        bounds={},
        accepted=inbox_rows(ledger),
        records=record_rows(ledger),
        states=state_rows(ledger),
        notices=notice_rows(ledger, board),
        quarantined=quarantine_rows(ledger),
        published=[one for one in board.messages if one.topic == "monitor.notices"],
        **nothing,
    )


async def test_the_monitor_tells_what_the_model_tells() -> None:
    told_of: Counter[str] = Counter()
    for seed in SEEDS:
        evidence = await evidence_of(seed)
        seen = Seen(evidence)
        assert [one for check in OF_THE_MODEL for one in check(seen)] == [], seed
        told_of.update(row.finding for row in evidence.notices)
    assert len(told_of) > 25
    assert told_of["RETRACTION_AFTER_ACTION"]
