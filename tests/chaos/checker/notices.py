"""Checks of what was told: due notices, the outbox, the topic, the dead letters, what stands."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.chaos.checker.evidence import NUMBER, Kind, OnTopic, Violation, place, position
from tests.chaos.checker.listener import ANY_VERSION, Expected, written
from tests.chaos.checker.rows import NoticeRow
from tests.chaos.checker.seen import Seen, by

Found = Iterator[Violation]
Json = Mapping[str, Any]
FIELDS = {  # contract 3
    *("notice_id", "finding_id", "revision", "study_id", "patient_id", "sequence", "action"),
    *("finding", "rule", "severity", "effective_on", "detected_at", "evidence", "explanation"),
    *("details", "supersedes", "advisory"),
}
EVIDENCE_MAX = 50
NOTICE_BYTES_MAX = 256 * 1024
DEPLOYMENT = "urn:ctdna-monitor:default"


def notices_are_as_the_rules_say(seen: Seen) -> Found:
    """Of each patient exactly those that are due, in the order in which they are due."""
    due = by((one for told in seen.told for one in told.notices), lambda one: one.patient)
    held = by(seen.evidence.notices, lambda row: row.patient)
    for patient in sorted(due.keys() | held.keys()):
        yield from _patient(due[patient], held[patient])


def _patient(due: Sequence[Expected], held: Sequence[NoticeRow]) -> Found:
    wanted, found = {one.notice_id: one for one in due}, by(held, lambda row: row.notice_id)
    for notice_id, one in wanted.items():
        rows = found.get(notice_id, [])
        if len(rows) != 1:
            kind = Kind.DOUBLED if rows else Kind.MISSED
            yield Violation(kind, f"{one.action} {one.finding} is {len(rows)} times in SQL: {one}")
        else:
            unlike = _unlike(one, rows[0])
            if unlike:
                yield Violation(Kind.WRONG, f"notice {notice_id}: {unlike}")
    for notice_id in found.keys() - wanted.keys():
        row = found[notice_id][0]
        yield Violation(Kind.INVENTED, f"{row.action} {row.finding} was not due: {row.document}")
    if found.keys() == wanted.keys() and list(found) != list(wanted):
        yield Violation(Kind.OUT_OF_SEQUENCE, f"{due[0].patient}: notices in another order")


def _unlike(due: Expected, row: NoticeRow) -> dict[str, tuple[Any, Any]]:
    """Where a notice says other than it should: what is due, what is said."""
    said = json.loads(row.document)
    theirs = Expected(
        *(said["notice_id"], said["finding_id"], (said["study_id"], said["patient_id"])),
        *(said["sequence"], said["revision"], said["action"], said["finding"], said["severity"]),
        *(said["effective_on"], written(said["details"]), said["supersedes"], row.cause_id),
        detected_at=datetime.fromisoformat(said["detected_at"]),
        evidence=tuple(
            (one["source"], one["record_id"], one["record_version"])
            for one in said["evidence"]
            if one["role"] == "identifying"
        ),
    )
    pairs = zip(Expected._fields, due, theirs, strict=True)
    unlike = {name: (one, other) for name, one, other in pairs if one != other}
    if "evidence" in unlike and _same_evidence(due, theirs):
        del unlike["evidence"]
    return unlike


def _same_evidence(due: Expected, theirs: Expected) -> bool:
    """As a set; where the rules leave the version open any will do."""
    free = {one[:2] for one in due.evidence if one[2] == ANY_VERSION}

    def opened(one: Expected) -> list[tuple[str, str, int]]:
        return sorted((*e[:2], ANY_VERSION if e[:2] in free else e[2]) for e in one.evidence)

    return opened(due) == opened(theirs)


def notices_are_well_formed(seen: Seen) -> Found:
    """Columns, document, value and attributes of a notice say the same, as contract 3 wants it."""
    for row in seen.evidence.notices:
        said = json.loads(row.document)
        columns = {
            name: getattr(row, name)
            for name in NoticeRow._fields
            if name in FIELDS and name not in {"effective_on", "detected_at"}
        }
        sound = (
            said.keys() == FIELDS
            and json.loads(row.value) == said
            and columns.items() <= said.items()
            and said["effective_on"] == row.effective_on.isoformat()
            and datetime.fromisoformat(said["detected_at"]) == row.detected_at
            and _evidence_is_sound(said["evidence"])
            and len(row.value) <= NOTICE_BYTES_MAX
            and _attributes(row, said).items() <= dict(row.headers).items()
        )
        if not sound:
            yield Violation(Kind.WRONG, f"notice {row.notice_id} is not well formed")


def _evidence_is_sound(evidence: Sequence[Json]) -> bool:
    roles = [one["role"] for one in evidence]
    return 1 <= len(roles) <= EVIDENCE_MAX and roles == sorted(roles)  # identifying ones first


def _attributes(row: NoticeRow, said: Json) -> dict[str, bytes]:
    patient = "/".join(row.patient)
    texts = {
        "specversion": "1.0",
        "id": row.notice_id,
        "source": DEPLOYMENT,
        "type": f"org.ctdnamonitor.notice.{row.action}.v1",
        "subject": patient,
        "time": said["detected_at"],
        "causationid": row.cause_id,
        "severitytext": row.severity,
        "partitionkey": patient,
    }
    return {f"ce_{name}": text.encode() for name, text in texts.items()}


def notice_id_of(one: OnTopic) -> str:
    return (dict(one.headers).get("ce_id") or b"").decode()


def forgotten(seen: Seen, one: OnTopic) -> bool:
    """Sent before the database went back: it may know nothing of it."""
    return one.offset < seen.evidence.forgotten.get(place(one), 0)


def notices_are_published(seen: Seen) -> Found:
    """Each notice of the database is on the topic, every copy with the bytes of the database."""
    copies = by(seen.evidence.published, notice_id_of)
    for row in seen.evidence.notices:
        said = ("/".join(row.patient).encode(), row.headers, row.value)
        own = [one for one in copies[row.notice_id] if (one.key, one.headers, one.value) == said]
        if not own:
            yield Violation(Kind.UNSENT, f"notice {row.notice_id} is not on the topic")
        elif row.published_at is None:
            yield Violation(Kind.UNSENT, f"notice {row.notice_id} is not marked as published")
        elif (row.published_partition, row.published_offset) not in {one[1:3] for one in own}:
            yield Violation(Kind.WRONG, f"notice {row.notice_id} is not where its mark says")
        for one in copies[row.notice_id]:
            if one not in own and not forgotten(seen, one):
                yield Violation(Kind.ALTERED, f"{position(one)}: a notice with other bytes")
    for notice_id in copies.keys() - {row.notice_id for row in seen.evidence.notices}:
        if not all(forgotten(seen, one) for one in copies[notice_id]):
            yield Violation(Kind.INVENTED, f"notice {notice_id} is on the topic only")


def first_occurrences_are_in_sequence(seen: Seen) -> Found:
    """Of each patient 1, 2, 3 … in the database, and on one partition when copies are left out."""
    bytes_of = {row.notice_id: (row.sequence, row.value) for row in seen.evidence.notices}
    held = by(seen.evidence.notices, lambda row: "/".join(row.patient).encode())
    published: dict[bytes | None, dict[int, None]] = defaultdict(dict)
    partitions: dict[bytes | None, set[int]] = defaultdict(set)
    for one in seen.evidence.published:
        sequence, value = bytes_of.get(notice_id_of(one), (0, None))
        if one.value == value:
            published[one.key].setdefault(sequence)
            partitions[one.key].add(one.partition)
    for patient in held.keys() | published.keys():
        sequences = [row.sequence for row in held.get(patient or b"", ())]
        if sequences != list(range(1, len(sequences) + 1)):
            yield Violation(Kind.OUT_OF_SEQUENCE, f"{patient!r}: {sequences} in SQL")
        first = list(published[patient])
        if first != list(range(1, len(first) + 1)):
            yield Violation(Kind.OUT_OF_SEQUENCE, f"{patient!r}: {first} on the topic")
        if len(partitions[patient]) > 1:
            yield Violation(Kind.OUT_OF_SEQUENCE, f"{patient!r}: on several partitions")


def dead_letters_carry_the_original(seen: Seen) -> Found:
    """Each quarantine row is on its dead letter topic with its own key, value and headers."""
    copies: Counter[tuple[object, ...]] = Counter()
    strangers: dict[tuple[object, ...], OnTopic] = {}
    for one in seen.evidence.dead_letters:
        own = tuple(header for header in one.headers if not header[0].startswith("dlq."))
        copies[one.topic, one.key, own, one.value] += 1
        if not forgotten(seen, one):
            strangers[one.topic, one.key, own, one.value] = one
    for row in seen.evidence.quarantined:
        said = (f"{row.topic}.dlq", row.message_key, row.headers, row.value)
        strangers.pop(said, None)
        if not copies[said]:
            yield Violation(Kind.UNSENT, f"{position(row)}: no dead letter with its bytes")
        elif row.published_at is None:
            yield Violation(Kind.UNSENT, f"{position(row)}: its dead letter is not marked as sent")
    for one in strangers.values():
        number = dict(one.headers).get(NUMBER)
        yield Violation(Kind.INVENTED, f"{position(one)}: a dead letter of nothing ({number!r})")


def the_same_findings_stand(seen: Seen) -> Found:
    """What was sent, each event once and in any order, gives what the recorded facts gave."""
    recorded = {key: rows for told in seen.told for key, rows in told.standing.items()}
    for patient in sorted(recorded.keys() | seen.from_senders.keys()):
        one, other = recorded.get(patient, {}), seen.from_senders.get(patient, {})
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                words = f"{patient}: recorded {one.get(name)}, sent {other.get(name)}"
                yield Violation(Kind.OTHER_FINDINGS, words)
