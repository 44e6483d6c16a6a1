"""The bench itself runs: one broker, two workers, and a fault of each part, again and again."""

import pytest

from tests.chaos.__main__ import arguments, everything
from tests.chaos.report import Report
from tests.services import UnavailableError

SEED = 20  # which gives these faults, in an order of its own
FAULTS = {
    "worker killed": 8,
    "worker killed at after-commit": 1,
    "worker asked to end": 2,
    "broker killed": 1,
    "database killed": 1,
    "cut after COMMIT": 1,
}
KILLS = 9
LEAVING_MIN = 4  # of the kills: a worker that had nothing in hand proves nothing by its death
EVENTS_MIN, FINDINGS_MIN = 5_000, 15
TAKEOVERS = "takeover after"  # `make chaos` judges how long they take: it has the machine alone


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.timeout(900)
async def test_nothing_is_lost_or_told_wrongly_whatever_dies() -> None:
    told = ["--nodes", "1", "--minutes", "6", "--rate", "60", "--seed", str(SEED)]
    told += ["--faults", str(sum(FAULTS.values()))]
    for kind in FAULTS:
        told += ["--only", kind]
    try:
        report = await everything(arguments(told))
    except UnavailableError as missing:
        pytest.skip(str(missing))
    report.close()
    assert [one for one in report.failures if not one.startswith(TAKEOVERS)] == []
    assert_the_faults_hit(report)


def assert_the_faults_hit(report: Report) -> None:
    facts = report.facts
    assert facts["faults"] == FAULTS
    assert facts["worker kills"] == KILLS
    assert facts["kills that left deliveries to come again"] >= LEAVING_MIN
    assert facts["times that two workers wrote the same rows"] >= 1
    assert facts["events"] >= EVENTS_MIN
    assert len(facts["main: notices by finding"]) >= FINDINGS_MIN
