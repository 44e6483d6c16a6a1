"""Audit many generated histories on all cores, or replay one: `python -m tests.auditor`."""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from tests.auditor.audit import audit
from tests.auditor.auditing import audit_many
from tests.auditor.compare import Scope
from tests.auditor.report import explain, report


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.auditor", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many histories")
    parser.add_argument("--start", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one and shrink what differs")
    parser.add_argument("--only", default="", help="keys of the document, finding names, findings")
    parser.add_argument("--first", action="store_true", help="end at the first disagreement")
    parser.add_argument("--explain", type=int, default=3, help="kinds to shrink and show")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(words)


def first(start: int, count: int, only: str) -> int:
    """Audit one seed after the other until one disagrees; 1 when one does."""
    for seed in range(start, start + count):
        for kind in audit(seed, Scope(only)).disagreements:
            print(f"seed {seed}: {kind}")
            return 1
    print(f"{count} histories, no disagreement")
    return 0


def main() -> int:
    given = arguments()
    if given.seed is not None:
        print(explain(given.seed, given.only) or f"seed {given.seed}: both agree")
        return 0
    if given.first:
        return first(given.start, given.count, given.only)
    begun = time.perf_counter()
    result = audit_many(given.start, given.count, given.only, given.workers)
    print(report(result))
    print(f"{time.perf_counter() - begun:.0f} s")
    for kind, seeds in list(result.disagreements.items())[: given.explain]:
        print(explain(min(seeds), given.only, kind))
    return 1 if result.disagreements or result.lacking() else 0


if __name__ == "__main__":
    sys.exit(main())
