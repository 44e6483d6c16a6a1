"""Mutation testing of the medicine: `make mutate N=500 SEED=1`; exit 1 for what is not explained.

Survivors are mutants that no case notices; those that no case can notice are listed, each with
the reason, in explained.toml.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from tests.mutation.mutants import mutants_of
from tests.noticing.change import ROOT, Change, Source
from tests.noticing.explained import Key, explained
from tests.noticing.trial import Trial

CLINICAL = ROOT / "monitor" / "clinical"
# The four modules of RECIST, ctDNA, schedule and endpoints, and those that they were split into.
MUTATED = (
    "recist", "memory", "visit", "visits", "best_response",
    "ctdna", "sample", "clearance", "kinetics", "units",
    "schedule", "due", "attendance",
    "endpoints",
)  # fmt: skip
EXPLAINED = Path(__file__).with_name("explained.toml")
SHOWN_EVERY = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample of mutants and tell what survived."""
    options = _options().parse_args(arguments)
    mutants = [mutant for name in options.modules for mutant in mutants_of(Source.of(_path(name)))]
    sample = mutants
    if options.count < len(mutants):
        sample = random.Random(options.seed).sample(mutants, options.count)
    begun = time.monotonic()
    print(f"{len(sample)} of {len(mutants)} mutants of {len(options.modules)} modules", flush=True)
    trial = Trial()
    for name in trial.failing:
        print(f"fails without any change: {name}")
    reasons = explained(EXPLAINED)
    survivors = _survivors(trial, sample, options.workers, reasons)
    open_ones = [mutant for mutant in survivors if mutant.key not in reasons]
    stale = _stale(reasons, mutants, options.modules)
    for key in stale:
        print(f"explained, but no mutant any more: {' | '.join(map(str, key))}")
    print(
        f"{len(sample)} mutants, {len(sample) - len(survivors)} noticed, "
        f"{len(survivors) - len(open_ones)} explained, {len(open_ones)} survive, "
        f"{time.monotonic() - begun:.0f} s"
    )
    return 1 if open_ones or stale or trial.failing else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="which sample of them")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("modules", nargs="*", default=MUTATED, help="of monitor/clinical")
    return parser


def _path(name: str) -> Path:
    return CLINICAL / f"{name}.py"


def _survivors(
    trial: Trial, sample: Sequence[Change], workers: int, reasons: Collection[Key]
) -> list[Change]:
    """The mutants that no case notices; those without a reason are told at once."""
    survivors = []
    for number, (mutant, case) in enumerate(trial.noticed(sample, workers), start=1):
        if case is None:
            survivors.append(mutant)
            if mutant.key not in reasons:
                print(f"survives: {mutant}", flush=True)
        if number % SHOWN_EVERY == 0:
            print(f"{number} tried, {len(survivors)} not noticed", flush=True)
    return survivors


def _stale(
    reasons: Collection[Key], mutants: Sequence[Change], modules: Sequence[str]
) -> list[Key]:
    """Reasons for what is no mutant of the modules any more."""
    files = {f"monitor/clinical/{name}.py" for name in modules}
    known = {mutant.key for mutant in mutants}
    return [key for key in reasons if key[0] in files and key not in known]


if __name__ == "__main__":
    sys.exit(main())
