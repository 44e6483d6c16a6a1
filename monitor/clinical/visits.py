"""Reads evaluated one after the other: baseline, nadir, response, memory of CR, and the PD date.

Clinical rules 1.4, 1.7, 1.8 and 1.10. Each series and each episode stands for itself.
"""

from collections.abc import Sequence

from monitor.clinical import recist
from monitor.clinical.episodes import (
    Episode,
    HeldRead,
    HeldTherapy,
    baseline_of,
    episode_at,
    episodes_of,
    superseded_of,
)
from monitor.clinical.memory import EpisodeMemory
from monitor.clinical.new_lesions import CROSS_SECTIONAL, NewLesions, new_lesion_value
from monitor.clinical.parameters import Recist
from monitor.clinical.visit import Visit, image_days

ALL_IMAGES: frozenset[str] = frozenset()


def visits_of(
    reads: Sequence[HeldRead], therapies: Sequence[HeldTherapy], rules: Recist
) -> list[Visit]:
    """Evaluate one series of standing reads, given in clinical order."""
    episodes = episodes_of(therapies)
    overruled = superseded_of([held for held in reads if held.final])
    visits = [
        Visit(held, held.fact, episode_at(episodes, held.fact.clinical_day)) for held in reads
    ]
    for visit in visits:
        visit.evaluated = visit.held.final and visit.held.key not in overruled
        visit.flags = _flags(visit, overruled)
    for episode in episodes:
        own = [visit for visit in visits if visit.episode is episode and visit.evaluated]
        if own:
            _evaluate(own, episode, rules)
    return visits


def _flags(visit: Visit, overruled: set[tuple[str, str]]) -> tuple[str, ...]:
    flags = []
    if visit.read.survey == "incomplete":
        flags.append("INCOMPLETE_SURVEY")
    if visit.held.key in overruled:
        flags.append("SUPERSEDED_SAME_DAY")
    if not visit.held.final:
        flags.append(visit.read.status.upper())
    return tuple(flags)


def _evaluate(visits: Sequence[Visit], episode: Episode, rules: Recist) -> None:
    reads = [visit.held for visit in visits]
    baseline = baseline_of(episode, reads)
    lesions = NewLesions(reads, baseline)
    memory = EpisodeMemory(rules)
    for visit in visits:
        visit.is_baseline = visit.held is baseline
        if visit.is_baseline:
            memory.begin(visit)
        else:
            memory.follow_up(visit)
        other_evidence = bool(visit.pd_reasons) or "PD" in (visit.target, visit.non_target)
        visit.mentions = lesions.judge(visit.held, other_evidence=other_evidence)
        visit.new_lesion = new_lesion_value(visit.mentions, visit.read)
        if not visit.is_baseline:
            memory.conclude(visit)
            _date_pd(visit, rules)


def _date_pd(visit: Visit, rules: Recist) -> None:
    """Date a PD to its evidence (1.10) and say in words what made it one."""
    if visit.overall != "PD":
        return
    pick = min if rules.pd_date_rule == "earliest_evidence" else max
    by_responses = recist.depth(visit.read) == "responses"
    reasons = list(visit.pd_reasons)
    reasons += ["target lesions"] if visit.target == "PD" else []
    reasons += ["non-target lesions"] if visit.non_target == "PD" else []
    days = [visit.seen_on(mention, rules) for mention in visit.unequivocal]
    if reasons or by_responses:
        days.append(pick(image_days(visit.read, ALL_IMAGES if by_responses else CROSS_SECTIONAL)))
    reasons += ["new lesions"] if visit.unequivocal else []
    reasons = reasons or ["the reader's reported response"]
    visit.pd_on, visit.pd_reasons = min(days), tuple(reasons)
