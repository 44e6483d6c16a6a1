"""The published series for a monitor whose clock runs: no visit of this trial is due in them.

Their patients were followed in a study with a schedule of its own, long ago.
"""

import json
from collections.abc import Iterator

from monitor.examples import REAL, lines


def series() -> Iterator[bytes]:
    """The real series, with an end of this trial's follow-up beside every enrolment."""
    for line in lines(REAL):
        yield line
        event = json.loads(line)
        if event["type"] == "org.ctdnamonitor.patient.enrolled.v1":
            yield json.dumps(_ended(event)).encode()


def _ended(enrolled: dict[str, object]) -> dict[str, object]:
    said = enrolled["data"]
    assert isinstance(said, dict)  # noqa: S101 - our own file
    kept = {name: said[name] for name in ("study_id", "patient_id", "record_version", "status")}
    content = {
        **kept,
        "record_id": f"{said['patient_id']}/follow-up",
        "withdrawn_on": said["enrolled_on"],
        "scope": "follow_up",
    }
    return {
        **enrolled,
        "id": f"{content['record_id']}/1",
        "type": "org.ctdnamonitor.withdrawal.recorded.v1",
        "data": content,
    }
