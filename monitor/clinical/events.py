"""One frozen model per kind of fact, and their closed union (contract 2).

The models are what is accepted from outside and what a patient's state keeps. Unknown fields are
ignored; unknown words, wrong kinds and impossible values are errors whose text holds no value.
"""

import datetime
from typing import ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from monitor.clinical.ctdna_result import CtdnaResult
from monitor.clinical.imaging_read import ImagingRead
from monitor.clinical.record import Many, Part, Record
from monitor.clinical.terms import (
    ClinicalTime,
    Flag,
    FromOne,
    LocalModality,
    Measure,
    Name,
    Organ,
    Text,
    day_of,
)

CLOCK_SOURCE = "urn:ctdna-monitor:clock"


class PatientEnrolled(Record):
    """The patient takes part: from here on notices are told (contract 2, "Enrolment")."""

    KIND: ClassVar[str] = "patient.enrolled"

    enrolled_on: ClinicalTime
    ned_on: ClinicalTime | None = None
    lung_metastasis_on: ClinicalTime | None = None
    site_id: Text | None = None
    prior_polymetastatic: Flag | None = None
    prior_oligometastatic: Flag | None = None
    primary_diagnosed_on: ClinicalTime | None = None

    @property
    def clinical_day(self) -> datetime.date:
        """The day that orders the record (contract 1)."""
        return day_of(self.enrolled_on)


class TherapySite(Part):
    """A site that a local therapy treated, and its lesions."""

    site_id: Name
    organ: Organ
    lesion_ids: Many[Name] = ()


class LocalTherapy(Record):
    """A destructive local therapy; while `ended_on` is null its blackout stays open."""

    KIND: ClassVar[str] = "therapy.local"

    modality: LocalModality
    started_on: ClinicalTime
    ended_on: ClinicalTime | None = None
    round: FromOne
    sites: Many[TherapySite] = ()
    total_dose_gy: Measure | None = None
    fractions: FromOne | None = None
    bed_gy: Measure | None = None
    margins_clear: Flag | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ended_on is not None and day_of(self.ended_on) < day_of(self.started_on):
            raise PydanticCustomError(
                "implausible_value", "ended_on is before started_on", {"field": "ended_on"}
            )
        return self

    @property
    def clinical_day(self) -> datetime.date:
        """The day that orders the record (contract 1)."""
        return day_of(self.started_on)

    @property
    def last_day(self) -> datetime.date:
        """The record's latest day."""
        return day_of(self.ended_on or self.started_on)


class DayClosed(Record):
    """The monitor's own clock: the day is over in the study's time zone (contract 2.3)."""

    KIND: ClassVar[str] = "day.closed"

    closed_on: ClinicalTime

    @property
    def clinical_day(self) -> datetime.date:
        """The day that orders the record (contract 1)."""
        return day_of(self.closed_on)


class Tombstone(Record):
    """A record that was cancelled or entered in error: only what it takes away matters."""

    KIND: ClassVar[str] = "tombstone"

    status: Literal["cancelled", "entered_in_error"]
    kind: str
    day: ClinicalTime | None = None


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
