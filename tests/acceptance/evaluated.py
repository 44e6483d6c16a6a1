"""What `monitor evaluate` says of some events, in this process."""

import asyncio
import datetime
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from monitor.bulk.evaluation import Evaluation, Outputs
from monitor.rulesets import Rulesets

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Evaluated:
    """Timelines by `study/patient`, notices (whole CloudEvents) by the same, refused lines."""

    timelines: Mapping[str, Any]
    notices: Mapping[str, list[Any]]
    rejections: list[Any]


def evaluate(
    lines: Iterable[bytes], rules: Path | None = None, as_of: datetime.date | None = None
) -> Evaluated:
    streams = [io.BytesIO() for _ in range(3)]
    run = Evaluation(Rulesets(rules), Outputs(*streams))
    asyncio.run(run.go(lines, as_of))
    notices, timelines, rejections = (
        [json.loads(line) for line in stream.getvalue().splitlines()] for stream in streams
    )
    by_patient: dict[str, list[Any]] = defaultdict(list)
    for notice in notices:
        by_patient[notice["subject"]].append(notice)
    found = {f"{one['study_id']}/{one['patient_id']}": one for one in timelines}
    return Evaluated(found, by_patient, rejections)


def agree(wanted: object, found: object) -> bool:
    """Equal; numbers and numeric texts by value, objects by the fields that are wanted."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            agree(value, found.get(name)) for name, value in wanted.items()
        )
    if wanted == found:
        return True
    numbers = [_number(wanted), _number(found)]
    return None not in numbers and numbers[0] == numbers[1]


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
