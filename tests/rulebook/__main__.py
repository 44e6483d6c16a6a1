"""Changes every cell and leaves out every row, and tells which case notices each.

`python -m tests.rulebook [TABLE …]`: exit 1 when a change is noticed by no case.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.noticing.explained import explained
from tests.noticing.trial import Trial
from tests.rulebook.tables import changes

EXPLAINED = Path(__file__).with_name("explained.toml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every change and tell what no case notices."""
    parser = argparse.ArgumentParser(prog="python -m tests.rulebook", description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--decisions", action="store_true", help="leave out what is only said: half of the time"
    )
    parser.add_argument("--show", action="store_true", help="tell each change and its case")
    parser.add_argument("tables", nargs="*", help="only these tables or modules")
    options = parser.parse_args(arguments)
    reasons, every = explained(EXPLAINED), changes()
    stale = reasons.keys() - {change.key for change in every}
    for key in stale:
        print(f"explained, but no change any more: {' | '.join(map(str, key))}")
    tried = [
        change
        for change in every
        if change.key not in reasons
        and not (options.decisions and change.said)
        and (not options.tables or {change.place, change.short_module} & {*options.tables})
    ]
    begun = time.monotonic()
    trial = Trial()
    for name in trial.failing:
        print(f"fails without any change: {name}")
    missed, noticed = 0, Counter[str]()
    for change, case in trial.noticed(tried, options.workers):
        missed += case is None
        noticed[case or ""] += 1
        if case is None:
            print(f"no case notices: {change}", flush=True)
        elif options.show:
            print(f"{case}: {change}")
    print(
        f"{len(tried)} changes, {missed} noticed by no case, {len(noticed)} cases, "
        f"{time.monotonic() - begun:.0f} s"
    )
    return 1 if missed or stale or trial.failing else 0


if __name__ == "__main__":
    sys.exit(main())
