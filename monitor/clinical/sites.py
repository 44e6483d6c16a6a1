"""Treated sites: since when a site counts as treated, and what a read's word on it counts as.

Clinical rules 1.12: the guards in time of each modality, and the biopsies of a site.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from monitor.clinical.events import BiopsyResult, LocalTherapy, TherapySite
from monitor.clinical.imaging_read import TreatedSiteRead
from monitor.clinical.state import Held
from monitor.clinical.terms import LocalModality, day_of

HeldBiopsy = Held[BiopsyResult]
Verdict = Literal["recurred", "equivocal", "nothing"]
SiteSince = tuple[str, datetime.date]  # a site, and the first day of its latest therapy

GROWTH = frozenset({"enlarging", "progressed"})
SIGNS_MIN = 2  # high-risk signs that make a reader's call count inside the later guard

# Below so many days since the therapy's last day: what `progressed` counts as, and what it
# counts as with two high-risk signs. After the last row the reader's call counts (1.12).
GUARDS: Mapping[LocalModality, tuple[tuple[int, Verdict, Verdict], ...]] = {
    "radiotherapy": ((180, "equivocal", "equivocal"), (365, "equivocal", "recurred")),
    "ablation": ((90, "nothing", "nothing"), (180, "equivocal", "equivocal")),
    "surgery": (),
}


class SiteShown(Struct, frozen=True):
    """A treated site that a read shows as recurred; `biopsy` is the one that decided, if any."""

    site_id: str
    since: datetime.date
    biopsy: HeldBiopsy | None = None

    @property
    def key(self) -> SiteSince:
        """The site since its latest therapy."""
        return (self.site_id, self.since)


class TreatedSites:
    """The sites of a patient's local therapies, and the biopsies that name a site."""

    def __init__(
        self, therapies: Sequence[Held[LocalTherapy]], biopsies: Sequence[HeldBiopsy]
    ) -> None:
        """Take records of a final status, in clinical order."""
        self._treated: dict[str, list[LocalTherapy]] = {}
        self._starts: dict[str, list[datetime.date]] = {}
        for held in therapies:
            start = held.fact.clinical_day
            for site in held.fact.sites:
                self._treated.setdefault(site.site_id, []).append(held.fact)
                self._starts.setdefault(site.site_id, []).append(start)
        self._from = therapies[0].fact.clinical_day if therapies else datetime.date.min
        self.biopsies: dict[SiteSince, list[HeldBiopsy]] = {}
        for biopsy in biopsies:
            site_id = biopsy.fact.site_id
            since = self.since(site_id, biopsy.fact.clinical_day) if site_id else None
            if site_id and since is not None:
                self.biopsies.setdefault((site_id, since), []).append(biopsy)

    def since(self, site_id: str, day: datetime.date) -> datetime.date | None:
        """The first day of the site's latest therapy up to a day; None before the first.

        A site without a therapy on record counts from the patient's first local therapy.
        """
        starts = self._starts.get(site_id) or [self._from]
        return next((start for start in reversed(starts) if start <= day), None)

    def verdict(self, seen: TreatedSiteRead, day: datetime.date) -> Verdict:
        """What growth in a read of this day counts as, by the guard of the last therapy."""
        before = [fact for fact in self._treated.get(seen.site_id, ()) if fact.clinical_day <= day]
        verdict: Verdict = "recurred"
        if before:
            last = max(reversed(before), key=_end)  # of several that end together the last
            signs = len(set(seen.high_risk_signs or ()))
            verdict = _guarded(last.modality, (day - _end(last)).days, signs)
        if verdict == "recurred" and seen.finding == "enlarging":
            return "equivocal"
        return verdict

    def place(self, site_id: str, day: datetime.date) -> TherapySite | None:
        """The site as its therapies up to a day name it: the latest organ, every lesion."""
        treated = [
            site
            for fact in self._treated.get(site_id, ())
            if fact.clinical_day <= day
            for site in fact.sites
            if site.site_id == site_id
        ]
        if not treated:
            return None
        lesion_ids = dict.fromkeys(name for site in treated for name in site.lesion_ids)
        return replace(treated[-1], lesion_ids=tuple(lesion_ids))


def _end(therapy: LocalTherapy) -> datetime.date:
    """The last day; a therapy that goes on is later than any other, its guard does not pass."""
    return datetime.date.max if therapy.ended_on is None else day_of(therapy.ended_on)


def _guarded(modality: LocalModality, days: int, signs: int) -> Verdict:
    for until, plain, with_signs in GUARDS[modality]:
        if days < until:
            return with_signs if signs >= SIGNS_MIN else plain
    return "recurred"
