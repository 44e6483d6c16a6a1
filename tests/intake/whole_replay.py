"""The recorded events once more, in their order, through intake and rules into a new ledger."""

import time
from collections.abc import Sequence
from itertools import groupby

from monitor.activation import Activation
from monitor.active_rules import History, first_ruleset, ruleset_by_hash
from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock, FixedClock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.activations import chained
from monitor.ledger.entries import AcceptedRow, EventKey, NoticeRow
from monitor.ledger.memory import MemoryLedger
from monitor.replay import once_more
from monitor.rulesets import Rulesets
from monitor.settings import Settings
from monitor.wire.codec import decode
from monitor.wire.rules_changed import RULES_TOPIC, RulesEvent, read_rules_event

BATCH = 97  # other boundaries than any worker's


async def whole_replay(
    accepted: Sequence[AcceptedRow], settings: Settings, history: History = ()
) -> list[NoticeRow]:
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
    return list(ledger._notices.values())


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
