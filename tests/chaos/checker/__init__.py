"""The independent checker of a run: it shares no code with the monitor."""

from tests.chaos.checker.checking import violations
from tests.chaos.checker.evidence import (
    Acknowledged,
    Evidence,
    Kind,
    OnTopic,
    Place,
    Position,
    Sample,
    Violation,
)
from tests.chaos.checker.gathering import gather
from tests.chaos.checker.sql import at_rest

__all__ = [
    "Acknowledged",
    "Evidence",
    "Kind",
    "OnTopic",
    "Place",
    "Position",
    "Sample",
    "Violation",
    "at_rest",
    "gather",
    "violations",
]
