"""A patient's course: everything that is computed from the standing facts before the rules look."""

import datetime
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from monitor.clinical.attendance import Attendance, attendance_of
from monitor.clinical.classes import Pd
from monitor.clinical.clearance import Clearance
from monitor.clinical.ctdna import Confirmed, Run, streams_of
from monitor.clinical.due import Plan, ended_on, plans_of
from monitor.clinical.eligibility import Screening, screening_of
from monitor.clinical.episodes import Episode, HeldTherapy, SeriesKey
from monitor.clinical.events import PatientEnrolled
from monitor.clinical.imaging_course import imaging_of
from monitor.clinical.kinetics import UnitBreak
from monitor.clinical.parameters import Parameters
from monitor.clinical.quality_of_reads import ReadProblem
from monitor.clinical.recurrences import Recurrence
from monitor.clinical.review import Cause, Picture, causes_of
from monitor.clinical.sample import AssayChange, Sample, assay_changes_of, samples_of
from monitor.clinical.sites import TreatedSites
from monitor.clinical.state import RECORD_LISTS, Held, PatientState
from monitor.clinical.terms import day_of
from monitor.clinical.visit import Visit


class Course(Struct, frozen=True):
    """The view that rules and the timeline read; nothing of it is kept between facts."""

    rules: Parameters
    facts: PatientState
    closed_on: datetime.date | None
    enrolled: tuple[Held[PatientEnrolled], ...]
    therapies: tuple[HeldTherapy, ...]
    episodes: Sequence[Episode]
    sites: TreatedSites
    samples: Sequence[Sample]
    runs: Sequence[Run]
    confirmed: Sequence[Confirmed]
    clearances: Sequence[Clearance]
    assay_changes: Sequence[AssayChange]
    units_not_comparable: Sequence[UnitBreak]
    series: dict[SeriesKey, list[Visit]]
    study_series: SeriesKey | None
    follow_up: Sequence[Visit]
    evaluable: Sequence[Visit]
    recurrences: Sequence[Recurrence]
    pds: Sequence[Pd]
    causes: Sequence[Cause]
    read_problems: Mapping[str, Sequence[ReadProblem]]
    screening: Screening | None
    ended_on: datetime.date | None
    plans: Sequence[Plan]
    attendance: Attendance

    @property
    def visits(self) -> Sequence[Visit]:
        """Reads of the study's series, in order."""
        return self.series.get(self.study_series, []) if self.study_series else []

    @property
    def current_episode(self) -> int:
        """The number of the latest episode: one for each round of local therapy, at least 1."""
        return self.episodes[-1].number

    @property
    def first_pds(self) -> list[Pd]:
        """The first PD of each episode: a read, or the biopsy of a treated site (4.3)."""
        return [pd for pd in self.pds if pd.first]

    @property
    def start_on(self) -> datetime.date | None:
        """The endpoint start (1.11): first local therapy, else enrolment."""
        enrolled = min((day_of(held.fact.enrolled_on) for held in self.enrolled), default=None)
        if self.rules.endpoints.start == "ENROLMENT" or not self.therapies:
            return enrolled
        return min(day_of(held.fact.started_on) for held in self.therapies)


def course_of(state: PatientState, rules: Parameters) -> Course:
    """Compute the course from the standing facts; preliminary versions count for nothing."""
    state = _within_consent(state)
    therapies = tuple(held for held in state.local if held.final)
    samples = samples_of(state.ctdna, therapies, rules.ctdna)
    streams = streams_of(samples, therapies, rules.ctdna)
    imaging = imaging_of(state, therapies, rules)
    series, chosen = imaging.series, imaging.study_series
    enrolled = tuple(held for held in state.enrolled if held.final)
    closed_on = max((h.fact.clinical_day for h in state.closed if h.final), default=None)
    evaluable = [visit for visit in imaging.follow_up if visit.evaluable]
    ended = ended_on(state)
    plans = plans_of(imaging.episodes, series.get(chosen, ()) if chosen else (), enrolled, ended)
    return Course(
        rules=rules,
        facts=state,
        closed_on=closed_on,
        enrolled=enrolled,
        therapies=therapies,
        episodes=imaging.episodes,
        sites=imaging.sites,
        samples=samples,
        runs=streams.runs,
        confirmed=streams.confirmed,
        clearances=streams.clearances,
        assay_changes=assay_changes_of(samples),
        units_not_comparable=[one for run in streams.runs for one in run.unit_breaks],
        series=series,
        study_series=chosen,
        follow_up=imaging.follow_up,
        evaluable=evaluable,
        recurrences=imaging.recurrences,
        pds=imaging.pds,
        causes=causes_of(Picture(rules, imaging.pds, streams.confirmed, evaluable, therapies)),
        read_problems=imaging.problems,
        screening=screening_of(state.eligibility),
        ended_on=ended,
        plans=plans,
        attendance=attendance_of(plans, state, rules.schedule, closed_on),
    )


def _within_consent(state: PatientState) -> PatientState:
    """The facts dated up to the day that consent was taken back, if it was (contract 2.3)."""
    over = [held.fact for held in state.withdrawals if held.final and held.fact.scope == "consent"]
    if not over:
        return state
    last = min(fact.clinical_day for fact in over)
    return replace(state, **{
        name: tuple(held for held in getattr(state, name) if held.fact.clinical_day <= last)
        for name in RECORD_LISTS
    })  # fmt: skip
