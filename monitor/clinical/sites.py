"""Treated sites: since when a site counts as treated, and what a read's word on it counts as.

Clinical rules 1.12: the guards in time of each modality, and the biopsies of a site.
"""

import datetime
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from monitor.clinical.events import BiopsyResult, LocalTherapy, TherapySite
from monitor.clinical.imaging_read import TreatedSiteRead
from monitor.clinical.state import Held
from monitor.clinical.terms import LocalModality, day_of

HeldBiopsy = Held[BiopsyResult]
Verdict = Literal["recurred", "equivocal", "nothing"]
Guard = tuple[int, Verdict, Verdict]
SiteSince = tuple[str, datetime.date]  # a site, and the first day of its latest therapy

GROWTH = frozenset({"enlarging", "progressed"})
SIGNS_MIN = 2  # high-risk signs that make a reader's call count inside the later guard

# Below so many days since the therapy's last day: what `progressed` counts as, and what it
# counts as with two high-risk signs. After the last row the reader's call counts (1.12).
GUARDS: Mapping[LocalModality, tuple[Guard, ...]] = {
    "radiotherapy": ((180, "equivocal", "equivocal"), (365, "equivocal", "recurred")),
    "ablation": ((90, "nothing", "nothing"), (180, "equivocal", "equivocal")),
    "surgery": (),
}


class SiteShown(Struct, frozen=True):
    """What a read says of a site that it shows as recurred or in doubt.

    `biopsy` is the one that decided, if any.
    """

    site: SiteSince
    seen: TreatedSiteRead
    biopsy: HeldBiopsy | None = None


class _Treated(Struct):
    """The therapies of one site in order: first days, and of those so far the one to end last."""

    starts: list[datetime.date] = field(default_factory=list)
    sites: list[TherapySite] = field(default_factory=list)
    ended_last: list[LocalTherapy] = field(default_factory=list)

    def add(self, site: TherapySite, therapy: LocalTherapy) -> None:
        """Take a therapy of the site; of several that end together the last one counts."""
        last = self.ended_last[-1] if self.ended_last else therapy
        self.starts.append(therapy.clinical_day)
        self.sites.append(site)
        self.ended_last.append(therapy if _end(therapy) >= _end(last) else last)


class TreatedSites:
    """The sites of a patient's local therapies, and the biopsies that name a site."""

    def __init__(
        self, therapies: Sequence[Held[LocalTherapy]], biopsies: Sequence[HeldBiopsy]
    ) -> None:
        """Take records of a final status, in clinical order."""
        self._treated: dict[str, _Treated] = {}
        for held in therapies:
            for site in held.fact.sites:
                self._treated.setdefault(site.site_id, _Treated()).add(site, held.fact)
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
        treated = self._treated.get(site_id)
        if treated is None:
            return self._from if self._from <= day else None
        before = bisect_right(treated.starts, day)
        return treated.starts[before - 1] if before else None

    def verdict(self, seen: TreatedSiteRead, day: datetime.date) -> Verdict:
        """What growth in a read of this day counts as, by the guard of the last therapy."""
        guard = guard_of(self.last_therapy(seen.site_id, day), day)
        verdict: Verdict = "recurred"
        if guard is not None:
            verdict = guard[2] if signs_of(seen) >= SIGNS_MIN else guard[1]
        if verdict == "recurred" and seen.finding == "enlarging":
            return "equivocal"
        return verdict

    def last_therapy(self, site_id: str, day: datetime.date) -> LocalTherapy | None:
        """The therapy whose guard judges the site on a day; None without one on record."""
        treated = self._treated.get(site_id)
        before = bisect_right(treated.starts, day) if treated else 0
        return treated.ended_last[before - 1] if treated and before else None

    def place(self, site_id: str, day: datetime.date) -> TherapySite | None:
        """The site as its therapies up to a day name it: the latest organ, every lesion."""
        treated = self._treated.get(site_id)
        before = bisect_right(treated.starts, day) if treated else 0
        if not treated or not before:
            return None
        named = treated.sites[:before]
        lesion_ids = dict.fromkeys(name for site in named for name in site.lesion_ids)
        return replace(named[-1], lesion_ids=tuple(lesion_ids))


def _end(therapy: LocalTherapy) -> datetime.date:
    """The last day; a therapy that goes on is later than any other, its guard does not pass."""
    return datetime.date.max if therapy.ended_on is None else day_of(therapy.ended_on)


def guard_of(therapy: LocalTherapy | None, day: datetime.date) -> Guard | None:
    """The row of the guards that a read of this day falls into; None when it is outside."""
    if therapy is None:
        return None
    days = (day - _end(therapy)).days
    return next((row for row in GUARDS[therapy.modality] if days < row[0]), None)


def signs_of(seen: TreatedSiteRead) -> int:
    """How many high-risk signs a read names at a site, each counted once."""
    return len(set(seen.high_risk_signs or ()))
