"""What the notices of a patient add up to, and whether each of them was due (contract 3)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.auditor.compare import FINDINGS, Difference, Document

ACTIONS = ("withdrawn", "amended", "raised")
Patient = tuple[str, str]
Heard = tuple[str, str, Any]  # severity, effective_on, details


@dataclass
class Listener:
    """One patient's subscriber, who knows only the notices."""

    sequence: int = 0
    revisions: Counter[str] = field(default_factory=Counter)
    standing: dict[str, Heard] = field(default_factory=dict)

    def hear(self, notice: Mapping[str, Any]) -> Iterable[str]:
        """Take a notice; yields what is wrong with it."""
        self.sequence += 1
        if notice["sequence"] != self.sequence:
            yield f"sequence {notice['sequence']} where {self.sequence} was next"
        finding, action = notice["finding_id"], notice["action"]
        self.revisions[finding] += 1
        if notice["revision"] != self.revisions[finding]:
            yield f"revision {notice['revision']} where {self.revisions[finding]} was next"
        heard = (notice["severity"], notice["effective_on"], notice["details"])
        known = self.standing.get(finding)
        if (action == "raised") != (known is None):
            yield f"{action} while {'not ' if known is None else ''}standing"
        if action == "amended" and known == heard:
            yield "amended without a change"
        if action == "withdrawn":
            self.standing.pop(finding, None)
        else:
            self.standing[finding] = heard


class Listeners:
    """The subscribers of every patient of a history."""

    def __init__(self) -> None:
        self._patients: dict[Patient, Listener] = {}

    def hear(self, notices: Iterable[Mapping[str, Any]]) -> list[Difference]:
        """Take what one fact said."""
        wrong: list[Difference] = []
        last: dict[Patient, int] = {}
        for notice in notices:
            key = (notice["study_id"], notice["patient_id"])
            listener = self._patients.setdefault(key, Listener())
            name, action = notice["finding"], ACTIONS.index(notice["action"])
            wrong += [
                Difference(f"notice {name}: {words.split()[0]}", f"notice {name}", words, "")
                for words in listener.hear(notice)
            ]
            if action < last.get(key, 0):
                wrong.append(Difference("notices: order", "notices", notice["action"], ""))
            last[key] = action
        return wrong

    def compare(self, key: Patient, document: Document) -> list[Difference]:
        """Where what was heard is not what the document says stands and is not held."""
        heard = self._patients.get(key, Listener()).standing
        shown = {
            entry["finding_id"]: (entry["severity"], entry["effective_on"], entry["details"])
            for entry in document[FINDINGS]
            if not entry["held"]
        }
        names = {entry["finding_id"]: entry["finding"] for entry in document[FINDINGS]}
        return [
            Difference(
                f"told: {names.get(finding, 'a finding that does not stand')}",
                f"told: {names.get(finding, finding)}",
                heard.get(finding),
                shown.get(finding),
            )
            for finding in sorted({*heard, *shown})
            if heard.get(finding) != shown.get(finding)
        ]
