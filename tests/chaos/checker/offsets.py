"""Checks of offsets and pace: nothing passed over, nothing counted twice, no stall."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from itertools import pairwise

from tests.chaos.checker.evidence import Kind, Sample, Violation, place
from tests.chaos.checker.rows import AuditRow, LedgerRow
from tests.chaos.checker.seen import Seen, by

Found = Iterator[Violation]
STALL_SECONDS_MAX = 60.0
SETTLE_SECONDS_MAX = 60.0  # from the last fault and the last message to the last mark


def everything_is_recorded(seen: Seen) -> Found:
    """The group's ledger ends where each partition of the topics ends."""
    mine = {place(r): r for r in seen.evidence.ledger if r.consumer_group == seen.evidence.group}
    for at, (low, high) in seen.evidence.bounds.items():
        last = mine[at].last_offset if at in mine else -1
        if last + 1 != high and (high > low or at in mine):
            yield Violation(Kind.LOST, f"{at}: recorded to {last}, the topic ends before {high}")


def counts_add_up(seen: Seen) -> Found:
    """Every offset is counted once under its outcome, as inbox and quarantine have it."""
    evidence = seen.evidence
    inbox = Counter((place(row), row.outcome) for row in evidence.accepted)
    refused = by(evidence.quarantined, place)
    ledgers = by(evidence.ledger, place)
    for at, rows in ledgers.items():
        told = (sum(row.applied for row in rows), sum(row.stale for row in rows))
        true = (inbox[at, "applied"] + inbox[at, "beside"], inbox[at, "stale"])
        if told != true:
            yield Violation(Kind.MISCOUNTED, f"{at}: applied and stale {told}, rows {true}")
        for row in rows:
            total = row.applied + row.duplicate + row.stale + row.rejected
            if total != _consumed(seen, row):
                yield Violation(Kind.MISCOUNTED, f"{at}: {total} of {_consumed(seen, row)} counted")
            rejected = sum(one.offset <= row.last_offset for one in refused[at])
            if at not in seen.remade and row.rejected != rejected:
                yield Violation(Kind.MISCOUNTED, f"{at}: rejected {row.rejected}, not {rejected}")
    for at in {one for one, _ in inbox} | refused.keys():
        if at in evidence.bounds and at not in ledgers:
            yield Violation(Kind.MISCOUNTED, f"{at}: rows, and no place in the ledger")


def _consumed(seen: Seen, row: LedgerRow) -> int:
    """Offsets up to the ledger's last, without those that an operator's step passed over."""
    ranges = seen.evidence.skipped.get(place(row), ())
    left_out = sum(min(last, row.last_offset) - first + 1 for first, last in ranges)
    return row.last_offset + 1 - left_out


def nothing_is_committed_beyond_the_ledger(seen: Seen) -> Found:
    """The group's next offset is at most one after the last that the ledger holds."""
    for sample in seen.evidence.samples:
        for at, committed in sample.committed.items():
            if at in sample.ledger and committed > sample.ledger[at] + 1:
                words = f"{at}: {committed} committed, {sample.ledger[at]} recorded"
                yield Violation(Kind.COMMITTED_AHEAD, words)
            elif at not in sample.ledger and sample.ledger and committed > 0:
                yield Violation(Kind.COMMITTED_AHEAD, f"{at}: {committed} committed, no ledger")


def the_ledger_goes_forward(seen: Seen) -> Found:
    """A recorded offset never goes back, unless the database did."""
    for before, after in pairwise(seen.evidence.samples):
        if after.restored:
            continue
        for at, last in after.ledger.items():
            if last < before.ledger.get(at, last):
                yield Violation(Kind.BACKWARDS, f"{at}: from {before.ledger[at]} to {last}")
        if after.recorded < before.recorded:
            words = f"from {before.recorded} recorded deliveries to {after.recorded}"
            yield Violation(Kind.BACKWARDS, words)


def nothing_stalls(seen: Seen) -> Found:
    """While work waits and nothing keeps it from being done, something moves every minute."""
    for name, stall in (("intake", _intake_waits), ("relay", _relay_waits)):
        since: float | None = None
        for before, after in pairwise(seen.evidence.samples):
            if after.paused or after.restored or not stall(before, after):
                since = None
                continue
            since = before.at if since is None else since
            if after.at - since > STALL_SECONDS_MAX:
                yield Violation(Kind.STALLED, f"{name}: nothing moved since {since:.0f} s")
                since = after.at


def _intake_waits(before: Sample, after: Sample) -> bool:
    return before.recorded < before.fed and after.recorded == before.recorded


def _relay_waits(before: Sample, after: Sample) -> bool:
    """Notices and dead letters wait, and none of them was marked since."""
    gone = before.unsent - after.unsent + after.told - before.told
    return before.unsent > 0 and gone <= 0


def all_is_settled_in_time(seen: Seen) -> Found:
    """After the last fault all is recorded, sent, and closed within the stated time."""
    calm_at, samples = seen.evidence.calm_at, seen.evidence.samples
    if calm_at is None:
        return
    settled = (s.at for s in samples if s.recorded >= s.fed and not s.unsent and s.at >= calm_at)
    at = next(settled, None)
    if at is None:
        yield Violation(Kind.LATE, "it was never seen to be settled after the last fault")
    elif at - calm_at > SETTLE_SECONDS_MAX:
        yield Violation(Kind.LATE, f"settled only after {at - calm_at:.0f} s")
    if seen.evidence.rested_at is None:
        yield Violation(Kind.LATE, "at its end something waited to be sent or a day to be closed")


def the_audit_trail_is_whole(seen: Seen) -> Found:
    """Each entry's hash holds its fields and the hash of the entry before."""
    previous, number = "", 1
    for row in seen.evidence.audit:
        if (row.number, row.previous_hash, row.hash) != (number, previous, _hash_of(row)):
            yield Violation(Kind.ALTERED, f"audit entry {row.number} breaks the chain")
        previous, number = row.hash, row.number + 1


def _hash_of(row: AuditRow) -> str:
    fields = {**row._asdict(), "at": row.at.astimezone(UTC).isoformat()}
    del fields["hash"]
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
