"""Treated sites by definition: time guards, biopsies, what counts as recurred (1.12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.auditor.values import Record, days, of_kind

GROWN = {"enlarging", "progressed"}
SETTLED = {"no_change", "post_treatment_change"}


@dataclass
class SiteReading:
    """What one read's word on one site comes to."""

    site_id: str
    recurred: bool
    doubtful: bool
    biopsy: Record | None = None


@dataclass
class Sites:
    """The patient's treated sites: their therapies, and the biopsies that name them."""

    therapies: list[Record]
    biopsies: list[Record]
    all_biopsies: list[Record]

    @classmethod
    def of(cls, records: Sequence[Record]) -> "Sites":
        biopsies = of_kind(records, "biopsy.result")
        named = [biopsy for biopsy in biopsies if biopsy.get("site_id") is not None]
        return cls(of_kind(records, "therapy.local"), named, biopsies)

    def of_site(self, site_id: str) -> list[Record]:
        return [
            therapy
            for therapy in self.therapies
            if any(site["site_id"] == site_id for site in therapy.get("sites") or [])
        ]

    def period(self, site_id: str, on: date) -> int | None:
        """How many therapies of the site had begun; null before the site's first.

        A site without a therapy on record counts from the patient's first local therapy on.
        """
        own = self.of_site(site_id)
        first = min((t.clinical_day for t in own or self.therapies), default=on)
        return None if on < first else sum(t.clinical_day <= on for t in own)

    def organ(self, site_id: str, on: date) -> str | None:
        """The organ that the site's last therapy begun by then names."""
        organs = [
            site["organ"]
            for therapy in self.of_site(site_id)
            if therapy.clinical_day <= on
            for site in therapy.data["sites"]
            if site["site_id"] == site_id
        ]
        return str(organs[-1]) if organs else None

    def lesions(self, site_id: str, on: date) -> list[str]:
        """The lesions of the site that its therapies begun by then name, of the last one first."""
        return [
            str(lesion_id)
            for therapy in reversed(self.of_site(site_id))
            if therapy.clinical_day <= on
            for site in therapy.data["sites"]
            if site["site_id"] == site_id
            for lesion_id in site.get("lesion_ids") or []
        ]

    def benign_later(self, site_id: str, read: Record) -> bool:
        """A biopsy that was not malignant ends the doubt of reads up to its day.

        It tells nothing of the site as it was before it was treated again.
        """
        period = self.period(site_id, read.clinical_day)
        return any(
            not biopsy.data["malignant"]
            and read.clinical_day <= biopsy.clinical_day
            and self.period(site_id, biopsy.clinical_day) == period
            for biopsy in self.biopsies
            if biopsy.data["site_id"] == site_id
        )

    def benign_since(self, site_id: str, read: Record) -> bool:
        """4.2: a biopsy was not malignant, whatever was done to the site in between."""
        return any(
            biopsy.data["site_id"] == site_id and not biopsy.data["malignant"]
            for biopsy in self.biopsies
            if biopsy.clinical_day >= read.clinical_day
        )

    def malignant(self) -> list[Record]:
        """Malignant biopsies of sites; one before the site's therapy is of the old lesion."""
        return [
            biopsy
            for biopsy in self.biopsies
            if biopsy.data["malignant"]
            and self.period(str(biopsy.data["site_id"]), biopsy.clinical_day) is not None
        ]

    def _benign(self, site_id: str, before: Record) -> list[Record]:
        """Those of earlier days; of two samples of one day the malignant one tells."""
        return [
            biopsy
            for biopsy in self.biopsies
            if biopsy.data["site_id"] == site_id and not biopsy.data["malignant"]
            if biopsy.clinical_day < before.clinical_day
        ]

    def read_proven_by(self, biopsy: Record, reads: Sequence[Record]) -> Record | None:
        """First read after the therapy, on or before the biopsy, that called the site grown."""
        site_id = str(biopsy.data["site_id"])
        period = self.period(site_id, biopsy.clinical_day)
        settled = max((b.clinical_day for b in self._benign(site_id, before=biopsy)), default=None)
        return next(
            (
                read
                for read in reads
                if read.clinical_day <= biopsy.clinical_day
                and (settled is None or read.clinical_day > settled)  # else it raises nothing
                and self.period(site_id, read.clinical_day) == period
                and any(
                    entry["site_id"] == site_id and entry["finding"] in GROWN
                    for entry in read.get("treated_sites") or []
                )
            ),
            None,
        )

    def readings(self, read: Record, reads: Sequence[Record]) -> list[SiteReading]:
        """Every site the read speaks of, judged; `reads` are its series, evaluated, in order."""
        return [
            self._reading(read, entry, reads)
            for entry in read.get("treated_sites") or []
            if self.period(str(entry["site_id"]), read.clinical_day) is not None
        ]

    def _reading(self, read: Record, entry: dict[str, Any], reads: Sequence[Record]) -> SiteReading:
        site_id = str(entry["site_id"])
        begun = [t for t in self.of_site(site_id) if t.clinical_day <= read.clinical_day]
        last = max(begun, key=_ended, default=None)
        word = guarded(entry, last, read.clinical_day)
        if self.benign_later(site_id, read):
            word = "nothing"
        if word == "recurred":
            return SiteReading(site_id, recurred=True, doubtful=False)
        proofs = [
            biopsy
            for biopsy in self.malignant()
            if biopsy.data["site_id"] == site_id and self.read_proven_by(biopsy, reads) is read
        ]
        if proofs:
            return SiteReading(site_id, recurred=True, doubtful=False, biopsy=proofs[0])
        if entry["finding"] == "progressed":
            proofs = self.proven_before(site_id, read, reads)
            if proofs:
                return SiteReading(site_id, recurred=True, doubtful=False, biopsy=proofs[0])
        return SiteReading(site_id, recurred=False, doubtful=word == "doubtful")

    def proven_before(self, site_id: str, read: Record, reads: Sequence[Record]) -> list[Record]:
        """Tissue that has proven the recurrence: a later `progressed` needs no guard."""
        period = self.period(site_id, read.clinical_day)
        return [
            biopsy
            for biopsy in self.malignant()
            if biopsy.data["site_id"] == site_id
            and self.period(site_id, biopsy.clinical_day) == period
            and (self.read_proven_by(biopsy, reads) or biopsy).order < read.order
        ]


def _ended(therapy: Record) -> tuple[bool, date, tuple[date, date, str, str]]:
    """1.12 "the last therapy of that site": that ended last, one without an end after all."""
    return (therapy.get("ended_on") is None, therapy.last_day, therapy.order)


def guarded(entry: dict[str, Any], therapy: Record | None, on: date) -> str:
    """`recurred`, `doubtful` or `nothing` by the guards of 1.12, biopsies aside."""
    if entry["finding"] not in GROWN:
        return "nothing"
    progressed = entry["finding"] == "progressed"
    outside = "recurred" if progressed else "doubtful"
    if therapy is None or therapy.data["modality"] == "surgery":
        return outside
    ended = therapy.get("ended_on")
    # While a therapy has no end its guard has not begun to run out.
    since = days(therapy.last_day, on) if ended is not None else -1
    if therapy.data["modality"] == "ablation":
        if since < 90:
            return "nothing"
        return "doubtful" if since < 180 else outside
    signs = len(set(entry.get("high_risk_signs") or []))
    if since < 180:
        return "doubtful"
    if since < 365:
        return "recurred" if progressed and signs >= 2 else "doubtful"
    return outside
