"""The fact of a reader: one evaluation of one imaging visit (contract 2.2)."""

import datetime
from decimal import Decimal
from typing import ClassVar

from monitor.clinical.record import Part, Record
from monitor.clinical.terms import (
    Certainty,
    DatePrecision,
    Modality,
    NonTargetResponse,
    NonTargetState,
    Organ,
    ReaderRole,
    Response,
    SiteFinding,
    Survey,
    TargetState,
    day_of,
)


class Reader(Part, frozen=True, kw_only=True):
    """Who read, and in which role."""

    id: str
    role: ReaderRole


class Timepoint(Part, frozen=True, kw_only=True):
    """What the reader calls the visit."""

    label: str | None = None
    is_baseline: bool = False


class Image(Part, frozen=True, kw_only=True):
    """One examination: modality, regions, day, slice thickness in mm."""

    modality: Modality
    regions: tuple[str, ...] = ()
    acquired_on: str
    slice_thickness_mm: Decimal | None = None
    date_precision: DatePrecision | None = None


class Target(Part, frozen=True, kw_only=True):
    """A target lesion: longest diameter in mm, of nodes the short axis (RECIST 1.1)."""

    lesion_id: str
    organ: Organ
    site: str | None = None
    nodal: bool
    state: TargetState
    diameter_mm: Decimal | None = None
    fragments_mm: tuple[Decimal, ...] | None = None
    merged_into: str | None = None


class NonTargetLesion(Part, frozen=True, kw_only=True):
    """A non-target lesion: seen or not, never measured."""

    lesion_id: str
    organ: Organ
    nodal: bool
    state: NonTargetState


class NonTargets(Part, frozen=True, kw_only=True):
    """The non-target lesions, and the reader's value for the group."""

    lesions: tuple[NonTargetLesion, ...] = ()
    response: NonTargetResponse | None = None


class NewLesionSeen(Part, frozen=True, kw_only=True):
    """A new lesion as this read sees it; its id makes it the same in a later read."""

    lesion_id: str
    organ: Organ
    site: str | None = None
    nodal: bool
    certainty: Certainty
    method: Modality
    size_mm: Decimal | None = None
    treated_site_id: str | None = None
    seen_on: str | None = None


class TreatedSiteRead(Part, frozen=True, kw_only=True):
    """What a read says of a site that a local therapy treated; size in mm."""

    site_id: str
    finding: SiteFinding
    size_mm: Decimal | None = None
    high_risk_signs: tuple[str, ...] | None = None


class ActiveLesions(Part, frozen=True, kw_only=True):
    """The reader's own count of active lesions."""

    lung: int | None = None
    elsewhere: int | None = None


class Reported(Part, frozen=True, kw_only=True):
    """The responses as the reader reported them."""

    target: Response | None = None
    non_target: Response | None = None
    overall: Response | None = None


class ImagingRead(Record, frozen=True, kw_only=True):
    """One reader's evaluation of one visit, at one of three depths (contract 2.2)."""

    KIND: ClassVar[str] = "imaging.read"

    reader: Reader
    timepoint: Timepoint = Timepoint()
    images: tuple[Image, ...]
    survey: Survey | None = None
    targets: tuple[Target, ...] | None = None
    non_targets: NonTargets | None = None
    tumour_markers_normal: bool | None = None
    new_lesions: tuple[NewLesionSeen, ...] | None = None
    treated_sites: tuple[TreatedSiteRead, ...] | None = None
    active_lesions: ActiveLesions | None = None
    sum_of_diameters_mm: Decimal | None = None
    reported: Reported | None = None
    signed_at: str | None = None

    @property
    def days(self) -> frozenset[datetime.date]:
        """The days of the images: reads of the same days are of one visit (clinical rules 4.3)."""
        return frozenset([day_of(image.acquired_on) for image in self.images])

    @property
    def clinical_day(self) -> datetime.date:
        """The day that orders the record (contract 1)."""
        if len(self.images) == 1:  # the common case, read again and again
            return day_of(self.images[0].acquired_on)
        return min(day_of(image.acquired_on) for image in self.images)

    @property
    def last_day(self) -> datetime.date:
        """The record's latest day."""
        if len(self.images) == 1:
            return day_of(self.images[0].acquired_on)
        return max(day_of(image.acquired_on) for image in self.images)
