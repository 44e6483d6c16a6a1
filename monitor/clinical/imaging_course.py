"""What all reads of a patient add up to: visits by series, recurrences, progressions, problems."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from monitor.clinical.active_lesions import PatientLesions
from monitor.clinical.classes import Pd, pds_of
from monitor.clinical.episodes import (
    Episode,
    HeldTherapy,
    SeriesKey,
    by_series,
    episodes_of,
    study_series,
)
from monitor.clinical.parameters import Parameters
from monitor.clinical.quality_of_reads import ReadProblem, read_problems
from monitor.clinical.recurrences import Recurrence, biopsies_alone, recurrences_of
from monitor.clinical.sites import TreatedSites
from monitor.clinical.state import PatientState
from monitor.clinical.visit import Visit
from monitor.clinical.visits import proven_lesions, visits_of


class ImagingCourse(Struct, frozen=True):
    """Episodes, sites, reads by series; all else is of the study's series only (4.3).

    `follow_up` are its evaluated reads after the pre-treatment ones (episode 0).
    """

    episodes: Sequence[Episode]
    sites: TreatedSites
    series: dict[SeriesKey, list[Visit]]
    study_series: SeriesKey | None
    follow_up: Sequence[Visit]
    recurrences: Sequence[Recurrence]
    pds: Sequence[Pd]
    problems: Mapping[str, Sequence[ReadProblem]]


def imaging_of(
    state: PatientState, therapies: Sequence[HeldTherapy], rules: Parameters
) -> ImagingCourse:
    """Evaluate every series, and what the study's series shows. `therapies` are final ones."""
    episodes = episodes_of(therapies)
    biopsies = [held for held in state.biopsies if held.final]
    sites = TreatedSites(therapies, biopsies)
    proven = proven_lesions(biopsies)
    reads = by_series(state.imaging)
    series = {key: visits_of(held, episodes, sites, proven, rules) for key, held in reads.items()}
    chosen = study_series(reads, rules)
    visits = series.get(chosen, []) if chosen else []
    follow_up = [visit for visit in visits if visit.evaluated and visit.episode.number > 0]
    alone = biopsies_alone(follow_up, sites)
    recurrences = recurrences_of(follow_up, alone, sites, rules.recist)
    pds = pds_of(
        follow_up,
        [held for _, held in alone],
        episodes,
        state.treatability,
        PatientLesions(therapies, sites, recurrences, rules.oligo),
        rules.oligo,
    )
    problems = read_problems(visits)
    return ImagingCourse(episodes, sites, series, chosen, follow_up, recurrences, pds, problems)
