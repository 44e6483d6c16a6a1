"""The bench itself runs: a short one, with one broker and one fault of each part of it."""

import pytest

from tests.chaos.__main__ import arguments, everything
from tests.services import UnavailableError

KINDS = ("worker killed at after-commit", "database killed", "cut after COMMIT")


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.timeout(400)
async def test_a_short_run_is_clean() -> None:
    told = ["--nodes", "1", "--minutes", "1", "--rate", "50", "--seed", "11"]
    for kind in KINDS:
        told += ["--only", kind]
    try:
        report = await everything(arguments(told))
    except UnavailableError as missing:
        pytest.skip(str(missing))
    report.close()
    assert report.failures == []
    assert set(report.facts["faults"]) == set(KINDS)
    assert report.facts["worker kills"] >= 1
    assert report.facts["events"] > 300
