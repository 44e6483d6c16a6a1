"""PatientState: the standing facts of one patient, and what has been told about them.

The state is all that is remembered; every finding is computed from its facts again.
"""

import datetime
from bisect import insort
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from monitor.clinical.ctdna_result import CtdnaResult
from monitor.clinical.eligibility_assessed import EligibilityAssessed
from monitor.clinical.events import (
    BiopsyResult,
    ContactRecorded,
    DayClosed,
    DeathRecorded,
    Fact,
    LocalTherapy,
    MarkerResult,
    PatientEnrolled,
    ReviewHeld,
    SystemicTherapy,
    TreatabilityStated,
    WithdrawalRecorded,
)
from monitor.clinical.imaging_read import ImagingRead
from monitor.clinical.record import Part, Record
from monitor.clinical.terms import PROVISIONAL, Action, Severity

STATE_FORMAT = 2
RECORDS_MAX = 2000  # of one patient: everything is computed from all of them after every fact

F = TypeVar("F", bound=Record)
Order = tuple[datetime.date, datetime.date, str, str]


class Held(Part, Generic[F], frozen=True, kw_only=True):
    """A record that stands: the fact, and a provisional later version kept beside it."""

    source: str
    fact: F
    beside: F | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The record's name: source and record id."""
        return (self.source, self.fact.record_id)

    @property
    def final(self) -> bool:
        """Whether a version stands that may raise something (contract 2, status)."""
        return self.fact.status not in PROVISIONAL


class EvidenceItem(Part, frozen=True, kw_only=True):
    """A record that supports a finding, at the version that did."""

    source: str
    record_id: str
    record_version: int
    role: str


class Told(Part, frozen=True, kw_only=True, omit_defaults=False):
    """What was last said of a finding: enough to amend or withdraw it later.

    `withdrawn_on` is the day on which it was found to be without support.
    """

    finding: str
    rule_id: str
    rule_version: int = 1
    action: Action
    revision: int
    notice_id: str
    severity: Severity
    effective_on: datetime.date
    evidence: tuple[EvidenceItem, ...]
    details: dict[str, Any]
    explanation: str
    withdrawn_on: datetime.date | None = None


class PatientState(Part, frozen=True, kw_only=True, omit_defaults=False):
    """One patient. `version` counts the facts, `sequence` the notices; lists are in order.

    Facts are ordered by clinical day, later image day (reads), source and record id (contract 2).
    `refused` holds the versions refused as conflicts that nothing has superseded yet, and
    `broken` says that a delivery of this patient could not be decided: either makes the patient
    incomplete.
    """

    format: int = STATE_FORMAT
    study_id: str
    patient_id: str
    version: int = 0
    sequence: int = 0
    ctdna: tuple[Held[CtdnaResult], ...] = ()
    imaging: tuple[Held[ImagingRead], ...] = ()
    enrolled: tuple[Held[PatientEnrolled], ...] = ()
    local: tuple[Held[LocalTherapy], ...] = ()
    eligibility: tuple[Held[EligibilityAssessed], ...] = ()
    systemic: tuple[Held[SystemicTherapy], ...] = ()
    markers: tuple[Held[MarkerResult], ...] = ()
    treatability: tuple[Held[TreatabilityStated], ...] = ()
    biopsies: tuple[Held[BiopsyResult], ...] = ()
    reviews: tuple[Held[ReviewHeld], ...] = ()
    contacts: tuple[Held[ContactRecorded], ...] = ()
    deaths: tuple[Held[DeathRecorded], ...] = ()
    withdrawals: tuple[Held[WithdrawalRecorded], ...] = ()
    closed: tuple[Held[DayClosed], ...] = ()
    told: dict[str, Told] = msgspec.field(default_factory=dict)
    refused: tuple[tuple[str, str, int], ...] = ()
    broken: bool = False

    @property
    def incomplete(self) -> bool:
        """Whether something of this patient could not be taken into account."""
        return self.broken or bool(self.refused)

    @property
    def records(self) -> Iterator[Held]:  # type: ignore[type-arg]
        """Every standing record of the patient, the monitor's own closed days left out."""
        for name in RECORD_LISTS:
            yield from getattr(self, name)

    def day_of_record(self, key: tuple[str, str]) -> datetime.date | None:
        """The clinical day of the version that stands for this patient, if one does."""
        lists = (getattr(self, name) for name in FACT_LISTS.values())
        found = (held.fact.clinical_day for facts in lists for held in facts if held.key == key)
        return next(found, None)

    @property
    def full(self) -> bool:
        """Whether there are more records than a patient may have."""
        return sum(len(getattr(self, name)) for name in RECORD_LISTS) > RECORDS_MAX


