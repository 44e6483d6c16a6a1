"""Activated rules and the audit trail, in every home of the ledger."""

import datetime
from dataclasses import replace

import pytest

from monitor.ledger.activations import ActiveRules, AuditEntry, broken_links, chained
from monitor.ledger.entries import PatientKey
from monitor.ledger.port import Conflict, Ledger, RefusedRow, Superseded
from tests.ledger.samples import ANNA, BORIS, MOMENT, changes, state


def rules(number: int, scope: str = "*", **other: str) -> ActiveRules:
    row = ActiveRules(number, scope, "nct", "ab" * 32, '{"ü":1}', MOMENT, "Dr A", "Änderung 2")
    return replace(row, **other)  # type: ignore[arg-type]


def entry(before: list[AuditEntry], why: str = "because") -> AuditEntry:
    at = MOMENT + datetime.timedelta(seconds=len(before))
    return chained(before, at, "Dr A", "rules.activated", "rules", why, {"ü": ["1", 2]})


async def test_what_was_activated_comes_back_as_it_was(ledger: Ledger) -> None:
    assert await ledger.active_rules() == []
    assert await ledger.audit() == []
    first = entry([])
    second = entry([first], "ünd wieder")
    await ledger.activate_rules([rules(1, "B"), rules(1, "A")], first)
    await ledger.activate_rules([rules(2)], second)
    assert await ledger.active_rules() == [rules(1, "A"), rules(1, "B"), rules(2)]
    found = await ledger.audit()
    assert found == [first, second]
    assert list(broken_links(found)) == []


async def test_the_last_entry_of_the_trail_and_of_an_action(ledger: Ledger) -> None:
    assert await ledger.last_audit() == []
    entries: list[AuditEntry] = []
    for action in ("rules.activated", "deployment.named", "rules.activated"):
        entries.append(chained(entries, MOMENT, "Dr A", action, "rules", "because", {}))
        await ledger.add_audit(entries[-1])
    assert await ledger.last_audit() == entries[2:]
    assert await ledger.last_audit("deployment.named") == [entries[1]]
    assert await ledger.last_audit("rules.forgotten") == []


async def test_a_number_is_taken_once_and_nothing_is_half_written(ledger: Ledger) -> None:
    first = entry([])
    await ledger.activate_rules([rules(1)], first)
    for taken in (([rules(1)], entry([first])), ([rules(2)], first)):
        with pytest.raises(Conflict):
            await ledger.activate_rules(*taken)
    assert await ledger.active_rules() == [rules(1)]
    assert await ledger.audit() == [first]


async def test_an_audit_entry_alone(ledger: Ledger) -> None:
    first = entry([])
    await ledger.add_audit(first)
    with pytest.raises(Conflict):
        await ledger.add_audit(first)
    with pytest.raises(RefusedRow):
        await ledger.add_audit(entry([first], "\0"))
    assert await ledger.audit() == [first]
    assert await ledger.active_rules() == []


async def test_what_follows_from_rules_is_written_while_they_are_the_highest(
    ledger: Ledger,
) -> None:
    with pytest.raises(Superseded):
        await ledger.record(changes(states={ANNA: (None, state())}, activation=1))
    first = entry([])
    await ledger.activate_rules([rules(1)], first)
    await ledger.record(changes(states={ANNA: (None, state())}, activation=1))
    await ledger.activate_rules([rules(2)], entry([first]))
    with pytest.raises(Superseded):
        await ledger.record(changes(states={BORIS: (None, state())}, activation=1))
    await ledger.record(changes(states={BORIS: (None, state(version=2))}, activation=2))
    found = await ledger.state(BORIS)
    assert found is not None
    assert found.version == 2


async def test_what_no_database_can_keep_is_refused(ledger: Ledger) -> None:
    with pytest.raises(RefusedRow):
        await ledger.activate_rules([rules(1, reason="\0")], entry([]))
    assert await ledger.active_rules() == []
    assert await ledger.audit() == []


async def test_the_rules_that_patients_stand_under(ledger: Ledger) -> None:
    assert await ledger.ruleset_hashes() == {}
    other = PatientKey("OTHER", "P-1")
    rows = {
        ANNA: state(ruleset_hash="a"),
        BORIS: state(ruleset_hash="b"),
        other: state(ruleset_hash="a"),
        PatientKey("OTHER", "P-2"): state(version=0, ruleset_hash="c"),
    }
    await ledger.record(changes(states={key: (None, row) for key, row in rows.items()}))
    found = await ledger.ruleset_hashes()
    assert found == {ANNA.study_id: frozenset("ab"), "OTHER": frozenset("a")}


async def test_leases_that_are_held_now(ledger: Ledger) -> None:
    assert await ledger.acquire_lease("worker:2", "b", 60)
    assert await ledger.acquire_lease("worker", "a", 60)
    assert await ledger.acquire_lease("worker:gone", "c", -1)
    assert await ledger.acquire_lease("relay", "a", 60)
    assert await ledger.leased("worker") == ["worker", "worker:2"]
    assert await ledger.leased("w_rker") == []


def test_a_changed_or_missing_entry_breaks_the_chain() -> None:
    entries: list[AuditEntry] = []
    for why in ("one", "two", "three"):
        entries.append(entry(entries, why))
    assert list(broken_links(entries)) == []
    changed = [entries[0], replace(entries[1], actor="Dr B"), entries[2]]
    assert list(broken_links(changed)) == [2]
    assert list(broken_links([entries[0], entries[2]])) == [3]
    assert list(broken_links(entries[1:])) == [2]
