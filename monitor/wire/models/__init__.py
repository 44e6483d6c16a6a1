"""The strict models of what comes in: unknown words, wrong kinds and impossible values are errors.

Every kind has one here that reads it and one in `clinical` that keeps it; a test holds them equal.
"""

from collections.abc import Mapping

from monitor.wire.models.clinical_events import (
    BiopsyResult,
    ContactRecorded,
    DayClosed,
    DeathRecorded,
    LocalTherapy,
    MarkerResult,
    PatientEnrolled,
    ReviewHeld,
    SystemicTherapy,
    TreatabilityStated,
    WithdrawalRecorded,
)
from monitor.wire.models.ctdna_result import CtdnaResult
from monitor.wire.models.eligibility_assessed import EligibilityAssessed
from monitor.wire.models.imaging_read import ImagingRead
from monitor.wire.models.record import Record

MODELS: Mapping[str, type[Record]] = {
    model.KIND: model
    for model in (
        CtdnaResult,
        ImagingRead,
        PatientEnrolled,
        EligibilityAssessed,
        LocalTherapy,
        SystemicTherapy,
        MarkerResult,
        TreatabilityStated,
        BiopsyResult,
        ReviewHeld,
        ContactRecorded,
        DeathRecorded,
        WithdrawalRecorded,
        DayClosed,
    )
}
