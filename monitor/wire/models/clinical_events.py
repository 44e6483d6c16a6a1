"""What the other sources send: enrolment, local therapy, closed days (contract 2.3)."""

from typing import ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from monitor.clinical.terms import (
    ClinicalTime,
    Flag,
    FromOne,
    LocalModality,
    Measure,
    Name,
    Organ,
    Text,
    calendar_day,
)
from monitor.wire.models.record import Many, Part, Record


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
        if self.ended_on is not None and calendar_day(self.ended_on) < calendar_day(
            self.started_on
        ):
            raise PydanticCustomError(
                "implausible_value", "ended_on is before started_on", {"field": "ended_on"}
            )
        return self


class DayClosed(Record):
    """The monitor's own clock: the day is over in the study's time zone (contract 2.3)."""

    KIND: ClassVar[str] = "day.closed"

    closed_on: ClinicalTime
