"""20,000 events on real Kafka and PostgreSQL while workers, broker and database die."""

import signal
import statistics
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.audit import gather
from tests.faults.campaign import KILLS, TERMS, Campaign
from tests.faults.checker import violations
from tests.faults.cohort import cohort
from tests.faults.evidence import Evidence
from tests.faults.rig import EXIT_SECONDS_MAX, new_rig
from tests.services import kafka, postgres

EVENTS = 20_000
SEED = 20_261_125
REDELIVERING_MIN = 10
EACH_FINDING_MIN = 50


@pytest.mark.slow
@pytest.mark.timeout(480)
async def test_nothing_is_lost_or_told_wrongly_whatever_dies(
    kafka_broker: kafka.Broker,
    postgres_server: postgres.Server,
    postgres_database: str,
    tmp_path: Path,
) -> None:
    messages = cohort(EVENTS, SEED)
    async with new_rig(kafka_broker, postgres_server, postgres_database, "all.", tmp_path) as rig:
        campaign = Campaign(rig, messages, SEED)
        await campaign.run()
        evidence = await gather(rig, messages)
    print("\n".join(summary(campaign, evidence)))
    assert violations(evidence) == []
    deaths = Counter(one.number for one in campaign.killed)
    assert deaths == {signal.SIGKILL: KILLS, signal.SIGTERM: TERMS}
    assert sum(one.redelivered > 0 for one in campaign.killed) >= REDELIVERING_MIN
    asked = [one for one in campaign.ended if one.number == signal.SIGTERM]
    assert {one.code for one in asked} == {0}
    assert max(one.seconds for one in asked) <= EXIT_SECONDS_MAX
    told = Counter(one.finding for one in evidence.notices)
    assert len(told) >= 5
    assert min(told.values()) >= EACH_FINDING_MIN


def summary(campaign: Campaign, evidence: Evidence) -> Iterator[str]:
    """The numbers of the run, for people."""
    killed = campaign.killed
    inbox, refused = len(evidence.accepted), len(evidence.quarantined)
    yield f"{len(evidence.sent)} messages: {inbox} inbox rows, {refused} quarantined"
    yield f"notices: {dict(Counter(one.finding for one in evidence.notices))}"
    again = sum(one.redelivered > 0 for one in killed)
    yield f"{len(killed)} workers ended, {again} of them left deliveries that came again:"
    yield "  " + ", ".join(f"{one.number.name[3:]} {one.redelivered}" for one in killed)
    yield f"exit codes of workers that ended by themselves: {campaign.restarts}"
    copies = len(evidence.published) - len(evidence.notices)
    more = len(evidence.dead_letters) - refused
    yield f"sent more than once: {copies} notices, {more} dead letters"
    for number in (signal.SIGKILL, signal.SIGTERM):
        found = [later.takeover_s for one, later in pairwise(killed) if one.number == number]
        middle, longest = statistics.median(found), max(found)
        yield f"seconds from {number.name} to the next row: {middle:.1f}, at most {longest:.1f}"
    for outage, seconds in campaign.outages.items():
        yield f"seconds from the end of the {outage} to the next row: {seconds:.1f}"
