"""All planted bugs, by name."""

from collections.abc import Mapping

from tests.planted import (
    bugs_deliveries,
    bugs_ledger,
    bugs_medicine,
    bugs_notices,
    bugs_quarantine,
    bugs_relay,
    bugs_ticker,
    bugs_time,
)
from tests.planted.bug import Bug

TOPICS: Mapping[str, tuple[Bug, ...]] = {
    "ledger and offsets": bugs_ledger.BUGS,
    "deliveries and records": bugs_deliveries.BUGS,
    "time": bugs_time.BUGS,
    "medicine": bugs_medicine.BUGS,
    "relay and outbox": bugs_relay.BUGS,
    "quarantine": bugs_quarantine.BUGS,
    "ticker": bugs_ticker.BUGS,
    "notices": bugs_notices.BUGS,
}
EVERY: tuple[Bug, ...] = tuple(bug for bugs in TOPICS.values() for bug in bugs)
BUGS: Mapping[str, Bug] = {bug.name: bug for bug in EVERY}
