"""Which treated sites have recurred, by reads and by biopsies, and where a doubt is left.

Clinical rules 1.12 and 4.2. A recurrence is told once per site until the site is treated again.
"""

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from monitor.clinical.imaging_read import TreatedSiteRead
from monitor.clinical.parameters import Recist
from monitor.clinical.sites import GROWTH, HeldBiopsy, SiteShown, SiteSince, TreatedSites, Verdict
from monitor.clinical.state import Held, Order, order_of
from monitor.clinical.visit import Visit


class Call(Struct, frozen=True):
    """What a read says of a site, whether that is growth, and what it counts as by itself."""

    visit: Visit
    seen: TreatedSiteRead
    grown: bool
    verdict: Verdict


class Recurrence(Struct, frozen=True):
    """The first read or biopsy that shows a site as recurred; `visit` is None for a biopsy.

    `called` is the reader's word where it counts by itself; `new_lesion` says that there is an
    unequivocal one at the site.
    """

    site: SiteSince
    on: datetime.date
    identifying: tuple[Held, ...]  # type: ignore[type-arg]
    order: Order
    visit: Visit | None
    biopsy: HeldBiopsy | None
    called: TreatedSiteRead | None = None
    new_lesion: bool = False


Calls = Mapping[SiteSince, Sequence[Call]]
NEVER = datetime.date.min


def judge_sites(visits: Sequence[Visit], sites: TreatedSites) -> None:
    """Set on each read of a series the sites that it shows as recurred, and those in doubt."""
    words = (seen for visit in visits for seen in visit.read.treated_sites or ())
    if GROWTH.isdisjoint(seen.finding for seen in words):
        return
    calls = _calls(visits, sites)
    settled, cleared = _settled(calls), _cleared(sites)
    for site, said in calls.items():
        if not any(call.grown for call in said):
            continue
        for call, shown in _recurred(site, said, sites.biopsies.get(site, ())):
            call.visit.recurred = (*call.visit.recurred, shown)
        name = site[0]
        for call in _doubted(said, settled.get(name), cleared.get(name, NEVER)):
            call.visit.doubted = (*call.visit.doubted, SiteShown(site, call.seen))


def biopsies_alone(visits: Sequence[Visit], sites: TreatedSites) -> list[tuple[SiteSince, Held]]:  # type: ignore[type-arg]
    """Malignant biopsies of a site that no read up to then called larger or progressed."""
    if not sites.biopsies:
        return []
    calls = _calls(visits, sites)
    return [
        (site, biopsy)
        for site, biopsies in sites.biopsies.items()
        for biopsy, call in _dated(calls.get(site, ()), biopsies)
        if call is None
    ]


def recurrences_of(
    visits: Sequence[Visit],
    alone: Sequence[tuple[SiteSince, HeldBiopsy]],
    sites: TreatedSites,
    rules: Recist,
) -> list[Recurrence]:
    """The first read or biopsy that shows each recurrence, in order (4.2, LOCAL_RECURRENCE)."""
    shown = [
        found
        for visit in visits
        if visit.recurred or visit.mentions
        for found in _shown_by(visit, sites, rules)
    ]
    shown += [
        Recurrence(site, held.fact.clinical_day, (held,), order_of(held), None, held)
        for site, held in alone
    ]
    first: dict[SiteSince, Recurrence] = {}
    for found in sorted(shown, key=lambda found: found.order):
        first.setdefault(found.site, found)
    return list(first.values())


def _calls(visits: Sequence[Visit], sites: TreatedSites) -> dict[SiteSince, list[Call]]:
    """What reads say of sites, by site and therapy; before its therapy a site is none."""
    found: dict[SiteSince, list[Call]] = {}
    for visit in visits:
        if not visit.read.treated_sites or not visit.evaluated or not visit.episode.number:
            continue
        for seen in visit.read.treated_sites:
            since = sites.since(seen.site_id, visit.day)
            if since is not None:
                grown = seen.finding in GROWTH
                verdict = sites.verdict(seen, visit.day) if grown else "nothing"
                found.setdefault((seen.site_id, since), []).append(
                    Call(visit, seen, grown, verdict)
                )
    return found


