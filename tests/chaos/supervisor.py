"""Keeps workers running as an init system would: restarts those whose exit code asks for it."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from monitor.crash_points import VARIABLE
from monitor.exits import Exit

RESTART_SECONDS = 0.2
WATCH_SECONDS = 0.02
EXIT_SECONDS_MAX = 20.0
RESTART_MENDS = {Exit.FAILED, Exit.UNREACHABLE, Exit.UNEXPECTED}  # deploy/runbooks


@dataclass
class Life:
    """One worker from its start to its end; `asked` is the signal by which it was asked to end.

    `armed`: it was to kill itself at a crash point. `frozen`: it was stopped for a while.
    """

    child: subprocess.Popen[bytes]
    began: float
    armed: bool = False
    frozen: bool = False
    asked: signal.Signals | None = None
    asked_at: float = 0.0
    ended: float | None = None
    code: int | None = None


@dataclass
class Slot:
    """A place for one worker; `extra` are variables for its next start only."""

    name: str
    log: Path
    wanted: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    life: Life | None = None
    due: float = 0.0
    refused: int | None = None  # the exit code that no restart mends

    @property
    def pid(self) -> int | None:
        """The process id, None when nothing runs."""
        return self.life.child.pid if self.life and self.life.ended is None else None


class Supervisor(threading.Thread):
    """Watches its slots from a thread of its own."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, command: Sequence[str]
    ) -> None:
        super().__init__(daemon=True)
        self.environment = environment
        self.slots: list[Slot] = []
        self.lives: list[Life] = []
        self._folder = folder
        self._command = command
        self._lock = threading.RLock()
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(WATCH_SECONDS):
            with self._lock:
                for slot in self.slots:
                    self._look_at(slot)

    def _look_at(self, slot: Slot) -> None:
        now, life = time.monotonic(), slot.life
        if life is not None and life.ended is None and life.child.poll() is not None:
            life.ended, life.code = now, life.child.returncode
            slot.due = now + RESTART_SECONDS
            mends = life.code < 0 or life.code in RESTART_MENDS or life.asked is not None
            if not mends and slot.wanted:
                slot.wanted, slot.refused = False, life.code
        if slot.wanted and slot.pid is None and now >= slot.due:
            self._launch(slot)

    def _launch(self, slot: Slot) -> None:
        extra, slot.extra = slot.extra, {}
        with slot.log.open("ab") as log:
            child = subprocess.Popen(
                self._command,
                env={**self.environment, **extra},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        slot.life = Life(child, time.monotonic(), armed=VARIABLE in extra)
        self.lives.append(slot.life)

    def add(self, extra: Mapping[str, str] | None = None) -> Slot:
        """A new slot whose worker starts at once."""
        with self._lock:
            name = f"worker-{len(self.slots)}"
            slot = Slot(name, self._folder / f"{name}.log", wanted=True, extra=extra or {})
            self.slots.append(slot)
        return slot

    def signal(self, slot: Slot, number: signal.Signals) -> Life | None:
        """Signal a slot's worker, and remember that an end was asked for; None where none runs."""
        with self._lock:
            life = slot.life
            if life is None or slot.pid is None:
                return None
            if number in {signal.SIGTERM, signal.SIGKILL}:
                life.asked, life.asked_at = number, time.monotonic()
            life.frozen |= number == signal.SIGSTOP
            with suppress(ProcessLookupError):
                os.kill(life.child.pid, number)
            return life

    def resume(self, slot: Slot, extra: Mapping[str, str] | None = None) -> None:
        """Let a slot's worker run from now on, whatever ended it before."""
        with self._lock:
            slot.wanted, slot.refused, slot.extra, slot.due = True, None, extra or {}, 0.0

    def stop(self, slot: Slot) -> Life | None:
        """Ask a slot's worker to end for good, and wait."""
        with self._lock:
            slot.wanted = False
            life = self.signal(slot, signal.SIGTERM)
        return self.wait(life)

    def wait(self, life: Life | None, seconds_max: float = EXIT_SECONDS_MAX) -> Life | None:
        """Wait until a life has ended; after too long it is killed."""
        deadline = time.monotonic() + seconds_max
        while life is not None and life.ended is None:
            if time.monotonic() > deadline:
                life.child.kill()
            time.sleep(WATCH_SECONDS)
        return life

    def stop_all(self) -> list[Life]:
        """Stop every worker, all at the same time; return the lives that it ended."""
        with self._lock:
            for slot in self.slots:
                slot.wanted = False
            lives = [self.signal(slot, signal.SIGTERM) for slot in self.slots]
        return [life for life in map(self.wait, lives) if life is not None]

    def running(self) -> list[Slot]:
        """The slots with a worker."""
        return [slot for slot in self.slots if slot.pid is not None]

    def pids(self) -> list[int]:
        """The process ids of all workers."""
        return [slot.pid for slot in self.slots if slot.pid is not None]

    def refused(self) -> dict[str, int]:
        """The exit codes that no restart mends, by slot."""
        return {one.name: one.refused for one in self.slots if one.refused is not None}

    def ports(self, slot: Slot) -> frozenset[int]:
        """The ports at this end of a worker's connections, empty when there is none."""
        with suppress(psutil.Error, TypeError):
            found = psutil.Process(slot.pid).net_connections("tcp")
            return frozenset(one.laddr.port for one in found)
        return frozenset()

    def close(self) -> None:
        """Kill what still runs and end the watching."""
        with self._lock:
            for slot in self.slots:
                slot.wanted = False
                self.signal(slot, signal.SIGCONT)
                self.signal(slot, signal.SIGKILL)
        for slot in self.slots:
            self.wait(slot.life)
        self._ended.set()
        if self.ident is not None:
            self.join(5)

    def last_words(self) -> str:
        """The ends of the logs, for a failure's report."""
        logs = [slot.log for slot in self.slots if slot.log.exists()]
        return "\n".join(f"{log.name}: …{log.read_text(errors='replace')[-1500:]}" for log in logs)
