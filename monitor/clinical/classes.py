"""The progressions of a patient and their class: how many active lesions, where, and treatable.

Clinical rules 4.3. The class is judged at the first PD of an episode and at its later reads.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from monitor.clinical.active_lesions import ActiveCount, EpisodeLesions, PatientLesions
from monitor.clinical.episodes import Episode, episode_at
from monitor.clinical.events import TreatabilityStated
from monitor.clinical.parameters import Oligo
from monitor.clinical.sites import HeldBiopsy
from monitor.clinical.state import Held, Order, order_of
from monitor.clinical.terms import Treatable
from monitor.clinical.visit import Visit

Class = Literal["OLIGO", "POLY"]


class Pd(Struct):
    """A progression: the first of an episode, or (`first` false) a later read that turned POLY.

    `visit` is None for a PD by a biopsy alone. The counts are None where there is none, and then
    `within_limits` is None and the class waits.
    """

    held: Held  # type: ignore[type-arg]
    pd_on: datetime.date
    identifying: tuple[Held, ...]  # type: ignore[type-arg]
    episode: Episode
    order: Order
    visit: Visit | None = None
    first: bool = True
    lung: int | None = None
    elsewhere: int | None = None
    within_limits: bool | None = None
    treatable: Treatable = "unknown"

    @property
    def klass(self) -> Class | None:
        """OLIGO or POLY; None while it waits for a count or for a clinician's statement."""
        if self.within_limits is False:
            return "POLY"
        return "OLIGO" if self.within_limits and self.treatable == "yes" else None

    def count(self, found: ActiveCount | None, rules: Oligo) -> None:
        """Take the count of active lesions and judge it by the study's limits."""
        if found is not None:
            self.lung, self.elsewhere = found.lung, found.elsewhere
            self.within_limits = _within(found, rules)


def _within(found: ActiveCount, rules: Oligo) -> bool:
    anywhere = rules.extrapulmonary_policy == "OLIGO_IF_TOTAL_LE_5"
    return found.lung + found.elsewhere <= rules.max_lesions and (anywhere or not found.elsewhere)


def pds_of(
    visits: Sequence[Visit],
    biopsies: Sequence[HeldBiopsy],
    episodes: Sequence[Episode],
    statements: Sequence[Held[TreatabilityStated]],
    lesions: PatientLesions,
    rules: Oligo,
) -> list[Pd]:
    """Every progression in order; `biopsies` are those that show a recurrence alone.

    `visits` are the evaluated reads of the study's series after the pre-treatment ones.
    """
    first = _first_pds(visits, biopsies, episodes)
    if not first:
        return []
    stated = _stated(list(first.values()), statements)
    found = []
    for pd in first.values():
        pd.treatable = stated.get(pd.held.key, "unknown")
        found.append(pd)
        found += _judged(pd, [visit for visit in visits if visit.episode is pd.episode],
                         lesions, rules)  # fmt: skip
    return found


def _first_pds(
    visits: Sequence[Visit], biopsies: Sequence[HeldBiopsy], episodes: Sequence[Episode]
) -> dict[int, Pd]:
    """The first PD of each episode: a read whose overall is PD, or a biopsy alone."""
    pds = [
        Pd(visit.held, visit.pd_on, visit.pd_evidence, visit.episode, visit.order, visit)
        for visit in visits
        if visit.overall == "PD" and visit.pd_on is not None
    ]
    for held in biopsies:
        day = held.fact.clinical_day
        pds.append(Pd(held, day, (held,), episode_at(episodes, day), order_of(held)))
    first: dict[int, Pd] = {}
    for pd in sorted(pds, key=lambda pd: pd.order):
        first.setdefault(pd.episode.number, pd)
    return first


def _judged(pd: Pd, visits: Sequence[Visit], lesions: PatientLesions, rules: Oligo) -> Iterator[Pd]:
    """Count at the PD and, until one is POLY, at each later evaluable read of its episode."""
    counted = EpisodeLesions(lesions)
    until = lesions.next_therapy_after(pd.order[0])
    for visit in visits:
        counted.pass_over(visit)
        if visit is pd.visit:
            pd.count(counted.count(visit, pd.pd_on), rules)
            if pd.klass == "POLY":
                return
        elif visit.order > pd.order and visit.evaluable and not visit.is_baseline:
            day = visit.day
            if until is not None and day >= until:
                return
            later = Pd(visit.held, day, (visit.held,), pd.episode, visit.order, visit, False)
            later.count(counted.count(visit, day), rules)
            if later.klass == "POLY":
                yield later
                return


def _stated(
    pds: Sequence[Pd], statements: Sequence[Held[TreatabilityStated]]
) -> Mapping[tuple[str, str], Treatable]:
    """What clinicians last said of each PD: by its read's name, or of the latest one by then."""
    found: dict[tuple[str, str], Treatable] = {}
    final = [held for held in statements if held.final]
    for held in sorted(final, key=lambda held: (held.fact.clinical_day, held.fact.record_id)):
        fact = held.fact
        if fact.read_record_id is not None:
            named = [pd for pd in pds if pd.held.fact.record_id == fact.read_record_id]
        else:
            before = [pd for pd in pds if pd.pd_on <= fact.clinical_day]
            named = [max(before, key=lambda pd: (pd.pd_on, pd.order))] if before else []
        found |= {pd.held.key: fact.locally_treatable for pd in named}
    return found
