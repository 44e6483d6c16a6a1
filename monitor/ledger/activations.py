"""Which rules were activated when, and the audit trail: rows whose hashes hold them together."""

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

STARTS_AT_ONCE_MAX = 10  # workers whose starts write rules or audit trail at the same moment


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """The rules of one scope (a study, or `*` for every study) from one activation on.

    `number` counts the activations of the database from 1; all rows of the highest one are
    active. `parameters` is JSON text with every key; `activated_at` is UTC.
    """

    number: int
    scope: str
    name: str
    config_hash: str
    parameters: str
    activated_at: datetime.datetime
    activated_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which object and why. `details` is JSON text, `at` is UTC.

    `hash` is SHA-256 (hex) over all other fields, the hash of the entry before among them.
    """

    number: int
    at: datetime.datetime
    actor: str
    action: str
    object: str
    reason: str
    details: str
    previous_hash: str = ""
    hash: str = ""


def chained(
    before: Sequence[AuditEntry],
    at: datetime.datetime,
    actor: str,
    action: str,
    about: str,
    reason: str,
    details: Mapping[str, object],
) -> AuditEntry:
    """The next entry after those `before`, of which the last will do, with number and hashes."""
    last = before[-1] if before else None
    text = json.dumps(details, sort_keys=True, ensure_ascii=False)
    number = last.number + 1 if last else 1
    entry = AuditEntry(number, at, actor, action, about, reason, text, last.hash if last else "")
    return replace(entry, hash=hash_of(entry))


def hash_of(entry: AuditEntry) -> str:
    """SHA-256 (hex) over the entry's fields but its own hash."""
    fields = asdict(entry) | {"at": entry.at.astimezone(datetime.UTC).isoformat()}
    del fields["hash"]
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def broken_links(entries: Sequence[AuditEntry]) -> Iterator[int]:
    """Numbers of entries that were changed, or before which one is missing."""
    previous, expected = "", 1
    for entry in entries:
        if (entry.number, entry.previous_hash, entry.hash) != (
            expected, previous, hash_of(entry),
        ):  # fmt: skip
            yield entry.number
        previous, expected = entry.hash, entry.number + 1
