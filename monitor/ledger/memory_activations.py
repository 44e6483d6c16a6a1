"""The activations of rules and the audit trail of a ledger in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple

from monitor.ledger import rows
from monitor.ledger.activations import ActiveRules, AuditEntry
from monitor.ledger.entries import PatientKey, StateRow
from monitor.ledger.port import Conflict, Superseded


class MemoryActivations:
    """What people change, and the leases that tell whether a worker runs."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._states: dict[PatientKey, StateRow] = {}
        self._leases: dict[str, tuple[str, float]] = {}
        self._active_rules: dict[tuple[int, str], ActiveRules] = {}
        self._audit: dict[int, AuditEntry] = {}

    async def active_rules(self) -> list[ActiveRules]:
        """Every activation's rules, by number and scope; the last number's are active."""
        return [self._active_rules[key] for key in sorted(self._active_rules)]

    async def activate_rules(self, rules: Sequence[ActiveRules], entry: AuditEntry) -> None:
        """Record an activation and its audit entry, or raise `Conflict` or `RefusedRow`."""
        rows.refuse_unkeepable([*map(astuple, rules), astuple(entry)])
        new = {(row.number, row.scope): row for row in rules}
        if new.keys() & self._active_rules.keys() or entry.number in self._audit:
            raise Conflict("a key exists already")
        self._active_rules |= new
        self._audit[entry.number] = entry

    async def add_audit(self, entry: AuditEntry) -> None:
        """Record an audit entry alone, or raise `Conflict` or `RefusedRow`."""
        await self.activate_rules([], entry)

    def _refuse_superseded(self, activation: int | None) -> None:
        """Raise `Superseded` when another activation came after this one."""
        highest = max((number for number, _ in self._active_rules), default=None)
        if activation not in {None, highest}:
            raise Superseded("other rules were activated")

    async def last_audit(self, action: str | None = None) -> list[AuditEntry]:
        """The last entry of the audit trail, or the last of an action; empty without any."""
        return [one for one in await self.audit() if action in {None, one.action}][-1:]

    async def audit(self) -> list[AuditEntry]:
        """The audit trail, oldest first."""
        return [self._audit[number] for number in sorted(self._audit)]

    async def ruleset_hashes(self) -> Mapping[str, frozenset[str]]:
        """By study: the hashes of the rules that its patients' latest facts were decided with."""
        found: dict[str, frozenset[str]] = {}
        for patient, row in self._states.items():
            if row.version > 0:
                known = found.get(patient.study_id, frozenset())
                found[patient.study_id] = known | {row.ruleset_hash}
        return found

    async def leased(self, beginning: str) -> list[str]:
        """Names that begin so and are held now, in order."""
        now = self._seconds()
        return sorted(
            name
            for name, (_, until) in self._leases.items()
            if name.startswith(beginning) and until > now
        )
