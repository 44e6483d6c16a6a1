"""Runs seeds through a target under guard: no exception, no second, no 64 MB for any input."""

import resource
import signal
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from random import Random
from types import FrameType
from typing import Final, NamedTuple, NoReturn

from monitor.exits import raised_at
from tests.fuzz.bombs import bombs
from tests.fuzz.messages import messages
from tests.fuzz.target import ACCEPTED, Attempt, Target
from tests.fuzz.targets import TARGETS

MIB: Final = 1024 * 1024
FAILURES_SHOWN: Final = 20
BLOCK: Final = 5_000
TRACED_EVERY: Final = 500  # tracing memory makes an input several times slower


class TooSlow(BaseException):
    """An input used up its time; no `except Exception` may keep it."""


class Limits(NamedTuple):
    """What one input may cost: processor seconds and MiB."""

    seconds: float = 1.0
    mib: int = 64
    traced_every: int = TRACED_EVERY


@dataclass(slots=True)
class Tally:
    """What came of a run of seeds."""

    kinds: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    failed: int = 0
    slowest: tuple[float, int] = (0.0, -1)  # seconds, seed
    largest: tuple[int, int] = (0, -1)  # traced bytes, seed
    traced: int = 0
    cpu_seconds: float = 0.0
    resident_grew: int = 0  # bytes

    def fail(self, seed: int, what: str) -> None:
        self.failed += 1
        if len(self.failures) < FAILURES_SHOWN:
            self.failures.append((seed, what))

    def add(self, other: "Tally") -> None:
        self.kinds += other.kinds
        self.accepted += other.accepted
        self.words += other.words
        self.failures = (self.failures + other.failures)[:FAILURES_SHOWN]
        self.failed += other.failed
        self.slowest = max(self.slowest, other.slowest)
        self.largest = max(self.largest, other.largest)
        self.traced += other.traced
        self.cpu_seconds += other.cpu_seconds
        self.resident_grew = max(self.resident_grew, other.resident_grew)


def many(name: str, start: int, count: int, workers: int) -> Iterator[Tally]:
    """Run seeds in blocks, in this process or in several; yields the tally of each block."""
    blocks = [
        range(first, min(first + BLOCK, start + count))
        for first in range(start, start + count, BLOCK)
    ]
    if workers == 1:
        yield from (run(TARGETS[name], block) for block in blocks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [(block, pool.submit(_run_named, name, block)) for block in blocks]
        for block, future in futures:
            try:
                yield future.result()
            except BrokenProcessPool:
                dead = Tally()
                dead.fail(block.start, f"a worker died in seeds {block.start} to {block.stop - 1}")
                yield dead
                return


def _run_named(name: str, seeds: range) -> Tally:
    return run(TARGETS[name], seeds)


def run(target: Target, seeds: Iterable[int], limits: Limits | None = None) -> Tally:
    """Run every seed; what goes wrong is in the tally, never raised."""
    tally, within = Tally(), limits or Limits()
    messages(), bombs()  # made before anything is measured
    first = resident = _resident()
    begun = time.process_time()
    with _watch():
        for seed in seeds:
            _one(target, seed, within, tally)
            now = _resident()
            if now - resident > within.mib * MIB:
                tally.fail(seed, f"resident memory grew by {(now - resident) // MIB} MiB")
            resident = now
    tally.cpu_seconds = time.process_time() - begun
    tally.resident_grew = resident - first
    return tally


def attempt(target: Target, seed: int) -> Attempt:
    """The input of a seed, always the same."""
    return target.draw(Random(seed))


def _one(target: Target, seed: int, limits: Limits, tally: Tally) -> None:
    drawn = attempt(target, seed)
    tally.kinds[drawn.kind] += 1
    traced = seed % limits.traced_every == 0 or drawn.kind == "bomb"
    if traced:
        tally.traced += 1
        tracemalloc.start()
    begun = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, limits.seconds)
        answer = drawn.call()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TooSlow:
        tally.fail(seed, f"took more than {limits.seconds} s")
        return
    except Exception as problem:  # noqa: BLE001 - this is what is looked for
        tally.fail(seed, f"{type(problem).__name__} at {raised_at(problem)}: {problem}")
        return
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        took = time.process_time() - begun
        peak = _peak() if traced else 0
        if traced:
            tally.largest = max(tally.largest, (peak, seed))
        else:
            tally.slowest = max(tally.slowest, (took, seed))
    if peak > limits.mib * MIB:
        tally.fail(seed, f"needed {peak // MIB} MiB")
    judged = target.judge(answer)
    tally.words[judged.word] += 1
    if judged.word == ACCEPTED:
        tally.accepted[drawn.kind] += 1
    if judged.complaint:
        tally.fail(seed, judged.complaint)


def _peak() -> int:
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _resident() -> int:
    """The most memory that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def _watch() -> Iterator[None]:
    def ring(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, before)
