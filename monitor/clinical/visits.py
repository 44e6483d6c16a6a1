"""Reads evaluated one after the other: baseline, nadir, response, memory of CR, and the PD date.

Clinical rules 1.4, 1.7, 1.8, 1.10 and 1.12. Each series and each episode stands for itself.
"""

from collections.abc import Mapping, Sequence

from monitor.clinical import recist
from monitor.clinical.episodes import (
    Episode,
    HeldRead,
    baseline_of,
    episode_at,
    superseded_of,
)
from monitor.clinical.memory import EpisodeMemory
from monitor.clinical.new_lesions import NewLesions, benign_lesions, new_lesion_value
from monitor.clinical.parameters import Parameters, Recist
from monitor.clinical.recurrences import judge_sites
from monitor.clinical.sites import HeldBiopsy, TreatedSites
from monitor.clinical.state import order_of
from monitor.clinical.visit import Visit


def visits_of(
    reads: Sequence[HeldRead],
    episodes: Sequence[Episode],
    sites: TreatedSites,
    proven: Mapping[str, HeldBiopsy],
    rules: Parameters,
) -> list[Visit]:
    """Evaluate one series of standing reads, given in clinical order.

    `proven` are the lesions that a biopsy has shown to be malignant.
    """
    overruled = superseded_of([held for held in reads if held.final])
    visits = []
    for held in reads:
        order = order_of(held)
        evaluated = held.final and held.key not in overruled
        visits.append(Visit(held, held.fact, order, episode_at(episodes, order[0]), evaluated))
    judge_sites(visits, sites)
    benign = benign_lesions([visit.held for visit in visits if visit.evaluated])
    for episode in episodes:
        own = [visit for visit in visits if visit.episode is episode and visit.evaluated]
        if own:
            baseline = baseline_of(episode, [visit.held for visit in own])
            _evaluate(own, baseline, NewLesions(baseline, benign, proven), rules)
    for visit in visits:
        visit.flags = _flags(visit, overruled)
    return visits


def proven_lesions(biopsies: Sequence[HeldBiopsy]) -> dict[str, HeldBiopsy]:
    """The lesions that a biopsy has shown to be malignant, with the first that did."""
    found: dict[str, HeldBiopsy] = {}
    for held in biopsies:
        if held.fact.malignant and held.fact.lesion_id is not None:
            found.setdefault(held.fact.lesion_id, held)
    return found


def _flags(visit: Visit, overruled: set[tuple[str, str]]) -> tuple[str, ...]:
    flags = []
    if visit.evaluated and visit.read.survey == "incomplete":
        flags.append("INCOMPLETE_SURVEY")
    if visit.held.key in overruled:
        flags.append("SUPERSEDED_SAME_DAY")
    if not visit.held.final:
        flags.append(visit.read.status.upper())
    if visit.baseline_problem:
        flags.append("DATA_QUALITY")
    return tuple(flags)


def _evaluate(
    visits: Sequence[Visit], baseline: HeldRead | None, lesions: NewLesions, rules: Parameters
) -> None:
    memory = EpisodeMemory(rules.recist)
    for visit in visits:
        visit.is_baseline = visit.held is baseline
        if visit.is_baseline:
            memory.begin(visit)
            _look_at_window(visit, rules)
        else:
            memory.follow_up(visit)
        if seen := visit.read.new_lesions:
            visit.mentions = lesions.judge(visit.held, seen, other_evidence=_pd_anyway(visit))
        visit.new_lesion = new_lesion_value(visit.mentions, visit.read)
        if not visit.is_baseline:
            memory.conclude(visit)
            _date_pd(visit, rules.recist)


def _look_at_window(visit: Visit, rules: Parameters) -> None:
    """Note a surveillance baseline outside the window of the therapy before it (1.12)."""
    if visit.episode.treated is None:
        return
    therapy = visit.episode.treated.fact
    first, last = rules.surveillance_baseline_window.of(therapy.modality)
    days = (visit.day - therapy.last_day).days
    if not first <= days <= last:
        visit.baseline_problem = "baseline_window"
        visit.baseline_days = {"days": days, "first": first, "last": last}


def _date_pd(visit: Visit, rules: Recist) -> None:
    """Date a PD to its evidence (1.10) and say in words what made it one."""
    if visit.overall != "PD":
        return
    pick = min if rules.pd_date_rule == "earliest_evidence" else max
    by_responses = recist.depth(visit.read) == "responses"
    reasons = list(visit.pd_reasons)
    reasons += ["target lesions"] if visit.target == "PD" else []
    reasons += ["non-target lesions"] if visit.non_target == "PD" else []
    if not reasons and not _reported_pd(visit):
        visit.pd_biopsies = _deciding_biopsies(visit)
    reasons += ["treated sites"] if visit.recurred else []
    unequivocal = visit.unequivocal
    days = [visit.seen_on(mention, rules) for mention in unequivocal]
    if reasons or by_responses:
        days.append(pick(visit.site_days))
    reasons += ["new lesions"] if unequivocal else []
    reasons = reasons or ["the reader's reported response"]
    visit.pd_on, visit.pd_reasons = min(days), tuple(reasons)


def _pd_anyway(visit: Visit) -> bool:
    """Whether the read is PD without its new lesions; what a baseline reports counts for none."""
    if visit.pd_reasons or visit.recurred or "PD" in (visit.target, visit.non_target):
        return True
    return not visit.is_baseline and _reported_pd(visit)


def _reported_pd(visit: Visit) -> bool:
    reported = visit.read.reported
    by_responses = recist.depth(visit.read) == "responses"
    return by_responses and reported is not None and reported.overall == "PD"


def _deciding_biopsies(visit: Visit) -> tuple[HeldBiopsy, ...]:
    """The biopsies without which no site and no new lesion of the read would count."""
    biopsies = [shown.biopsy for shown in visit.recurred]
    biopsies += [
        mention.biopsy
        for mention in visit.unequivocal
        if mention.biopsy is not None or not mention.leaning
    ]
    found = {biopsy.key: biopsy for biopsy in biopsies if biopsy is not None}
    return () if None in biopsies else tuple(found.values())
