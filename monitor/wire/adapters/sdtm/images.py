"""The images of a visit: each day and modality once, by the rows of its lesions."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from monitor.clinical.terms import Modality
from monitor.wire.adapters.sdtm.lesions import Lesions
from monitor.wire.adapters.sdtm.rows import VisitRows
from monitor.wire.adapters.sdtm.values import Day, PartialDate, day_of, not_done
from monitor.wire.adapters.sdtm.words import MODALITIES, said
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

UNKNOWN: Final[Modality] = "OTHER"


class Image(NamedTuple):
    """An examination: its day, and how it was made."""

    day: Day
    modality: Modality

    def document(self) -> dict[str, object]:
        """The image as the contract writes it."""
        found: dict[str, object] = {
            "modality": self.modality,
            "regions": [],
            "acquired_on": self.day.day.isoformat(),
        }
        if self.day.precision != "day":
            found["date_precision"] = self.day.precision
        return found


def images_of(visit: VisitRows, lesions: Lesions, partial: PartialDate) -> Sequence[Image]:
    """The images, sorted; where no lesion was seen to, the day that the response gives.

    Raises RefusedAt where no row gives a day, or one cannot be read.
    """
    found = set(_of_lesions(visit, lesions, partial))
    for rows, column in ((visit.rs, "RSDTC"), (visit.tr, "TRDTC")):
        if not found:
            days = (day_of(row, column, partial) for row in rows)
            found = {Image(day, UNKNOWN) for day in days if day is not None}
    if not found:
        blamed = next(visit.rows)
        words = "no row of this read gives the day of an image (TRDTC, RSDTC)"
        raise blamed.refused(Reason.SCHEMA_INVALID, None, words)
    return sorted(found)


def modality_of(row: Row, prefix: str, lesions: Lesions) -> Modality:
    """How the row's image was made: its own method, else that of its lesion in TU."""
    if given := said(row.get(f"{prefix}METHOD")):
        return MODALITIES.get(given, UNKNOWN)
    lesion = lesions.of(row.get(f"{prefix}LNKID"))
    return (lesion.modality if lesion else None) or UNKNOWN


def _of_lesions(visit: VisitRows, lesions: Lesions, partial: PartialDate) -> Iterator[Image]:
    for prefix, rows in (("TR", visit.tr), ("TU", visit.tu)):
        for row in rows:
            if prefix == "TR" and (not row.get("TRLNKID") or not_done(row, "TR")):
                continue  # of no image, or of one that was not made
            day = day_of(row, f"{prefix}DTC", partial)
            if day is not None:
                yield Image(day, modality_of(row, prefix, lesions))
