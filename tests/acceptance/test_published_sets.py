"""Published data with the answers that were recorded with them; see the NOTICE in each folder."""

import datetime
import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.evaluated import Evaluated, agree, evaluate

FOLDER = Path(__file__).parent
EXAMPLES = FOLDER.parents[1] / "monitor" / "examples"
CHECKS = sorted(path.relative_to(FOLDER) for path in FOLDER.glob("*/*.expected.jsonl*"))
LARGE = {"laleh"}
SHOWN = 10


def lines_of(path: Path) -> list[bytes]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return content.splitlines(keepends=True)


@cache
def evaluated(events: Path, rules: Path, seed: int | None) -> Evaluated:
    lines = lines_of(events)
    if seed is not None:
        chance = random.Random(seed)
        lines += chance.sample(lines, len(lines) // 10)
        chance.shuffle(lines)
    return evaluate(lines, rules)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=str(check), marks=[pytest.mark.slow] * (check.parts[0] in LARGE))
        for check in CHECKS
    ],
)
def test_the_recorded_answers(check: Path) -> None:
    assert_agreement(FOLDER / check, None)


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_the_same_answers_in_another_order_with_doubled_events(check: Path) -> None:
    assert_agreement(FOLDER / check, 1)


def assert_agreement(path: Path, seed: int | None) -> None:
    header, *expectations = map(json.loads, lines_of(path))
    name = header["events"]
    places = (path.parent / name, path.parent / f"{name}.gz", EXAMPLES / name)
    events = next(place for place in places if place.exists())
    found = evaluated(events, path.parent / header["rules"], seed)
    refused = {one["id"] for one in found.rejections}  # doubled ones once
    assert len(refused) == header.get("refused", 0)
    assert len(expectations) == header["of"]
    wrong = [one for one in expectations if not holds(one, found.timelines.get(one["patient"]))]
    shown = "\n".join(json.dumps(one) for one in wrong[:SHOWN])
    assert len(expectations) - len(wrong) >= header["required"], shown


def holds(expectation: Mapping[str, Any], timeline: object) -> bool:
    found = list(walk(timeline, expectation["path"]))
    if "exists" in expectation:
        return bool(found) == bool(expectation["exists"])
    value = min(found, key=str) if found else None
    if "in" in expectation:
        return any(agree(wanted, value) for wanted in expectation["in"])
    for test, inside in (("near", True), ("not_near", False)):
        if test in expectation:
            gap = apart(value, expectation[test])
            return gap is not None and (gap <= int(expectation["days"])) == inside
    return agree(expectation["equals"], value)


def apart(found: object, wanted: str) -> int | None:
    """Days between two dates."""
    if not isinstance(found, str):
        return None
    return abs((datetime.date.fromisoformat(found) - datetime.date.fromisoformat(wanted)).days)


def walk(value: object, path: Sequence[object]) -> Iterator[object]:
    """Where a path leads: a text enters a field, an object keeps entries that have its values."""
    if not path:
        if value is not None:
            yield value
        return
    step, rest = path[0], path[1:]
    if isinstance(step, str) and isinstance(value, dict):
        yield from walk(value.get(step), rest)
    elif isinstance(step, dict) and isinstance(value, list):
        for entry in value:
            if all(_is_one_of(entry.get(name), wanted) for name, wanted in step.items()):
                yield from walk(entry, rest)


def _is_one_of(found: object, wanted: object) -> bool:
    choices = wanted if isinstance(wanted, list) else [wanted]
    return any(agree(choice, found) for choice in choices)
