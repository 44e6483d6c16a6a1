"""The kinds of fact, and their closed union (contract 2)."""

import datetime
from decimal import Decimal
from typing import ClassVar

from monitor.clinical.ctdna_result import CtdnaResult
from monitor.clinical.imaging_read import ImagingRead
from monitor.clinical.record import Part, Record
from monitor.clinical.terms import LocalModality, Organ, day_of

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


Given = CtdnaResult | ImagingRead | PatientEnrolled | LocalTherapy | DayClosed
Fact = Given | Tombstone

_MODELS: tuple[type[Given], ...] = (
    CtdnaResult,
    ImagingRead,
    PatientEnrolled,
    LocalTherapy,
    DayClosed,
)
KINDS: dict[str, type[Given]] = {model.KIND: model for model in _MODELS}
