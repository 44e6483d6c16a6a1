"""The bench measures what it says: its traffic is as described, and its delays are added up."""

import time
from collections import Counter

import pytest

from monitor.clock import Clock
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.entries import AcceptedRow
from monitor.ledger.memory import MemoryLedger
from monitor.rulesets import Rulesets
from monitor.settings import KafkaSettings
from tests.bench.children import Commit, recorded
from tests.bench.cohort import CORRECTED, DOUBLED, Feed
from tests.bench.load import delays
from tests.bench.meter import Cost, median_cost, quantile
from tests.bench.recording import FACTS
from tests.bench.topics import Sent

PATIENTS = 40


async def test_the_traffic_is_as_described_and_nothing_of_it_is_refused() -> None:
    feed = Feed(range(PATIENTS))
    ledger = MemoryLedger(time.monotonic)
    settings = IntakeSettings("bench", "bench", KafkaSettings().inputs)
    intake = Intake(ledger, Clock(), settings, rules_for=Rulesets())

    history = await intake.receive(list(feed.history(FACTS)))
    assert Counter(one.outcome for one in history) == {"applied": PATIENTS * FACTS}

    traffic = await intake.receive(feed.traffic(1000))
    shares = {outcome: n / 1000 for outcome, n in Counter(o.outcome for o in traffic).items()}
    assert shares.keys() == {"applied", "duplicate"}
    assert shares["duplicate"] == pytest.approx(DOUBLED, abs=0.025)
    versions = Counter(row.record_version for row in await _accepted(ledger))
    assert versions[2] / 1000 == pytest.approx(CORRECTED, abs=0.02)
    assert sum(len(one.notices) for one in traffic) > 10


async def _accepted(ledger: MemoryLedger) -> list[AcceptedRow]:
    patients = await ledger.patients()
    return [row for patient in patients for row in await ledger.accepted(patient)]


def test_a_message_is_committed_by_the_first_commit_that_reaches_its_offset() -> None:
    place = ("ctdna.results", 0)
    sent = [Sent(place, offset, 10.0 + offset, f"e{offset}") for offset in range(3)]
    sent.append(Sent(place, 3, 13.0, "e0"))
    commits = [Commit(20.0, 0.0, {place: 1}), Commit(30.0, 0.0, {place: 3})]
    found = delays(sent, commits, [("e0", 21.0), ("somebody else's", 22.0)])
    assert sorted(found.committed) == [9.0, 10.0, 17.0, 18.0]
    assert found.noticed == [11.0]
    assert found.offered == pytest.approx(1.0)
    assert recorded(commits) == 4


def test_costs_are_told_by_event() -> None:
    cost = Cost(events=200, wall_s=0.1, cpu_s=0.05)
    assert (cost.per_second, cost.cpu_us) == (2000, 250)
    assert median_cost(lambda: 7, rounds=3).events == 7
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0
