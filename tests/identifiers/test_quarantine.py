"""10,000 identifiers through every failure of the worker: none in a log, metric, text or header."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitor import fold, intake
from monitor.clinical.transitions import Outcome
from monitor.clock import Clock, FixedClock
from monitor.intake import BrokenRelease, Intake, IntakeSettings
from monitor.ledger.entries import Changes
from monitor.ledger.memory import MemoryLedger
from monitor.ledger.port import RefusedRow, Unavailable
from monitor.metrics import Metrics
from monitor.recording import Receipt, own_error
from monitor.relay import Relay, UnsendableError
from monitor.rulesets import Rulesets
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from tests.identifiers.ears import listening
from tests.identifiers.planted import MARK, READ, Parcel, Planter
from tests.identifiers.ways import WAYS, spoilt
from tests.intake.desk import NOON, TOPICS

PLANTED_MIN = 10_000
BATCH = 50


class Post:
    """A broker that fails in all its ways with the message in its words, then takes it."""

    def __init__(self) -> None:
        self.added: list[tuple[str, bytes | None]] = []
        self.letters = 0
        self._tries = 0

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> tuple[int, int]:
        self._tries += 1
        if self._tries % 3 == 1:
            raise ConnectionError(f"{topic} {key!r} {value!r} {headers}")
        if self._tries % 50 == 0:
            raise UnsendableError(f"{topic} {key!r} {value!r} {headers}")
        if topic.endswith(".dlq"):
            first = [name for name, _ in headers].index("dlq.reason")
            assert MARK in f"{key!r} {value!r} {headers[:first]}"
            self.added += headers[first:]
            self.letters += 1
        return 0, self._tries


class Worker:
    """What the worker does of a delivery, without its services."""

    def __init__(self, ledger: MemoryLedger | None = None, rules: Path | None = None) -> None:
        clock = FixedClock(NOON)
        self.ledger = ledger or MemoryLedger(clock.monotonic)
        self.post = Post()
        self.metrics = Metrics(CollectorRegistry(), "0")
        self.receipts: list[Receipt] = []
        settings = IntakeSettings("g", "test", TOPICS, frozenset(TOPICS))
        self._intake = Intake(self.ledger, clock, settings, rules_for=Rulesets(rules))
        self._relay = Relay(self.ledger, self.post, Clock(), holder="test")
        self._offset = 0

    async def take(self, parcels: Iterable[Parcel]) -> list[Reason | None]:
        """Hand parcels in; returns why each was refused, or None."""
        deliveries = []
        for parcel in parcels:
            self._offset += 1
            deliveries.append(parcel.delivery(self._offset))
        found: list[Receipt] = []
        for start in range(0, len(deliveries), BATCH):
            found += await self._intake.receive(deliveries[start : start + BATCH])
        self.receipts += found
        self.metrics.count_outcomes(Counter((one.outcome, one.reason or "") for one in found))
        self.metrics.count_findings(name for one in found for name in one.findings)
        return [one.reason for one in found]

    async def send(self) -> None:
        """Send all dead letters."""
        while await self.ledger.unsent(1):
            await self._relay.send_once()

    def said(self) -> str:
        """Texts of refusals, what dead letters add, and the metrics."""
        texts = [
            f"{one.rejection.reason} {one.rejection.field} {one.rejection.message} "
            f"{one.rejection.error_class}"
            for one in self.receipts
            if one.rejection is not None
        ]
        metrics = generate_latest(self.metrics.registry).decode()
        return "\n".join([*texts, *map(str, self.post.added), metrics])


async def assert_silent(worker: Worker, parcels: Iterable[Parcel]) -> list[Reason | None]:
    with listening() as ears:
        found = await worker.take(parcels)
        await worker.send()
    assert MARK not in worker.said()
    assert MARK not in ears.text
    return found


async def test_no_refusal_of_what_was_sent_repeats_an_identifier() -> None:
    planter, worker = Planter(), Worker()
    sent = list(spoilt(planter, PLANTED_MIN))
    assert len(sent) > 5 * len(WAYS)
    found = await assert_silent(worker, [parcel for _, parcel in sent])
    assert found == [reason for reason, _ in sent]
    assert planter.planted >= PLANTED_MIN
    assert worker.post.letters > 0.9 * len(sent)
    assert 'reason="unknown_status"' in worker.said()


async def test_no_conflict_repeats_an_identifier() -> None:
    planter, worker = Planter(), Worker()
    for _ in range(20):
        first, other = planter.parcel(), planter.parcel()
        same_id = replace(other, attributes={**first.attributes})
        names = {name: first.content[name] for name in ("study_id", "patient_id", "record_id")}
        source = {"source": first.attributes["source"]}
        same_version = replace(
            other,
            attributes={**other.attributes, **source},
            content={**other.content, **names, "call": "not_detected"},
        )
        found = await assert_silent(worker, [first, same_id, same_version])
        assert found == [None, Reason.DUPLICATE_CONFLICT, Reason.VERSION_CONFLICT]


async def test_no_study_without_rules_is_named(tmp_path: Path) -> None:
    (tmp_path / "S-1.toml").write_text("")
    planter, worker = Planter(), Worker(rules=tmp_path)
    found = await assert_silent(worker, [planter.parcel(), planter.parcel(READ)])
    assert found == [Reason.UNKNOWN_STUDY] * 2


def failing(state: object, arrival: object, ruleset: object) -> Outcome:
    raise KeyError(f"{state} {arrival} {ruleset}")


async def test_no_error_of_our_own_repeats_an_identifier(monkeypatch: pytest.MonkeyPatch) -> None:
    planter, worker = Planter(), Worker()
    monkeypatch.setattr(fold, "apply", failing)
    found = await assert_silent(worker, [planter.parcel() for _ in range(10)])
    assert found == [Reason.PROCESSING_ERROR] * 10
    with listening() as ears, pytest.raises(BrokenRelease) as stopped:
        await worker.take(planter.parcel(READ) for _ in range(20))
    assert MARK not in ears.text + str(stopped.value)
    assert "failed in the monitor's own code: KeyError at" in ears.text


async def test_no_decoder_that_fails_repeats_an_identifier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(delivery: Delivery, topics: object) -> None:
        raise ValueError(f"{delivery} {topics}")

    monkeypatch.setattr(intake, "decode", broken)
    planter, worker = Planter(), Worker()
    found = await assert_silent(worker, [planter.parcel() for _ in range(10)])
    assert found == [Reason.PROCESSING_ERROR] * 10


class Refusing(MemoryLedger):
    """Is away at first, then refuses every row of a lesion's read."""

    away = True

    async def record(self, changes: Changes) -> None:
        if self.away:
            self.away = False
            raise Unavailable("the database is away or busy")
        if any(row.type == READ for row in changes.accepted):
            raise RefusedRow("the database refuses the content of a row")
        await super().record(changes)


async def test_no_row_that_the_ledger_refuses_is_repeated() -> None:
    planter, worker = Planter(), Worker(Refusing(FixedClock(NOON).monotonic))
    found = await assert_silent(worker, [planter.parcel(), planter.parcel(READ), planter.parcel()])
    assert found == [None, Reason.PROCESSING_ERROR, None]


async def test_a_log_that_repeats_one_would_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def loud(problem: Exception, event: Event | None) -> Rejection:
        intake.log.debug("failed", exc_info=problem)
        return own_error(problem, event)

    monkeypatch.setattr(intake, "own_error", loud)
    monkeypatch.setattr(fold, "apply", failing)
    with pytest.raises(AssertionError):
        await assert_silent(Worker(), [Planter().parcel()])
