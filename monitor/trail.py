"""Adds entries to the audit trail: who did what to which object, and why."""

from collections.abc import Mapping

from monitor.clock import Clock
from monitor.exits import StartRefusedError
from monitor.ledger.activations import STARTS_AT_ONCE_MAX, chained
from monitor.ledger.port import Conflict, Ledger


async def note(
    ledger: Ledger,
    clock: Clock,
    who: str,
    what: tuple[str, str, str],
    details: Mapping[str, object],
) -> None:
    """Add an entry; `what` is action, object and reason.

    Raises StartRefusedError when others go on writing the audit trail, RefusedRow.
    """
    for _ in range(STARTS_AT_ONCE_MAX):
        entry = chained(await ledger.last_audit(), clock.now(), who, *what, details)
        try:
            await ledger.add_audit(entry)
        except Conflict:
            continue
        return
    raise StartRefusedError("the audit trail goes on changing: try again")
