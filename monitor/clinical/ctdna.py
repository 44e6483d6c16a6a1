"""Runs of positive ctDNA samples: what confirms, what ends a run, what is cleared.

Clinical rules 2.5-2.7, 2.10 and 4.5. Samples are judged per comparability group over the standing
versions in clinical order; arrival plays no part.
"""

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from monitor.clinical.clearance import Clearance, Tracking
from monitor.clinical.kinetics import Kinetics, Rise, UnitBreak
from monitor.clinical.parameters import Ctdna
from monitor.clinical.sample import Group, HeldSample, HeldTherapy, Sample
from monitor.clinical.terms import day_of


class Confirmation(Struct, frozen=True):
    """The pair of positives that confirms a run: the same sample twice when one is enough."""

    first: Sample
    by: Sample

    @property
    def pair(self) -> tuple[HeldSample, ...]:
        """The records of the pair, each once."""
        return (self.first.held,) if self.first is self.by else (self.first.held, self.by.held)


class Run(Struct):
    """Positives without a counted negative between them.

    `closed_by` is the record that ended the run, whatever its state: a counted negative, a local
    therapy, or the positive that found an unconfirmed run stale; None while it goes on.
    `refuted_by` is the counted negative that ended an unconfirmed run.
    """

    members: list[Sample] = field(default_factory=list)
    pattern: str = "RELAPSE"
    confirmation: Confirmation | None = None
    refuted_by: Sample | None = None
    closed_by: HeldSample | HeldTherapy | None = None
    rises: list[Rise] = field(default_factory=list)
    kinetics: dict[Group, Kinetics] = field(default_factory=dict)

    @property
    def suspected(self) -> bool:
        """Whether the run began as a suspicion (with one positive to confirm it did not)."""
        return self.confirmation is None or self.confirmation.by is not self.members[0]

    @property
    def closed_on(self) -> datetime.date | None:
        """The clinical day of the record that ended the run; None while it goes on."""
        return self.closed_by.fact.clinical_day if self.closed_by else None

    @property
    def unit_breaks(self) -> Iterator[UnitBreak]:
        """The samples that ended kinetics, at most one of each group in the run."""
        return (known.ended_by for known in self.kinetics.values() if known.ended_by)


Confirmed = tuple[Run, Confirmation]


class Streams(Struct, frozen=True):
    """What the samples of a patient make, stream by stream."""

    runs: list[Run]
    confirmed: list[Confirmed]
    clearances: list[Clearance]


def streams_of(
    samples: Sequence[Sample], therapies: Sequence[HeldTherapy], rules: Ctdna
) -> Streams:
    """All runs and clearances, group by group; also sets each counted sample's `course`.

    Samples and therapies are given in clinical order. With `cross_assay_confirm` all groups form
    one stream (2.10).
    """
    streams: dict[Group | None, _Stream] = {}
    starts = [day_of(held.fact.started_on) for held in therapies]
    ends = sorted(held.fact.last_day for held in therapies)
    for sample in samples:
        name = None if rules.cross_assay_confirm else sample.group
        if name not in streams:
            streams[name] = _Stream(rules, therapies, starts, ends)
        streams[name].take(sample)
    for stream in streams.values():
        stream.close_by_therapy(datetime.date.max)
    runs = [run for stream in streams.values() for run in stream.runs]
    return Streams(
        runs=runs,
        confirmed=[(run, run.confirmation) for run in runs if run.confirmation],
        clearances=[one for stream in streams.values() for one in stream.tracking.clearances],
    )


class _Stream(Struct):
    """The samples of one group, taken in order; `run` is the one that goes on.

    `starts` are the first days of the therapies in their order, `ends` their last days sorted.
    """

    rules: Ctdna
    therapies: Sequence[HeldTherapy]
    starts: Sequence[datetime.date]
    ends: Sequence[datetime.date]
    runs: list[Run] = field(default_factory=list)
    run: Run | None = None
    last_negative: datetime.date | None = None
    tracking: Tracking = field(default_factory=Tracking)

    def take(self, sample: Sample) -> None:
        """The steps of 4.5 for one sample."""
        if sample.not_counted_because == "baseline" and sample.held.final and sample.detected:
            self.tracking.arm(sample)
        if sample.not_counted_because not in (None, "chip"):
            return
        self.close_by_therapy(sample.day)
        if sample.detected:
            self._take_positive(sample)
        else:
            self._take_negative(sample)

    def close_by_therapy(self, until: datetime.date) -> None:
        """End the run by the first therapy after its last member that starts by `until`."""
        if self.run is None:
            return
        last = self.run.members[-1]
        place = bisect_right(self.starts, last.day)
        if place < len(self.starts) and self.starts[place] <= until:
            self.run.closed_by = self.therapies[place]
            self.tracking.arm(last)
            self.run = None

    def _take_positive(self, sample: Sample) -> None:
        if self.run and _stale(self.run, sample, self.rules):
            self.run.closed_by = sample.held
            self.run = None
        if self.run is None:
            self.run = Run(pattern=self._pattern(sample))
            self.runs.append(self.run)
            self.tracking.take_first_positive(sample)
        _add(self.run, sample, self.rules)

    def _take_negative(self, sample: Sample) -> None:
        sample.course = "negative"
        self.last_negative = sample.day
        if self.run:
            self.run.closed_by = sample.held
            if self.run.confirmation:
                self.tracking.arm(self.run.members[-1])
            else:
                self.run.refuted_by, sample.course = sample, "not_confirmed"
            self.run = None
        self.tracking.take_negative(sample, self.rules.clearance)

    def _pattern(self, sample: Sample) -> str:
        """PERSISTENCE without a counted negative since the last local-therapy day before (2.5)."""
        before = bisect_left(self.ends, sample.day)
        since = self.ends[before - 1] if before else datetime.date.min
        negative = self.last_negative
        return "RELAPSE" if negative and negative >= since else "PERSISTENCE"


def _add(run: Run, sample: Sample, rules: Ctdna) -> None:
    """Add a positive; the pair that confirms holds no result of clonal haematopoiesis only."""
    sample.course = "positive" if run.members else "suspected"
    run.members.append(sample)
    kinetics = run.kinetics.setdefault(sample.group, Kinetics())
    if rise := kinetics.take(sample, rules.rise):
        run.rises.append(rise)
    if run.confirmation or sample.not_counted_because:
        return
    first = next(member for member in run.members if not member.not_counted_because)
    gap = (sample.day - first.day).days
    if rules.confirm.n == 1 or (first is not sample and gap >= rules.confirm.min_gap):
        run.confirmation = Confirmation(first, sample)
        sample.course = "confirmed"


def _stale(run: Run, sample: Sample, rules: Ctdna) -> bool:
    """An unconfirmed run is dropped when the next positive comes too late; confirmed ones stay."""
    gap = (sample.day - run.members[-1].day).days
    return not run.confirmation and gap > rules.confirm.max_gap
