"""Under which deployment's name a database tells its notices: that of the last worker's start."""

import json
from collections.abc import Sequence

from monitor.clock import Clock
from monitor.exits import ConfigurationError, StartRefusedError
from monitor.ledger.activations import AuditEntry, chained
from monitor.ledger.port import Conflict, Ledger

ACTION = "deployment.named"
STARTS_AT_ONCE_MAX = 10


def recorded_deployment(audit: Sequence[AuditEntry]) -> str | None:
    """The name that was recorded last; None for a database from before names were recorded."""
    named = [entry for entry in audit if entry.action == ACTION]
    return str(json.loads(named[-1].details)["deployment"]) if named else None


async def hold_deployment(ledger: Ledger, clock: Clock, deployment: str, who: str) -> None:
    """Record a worker's deployment in the audit trail, unless it was recorded last.

    Raises StartRefusedError when others go on writing the audit trail.
    """
    for _ in range(STARTS_AT_ONCE_MAX):
        before = await ledger.audit()
        if recorded_deployment(before) == deployment:
            return
        details = {"deployment": deployment}
        entry = chained(before, clock.now(), who, ACTION, "deployment", "start", details)
        try:
            await ledger.add_audit(entry)
        except Conflict:
            continue
        return
    raise StartRefusedError("the audit trail goes on changing: start this worker again")


async def refuse_other_deployment(ledger: Ledger, deployment: str) -> None:
    """Raise ConfigurationError for another name than the recorded one."""
    recorded = recorded_deployment(await ledger.audit())
    if recorded not in {None, deployment}:
        raise ConfigurationError(
            f"the workers of this database run as deployment {recorded}, these settings say "
            f"{deployment}, and notices name their deployment: set "
            f"CTDNA_MONITOR_DEPLOYMENT={recorded}"
        )