# Where a kind of fact is kept.
FACT_LISTS: dict[str, str] = {
    CtdnaResult.KIND: "ctdna",
    ImagingRead.KIND: "imaging",
    PatientEnrolled.KIND: "enrolled",
    EligibilityAssessed.KIND: "eligibility",
    LocalTherapy.KIND: "local",
    SystemicTherapy.KIND: "systemic",
    MarkerResult.KIND: "markers",
    TreatabilityStated.KIND: "treatability",
    BiopsyResult.KIND: "biopsies",
    ReviewHeld.KIND: "reviews",
    ContactRecorded.KIND: "contacts",
    DeathRecorded.KIND: "deaths",
    WithdrawalRecorded.KIND: "withdrawals",
    DayClosed.KIND: "closed",
}
RECORD_LISTS: tuple[str, ...] = tuple(name for name in FACT_LISTS.values() if name != "closed")


class NewerState(Exception):
    """The stored state was written by a newer program: stop, never guess."""


def load_state(document: str) -> PatientState:
    """Read a stored state, also one of an older format: what it lacks is empty.

    Raises NewerState, or ValueError for a damaged document.
    """
    try:
        if document.startswith(_CURRENT):
            return _DECODER.decode(document)
        found = _FORMAT.decode(document).format
        if found > STATE_FORMAT:
            raise NewerState(f"state format {found}, this program knows {STATE_FORMAT}")
        return replace(_DECODER.decode(document), format=STATE_FORMAT)
    except msgspec.DecodeError:
        raise ValueError("the stored state is damaged") from None


def dump_state(state: PatientState) -> str:
    """Write a state as compact JSON, the same text for the same state."""
    return _ENCODER.encode(state).decode()


class _Format(Part, frozen=True, kw_only=True):
    format: int


_CURRENT = f'{{"format":{STATE_FORMAT},'
_FORMAT = msgspec.json.Decoder(_Format)
_DECODER = msgspec.json.Decoder(PatientState)
_ENCODER = msgspec.json.Encoder()


def order_of(held: Held[F]) -> Order:
    """The record's place in time: clinical day, later image day (reads), source, record id."""
    fact = held.fact
    later_day = fact.last_day if isinstance(fact, ImagingRead) else fact.clinical_day
    return (fact.clinical_day, later_day, *held.key)


def with_fact(state: PatientState, source: str, fact: Fact) -> PatientState:
    """Let a version of a record stand; a newer provisional one stays beside it."""
    name = FACT_LISTS[fact.KIND]
    present: tuple[Held[Record], ...] = getattr(state, name)
    key = (source, fact.record_id)
    old = next((held for held in present if held.key == key), None)
    newer = (
        version
        for version in ((old.fact, old.beside) if old else ())
        if version and version.record_version > fact.record_version
    )
    placed = Held(source=source, fact=fact, beside=next(newer, None))
    others = [held for held in present if held.key != key]
    insort(others, placed, key=order_of)
    return replace(state, **{name: tuple(others)})


def with_beside(state: PatientState, source: str, fact: Fact) -> PatientState:
    """Lay a provisional version beside the settled one, if this patient has it and none is newer.

    A record that was taken away stays away, and one that another patient has stays there.
    """
    name = FACT_LISTS[fact.KIND]
    present: tuple[Held[Record], ...] = getattr(state, name)
    placed = (
        replace(held, beside=fact)
        if held.key == (source, fact.record_id)
        and (held.beside is None or held.beside.record_version < fact.record_version)
        else held
        for held in present
    )
    return replace(state, **{name: tuple(placed)})


def without_record(state: PatientState, source: str, record_id: str) -> PatientState:
    """Take a record away: cancelled, entered in error, or moved to another patient."""
    key = (source, record_id)
    changed = {
        name: tuple(held for held in getattr(state, name) if held.key != key)
        for name in FACT_LISTS.values()
        if any(held.key == key for held in getattr(state, name))
    }
    return replace(state, **changed) if changed else state
