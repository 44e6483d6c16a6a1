"""What the other sources send, eligibility apart: from enrolment to closed days (contract 2.3)."""

import datetime
from typing import ClassVar, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from monitor.clinical.terms import (
    Analyte,
    ClinicalTime,
    Count,
    Decision,
    Flag,
    FromOne,
    LocalModality,
    MarkerUnit,
    Measure,
    Name,
    Organ,
    Text,
    Treatable,
    WithdrawalScope,
    calendar_day,
)
from monitor.wire.models.record import Many, Part, Record, missing


def _check_end(started_on: datetime.date, ended_on: datetime.date | None) -> None:
    if ended_on is not None and calendar_day(ended_on) < calendar_day(started_on):
        raise PydanticCustomError(
            "implausible_value", "ended_on is before started_on", {"field": "ended_on"}
        )


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
        _check_end(self.started_on, self.ended_on)
        return self


class SystemicTherapy(Record):
    """A systemic anticancer therapy; `line` counts its lines."""

    KIND: ClassVar[str] = "therapy.systemic"

    started_on: ClinicalTime
    ended_on: ClinicalTime | None = None
    regimen: Text | None = None
    line: Count | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        _check_end(self.started_on, self.ended_on)
        return self


class MarkerResult(Record):
    """A tumour marker in blood, and the upper limit of normal in the same unit."""

    KIND: ClassVar[str] = "marker.result"

    analyte: Analyte
    value: Measure
    unit: MarkerUnit
    collected_at: ClinicalTime
    upper_limit: Measure | None = None


class TreatabilityStated(Record):
    """Whether local therapy can treat what a read showed; without a read the latest one."""

    KIND: ClassVar[str] = "treatability.stated"

    stated_on: ClinicalTime
    read_record_id: Name | None = None
    locally_treatable: Treatable


class BiopsyResult(Record):
    """A biopsy of a treated site or of a lesion."""

    KIND: ClassVar[str] = "biopsy.result"

    taken_on: ClinicalTime
    site_id: Name | None = None
    lesion_id: Name | None = None
    malignant: Flag

    @model_validator(mode="after")
    def _place_given(self) -> Self:
        if self.site_id is None and self.lesion_id is None:
            raise missing("site_id")
        return self


class ReviewHeld(Record):
    """A multidisciplinary review and what it decided."""

    KIND: ClassVar[str] = "review.held"

    held_on: ClinicalTime
    decision: Decision
    notice_ids: Many[Text] | None = None


class ContactRecorded(Record):
    """Somebody has seen or heard the patient."""

    KIND: ClassVar[str] = "contact.recorded"

    contacted_on: ClinicalTime


class DeathRecorded(Record):
    """The patient has died."""

    KIND: ClassVar[str] = "death.recorded"

    died_on: ClinicalTime
    cause: Text | None = None


class WithdrawalRecorded(Record):
    """The patient withdraws: from treatment, from follow-up, or takes the consent back."""

    KIND: ClassVar[str] = "withdrawal.recorded"

    withdrawn_on: ClinicalTime
    scope: WithdrawalScope


class DayClosed(Record):
    """The monitor's own clock: the day is over in the study's time zone (contract 2.3)."""

    KIND: ClassVar[str] = "day.closed"

    closed_on: ClinicalTime
