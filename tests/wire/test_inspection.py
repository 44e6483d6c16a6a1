"""The verdict on a line and on a file is the worker's: that of the codec, and that of intake."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monitor import examples
from monitor.bulk.seen import Place, Seen
from monitor.bulk.validation import Asked, Validation
from monitor.rulesets import Rulesets
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Event
from monitor.wire.examples import EXAMPLES
from monitor.wire.inspection import inspect_line
from tests.acceptance.evaluated import evaluate
from tests.acceptance.test_vectors import VECTORS
from tests.wire.lines import Document, event, line


def every_line() -> Iterator[bytes]:
    """All examples, all lines of the vectors and of the demo, and broken ones of each kind."""
    for kind, held in EXAMPLES.items():
        if kind != "notice":
            yield from (line(event(kind, number)) for number in range(len(held)))
    for vector in VECTORS.values():
        yield from map(line, vector["events"])
    for name in (examples.MADE_UP, examples.REAL):
        yield from examples.lines(name)


def broken(given: bytes, chance: random.Random) -> bytes:
    """The same line with one thing wrong somewhere: a byte, or a member gone, doubled or other."""
    if chance.random() < 0.3:
        at = chance.randrange(len(given))
        return given[:at] + bytes([chance.randrange(1, 256)]) + given[at + 1 :]
    found = json.loads(given)
    inner: Any = found
    while True:
        name = chance.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        if not isinstance(inner[name], (dict, list)) or not inner[name] or chance.random() < 0.3:
            break
        inner = inner[name]
    inner[name] = chance.choice([None, -1, "x", [], {}, "2025-13-01", True, "1e99", "\0"])
    return line(found)


def test_the_verdict_on_every_line_is_the_codecs() -> None:
    chance = random.Random(6)
    accepted = refused = 0
    for given in every_line():
        for one in (given, broken(given, chance)):
            decoded, found = decode_line(one), inspect_line(one)
            if isinstance(decoded, Event):
                assert (found.event, found.faults) == (decoded, ())
                accepted += 1
                continue
            told = found.faults[0]
            assert found.event is None
            assert (told.reason, told.field) == (decoded.reason, decoded.field), one
            assert told.message == decoded.message
            refused += 1
    assert accepted > 1300
    assert refused > 700


def test_of_whole_files_it_refuses_what_intake_refuses(tmp_path: Path) -> None:
    """Duplicates, conflicts, moved records and studies without rules, in an order of chance."""
    chance = random.Random(3)
    given = [json.loads(one) for one in chance.sample(examples.lines(examples.MADE_UP), 400)]
    for one in chance.choices(given, k=400):
        other: Document = json.loads(json.dumps(one))
        other["id"] = chance.choice([one["id"], f"other-{len(given)}"])
        record = other["data"]
        record["record_version"] = chance.choice([1, 1, 2, 3])
        record["status"] = chance.choice([record["status"], "preliminary", "entered_in_error"])
        record["study_id"] = chance.choice([record["study_id"]] * 5 + ["OTHER"])
        record["record_id"] = chance.choice([record["record_id"]] * 3 + ["R-1"])
        given.append(other)
    chance.shuffle(given)
    lines = list(map(line, given))
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "NCT06778382.toml").write_text("")
    expected = {(one["line"], one["reason"]) for one in evaluate(lines, rules).rejections}
    seen = Seen()
    check = Validation(Rulesets(rules), seen, Asked())
    found = [check.check(Place(1, number), one) for number, one in enumerate(lines, 1)]
    seen.close()
    refused = {
        (one.place.line, str(remark.reason))
        for one in found
        for remark in one.remarks[:1]
        if one.refused
    }
    assert refused == expected
    reasons = {reason for _, reason in expected}
    assert reasons >= {"duplicate_conflict", "version_conflict", "unknown_study"}
