"""A run of the fuzzer in words: shares, reasons, costs, failures and how to see them again."""

from collections.abc import Sequence

from tests.fuzz.bombs import MIB, Cost
from tests.fuzz.campaign import Tally
from tests.fuzz.target import Target

ENOUGH = 20_000  # inputs after which every word must have been heard
MUTATED_MIN = 0.3


def report(target: Target, tally: Tally, wall_seconds: float) -> str:
    """What a run found, ready to print."""
    count = tally.kinds.total()
    accepted = tally.accepted.total()
    per_second = count / max(tally.cpu_seconds, 1e-9)
    lines = [
        f"{target.name}: {count} inputs in {wall_seconds:.0f} s",
        f"  {tally.cpu_seconds:.0f} s of processor time, {per_second:.0f} inputs in each",
        f"  mutations of valid ones {_mutated(tally):.1%}, accepted {accepted / max(count, 1):.1%}",
        *(f"    {kind:<18} {_share(tally, kind)}" for kind, _ in tally.kinds.most_common()),
        "  answers",
        *(f"    {word:<18} {times:>9}" for word, times in tally.words.most_common()),
        f"  slowest {1000 * tally.slowest[0]:.1f} ms (seed {tally.slowest[1]})",
        f"  largest of {tally.traced} traced {_mib(tally.largest[0])} (seed {tally.largest[1]})",
        f"  resident memory grew by {_mib(tally.resident_grew)}",
    ]
    lines += [f"  never heard: {word}" for word in lacking(target, tally)]
    lines += [f"  FAILED seed {seed}: {what}" for seed, what in tally.failures]
    lines.append(f"  {tally.failed} failures")
    if tally.failures:
        lines.append(f"  again: python -m tests.fuzz --target {target.name} --seed SEED")
    return "\n".join(lines)


def lacking(target: Target, tally: Tally) -> list[str]:
    """What a run of some length should have met, and did not."""
    if tally.kinds.total() < ENOUGH:
        return []
    missing = sorted(target.words - tally.words.keys())
    return missing if _mutated(tally) >= MUTATED_MIN else [*missing, "enough mutations"]


def bombs_in_words(costs: Sequence[Cost]) -> str:
    """A table of the bombs' costs."""
    rows = [
        f"  {one.name:<30} {one.size:>9} B {one.milliseconds:>7.1f} ms {one.peak / MIB:>6.1f} MiB"
        f"  {one.answer}{f'  FAILED: {one.complaint}' if one.complaint else ''}"
        for one in costs
    ]
    return "\n".join([f"{len(costs)} bombs, processor time (median) and peak of memory", *rows])


def _mib(size: int) -> str:
    return f"{size / MIB:.1f} MiB"


def _mutated(tally: Tally) -> float:
    mutated = sum(times for kind, times in tally.kinds.items() if kind.endswith("*"))
    return mutated / max(tally.kinds.total(), 1)


def _share(tally: Tally, kind: str) -> str:
    times = tally.kinds[kind]
    return f"{times:>9}, accepted {tally.accepted[kind] / times:.1%}"
