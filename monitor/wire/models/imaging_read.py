"""The fact of a reader: one evaluation of one imaging visit (contract 2.2)."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from monitor.clinical.terms import (
    LIST_LENGTH_MAX,
    Certainty,
    ClinicalTime,
    Count,
    DatePrecision,
    Flag,
    Measure,
    Modality,
    Name,
    NonTargetResponse,
    NonTargetState,
    Organ,
    ReaderRole,
    Response,
    SiteFinding,
    Survey,
    TargetState,
    Text,
)
from monitor.wire.models.record import Many, Part, Record, missing


class Reader(Part):
    """Who read, and in which role."""

    id: Name
    role: ReaderRole


class Timepoint(Part):
    """What the reader calls the visit."""

    label: Text | None = None
    is_baseline: Flag = False


class Image(Part):
    """One examination: modality, regions, day, slice thickness in mm."""

    modality: Modality
    regions: Many[Text] = ()
    acquired_on: ClinicalTime
    slice_thickness_mm: Measure | None = None
    date_precision: DatePrecision | None = None


class Target(Part):
    """A target lesion: longest diameter in mm, of nodes the short axis (RECIST 1.1)."""

    lesion_id: Name
    organ: Organ
    site: Text | None = None
    nodal: Flag
    state: TargetState
    diameter_mm: Measure | None = None
    fragments_mm: Many[Measure] | None = None
    merged_into: Name | None = None

    @model_validator(mode="after")
    def _value_given(self) -> Self:
        if self.state == "measured" and self.diameter_mm is None:
            raise missing("diameter_mm")
        if self.state == "split" and not self.fragments_mm:
            raise missing("fragments_mm")
        if self.state == "merged" and self.merged_into is None:
            raise missing("merged_into")
        return self


class NonTargetLesion(Part):
    """A non-target lesion: seen or not, never measured."""

    lesion_id: Name
    organ: Organ
    nodal: Flag
    state: NonTargetState


class NonTargets(Part):
    """The non-target lesions, and the reader's value for the group."""

    lesions: Many[NonTargetLesion] = ()
    response: NonTargetResponse | None = None


class NewLesionSeen(Part):
    """A new lesion as this read sees it; its id makes it the same in a later read."""

    lesion_id: Name
    organ: Organ
    site: Text | None = None
    nodal: Flag
    certainty: Certainty
    method: Modality
    size_mm: Measure | None = None
    treated_site_id: Name | None = None
    seen_on: ClinicalTime | None = None


class TreatedSiteRead(Part):
    """What a read says of a site that a local therapy treated; size in mm."""

    site_id: Name
    finding: SiteFinding
    size_mm: Measure | None = None
    high_risk_signs: Many[Text] | None = None


class ActiveLesions(Part):
    """The reader's own count of active lesions."""

    lung: Count | None = None
    elsewhere: Count | None = None


class Reported(Part):
    """The responses as the reader reported them."""

    target: Response | None = None
    non_target: Response | None = None
    overall: Response | None = None


class ImagingRead(Record):
    """One reader's evaluation of one visit, at one of three depths (contract 2.2)."""

    KIND: ClassVar[str] = "imaging.read"

    reader: Reader
    timepoint: Timepoint = Timepoint()
    images: Annotated[tuple[Image, ...], Field(min_length=1, max_length=LIST_LENGTH_MAX)]
    survey: Survey | None = None
    targets: Many[Target] | None = None
    non_targets: NonTargets | None = None
    tumour_markers_normal: Flag | None = None
    new_lesions: Many[NewLesionSeen] | None = None
    treated_sites: Many[TreatedSiteRead] | None = None
    active_lesions: ActiveLesions | None = None
    sum_of_diameters_mm: Measure | None = None
    reported: Reported | None = None
    signed_at: ClinicalTime | None = None
