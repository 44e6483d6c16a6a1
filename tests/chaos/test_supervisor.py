"""The supervisor does what an init system does with a worker that ends."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.exits import Exit
from tests.chaos.supervisor import Supervisor

PROGRAM = "import os, sys, time; code = os.environ.get('CODE'); {}; time.sleep(60)"
READY = "print('ready', flush=True)"
ENDS = "code and sys.exit(int(code))"
ORDERLY = "import signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    command = [sys.executable, "-c", PROGRAM.format(f"{ENDS}; {ORDERLY}; {READY}")]
    made = Supervisor({"PATH": ""}, tmp_path, command)
    made.start()
    yield made
    made.close()


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("code", [Exit.UNREACHABLE, Exit.UNEXPECTED])
def test_what_a_restart_mends_is_restarted(supervisor: Supervisor, code: Exit) -> None:
    slot = supervisor.add({"CODE": str(code.value)})
    assert eventually(lambda: len(supervisor.lives) == 2 and slot.pid is not None)
    assert supervisor.lives[0].code == code
    assert supervisor.refused() == {}


@pytest.mark.parametrize("code", [Exit.LEDGER_BEHIND, Exit.START_REFUSED, Exit.CONFIGURATION])
def test_what_a_restart_does_not_mend_waits_for_an_operator(
    supervisor: Supervisor, code: Exit
) -> None:
    slot = supervisor.add({"CODE": str(code.value)})
    assert eventually(lambda: supervisor.refused() == {slot.name: code})
    time.sleep(0.5)
    assert len(supervisor.lives) == 1
    supervisor.resume(slot)
    assert eventually(lambda: slot.pid is not None)
    assert supervisor.refused() == {}


def test_a_killed_worker_comes_back_and_a_stopped_one_does_not(supervisor: Supervisor) -> None:
    slot = supervisor.add()
    assert eventually(lambda: slot.log.exists() and b"ready" in slot.log.read_bytes())
    life = supervisor.wait(supervisor.signal(slot, signal.SIGKILL))
    assert life is not None
    assert life.code == -signal.SIGKILL
    assert eventually(lambda: slot.pid is not None)
    assert eventually(lambda: slot.log.read_bytes().count(b"ready") == 2)
    stopped = supervisor.stop(slot)
    assert stopped is not None
    assert stopped.code == 0
    time.sleep(0.5)
    assert slot.pid is None
    assert supervisor.running() == []
