"""One generated history: its events in order of arrival and the rules that hold for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.auditor.draw_rules import Rules

Events = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class History:
    """What both sides are given. `conflicting`: contents that arrival order decides between."""

    seed: int
    rules: Rules
    events: tuple[Mapping[str, Any], ...]
    theme: str = ""
    conflicting: bool = False
    notes: Mapping[str, int] = field(default_factory=dict)

    def cut(self, events: Events) -> "History":
        """The same with other events."""
        return replace(self, events=tuple(events))

    def ruled(self, changed: Mapping[str, Any]) -> "History":
        """The same with other rules."""
        return replace(self, rules=Rules(changed))
