"""One full record and one as short as allowed of every kind, and a notice: invented people only.

They stand in the JSON Schemas, and the tests hold each of them against schema and codec.
"""

from collections.abc import Mapping
from typing import Final

from monitor.wire.examples.clinical_events import CLINICAL_EVENTS
from monitor.wire.examples.common import STUDY, Example
from monitor.wire.examples.results import RESULTS

_NOTICE: Final[Example] = {
    **STUDY,
    "notice_id": "144de5df-b73a-55e0-be7a-3f06ebfe9cc8",
    "finding_id": "1d9d8e22-d4d8-5a0e-8fe0-578b227c1f56",
    "revision": 1,
    "sequence": 2,
    "action": "raised",
    "finding": "MOLECULAR_RELAPSE_CONFIRMED",
    "rule": {"id": "molecular-relapse", "version": 1, "ruleset": "nct06778382", "config_hash": "0"},
    "severity": "high",
    "effective_on": "2025-03-01",
    "detected_at": "2025-03-22T09:00:00Z",
    "evidence": [
        {
            "source": "https://lab.example/lims",
            "record_id": record,
            "record_version": 1,
            "role": "identifying",
        }
        for record in ("s1", "s2")
    ],
    "explanation": "ctDNA was detected on 2025-03-01 and again on 2025-03-21.",
    "details": {},
    "supersedes": None,
    "advisory": "Decision support for trial staff; a clinician decides.",
}


EXAMPLES: Final[Mapping[str, tuple[Example, ...]]] = {
    **RESULTS,
    **CLINICAL_EVENTS,
    "notice": (_NOTICE,),
}
