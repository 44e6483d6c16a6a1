"""What is compared when partitions come: the lag, and errors that nobody foresaw."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from monitor.ledger.entries import TopicPartition
from monitor.settings import KafkaSettings
from monitor.stream import assignment
from monitor.stream.assignment import Assignment
from monitor.stream.preflight import Place

HERE, THERE = TopicPartition("t", 0), TopicPartition("t", 1)


class Comparing:
    """Duties that find every offset right, or fail in a way nobody foresaw."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def check_offsets(self, _committed: object) -> None:
        if self._error:
            raise self._error


def watching(duties: Comparing, next_offsets: dict[TopicPartition, int]) -> Assignment:
    other = cast("Any", None)
    batches = cast("Any", SimpleNamespace(next_offsets=next_offsets))
    return Assignment(other, KafkaSettings(), cast("Any", duties), batches, other, other)


@pytest.fixture(autouse=True)
def _places(monkeypatch: pytest.MonkeyPatch) -> None:
    async def survey(_kafka: object) -> dict[TopicPartition, Place]:
        return {
            HERE: Place(first=0, end=100, committed=80),
            THERE: Place(first=5, end=9, committed=None),
        }

    monkeypatch.setattr(assignment, "survey", survey)


@pytest.mark.parametrize(("before", "after"), [(20, 80), (90, 90)])
async def test_a_partition_that_comes_back_has_the_lag_that_others_left(
    before: int, after: int
) -> None:
    known = {HERE: before}
    await watching(Comparing(), known)._compare({HERE, THERE})
    assert known == {HERE: after, THERE: 5}


async def test_an_error_nobody_foresaw_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[BaseException] = []
    monkeypatch.setattr(assignment, "end_now", ended.append)
    error = ZeroDivisionError()
    await watching(Comparing(error), {})._compare({HERE})
    assert ended == [error]
