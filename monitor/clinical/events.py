"""The kinds of fact, and their closed union (contract 2)."""

import datetime
from decimal import Decimal
from typing import ClassVar, get_args

from monitor.clinical.ctdna_result import CtdnaResult
from monitor.clinical.eligibility_assessed import EligibilityAssessed
from monitor.clinical.imaging_read import ImagingRead
from monitor.clinical.record import Part, Record
from monitor.clinical.terms import (
    Analyte,
    Decision,
    LocalModality,
    MarkerUnit,
    Organ,
    Treatable,
    WithdrawalScope,
    day_of,
)

CLOCK_SOURCE = "urn:ctdna-monitor:clock"


class PatientEnrolled(Record, frozen=True, kw_only=True):
    """The patient takes part: from here on notices are told (contract 2, "Enrolment")."""

    KIND: ClassVar[str] = "patient.enrolled"

    enrolled_on: str
    ned_on: str | None = None
    lung_metastasis_on: str | None = None
    site_id: str | None = None
    prior_polymetastatic: bool | None = None
    prior_oligometastatic: bool | None = None
    primary_diagnosed_on: str | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day that orders the record (contract 1)."""
        return day_of(self.enrolled_on)


class TherapySite(Part, frozen=True, kw_only=True):
    """A site that a local therapy treated, and its lesions."""

    site_id: str
    organ: Organ
    lesion_ids: tuple[str, ...] = ()


class LocalTherapy(Record, frozen=True, kw_only=True):
    """A destructive local therapy; while `ended_on` is null its blackout stays open."""

    KIND: ClassVar[str] = "therapy.local"

    modality: LocalModality
    started_on: str
    ended_on: str | None = None
    round: int
    sites: tuple[TherapySite, ...] = ()
    total_dose_gy: Decimal | None = None
    fractions: int | None = None
    bed_gy: Decimal | None = None
    margins_clear: bool | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day that orders the record (contract 1)."""
        return day_of(self.started_on)

    @property
    def last_day(self) -> datetime.date:
        """The record's latest day."""
        return day_of(self.ended_on or self.started_on)


class SystemicTherapy(Record, frozen=True, kw_only=True):
    """A systemic anticancer therapy, which this protocol withholds until it is triggered."""

    KIND: ClassVar[str] = "therapy.systemic"

    started_on: str
    ended_on: str | None = None
    regimen: str | None = None
    line: int | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day of the first dose (contract 1)."""
        return day_of(self.started_on)

    @property
    def last_day(self) -> datetime.date:
        """The record's latest day."""
        return day_of(self.ended_on or self.started_on)


class MarkerResult(Record, frozen=True, kw_only=True):
    """A tumour marker in blood; alone it never defines a response (clinical rules 1.1)."""

    KIND: ClassVar[str] = "marker.result"

    analyte: Analyte
    value: Decimal
    unit: MarkerUnit
    collected_at: str
    upper_limit: Decimal | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day of collection (contract 1)."""
        return day_of(self.collected_at)


class TreatabilityStated(Record, frozen=True, kw_only=True):
    """A clinician's word on whether local therapy can treat what a read showed (4.3)."""

    KIND: ClassVar[str] = "treatability.stated"

    stated_on: str
    read_record_id: str | None = None
    locally_treatable: Treatable

    @property
    def clinical_day(self) -> datetime.date:
        """The day of the statement (contract 1)."""
        return day_of(self.stated_on)


class BiopsyResult(Record, frozen=True, kw_only=True):
    """A biopsy of a treated site or of a lesion; one of the two ids is given."""

    KIND: ClassVar[str] = "biopsy.result"

    taken_on: str
    site_id: str | None = None
    lesion_id: str | None = None
    malignant: bool

    @property
    def clinical_day(self) -> datetime.date:
        """The day the tissue was taken (contract 1)."""
        return day_of(self.taken_on)


class ReviewHeld(Record, frozen=True, kw_only=True):
    """A multidisciplinary review and what it decided; `notice_ids` decide nothing."""

    KIND: ClassVar[str] = "review.held"

    held_on: str
    decision: Decision
    notice_ids: tuple[str, ...] | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day of the review (contract 1)."""
        return day_of(self.held_on)


class ContactRecorded(Record, frozen=True, kw_only=True):
    """Somebody has seen or heard the patient."""

    KIND: ClassVar[str] = "contact.recorded"

    contacted_on: str

    @property
    def clinical_day(self) -> datetime.date:
        """The day of the contact (contract 1)."""
        return day_of(self.contacted_on)


class DeathRecorded(Record, frozen=True, kw_only=True):
    """The patient has died; `cause` is kept and decides nothing."""

    KIND: ClassVar[str] = "death.recorded"

    died_on: str
    cause: str | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day of death (contract 1)."""
        return day_of(self.died_on)


class WithdrawalRecorded(Record, frozen=True, kw_only=True):
    """The patient withdraws: from treatment, from follow-up, or takes the consent back."""

    KIND: ClassVar[str] = "withdrawal.recorded"

    withdrawn_on: str
    scope: WithdrawalScope

    @property
    def clinical_day(self) -> datetime.date:
        """The day of the withdrawal (contract 1)."""
        return day_of(self.withdrawn_on)


class DayClosed(Record, frozen=True, kw_only=True):
    """The monitor's own clock: the day is over in the study's time zone (contract 2.3)."""

    KIND: ClassVar[str] = "day.closed"

    closed_on: str

    @property
    def clinical_day(self) -> datetime.date:
        """The day that orders the record (contract 1)."""
        return day_of(self.closed_on)


class Tombstone(Record, frozen=True, kw_only=True):
    """A record that was cancelled or entered in error: only what it takes away matters."""

    KIND: ClassVar[str] = "tombstone"

    kind: str
    day: datetime.date | None = None


Given = (
    CtdnaResult
    | ImagingRead
    | PatientEnrolled
    | EligibilityAssessed
    | LocalTherapy
    | SystemicTherapy
    | MarkerResult
    | TreatabilityStated
    | BiopsyResult
    | ReviewHeld
    | ContactRecorded
    | DeathRecorded
    | WithdrawalRecorded
    | DayClosed
)
Fact = Given | Tombstone

KINDS: dict[str, type[Given]] = {model.KIND: model for model in get_args(Given)}
