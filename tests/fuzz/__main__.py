"""Fuzz the codec and the adapters, or replay one input: `python -m tests.fuzz`."""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from monitor.wire.codec import decode_line
from tests.fuzz.bombs import bombs, cost
from tests.fuzz.campaign import Tally, attempt, many, run
from tests.fuzz.report import bombs_in_words, lacking, report
from tests.fuzz.targets import TARGETS

SHOWN_CHARACTERS_MAX = 4000


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="how many inputs each")
    parser.add_argument("--start", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one, and show the input")
    parser.add_argument("--target", choices=[*TARGETS], help="only this one; default all")
    parser.add_argument("--workers", type=int, default=1, help="processes; 0 is one a core")
    parser.add_argument("--first", action="store_true", help="end at the first failing block")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    given = arguments(words)
    names = [given.target] if given.target else [*TARGETS]
    if given.seed is not None:
        return max([_replay(name, given.seed) for name in names])
    costs = [cost(name, value, decode_line) for name, value in bombs().items()]
    print(bombs_in_words(costs))
    wrong = any(one.complaint for one in costs)
    for name in names:
        wrong |= _fuzz(name, given)
    return int(wrong)


def _fuzz(name: str, given: argparse.Namespace) -> bool:
    """Run one target and print what came of it; True when something is wrong."""
    begun = time.monotonic()
    tally, shown, ended = Tally(), sys.stderr.isatty(), False
    try:
        for block in many(name, given.start, given.count, given.workers or os.cpu_count() or 1):
            tally.add(block)
            if shown:
                done = tally.kinds.total()
                print(f"\r{name}: {done} of {given.count}", end="", file=sys.stderr, flush=True)
            if given.first and tally.failed:
                break
    except KeyboardInterrupt:
        print("interrupted: this is what was found until then")
        ended = True
    if shown:
        print("\r\033[K", end="", file=sys.stderr)
    print(report(TARGETS[name], tally, time.monotonic() - begun))
    return bool(ended or tally.failed or lacking(TARGETS[name], tally))


def _replay(name: str, seed: int) -> int:
    """Show a seed's input and what it is answered; 1 when it fails."""
    drawn = attempt(TARGETS[name], seed)
    print(f"{name}, seed {seed}, {drawn.kind}: {str(drawn.shown)[:SHOWN_CHARACTERS_MAX]}")
    tally = run(TARGETS[name], [seed])
    for _, what in tally.failures:
        print(f"FAILED: {what}")
    if not tally.failed:
        print(f"answered: {drawn.call()}")
    return int(bool(tally.failed))


if __name__ == "__main__":
    sys.exit(main())
