"""Which version of a record stands: the judgement of contract 2 ("Same record again").

Pure. It answers for one accepted or refused version what the record's row becomes.
"""

from dataclasses import dataclass, replace
from enum import Enum

from monitor.clinical.terms import PROVISIONAL
from monitor.ledger.entries import PatientKey, RecordRow
from monitor.wire.delivery import Event


class Effect(Enum):
    """What an accepted version does, in the inbox's word; `CONFLICT` says that it is refused."""

    STANDS = "applied"
    BESIDE = "beside"
    STALE = "stale"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The effect, the row afterwards, and the patient who loses the record, if any."""

    effect: Effect
    row: RecordRow
    moved_from: PatientKey | None = None


def patient_of(event: Event) -> PatientKey:
    """The patient whom an event names."""
    return PatientKey(event.fact.study_id, event.fact.patient_id)


def judge(row: RecordRow | None, event: Event) -> Verdict:
    """Judge a version against the record's row (None: the record is new)."""
    version, content = event.fact.record_version, event.content_hash.hex()
    settles = event.fact.status not in PROVISIONAL
    if row is None:
        new = RecordRow(event.type, patient_of(event), version, settles, {version: content})
        return Verdict(Effect.STANDS, new)
    if version < row.standing_version and (row.settled or not settles):
        return Verdict(Effect.STALE, row if row.settled else _remembered(row, version, content))
    if event.type != row.type or row.versions.get(version, content) != content:
        return Verdict(Effect.CONFLICT, _refused(row, version))
    if version in row.versions:
        return Verdict(Effect.STALE, row)
    return _accepted(row, event, version, content, settles=settles)


def _accepted(
    row: RecordRow, event: Event, version: int, content: str, *, settles: bool
) -> Verdict:
    answered = row.refused_version is not None and version > row.refused_version
    refused = None if answered else row.refused_version
    versions = {number: known for number, known in row.versions.items()
                if not settles or number > version} | {version: content}  # fmt: skip
    kept = replace(row, versions=versions, refused_version=refused, revision=row.revision + 1)
    patient = patient_of(event)
    if row.settled and not settles:
        return Verdict(Effect.BESIDE, kept)
    moved_from = row.patient if patient != row.patient else None
    new = replace(kept, patient=patient, standing_version=version, settled=settles)
    return Verdict(Effect.STANDS, new, moved_from)


def _remembered(row: RecordRow, version: int, content: str) -> RecordRow:
    """Keep what a stale version of a record that nothing has settled said: it may settle yet."""
    if version in row.versions:
        return row
    versions = {**row.versions, version: content}
    return replace(row, versions=versions, revision=row.revision + 1)


def _refused(row: RecordRow, version: int) -> RecordRow:
    """Remember a conflict until a higher version is accepted, before or after it."""
    if max(row.versions) > version or version <= (row.refused_version or 0):
        return row
    return replace(row, refused_version=version, revision=row.revision + 1)
