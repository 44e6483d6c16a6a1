"""The recorded events once more, in their order, through intake and rules without a database.

Run as a program it reads a ledger's events and states, and writes what should have been told of
them and what stands as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from monitor.activation import Activation
from monitor.active_rules import History, first_ruleset, ruleset_by_hash
from monitor.clinical.state import load_state
from monitor.clinical.timeline import timeline
from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock, FixedClock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.activations import chained
from monitor.ledger.engine import open_engine
from monitor.ledger.entries import AcceptedRow, EventKey, PatientKey
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.sql import SqlLedger
from monitor.replay import once_more
from monitor.rulesets import Rulesets
from monitor.settings import Settings
from monitor.wire.codec import decode
from monitor.wire.rules_changed import RULES_TOPIC, RulesEvent, read_rules_event
from tests.faults.evidence import Told
from tests.faults.reading import read_accepted, read_documents

BATCH = 97  # other boundaries than any worker's


async def replay(
    accepted: Sequence[AcceptedRow], settings: Settings, history: History = ()
) -> list[Told]:
    """Every notice that follows from these events in this order; each must be accepted.

    `history` holds the activated rules: a change of rules is an event of every patient.
    """
    rules = _rules_at_first(accepted, settings, history)
    received_at = {row.key: row.received_at for row in accepted}
    topics = settings.kafka.inputs
    ledger = MemoryLedger(time.monotonic)
    intake = Intake(
        ledger,
        Clock(),
        IntakeSettings("replay", settings.deployment, topics, frozenset(topics)),
        rules_for=rules,
        detected_at=lambda event, _before: received_at[EventKey(event.source, event.event_id)],
    )
    for changes, some in groupby(accepted, lambda row: row.topic == RULES_TOPIC):
        if changes:
            for row in some:
                rules.use({**rules.by_scope, row.patient.study_id: _after(row, history)})
                await _begin(read_rules_event(row.value).activation, ledger, history)
                await _switch(row, Activation(ledger, rules, FixedClock(row.received_at),
                                              settings.deployment))  # fmt: skip
            continue
        batch = [once_more(row, lambda delivery: decode(delivery, topics)) for row in some]
        for begin in range(0, len(batch), BATCH):
            receipts = await intake.settle(batch[begin : begin + BATCH])
            assert {receipt.outcome for receipt in receipts} <= {"applied", "stale"}
    return told_by(ledger)


def _rules_at_first(
    accepted: Sequence[AcceptedRow], settings: Settings, history: History
) -> Rulesets:
    """The rules of every study before its first change: the settings' own where there is none."""
    rules = Rulesets(settings.rules)
    events = [read_rules_event(row.value) for row in accepted if row.topic == RULES_TOPIC]
    first = {event.study_id: _before(event, history) for event in reversed(events)}
    studies = {row.patient.study_id for row in accepted}
    given = {study: found for study in studies if (found := rules(study)) is not None}
    rules.use(given | first)
    return rules


def _after(row: AcceptedRow, history: History) -> Ruleset:
    return _recorded(read_rules_event(row.value).to_hash, history)


def _before(event: RulesEvent, history: History) -> Ruleset:
    found = ruleset_by_hash(history, event.from_hash) or first_ruleset(history, event.study_id)
    assert found is not None, "no rules of this study were ever recorded"
    return found


def _recorded(config_hash: str, history: History) -> Ruleset:
    found = ruleset_by_hash(history, config_hash)
    assert found is not None, "rules that a patient stood under were never recorded"
    return found


async def _begin(number: int, ledger: MemoryLedger, history: History) -> None:
    """Record the activation of a change: a patient is switched to the highest one only."""
    known = {row.number for row in await ledger.active_rules()}
    rows = [row for row in history if row.number == number and number not in known]
    if rows:
        before, first = await ledger.audit(), rows[0]
        entry = chained(before, first.activated_at, first.activated_by, "rules.activated",
                        "rules", first.reason, {})  # fmt: skip
        await ledger.activate_rules(rows, entry)


async def _switch(row: AcceptedRow, activation: Activation) -> None:
    event: RulesEvent = read_rules_event(row.value)
    await activation.switch(row.patient, event.activation)


def told_by(ledger: MemoryLedger) -> list[Told]:
    """The notices in a ledger, in the order of their recording."""
    return [
        Told(n.notice_id, n.patient, n.sequence, n.finding, tuple(n.headers), n.value)
        for n in ledger._notices.values()
    ]


def standing(documents: Sequence[str], rules: Rulesets | None = None) -> dict[str, object]:
    """The findings that stand, of each patient, from the stored states."""
    rules = rules or Rulesets(None)
    found: dict[str, object] = {}
    for state in map(load_state, documents):
        ruleset = rules(state.study_id)
        assert ruleset is not None
        document = timeline(state, ruleset)
        found[f"{state.study_id}/{state.patient_id}"] = document["standing_findings"]
    return found


def to_line(told: Told) -> list[Any]:
    headers = [[name, value.decode("latin-1")] for name, value in told.headers]
    return [*told[:4], headers, told.value.decode("latin-1")]


def from_line(line: list[Any]) -> Told:
    notice_id, patient, sequence, finding, headers, value = line
    pairs = tuple((name, text.encode("latin-1")) for name, text in headers)
    encoded = value.encode("latin-1")
    return Told(notice_id, PatientKey(*patient), sequence, finding, pairs, encoded)


async def main(url: str) -> None:
    ledger = SqlLedger(open_engine(url))
    history = await ledger.active_rules()
    await ledger.close()
    told = await replay(await read_accepted(url), Settings(), history)
    found = standing(await read_documents(url))
    json.dump({"told": list(map(to_line, told)), "standing": found}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
