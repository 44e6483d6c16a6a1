"""Simulate many seeds on all cores, or replay one: `python -m tests.simulation`."""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.simulation.campaign import failure, many, plant, some
from tests.simulation.run import STEPS, simulate


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="how many seeds")
    parser.add_argument("--start", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one, and show every step")
    parser.add_argument("--steps", type=int, default=STEPS, help="before the calm")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--bug", default="", help="plant this bug: a name, or a callable's path")
    parser.add_argument("--first", action="store_true", help="end at the first failure")
    return parser.parse_args(words)


def main() -> int:
    given = arguments()
    if given.seed is not None or given.first:
        if given.bug:
            plant(given.bug)
        return _replay(given.seed, given.steps) if given.seed is not None else _first(given)
    summary = many(given.start, given.count, given.steps, given.processes, given.bug)
    print(summary)
    return 1 if summary.failures or summary.rare() else 0


def _replay(seed: int, steps: int) -> int:
    outcome = simulate(seed, steps)
    for number, step in enumerate(outcome.trace):
        print(f"{number:>5} {step}")
    print(failure(outcome) if outcome.wrong else f"seed {seed}: every promise was kept")
    return 1 if outcome.wrong else 0


def _first(given: argparse.Namespace) -> int:
    summary = some(given.start, given.count, given.steps, first_only=True)
    for outcome in summary.failures:
        print(failure(outcome))
    print(f"{summary.seeds} seeds, {summary.cpu_seconds:.1f} s of processor time")
    return 1 if summary.failures else 0


if __name__ == "__main__":
    sys.exit(main())