def _dated(
    calls: Sequence[Call], biopsies: Sequence[HeldBiopsy]
) -> Iterator[tuple[HeldBiopsy, Call | None]]:
    """Each malignant biopsy and the first read that it dates to, if there is one (1.12).

    Calls and biopsies are in clinical order; one that was not malignant ends the doubt before it.
    """
    grown = [call for call in calls if call.grown]
    days = [call.visit.day for call in grown]
    benign = list(_benign_days(biopsies))
    for biopsy in biopsies:
        if biopsy.fact.malignant:
            day = biopsy.fact.clinical_day
            before = bisect_left(benign, day)
            place = bisect_right(days, benign[before - 1]) if before else 0
            yield biopsy, grown[place] if place < len(days) and days[place] <= day else None


def _recurred(
    site: SiteSince, calls: Sequence[Call], biopsies: Sequence[HeldBiopsy]
) -> Iterator[tuple[Call, SiteShown]]:
    """Calls that count as a recurrence: the reader's own, and those that a biopsy has proven.

    Once tissue has proven a site, the guards leave no doubt of a reader's `progressed`.
    """
    cleared = max(_benign_days(biopsies), default=NEVER)
    dating: dict[int, HeldBiopsy] = {}  # by the very call: a read may name a site twice
    alone: HeldBiopsy | None = None
    for biopsy, first in _dated(calls, biopsies):
        if first is not None:
            dating.setdefault(id(first), biopsy)
        else:
            alone = alone or biopsy
    proof: HeldBiopsy | None = None
    told: set[tuple[str, str]] = set()
    for call in calls:
        by = dating.get(id(call))
        if proof is None:
            known = alone if alone and order_of(alone) <= call.visit.order else None
            proof = min(filter(None, (by, known)), key=order_of, default=None)
        own = call.verdict == "recurred" and cleared < call.visit.day
        if by is None and call.seen.finding == "progressed":
            by = proof
        if (own or by is not None) and call.visit.held.key not in told:
            told.add(call.visit.held.key)
            yield call, SiteShown(site, call.seen, None if own else by)


def _doubted(
    calls: Sequence[Call], settled: Order | None, cleared: datetime.date
) -> Iterable[Call]:
    """Calls that leave a doubt which no later read or benign biopsy of the site has ended.

    Of several in one read the first counts.
    """
    found: dict[Order, Call] = {}
    for call in calls:
        order = call.visit.order
        if call.verdict == "equivocal" and cleared < order[0] and (settled or order) <= order:
            found.setdefault(order, call)
    return found.values()


def _settled(calls: Calls) -> Mapping[str, Order]:
    """By site, whatever its therapy, the last read that calls it neither larger nor progressed."""
    found: dict[str, Order] = {}
    for (name, _), said in calls.items():
        for call in said:
            if not call.grown:
                found[name] = max(found.get(name, call.visit.order), call.visit.order)
    return found


def _cleared(sites: TreatedSites) -> Mapping[str, datetime.date]:
    """By site, whatever its therapy, the day up to which biopsies have ended every doubt."""
    found: dict[str, datetime.date] = {}
    for (name, _), biopsies in sites.biopsies.items():
        for day in _benign_days(biopsies):
            found[name] = max(found.get(name, day), day)
    return found


def _benign_days(biopsies: Iterable[HeldBiopsy]) -> Iterator[datetime.date]:
    return (held.fact.clinical_day for held in biopsies if not held.fact.malignant)


def _shown_by(visit: Visit, sites: TreatedSites, rules: Recist) -> Iterator[Recurrence]:
    """The recurrences that a read shows, one per site: by its call, a biopsy or a new lesion."""
    mentions: dict[SiteSince, list] = {}  # type: ignore[type-arg]
    for mention in visit.unequivocal:
        site_id = mention.lesion.treated_site_id
        since = sites.since(site_id, visit.day) if site_id else None
        if site_id and since is not None:
            mentions.setdefault((site_id, since), []).append(mention)
    by_call = {shown.site: shown for shown in visit.recurred}
    pick = min if rules.pd_date_rule == "earliest_evidence" else max
    called_on = pick(visit.site_days) if by_call else None
    for site in dict.fromkeys((*by_call, *mentions)):
        lesions = mentions.get(site, [])
        call = by_call.get(site)
        biopsy = call.biopsy if call and not lesions else None
        days = [visit.seen_on(mention, rules) for mention in lesions]
        days += [called_on] if called_on and call else []
        records = visit.evidence(lesions)
        records += (biopsy,) if biopsy else ()
        called = call.seen if call and not call.biopsy else None
        on, order = min(days), visit.order
        yield Recurrence(site, on, records, order, visit, biopsy, called, bool(lesions))
