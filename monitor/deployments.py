"""Under which deployment's name a database tells its notices: that of the last worker's start."""

import datetime
import json
from collections.abc import Sequence

from monitor.clock import Clock
from monitor.exits import ConfigurationError, StartRefusedError
from monitor.ledger.activations import STARTS_AT_ONCE_MAX, AuditEntry, chained
from monitor.ledger.port import Conflict, Ledger

ACTION = "deployment.named"


def recorded_deployment(audit: Sequence[AuditEntry]) -> str | None:
    """The name that was recorded last; None for a database from before names were recorded."""
    named = [entry for entry in audit if entry.action == ACTION]
    return _name(named[-1]) if named else None


def deployment_names(audit: Sequence[AuditEntry]) -> frozenset[str]:
    """Every name that was ever recorded."""
    return frozenset(_name(entry) for entry in audit if entry.action == ACTION)


def deployment_at(audit: Sequence[AuditEntry], moment: datetime.datetime) -> str | None:
    """The name that held at a moment; the first one for those before, None without any."""
    named = [entry for entry in audit if entry.action == ACTION]
    before = [entry for entry in named if entry.at <= moment]
    return _name((before or named[:1])[-1]) if named else None


def _name(entry: AuditEntry) -> str:
    return str(json.loads(entry.details)["deployment"])


async def hold_deployment(ledger: Ledger, clock: Clock, deployment: str, who: str) -> None:
    """Record a worker's deployment in the audit trail, unless it was recorded last.

    Raises StartRefusedError when others go on writing the audit trail.
    """
    for _ in range(STARTS_AT_ONCE_MAX):
        if recorded_deployment(await ledger.last_audit(ACTION)) == deployment:
            return
        before, details = await ledger.last_audit(), {"deployment": deployment}
        entry = chained(before, clock.now(), who, ACTION, "deployment", "start", details)
        try:
            await ledger.add_audit(entry)
        except Conflict:
            continue
        return
    raise StartRefusedError("the audit trail goes on changing: start this worker again")


async def refuse_other_deployment(ledger: Ledger, deployment: str) -> None:
    """Raise ConfigurationError for another name than the recorded one."""
    recorded = recorded_deployment(await ledger.last_audit(ACTION))
    if recorded not in {None, deployment}:
        raise ConfigurationError(
            f"the workers of this database run as deployment {recorded}, these settings say "
            f"{deployment}, and notices name their deployment: set "
            f"CTDNA_MONITOR_DEPLOYMENT={recorded}"
        )
