"""Many seeds on all cores, and what they showed together."""

import itertools
import pkgutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.simulation.planted import BUGS
from tests.simulation.run import Outcome, simulate
from tests.simulation.weather import KINDS

CHUNK = 25
LAST_STEPS = 40
SHOWN = 5  # failures that are told whole
MANY_SEEDS, SEEDS_OF_A_KIND_MIN = 20_000, 1_000  # of so many, each kind of fault is in so many


@dataclass
class Summary:
    """What many seeds showed."""

    seeds: int = 0
    cpu_seconds: float = 0.0
    steps: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    seeds_of: Counter[str] = field(default_factory=Counter)  # that held the fault
    failures: list[Outcome] = field(default_factory=list)

    def take(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.steps.update(outcome.steps)
        self.faults.update(outcome.faults)
        self.seeds_of.update(outcome.faults.keys())
        if outcome.wrong:
            self.failures.append(outcome)

    def add(self, other: "Summary") -> None:
        self.seeds += other.seeds
        self.cpu_seconds += other.cpu_seconds
        self.steps.update(other.steps)
        self.faults.update(other.faults)
        self.seeds_of.update(other.seeds_of)
        self.failures += other.failures

    def rare(self) -> list[str]:
        """Kinds of faults that too few seeds held, where there were enough to say so."""
        if self.seeds < MANY_SEEDS:
            return []
        return sorted(kind for kind in KINDS if self.seeds_of[kind] < SEEDS_OF_A_KIND_MIN)

    def __str__(self) -> str:
        lines = [f"{failure(one)}\n" for one in self.failures[:SHOWN]]
        lines.append("steps by kind:")
        lines += [f"  {count:>10,}  {kind}" for kind, count in self.steps.most_common()]
        lines.append("faults by kind, and the seeds that held each:")
        lines += [
            f"  {count:>10,}  {self.seeds_of[kind]:>8,}  {kind}"
            for kind, count in self.faults.most_common()
        ]
        lines += [f"too few seeds held: {kind}" for kind in self.rare()]
        lines.append(
            f"{self.seeds:,} seeds, {self.steps.total():,} steps, {len(self.failures)} failures, "
            f"{self.cpu_seconds:.0f} s of processor time"
        )
        return "\n".join(lines)


def failure(outcome: Outcome) -> str:
    """A failed seed: what was violated, and what happened last."""
    last = outcome.trace[-LAST_STEPS:]
    first = len(outcome.trace) - len(last)
    return "\n".join(
        [
            f"seed {outcome.seed} failed (replay: --seed {outcome.seed})",
            *(f"  ! {one}" for one in outcome.wrong),
            *(f"  {number:>5} {step}" for number, step in enumerate(last, first)),
        ]
    )


def plant(bug: str) -> None:
    """Put a bug into the product: one of this package's by name, or any callable by its path."""
    chosen: Callable[[], object] = BUGS[bug] if bug in BUGS else pkgutil.resolve_name(bug)
    chosen()


def some(start: int, count: int, steps: int, *, first_only: bool = False) -> Summary:
    """Seeds one after the other, in this very program."""
    begun = time.process_time()
    summary = Summary()
    for seed in range(start, start + count):
        summary.take(simulate(seed, steps))
        if first_only and summary.failures:
            break
    summary.cpu_seconds = time.process_time() - begun
    return summary


def many(start: int, count: int, steps: int, processes: int, bug: str) -> Summary:
    """Seeds on several cores; the sum does not depend on how many."""
    summary, begun = Summary(), time.perf_counter()
    context = get_context("spawn")
    given = (plant, (bug,)) if bug else (None, ())
    with ProcessPoolExecutor(processes, context, *given) as pool:
        asked = [pool.submit(some, at, size, steps) for at, size in _chunks(start, count)]
        for one in asked:
            summary.add(one.result())
            told = f"{summary.seeds:,} of {count:,} seeds, {len(summary.failures)} failures"
            print(f"\r{told}, {time.perf_counter() - begun:.0f} s ", end="", file=sys.stderr)
    print(file=sys.stderr)
    return summary


def _chunks(start: int, count: int) -> Iterator[tuple[int, int]]:
    for at in itertools.takewhile(lambda at: at < start + count, itertools.count(start, CHUNK)):
        yield at, min(CHUNK, start + count - at)
