"""What a redrive would send and what it would leave, counted before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.ledger.archive import Archive
from monitor.ledger.refusals import Wanted
from monitor.wire.delivery import Reason

NEVER = frozenset({Reason.DUPLICATE_CONFLICT, Reason.VERSION_CONFLICT})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a redrive would do: how many by reason it sends, and how many it cannot."""

    send: Mapping[str, int] = field(default_factory=dict)
    never: Mapping[str, int] = field(default_factory=dict)
    elsewhere: int = 0  # of topics that are not this deployment's

    @property
    def total(self) -> int:
        """How many are sent."""
        return sum(self.send.values())


async def plan(ledger: Archive, wanted: Wanted, topics: Sequence[str]) -> Plan:
    """Count what is open and wanted; `topics` are the full names of the input topics."""
    found = {reason: n for reason, (n, _) in (await ledger.count_kept(wanted)).items()}
    here: dict[str, int] = {}
    for topic in topics:
        if wanted.topic in {None, topic}:
            for reason, (n, _) in (await ledger.count_kept(replace(wanted, topic=topic))).items():
                here[reason] = here.get(reason, 0) + n
    return Plan(
        {reason: n for reason, n in here.items() if reason not in NEVER},
        {reason: n for reason, n in here.items() if reason in NEVER},
        sum(found.values()) - sum(here.values()),
    )
