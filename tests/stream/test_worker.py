"""What the worker promises, on the embedded broker, whatever ends it."""

import asyncio
import json
import signal
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from monitor.active_rules import hold_rules
from monitor.clock import Clock
from monitor.exits import Exit
from monitor.ledger.migrate import upgrade
from monitor.rulesets import Rulesets
from monitor.wiring import open_ledger
from tests.stream.harness import Harness, until

pytestmark = pytest.mark.slow  # each starts workers, some wait out a session or a time limit

COMPRESSIONS = ("none", "gzip", "lz4", "snappy", "zstd")  # each producer's own choice


def _more_than(harness: Harness, count: int) -> bool:
    return harness.recorded().total() > count


def test_every_delivery_comes_once_as_it_was_sent(harness: Harness) -> None:
    for number, compression in enumerate(COMPRESSIONS):
        harness.publish(120, 120 * number, compression)
    worker = harness.start()
    until(lambda: harness.recorded().total() == 600)
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == Exit.OK
    assert time.monotonic() - began < 5
    assert set(harness.recorded().values()) == {1}
    assert sum(harness.committed().values()) == 600
    topic, _partition, _offset, key, headers, value = harness.batches()[0][0]
    number = int(value.removeprefix("b'secret-").rstrip("'"))
    assert key == repr(f"S/P{number % 50}".encode())
    assert headers == repr((("ce_id", b"1"), ("ce_id", b"2")))
    assert topic == list(harness.kafka.inputs)[number % 3]


def test_kills_lose_nothing_and_commit_nothing_that_was_not_recorded(harness: Harness) -> None:
    total = 6000
    harness.publish(total)
    for number in range(4):
        worker = harness.start(RECORDER_SECONDS="0.03")
        before = harness.recorded().total()
        until(partial(_more_than, harness, before + 500))
        worker.send_signal(signal.SIGKILL if number % 2 else signal.SIGTERM)
        worker.wait(15)
        harness.assert_nothing_skipped()
    harness.start()
    until(lambda: len(harness.recorded()) == total)
    until(lambda: sum(harness.committed().values()) == total)
    harness.assert_nothing_skipped()


def test_an_unexpected_error_ends_the_worker_and_acknowledges_nothing(harness: Harness) -> None:
    harness.publish(400)
    worker = harness.start(RECORDER_FAIL_AFTER="100")
    assert worker.wait(20) == Exit.UNEXPECTED
    assert harness.recorded().total() <= 100
    harness.assert_nothing_skipped()
    log = harness.log.read_text()
    assert "ValueError at __main__:" in log
    assert "secret" not in log
    assert "Traceback" not in log


def test_sigterm_leaves_a_hung_batch_to_be_delivered_again(harness: Harness) -> None:
    harness.publish(400)
    worker = harness.start(RECORDER_HANG_AFTER="100")
    until(lambda: "probes" in harness.log.read_text())
    time.sleep(3)
    began = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == Exit.OK
    assert time.monotonic() - began < 10
    harness.assert_nothing_skipped()
    assert sum(harness.committed().values()) <= 100
    harness.start()
    until(lambda: len(harness.recorded()) == 400)


def test_a_ledger_behind_kafka_stops_the_worker_with_its_own_code(harness: Harness) -> None:
    harness.publish(30)
    worker = harness.start()
    until(lambda: harness.recorded().total() == 30)
    worker.send_signal(signal.SIGTERM)
    worker.wait(15)
    assert harness.start(RECORDER_BEHIND="1").wait(15) == Exit.LEDGER_BEHIND
    assert "runbook: ledger-behind" in harness.log.read_text()


def test_rules_that_were_activated_meanwhile_stop_the_worker_and_it_says_why(
    harness: Harness,
) -> None:
    harness.publish(30)
    assert harness.start(RECORDER_RULES_LEFT="own").wait(15) == Exit.RULES_DIFFER
    assert harness.recorded().total() == 0
    log = harness.log.read_text()
    assert "CRITICAL other rules were activated while this worker ran: see" in log
    assert "runbook: rules-differ" in log
    assert "secret-" not in log


def test_a_worker_with_other_rules_does_not_start_and_says_why(
    harness: Harness, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"

    async def first_start() -> None:
        await upgrade(url)
        async with open_ledger(url) as ledger:
            await hold_rules(ledger, Rulesets(), Clock())

    asyncio.run(first_start())
    worker = harness.start(
        "-c",
        "from monitor.cli.main import main; main()",
        "worker",
        CTDNA_MONITOR_DATABASE__URL=url,
        CTDNA_MONITOR_RULES="single-positive",
    )
    assert worker.wait(15) == Exit.RULES_DIFFER
    told = harness.log.read_text()
    assert "monitor: the rules given for every study are not the active ones: see" in told
    assert "Traceback" not in told


def test_probes_answer_and_count(harness: Harness) -> None:
    harness.publish(50)
    worker = harness.start()
    until(lambda: harness.recorded().total() == 50)

    def ready() -> bool:
        status, body = harness.ask("/readyz")
        assert (status == 200) is not bool(json.loads(body)["failed"])
        assert set(json.loads(body)["failed"]) <= {"broker", "ledger", "partitions"}
        return status == 200

    until(ready)
    assert harness.ask("/livez")[0] == 200
    _status, text = harness.ask("/metrics")
    assert 'ctdna_monitor_events_total{outcome="applied",reason=""} 50.0' in text
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == Exit.OK


@pytest.mark.kafka
@pytest.mark.parametrize("harness", ["real"], indirect=True)
def test_workers_share_by_partition_number_and_take_over(harness: Harness, tmp_path: Path) -> None:
    """A patient's three topics lie on one worker: round robin would part them among three."""
    files = [harness.file, tmp_path / "second", tmp_path / "third"]
    workers = [harness.start(RECORDER_FILE=str(file)) for file in files]
    until(lambda: harness.log.read_text().count("partitions assigned: 3") >= 2)

    def recorded() -> Counter[tuple[str, int, int]]:
        return sum((harness.recorded(file) for file in files), Counter())

    harness.publish(1200)
    until(lambda: len(recorded()) == 1200)
    for file in files:
        held: dict[str, set[int]] = {}
        for topic, partition, _offset in harness.recorded(file):
            held.setdefault(topic, set()).add(partition)
        assert len(held) == 3
        assert len({frozenset(partitions) for partitions in held.values()}) == 1
    workers[0].kill()
    workers[1].terminate()
    assert workers[1].wait(15) == Exit.OK
    harness.publish(600, first=1200)
    until(lambda: len(recorded()) == 1800)
    harness.assert_nothing_skipped(*files)
