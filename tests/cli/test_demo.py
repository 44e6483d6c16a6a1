"""`monitor demo`: everything at work, as a stranger would see it first."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.cli.demo_feed import MODES, encoded, example_events
from monitor.cli.words import finding_words
from monitor.clinical.findings import CATALOGUE
from monitor.settings import INPUT_TOPICS
from monitor.wire.codec import TOPIC_OF, decode
from monitor.wire.delivery import Delivery, Rejection
from tests.cli.conftest import Call

PROGRAM = Path(sys.executable).with_name("monitor")
NOISE = re.compile(r"Traceback|Warning|ERROR|CRITICAL")
SECONDS_MAX = 120


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(tmp_path)}


@pytest.fixture
def lasting(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [str(PROGRAM), "demo", "--speed", "0"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        yield running
        running.kill()


def run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [PROGRAM, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_once_shows_notices_of_both_sets_and_what_it_advises_works(
    environment: dict[str, str], tmp_path: Path
) -> None:
    out = run(environment, "demo", "--once", "--speed", "0")
    assert not NOISE.search(out), out
    assert "INSPIRE/INS-" in out
    assert "NCT06778382/SDCH-" in out
    assert f"Events in: {len(example_events())} (" in out
    assert "1 rejected" in out
    # How the topics interleave decides what is told on the way: a retraction needs a PD told first.
    table = out.partition("Notices by finding")[2].partition("The database stays")[0]
    named = {re.split(r" {2,}", line.strip())[0] for line in table.splitlines()}
    assert {finding_words(name) for name in CATALOGUE} - named <= {"retraction after action"}
    log = next(tmp_path.glob("*/worker.log")).read_text()
    assert not NOISE.search(log), log

    exported = dict(re.findall(r"export (CTDNA_MONITOR_\w+)=(.+)", out))
    assert exported["CTDNA_MONITOR_DEPLOYMENT"] == "demo"
    advised = re.findall(rf"{PROGRAM.name} ((?:timeline|notices) .+)", out)
    assert len(advised) == 3
    for command in advised:
        assert run({**environment, **exported}, *shlex.split(command))
    changed = ("rules", "activate", "--rules", "single-positive", "--reason", "to try it")
    assert " patients changed to it" in run({**environment, **exported}, *changed)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_once_it_goes_on_until_it_is_asked_to_end(
    lasting: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    assert lasting.stdout
    for line in lasting.stdout:
        if "Ctrl-C ends both" in line:
            break
    assert lasting.poll() is None
    lasting.send_signal(number)
    assert lasting.stdout.read().strip() == "Stopped."
    assert lasting.wait(SECONDS_MAX) == 0
    log = next(tmp_path.glob("*/worker.log")).read_text()
    assert "stopped: everything in hand was committed and acknowledged" in log


def test_a_worker_that_ends_is_told_with_the_end_of_its_log(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("monitor.cli.demo_stage.PROGRAM", "raise SystemExit('no port was free')")
    before = signal.getsignal(signal.SIGTERM)
    called = call("demo", "--once")
    signal.signal(signal.SIGTERM, before)
    assert called.code == 4
    assert "the worker ended with exit code 1" in called.err
    assert "no port was free" in called.err
    assert str(tmp_path) in called.err


def test_every_example_means_the_same_in_every_mode() -> None:
    topics = {name: name for name in INPUT_TOPICS}
    for event in example_events():
        topic = TOPIC_OF[event["type"]]
        found = []
        for mode in MODES:
            headers, value = encoded(event, mode)
            pairs = tuple(
                (name, one.encode() if isinstance(one, str) else one)
                for name, one in headers.items()
            )
            read = decode(Delivery(topic, 0, 0, None, pairs, value), topics)
            found.append(
                (read.reason, read.event_id)
                if isinstance(read, Rejection)
                else (read.content_hash, read.event_id)
            )
        assert len(set(found)) == 1
