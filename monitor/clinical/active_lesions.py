"""How many active lesions a read shows, in the lung and elsewhere (clinical rules 4.3).

Active are lesions that are new, not treated, or recurred; what a therapy has dealt with is not.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from monitor.clinical import recist
from monitor.clinical.episodes import HeldTherapy
from monitor.clinical.events import TherapySite
from monitor.clinical.imaging_read import ImagingRead, NewLesionSeen
from monitor.clinical.parameters import Oligo
from monitor.clinical.recurrences import Recurrence
from monitor.clinical.sites import GROWTH, SiteSince, TreatedSites
from monitor.clinical.state import Order
from monitor.clinical.visit import Visit

ACTIVE_TARGETS = frozenset({"measured", "too_small_to_measure", "split"})
ACTIVE_NON_TARGETS = frozenset({"present", "unequivocal_progression"})

Name = tuple[str, str]  # `lesion` or `site`, and its id
Organs = dict[Name, str]


class ActiveCount(Struct, frozen=True):
    """Numbers of active lesions."""

    lung: int
    elsewhere: int


class PatientLesions:
    """What the count of a patient's read depends on beside the reads of its episode."""

    def __init__(
        self,
        therapies: Sequence[HeldTherapy],
        sites: TreatedSites,
        recurrences: Sequence[Recurrence],
        rules: Oligo,
    ) -> None:
        self._therapies = therapies
        self._sites = sites
        self._recurred: Mapping[SiteSince, Order] = {one.site: one.order for one in recurrences}
        self._rules = rules

    def next_therapy_after(self, day: datetime.date) -> datetime.date | None:
        """The first day of the next local therapy, or None."""
        starts = (held.fact.clinical_day for held in self._therapies)
        return min((start for start in starts if start > day), default=None)

    def recurred_sites(self, visit: Visit) -> list[str]:
        """Sites that the read calls larger or progressed, and that have recurred by then."""
        found = []
        for seen in visit.read.treated_sites or ():
            since = self._sites.since(seen.site_id, visit.day)
            if since is not None and seen.finding in GROWTH:
                shown = self._recurred.get((seen.site_id, since))
                if shown is not None and shown <= visit.order:
                    found.append(seen.site_id)
        return found

    def place(self, site_id: str, day: datetime.date) -> TherapySite | None:
        """The site as its therapies up to a day name it."""
        return self._sites.place(site_id, day)

    def treated_by(self, day: datetime.date) -> Organs:
        """For CUMULATIVE every lesion that a therapy named up to a day, one of a bare site."""
        found: Organs = {}
        if self._rules.count_mode == "ACTIVE":
            return found
        for held in self._therapies:
            if held.fact.clinical_day <= day:
                for site in held.fact.sites:
                    found |= dict.fromkeys(_names(site), site.organ)
        return found


class EpisodeLesions:
    """Counts at the reads of one episode, which must be passed over in order."""

    def __init__(self, patient: PatientLesions) -> None:
        self._patient = patient
        self._new: dict[str, NewLesionSeen] = {}
        self._of_sites: set[tuple[str, str]] = set()  # new lesions, sure or not, and their sites

    def pass_over(self, visit: Visit) -> None:
        """Remember the read's new lesions; forget those that it calls absent or benign."""
        read = visit.read
        if self._new:
            for lesion_id in _ended(read):
                self._new.pop(lesion_id, None)
        for mention in visit.mentions:
            if site_id := mention.lesion.treated_site_id:
                self._of_sites.add((mention.lesion.lesion_id, site_id))
            if mention.certainty == "unequivocal":
                self._new[mention.lesion.lesion_id] = mention.lesion
            elif mention.certainty == "benign":
                self._new.pop(mention.lesion.lesion_id, None)

    def count(self, visit: Visit, on: datetime.date) -> ActiveCount | None:
        """The reader's own numbers, else those of the lesions; None when neither can be told.

        `visit` must be the last one passed over; `on` is the day up to which therapies count.
        """
        given = visit.read.active_lesions
        lung, elsewhere = (given.lung, given.elsewhere) if given else (None, None)
        if lung is None and elsewhere is None and recist.depth(visit.read) != "lesions":
            return None
        active = self._active(visit)
        in_lung, out_of_lung = _numbers(active)
        treated = self._patient.treated_by(on)
        more = _numbers({name: treated[name] for name in treated.keys() - active.keys()})
        return ActiveCount(
            (in_lung if lung is None else lung) + more[0],
            (out_of_lung if elsewhere is None else elsewhere) + more[1],
        )

    def _active(self, visit: Visit) -> Organs:
        read = visit.read
        active: Organs = {}
        for target in read.targets or ():
            if target.state in ACTIVE_TARGETS:
                active.setdefault(("lesion", target.lesion_id), target.organ)
        for lesion in read.non_targets.lesions if read.non_targets else ():
            if lesion.state in ACTIVE_NON_TARGETS:
                active.setdefault(("lesion", lesion.lesion_id), lesion.organ)
        for seen in self._new.values():
            active.setdefault(("lesion", seen.lesion_id), seen.organ)
        known = {site for lesion, site in self._of_sites if ("lesion", lesion) in active}
        for site_id in self._patient.recurred_sites(visit):
            site = self._patient.place(site_id, visit.day)
            names = _names(site) if site else [("site", site_id)]
            # A recurrence that a new lesion or a listed one stands for counts once.
            if site_id not in known and active.keys().isdisjoint(names):
                active[names[0]] = site.organ if site else "unspecified"
        return active


def _ended(read: ImagingRead) -> Iterator[str]:
    """Lesions called absent, or merged into a target with a size: they count with that one."""
    targets = read.targets or ()
    sized = {target.lesion_id for target in targets if target.state in ACTIVE_TARGETS}
    for target in targets:
        if target.state == "absent" or target.merged_into in sized:
            yield target.lesion_id
    for lesion in read.non_targets.lesions if read.non_targets else ():
        if lesion.state == "absent":
            yield lesion.lesion_id


def _names(site: TherapySite) -> list[Name]:
    return [("lesion", name) for name in site.lesion_ids] or [("site", site.site_id)]


def _numbers(organs: Organs) -> tuple[int, int]:
    lung = sum(organ == "lung" for organ in organs.values())
    return lung, len(organs) - lung
