"""The audit finds what was planted, whatever it is, and finds nothing where nothing was."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from monitor.clinical.state import load_state
from monitor.deployments import hold_deployment
from monitor.exits import RulesDifferError
from monitor.ledger.activations import ActiveRules
from monitor.ledger.archive import Archive, Marks, Published
from monitor.ledger.entries import AcceptedRow, Outgoing, PatientKey, StateRow
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import Ledger
from monitor.notified import Notified
from monitor.reconciliation import drawn
from tests.clinical.facts import contact, died, sample
from tests.intake.desk import NOON, P1, P2, memory
from tests.reconciliation import damage
from tests.reconciliation.story import (
    CLOCK,
    archive,
    check,
    publish,
    told_desk,
    topic,
)


async def test_nothing_differs_of_a_ledger_with_everything_in_it(ledger: Ledger) -> None:
    desk, home = await told_desk(ledger), archive(ledger)
    first, second = await home.state(P1), await home.state(P2)
    assert first is not None
    assert second is not None
    assert len(load_state(first.document).refused) == 2
    assert load_state(second.document).broken
    assert len(await home.said(P1)) > 10
    seen = topic(await publish(home))
    assert [await check(home, patient, seen) for patient in (P1, P2)] == [{}, {}]
    await desk.give(contact(140))
    assert await check(home, P1, seen) == {}


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (damage.state_edited, {"state_differs": 1}),
        (damage.state_damaged, {"state_differs": 1}),
        (damage.due_day_edited, {"state_differs": 1}),
        (damage.mark_lost, {"state_differs": 1}),
        (damage.rules_edited, {"state_differs": 1}),
        (damage.state_lost, {"state_missing": 1}),
        (damage.notice_lost, {"notice_missing": 1}),
        (damage.notice_invented, {"notice_unexpected": 1}),
        (damage.notice_with_other_bytes, {"notice_differs": 1}),
        (damage.notice_with_another_header, {"notice_differs": 1}),
        (damage.notice_of_another_day, {"notice_differs": 1}),
        (damage.notice_in_other_words, {"wording": 1}),
        (damage.first_event_lost, {"event_missing": 1}),
        (damage.last_event_lost, {"event_missing": 1}),
        (damage.event_altered, {"event_unreadable": 1}),
        (damage.event_unreadable, {"event_unreadable": 1}),
    ],
)
async def test_what_was_planted_is_found(
    ledger: Ledger, plant: Callable[[Archive], Awaitable[None]], found: dict[str, int]
) -> None:
    await told_desk(ledger)
    await plant(archive(ledger))
    assert await check(archive(ledger)) == found


def altered(sent: list[Outgoing]) -> list[Outgoing]:
    return [replace(sent[0], value=(sent[0].value or b"") + b" "), *sent[1:]]


def altered_twin(sent: list[Outgoing]) -> list[Outgoing]:
    return [*sent, *altered(sent)[:1]]


def left_out(sent: list[Outgoing]) -> list[Outgoing]:
    return sent[1:]


def resent(sent: list[Outgoing]) -> list[Outgoing]:
    return [*sent, sent[0]]


def invented(sent: list[Outgoing]) -> list[Outgoing]:
    headers = [(name, b"new" if name == "ce_id" else text) for name, text in sent[0].headers]
    return [*sent, replace(sent[0], headers=headers)]


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (resent, {}),
        (altered, {"topic_differs": 1}),
        (altered_twin, {"topic_differs": 1}),
        (left_out, {"topic_missing": 1}),
        (invented, {"topic_unexpected": 1}),
    ],
)
async def test_what_was_planted_on_the_topic_is_found(
    plant: Callable[[list[Outgoing]], list[Outgoing]], found: dict[str, int]
) -> None:
    home = archive((await told_desk(memory())).ledger)
    sent = [one for one in await publish(home) if one.key == b"S-1/P-1"]
    assert await check(home, P1, topic(plant(sent))) == found


async def test_what_retention_took_or_nobody_has_read_yet_is_not_missing() -> None:
    home = archive((await told_desk(memory())).ledger)
    await publish(home)
    for bounds in ((900, 1000), (0, 0)):
        assert await check(home, P1, Notified({0: bounds})) == {}
    assert (await check(home, P1, Notified({0: (0, 1000)})))["topic_missing"] > 10


async def test_notices_about_nobody_are_counted() -> None:
    seen = topic([])
    seen.add(b"S-1/P-9", [("ce_id", b"1")], b"{}", Published(NOON, 0, 1))
    seen.add(None, [], None, Published(NOON, 0, 2))
    assert (seen.beyond([P1]), seen.beyond([PatientKey("S-1", "P-9")])) == (2, 1)


async def test_another_deployments_name_is_no_difference_once_it_was_recorded() -> None:
    desk = await told_desk(memory())
    home = archive(desk.ledger)
    assert await check(home) == {}
    desk.settings = replace(desk.settings, deployment="ward")
    desk.intake = desk.new_intake()
    await desk.give(died(160))
    assert await check(home) == {"notice_differs": 1}
    await hold_deployment(home, CLOCK, "ward", "worker")
    assert await check(home) == {}


async def test_a_patient_who_is_written_meanwhile_is_looked_at_again() -> None:
    class Busy(MemoryLedger):
        """Another fact comes between the reading of events and notices, three times."""

        left = 0

        async def accepted(self, patient: PatientKey) -> list[AcceptedRow]:
            found = await super().accepted(patient)
            if self.left:
                self.left -= 1
                await desk.give(sample(200 + self.left, "detected", f"busy-{self.left}"))
            return found

    home = Busy(lambda: 0.0)
    desk = await told_desk(home)
    home.left = 3
    assert await check(home) == {}
    assert home.left == 0


async def test_a_state_that_goes_for_good_between_two_looks_is_missing() -> None:
    class Losing(MemoryLedger):
        losing = False

        async def state(self, patient: PatientKey) -> StateRow | None:
            held = await super().state(patient)
            if self.losing:
                self._states.pop(patient, None)
            return held

    home = Losing(lambda: 0.0)
    await told_desk(home)
    home.losing = True
    assert await check(home) == {"state_missing": 1}


async def test_what_was_refused_since_the_marks_were_read_is_no_difference() -> None:
    class Refusing(MemoryLedger):
        """Another conflict comes right after the marks were read, three times."""

        left = 0

        async def marks(self) -> Marks:
            found = await super().marks()
            if self.left:
                self.left -= 1
                await desk.give(sample(42, "detected", "r").but(version=9 - self.left))
            return found

    home = Refusing(lambda: 0.0)
    desk = await told_desk(home)
    home.left = 3
    assert await check(home) == {}
    assert home.left == 0


async def test_other_words_are_taken_as_they_are_and_anything_else_is_looked_at_again() -> None:
    class Counting(MemoryLedger):
        read = 0

        async def marks(self) -> Marks:
            self.read += 1
            return await super().marks()

    home = Counting(lambda: 0.0)
    await told_desk(home)
    await damage.notice_in_other_words(home)
    assert (await check(home), home.read) == ({"wording": 1}, 1)
    await damage.notice_lost(home)
    assert (await check(home), home.read) == ({"wording": 1, "notice_missing": 1}, 3)


async def test_rules_that_only_another_program_knows_end_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = archive((await told_desk(memory())).ledger)
    known = await home.active_rules()

    async def active_rules() -> list[ActiveRules]:
        return [replace(row, parameters='{"unknown": 1}') for row in known]

    monkeypatch.setattr(home, "active_rules", active_rules)
    with pytest.raises(RulesDifferError, match="does not understand"):
        await check(home)


def test_a_sample_is_another_one_every_day() -> None:
    patients = [PatientKey("S", f"P-{number:03}") for number in range(100)]
    days = [drawn(patients, 10, f"2026-01-{day:02}") for day in range(1, 29)]
    assert all(len(one) == 10 and one == sorted(one) for one in days)
    assert days[0] == drawn(patients, 10, "2026-01-01")
    assert len({patient for day in days for patient in day}) > 80
    assert drawn(patients, 1000, "") == patients
