"""One read as evaluated, and the days of its images. Lengths are millimetres."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from monitor.clinical import recist
from monitor.clinical.episodes import (
    Episode,
    HeldRead,
)
from monitor.clinical.imaging_read import ImagingRead
from monitor.clinical.new_lesions import CROSS_SECTIONAL, Mention
from monitor.clinical.parameters import Recist
from monitor.clinical.sites import HeldBiopsy, SiteShown
from monitor.clinical.state import Held, Order
from monitor.clinical.terms import day_of

ALL_IMAGES: frozenset[str] = frozenset()


class Visit(Struct):
    """One read as evaluated; lengths in mm. Nothing is set for reads that are not evaluated.

    `recurred` and `doubted` are the treated sites that it shows so; `pd_biopsies` those without
    which the read would not be PD; `baseline_problem` is a kind of DATA_QUALITY, and
    `baseline_days` its numbers in days.
    """

    held: HeldRead
    read: ImagingRead
    order: Order  # the read's place in time (contract 2, "Order")
    episode: Episode
    evaluated: bool = True
    is_baseline: bool = False
    baseline_problem: str | None = None
    baseline_days: Mapping[str, object] = {}
    found: recist.TargetSum | None = None
    baseline_mm: Decimal | None = None
    nadir_mm: Decimal | None = None
    target: str | None = None
    non_target: str | None = None
    new_lesion: str = "none"
    mentions: Sequence[Mention] = ()
    recurred: Sequence[SiteShown] = ()
    doubted: Sequence[SiteShown] = ()
    overall: str | None = None
    pd_on: datetime.date | None = None
    pd_reasons: tuple[str, ...] = ()
    pd_biopsies: tuple[HeldBiopsy, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def day(self) -> datetime.date:
        """The read's clinical day: that of its earliest image."""
        return self.order[0]

    @property
    def last_day(self) -> datetime.date:
        """The day of the read's latest image."""
        return self.order[1]

    @property
    def evaluable(self) -> bool:
        """Whether the overall is neither NE nor null; the baseline counts as evaluable (4.2)."""
        return self.is_baseline or self.overall not in (None, "NE")

    @property
    def clear(self) -> bool:
        """Whether it is evaluable and not PD (4.3, "Imaging clear")."""
        return self.evaluable and self.overall != "PD"

    def evidence(self, mentions: Sequence[Mention]) -> tuple[Held, ...]:  # type: ignore[type-arg]
        """This read, those that named first what it confirms, the biopsies that decided them."""
        biopsies = {mention.biopsy.key: mention.biopsy for mention in mentions if mention.biopsy}
        return (*self._reads(mentions), *biopsies.values())

    def _reads(self, mentions: Sequence[Mention]) -> tuple[HeldRead, ...]:
        records = {self.held.key: self.held}
        records |= {m.dating_read.key: m.dating_read for m in mentions if m.confirmed}
        return tuple(records.values())

    @property
    def pd_evidence(self) -> tuple[Held, ...]:  # type: ignore[type-arg]
        """What identifies the read's PD: itself, what it confirms, biopsies it needs (4.2)."""
        return (*self._reads(self.unequivocal), *self.pd_biopsies)

    def seen_on(self, mention: Mention, rules: Recist) -> datetime.date:
        """The day that a lesion was seen on in the read that dates it, by its methods (1.10)."""
        pick = min if rules.pd_date_rule == "earliest_evidence" else max
        return pick(lesion_days(mention.dating_read.fact, mention.dating_methods))

    @property
    def site_days(self) -> list[datetime.date]:
        """Days of the images that show targets, non-targets and treated sites (1.10)."""
        every = recist.depth(self.read) == "responses"
        return image_days(self.read, ALL_IMAGES if every else CROSS_SECTIONAL)

    @property
    def unequivocal(self) -> list[Mention]:
        """New lesions that count as unequivocal."""
        return [mention for mention in self.mentions if mention.certainty == "unequivocal"]


def image_days(read: ImagingRead, modalities: frozenset[str] | set[str]) -> list[datetime.date]:
    """Days of the images of these modalities, of all images when there is none."""
    chosen = [image for image in read.images if image.modality in modalities]
    return [day_of(image.acquired_on) for image in chosen or read.images]


def lesion_days(read: ImagingRead, methods: Iterable[str]) -> list[datetime.date]:
    """Days of the images that show a new lesion seen by these methods (1.10)."""
    if recist.depth(read) == "responses":
        return image_days(read, ALL_IMAGES)
    return [day for method in methods for day in image_days(read, {method})]
