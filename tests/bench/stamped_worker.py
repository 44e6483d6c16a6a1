"""`monitor worker` as it is, but every commit is written down. Run as a program.

`python -m tests.bench.stamped_worker FILE`: a line of FILE is one commit, written right after it:
the time, the processor used so far, and the last offset of each partition that it recorded.
"""

import json
import sys
import time
from pathlib import Path
from unittest.mock import patch

from monitor.cli import main
from monitor.clock import Clock
from monitor.ledger.entries import Changes
from monitor.ledger.sql import SqlLedger


def run(path: Path) -> None:
    record, clock = SqlLedger.record, Clock()
    with path.open("w", buffering=1) as file:

        async def stamped(ledger: SqlLedger, changes: Changes) -> None:
            await record(ledger, changes)
            at, cpu_s = clock.now().timestamp(), time.process_time()
            reached = [(*one.partition, one.last) for one in changes.offsets]
            file.write(json.dumps([at, cpu_s, reached]) + "\n")

        with patch.object(SqlLedger, "record", stamped):
            main.app(["worker"])


if __name__ == "__main__":
    run(Path(sys.argv[1]))
