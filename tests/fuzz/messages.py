"""Real messages to start from, of every kind, with identifiers that no refusal may repeat."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor import examples
from monitor.wire.codec import TOPIC_OF, TYPE_PREFIX
from monitor.wire.examples import EXAMPLES

PLANTED: Final = "zq9x"  # how every identifier begins
OF_EACH_KIND_MAX: Final = 40
VECTORS: Final = Path(__file__).parents[1] / "acceptance" / "vectors"
# Fields that name a person, a record or a thing of theirs; words of closed lists are left alone.
NAMING: Final = frozenset(
    {
        *("study_id", "patient_id", "record_id", "lesion_id", "site_id", "treated_site_id", "id"),
        *("merged_into", "read_record_id", "lesion_ids", "notice_ids"),
    }
)


class Message(NamedTuple):
    """An accepted event: its type, the topic it travels on, its structured form as JSON."""

    type: str
    topic: str
    line: bytes


@cache
def messages() -> tuple[Message, ...]:
    """Up to 40 of every kind: the schemas' examples, the example cohorts, worked vectors."""
    found: dict[str, list[Message]] = {}
    for event in _events():
        of_kind = found.setdefault(event["type"], [])
        if len(of_kind) < OF_EACH_KIND_MAX and event["type"] in TOPIC_OF:
            line = json.dumps(planted(event), ensure_ascii=False).encode()
            of_kind.append(Message(event["type"], TOPIC_OF[event["type"]], line))
    return tuple(message for of_kind in found.values() for message in of_kind)


def _events() -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for kind, records in EXAMPLES.items():
        for number, record in enumerate(records):
            about = {"id": f"{kind}-{number}", "source": "https://lab.example/lims"}
            type_ = f"{TYPE_PREFIX}{kind}.v1"
            found.append({"specversion": "1.0", **about, "type": type_, "data": record})
    for name in (examples.MADE_UP, examples.REAL):
        found += map(json.loads, examples.lines(name))
    for file in sorted(VECTORS.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            found += json.loads(line)["events"]
    return found


def planted(value: Any, name: str = "") -> Any:
    """The same JSON value with every identifier in it marked as planted."""
    if isinstance(value, dict):
        return {inner: planted(one, inner) for inner, one in value.items()}
    if isinstance(value, list):
        return [planted(one, name) for one in value]
    if isinstance(value, str) and name in NAMING:
        return f"{PLANTED}{value}"
    if isinstance(value, str) and name == "source":
        return f"{value}/{PLANTED}"
    return value
