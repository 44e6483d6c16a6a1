"""One read as evaluated, and the days of its images. Lengths are millimetres."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from monitor.clinical import recist
from monitor.clinical.episodes import (
    Episode,
    HeldRead,
)
from monitor.clinical.imaging_read import ImagingRead
from monitor.clinical.new_lesions import Mention
from monitor.clinical.parameters import Recist
from monitor.clinical.terms import day_of


class Visit(Struct):
    """One read as evaluated; lengths in mm. Nothing is set for reads that are not evaluated."""

    held: HeldRead
    read: ImagingRead
    episode: Episode
    evaluated: bool = True
    is_baseline: bool = False
    found: recist.TargetSum | None = None
    baseline_mm: Decimal | None = None
    nadir_mm: Decimal | None = None
    target: str | None = None
    non_target: str | None = None
    new_lesion: str = "none"
    mentions: Sequence[Mention] = ()
    overall: str | None = None
    pd_on: datetime.date | None = None
    pd_reasons: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[datetime.date, datetime.date, str, str]:
        """The read's place in time (contract 2, "Order")."""
        return (self.read.clinical_day, self.read.last_day, *self.held.key)

    def with_dating_reads(self, mentions: Sequence[Mention]) -> tuple[HeldRead, ...]:
        """This read, and the reads that date these lesions."""
        reads = {self.held.key: self.held}
        reads |= {mention.dating_read.key: mention.dating_read for mention in mentions}
        return tuple(reads.values())

    def seen_on(self, mention: Mention, rules: Recist) -> datetime.date:
        """The day that a lesion was seen on in the read that dates it, by its methods (1.10)."""
        pick = min if rules.pd_date_rule == "earliest_evidence" else max
        return pick(
            day
            for method in mention.dating_methods
            for day in image_days(mention.dating_read.fact, {method})
        )

    @property
    def unequivocal(self) -> list[Mention]:
        """New lesions that count as unequivocal."""
        return [mention for mention in self.mentions if mention.certainty == "unequivocal"]


def image_days(read: ImagingRead, modalities: frozenset[str] | set[str]) -> list[datetime.date]:
    """Days of the images of these modalities, of all images when there is none."""
    chosen = [image for image in read.images if image.modality in modalities]
    return [day_of(image.acquired_on) for image in chosen or read.images]
