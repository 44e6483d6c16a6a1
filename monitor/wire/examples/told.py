"""Examples of what the monitor says: a notice's life, and every answer to a sender."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from monitor.clinical.findings import ADVISORY, notice_id
from monitor.clinical.terms import Action
from monitor.wire.examples.common import STUDY, Example, Titled

_SOURCE: Final = "https://lab.example/lims"
_FINDING: Final = "1d9d8e22-d4d8-5a0e-8fe0-578b227c1f56"
_SENTENCE: Final = (
    "ctDNA was detected in the sample of 2025-03-01 and again in that of 2025-03-21, 20 days later."
)


def _evidence(record_id: str, version: int = 1) -> JsonValue:
    return {
        "source": _SOURCE,
        "record_id": record_id,
        "record_version": version,
        "role": "identifying",
    }


def _notice(action: Action, revision: int, changes: Example) -> Example:
    return {
        **STUDY,
        "notice_id": notice_id(_FINDING, action, revision),
        "finding_id": _FINDING,
        "revision": revision,
        "action": action,
        "finding": "MOLECULAR_RELAPSE_CONFIRMED",
        "rule": {
            "id": "ctdna.confirmed",
            "version": 1,
            "ruleset": "nct06778382",
            "config_hash": "f6d9479ed6e88d77cfbe68f6c5718f9b6a145c2ce7b99b3346d6b27a722e955e",
        },
        "severity": "high",
        "effective_on": "2025-03-01",
        "details": {},
        "advisory": ADVISORY,
        **changes,
    }


_RAISED: Final = _notice(
    "raised",
    1,
    {
        "sequence": 2,
        "detected_at": "2025-03-22T09:00:00Z",
        "evidence": [_evidence("s1"), _evidence("s2")],
        "explanation": _SENTENCE,
        "supersedes": None,
    },
)
_AMENDED: Final = _notice(
    "amended",
    2,
    {
        "sequence": 5,
        "effective_on": "2025-03-02",
        "detected_at": "2025-04-02T09:00:00Z",
        "evidence": [_evidence("s1", 2), _evidence("s2")],
        "explanation": _SENTENCE.replace("2025-03-01", "2025-03-02").replace("20 days", "19 days"),
        "supersedes": _RAISED["notice_id"],
    },
)
_WITHDRAWN: Final = _notice(
    "withdrawn",
    3,
    {
        "sequence": 6,
        "effective_on": "2025-03-02",
        "detected_at": "2025-04-20T09:00:00Z",
        "evidence": [_evidence("s1", 2), _evidence("s2")],
        "explanation": "Withdrawn: the patient's current records no longer support this.",
        "supersedes": _AMENDED["notice_id"],
    },
)


def _answer(outcome: str, offset: int, refusal: Example) -> Example:
    return {
        "outcome": outcome,
        "source": _SOURCE,
        "id": f"result-{offset}",
        "reason": None,
        "field": None,
        "message": None,
        "delivery": {"topic": "ctdna.results", "partition": 3, "offset": offset},
        "dead_letter": None,
        "received_at": "2025-03-22T09:00:00Z",
        **refusal,
    }


TOLD: Final[Mapping[str, tuple[Titled, ...]]] = {
    "notice": (
        Titled("a finding is raised", _RAISED),
        Titled("its date changes", _AMENDED),
        Titled("it is withdrawn", _WITHDRAWN),
    ),
    "delivery.acknowledged": (
        Titled("accepted", _answer("accepted", 41, {})),
        Titled("the same delivery again", _answer("duplicate", 42, {})),
        Titled("a version below the standing one", _answer("stale", 43, {})),
        Titled(
            "refused",
            _answer(
                "refused",
                44,
                {
                    "reason": "schema_invalid",
                    "field": "data.specimen.collected_at",
                    "message": "data.specimen.collected_at: is required",
                    "dead_letter": {"topic": "ctdna.results.dlq", "partition": 3, "offset": 7},
                },
            ),
        ),
        Titled(
            "refused, and nobody can say which event it was",
            _answer(
                "refused",
                45,
                {
                    "source": None,
                    "id": None,
                    "reason": "undecodable",
                    "message": "the message is not JSON",
                    "dead_letter": {"topic": "ctdna.results.dlq", "partition": 3, "offset": 8},
                },
            ),
        ),
    ),
}
