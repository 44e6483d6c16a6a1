"""A patient's course: everything that is computed from the standing facts before the rules look."""

import datetime
from collections.abc import Sequence

from msgspec import Struct

from monitor.clinical.ctdna import Run, Sample, runs_of, samples_of
from monitor.clinical.episodes import HeldTherapy, SeriesKey, by_series, study_series
from monitor.clinical.events import PatientEnrolled
from monitor.clinical.parameters import Parameters
from monitor.clinical.state import Held, PatientState
from monitor.clinical.terms import day_of
from monitor.clinical.visit import Visit
from monitor.clinical.visits import visits_of


class Course(Struct, frozen=True):
    """The view that rules and the timeline read; nothing of it is kept between facts."""

    rules: Parameters
    closed_on: datetime.date | None
    enrolled: tuple[Held[PatientEnrolled], ...]
    therapies: tuple[HeldTherapy, ...]
    samples: Sequence[Sample]
    runs: Sequence[Run]
    series: dict[SeriesKey, list[Visit]]
    study_series: SeriesKey | None

    @property
    def visits(self) -> Sequence[Visit]:
        """Reads of the study's series, in order."""
        return self.series.get(self.study_series, []) if self.study_series else []

    @property
    def follow_up(self) -> list[Visit]:
        """Evaluated reads of the study's series after the pre-treatment ones (episode 0)."""
        return [visit for visit in self.visits if visit.evaluated and visit.episode.number > 0]

    @property
    def first_pds(self) -> list[Visit]:
        """The first read of each episode whose overall is PD (4.3)."""
        first: dict[int, Visit] = {}
        for visit in self.follow_up:
            if visit.overall == "PD":
                first.setdefault(visit.episode.number, visit)
        return list(first.values())

    @property
    def start_on(self) -> datetime.date | None:
        """The endpoint start (1.11): first local therapy, else enrolment."""
        enrolled = min((day_of(held.fact.enrolled_on) for held in self.enrolled), default=None)
        if self.rules.endpoints.start == "ENROLMENT" or not self.therapies:
            return enrolled
        return min(day_of(held.fact.started_on) for held in self.therapies)


def course_of(state: PatientState, rules: Parameters) -> Course:
    """Compute the course from the standing facts; preliminary versions count for nothing."""
    therapies = tuple(held for held in state.local if held.final)
    samples = samples_of(state.ctdna, therapies, rules.ctdna)
    reads = by_series(state.imaging)
    return Course(
        rules=rules,
        closed_on=max((h.fact.clinical_day for h in state.closed if h.final), default=None),
        enrolled=tuple(held for held in state.enrolled if held.final),
        therapies=therapies,
        samples=samples,
        runs=runs_of(samples, therapies, rules.ctdna),
        series={key: visits_of(held, therapies, rules.recist) for key, held in reads.items()},
        study_series=study_series(reads, rules),
    )
