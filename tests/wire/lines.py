"""Examples as lines of a file, with changes where a test wants them."""

import json
from typing import Any

from monitor.wire.examples import EXAMPLES

RESULT = "ctdna.result"
SOURCE = "https://lab.example/lims"

Document = dict[str, Any]


def event(kind: str = RESULT, number: int = 0, **changes: object) -> Document:
    """An example as an event; a change is named by its path, `__` between; None takes it away."""
    found: Document = json.loads(
        json.dumps({
            "specversion": "1.0", "id": "e1", "source": SOURCE,
            "type": f"org.ctdnamonitor.{kind}.v1", "data": EXAMPLES[kind][number],
        })
    )  # fmt: skip
    for path, value in changes.items():
        *steps, name = path.split("__")
        inner: Any = found
        for step in steps:
            inner = inner[int(step) if step.isdecimal() else step]
        inner[name] = value
        if value is None:
            del inner[name]
    return found


def line(document: object) -> bytes:
    return json.dumps(document).encode()
