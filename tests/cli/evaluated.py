"""What an evaluation of some lines writes, read back."""

import asyncio
import datetime
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from monitor.bulk.evaluation import Evaluation, Outputs
from monitor.rulesets import Rulesets

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Evaluated:
    run: Evaluation
    notices: Rows
    timelines: Rows
    rejections: Rows


def evaluate(
    lines: Iterable[bytes],
    as_of: datetime.date | None = None,
    rulesets: Rulesets | None = None,
) -> Evaluated:
    written = (io.BytesIO(), io.BytesIO(), io.BytesIO())
    run = Evaluation(rulesets or Rulesets(), Outputs(*written))
    asyncio.run(run.go(lines, as_of))
    notices, timelines, rejections = (
        [json.loads(line) for line in one.getvalue().splitlines()] for one in written
    )
    return Evaluated(run, [notice["data"] for notice in notices], timelines, rejections)
