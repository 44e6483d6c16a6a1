"""Which records stand for whom (contract 2), from the deliveries received so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tests.auditor.content import content
from tests.auditor.values import Record, day, of_kind, record_of

GONE: Final = frozenset({"cancelled", "entered_in_error"})
Patient = tuple[str, str]
Key = tuple[str, str]


def patient_of(record: Record) -> Patient:
    """The patient whom one version of a record names."""
    return (str(record.data["study_id"]), str(record.data["patient_id"]))


@dataclass
class Kept:
    """The accepted versions of one record, and the version numbers of refused ones."""

    versions: dict[int, Record] = field(default_factory=dict)
    contents: dict[int, str] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)

    def standing(self) -> Record | None:
        """The highest settled version; only when there is none the highest of the others."""
        settled = [v for v, record in self.versions.items() if record.final]
        chosen = settled or list(self.versions)
        return self.versions[max(chosen)] if chosen else None


def is_below(record: Record, standing: Record) -> bool:
    """Stale: below the standing version, unless it is the first settled one."""
    return record.version < standing.version and not (record.final and not standing.final)


class Ledger:
    """Receives events one by one, as `Intake` would, without any rule of medicine."""

    def __init__(self) -> None:
        self._pairs: dict[Key, str] = {}
        self._kept: dict[Key, Kept] = {}

    def receive(self, event: Mapping[str, Any]) -> str:
        """Take one event: "applied", "duplicate", "stale" or "rejected"."""
        record = record_of(event)
        told = content(record.kind, record.data)
        pair = (record.source, str(event["id"]))
        if pair in self._pairs:
            return "duplicate" if self._pairs[pair] == told else "rejected"
        kept = self._kept.setdefault(record.key, Kept())
        before = kept.standing()
        if before is not None and is_below(record, before):
            # "kept, without effect, whatever it says": the first of a version is kept.
            self._pairs[pair] = told
            kept.versions.setdefault(record.version, record)
            kept.contents.setdefault(record.version, told)
            return "stale"
        other_type = before is not None and before.kind != record.kind
        if other_type or kept.contents.get(record.version, told) != told:
            kept.refused.append(record.version)
            return "rejected"
        self._pairs[pair] = told
        if record.version in kept.versions:
            return "stale"  # the same version twice under another delivery: without effect
        kept.versions[record.version], kept.contents[record.version] = record, told
        return "applied"

    def versions(self, key: Key) -> list[Record]:
        """The accepted versions of one record, highest first."""
        kept = self._kept.get(key, Kept())
        return [kept.versions[number] for number in sorted(kept.versions, reverse=True)]

    def stands(self, key: Key) -> Record | None:
        """The standing version of a record, tombstones too."""
        return self._kept.get(key, Kept()).standing()

    def patients(self) -> list[Patient]:
        """Every patient whom an accepted version named, also a stale one."""
        named = {patient_of(r) for kept in self._kept.values() for r in kept.versions.values()}
        return sorted(named)

    def _of(self, study: str, patient: str) -> list[tuple[Kept, Record]]:
        pairs = [(kept, kept.standing()) for kept in self._kept.values()]
        return [(k, r) for k, r in pairs if r is not None and patient_of(r) == (study, patient)]

    def standing(self, study: str, patient: str) -> list[Record]:
        """The patient's standing records in contract order, closed days left out.

        After a withdrawal of consent records dated later are as if they were not there.
        """
        own = [r for _, r in self._of(study, patient) if r.status not in GONE]
        records = [r for r in own if r.kind != "day.closed"]
        withdrawn = [
            r.clinical_day
            for r in of_kind(records, "withdrawal.recorded")
            if r.data["scope"] == "consent"
        ]
        if withdrawn:
            records = [r for r in records if r.clinical_day <= min(withdrawn)]
        return sorted(records, key=lambda r: r.order)

    def clock(self, study: str, patient: str) -> date | None:
        """The patient's latest closed day."""
        own = [r for _, r in self._of(study, patient) if r.status not in GONE]
        closed = [day(r.data["closed_on"]) for r in own if r.kind == "day.closed"]
        return max(closed, default=None)

    def incomplete(self, study: str, patient: str) -> bool:
        """Whether a refused version still waits for a higher one to be accepted."""
        return any(
            refused >= max(kept.versions)
            for kept, _ in self._of(study, patient)
            for refused in kept.refused
        )
