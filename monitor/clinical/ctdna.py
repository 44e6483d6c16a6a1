"""Runs of positive ctDNA samples: which samples count, what confirms, what ends a run.

Clinical rules 2.4-2.7, 2.10 and 4.5. Samples are judged per comparability group over the standing
versions in clinical order; arrival plays no part.
"""

import datetime
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from monitor.clinical.ctdna_result import CtdnaResult
from monitor.clinical.events import LocalTherapy
from monitor.clinical.parameters import Ctdna
from monitor.clinical.state import Held
from monitor.clinical.terms import Course, day_of

HeldSample = Held[CtdnaResult]
HeldTherapy = Held[LocalTherapy]
Group = tuple[str, str, str, str]


class Sample(Struct):
    """A sample as the run logic sees it; `not_counted_because` is None when it counts."""

    held: HeldSample
    day: datetime.date
    group: Group
    not_counted_because: str | None
    course: Course | None = None

    @property
    def detected(self) -> bool:
        """The laboratory's call, never inferred from the number."""
        return self.held.fact.call == "detected"


class Run(Struct):
    """Positives without a counted negative between them.

    `confirmed_by` and `pair_first` are the confirming pair (the same sample when one confirms).
    `refuted_by` is the counted negative that ended an unconfirmed run. `ended_by` is the record
    that ended the suspicion otherwise: a local therapy, or the sample that found the run stale.
    """

    members: list[Sample] = field(default_factory=list)
    pattern: str = "RELAPSE"
    pair_first: Sample | None = None
    confirmed_by: Sample | None = None
    refuted_by: Sample | None = None
    ended_by: HeldSample | HeldTherapy | None = None

    @property
    def suspected(self) -> bool:
        """Whether the run began as a suspicion (with one positive to confirm it did not)."""
        return self.confirmed_by is not self.members[0]


def group_of(result: CtdnaResult) -> Group:
    """The comparability group: laboratory, assay code, version and panel (2.10)."""
    assay = result.assay
    return (assay.lab, assay.code, assay.version or "", assay.panel_id or "")


def is_chip(result: CtdnaResult, rules: Ctdna) -> bool:
    """Whether a result rests on genes of clonal haematopoiesis only (2.7)."""
    return (
        result.assay.design == "tumor_naive_panel"
        and result.assay.chip_filtered != "yes"
        and bool(result.variants)
        and all(variant.gene in rules.chip_genes for variant in result.variants or ())
    )


def in_blackout(day: datetime.date, therapy: LocalTherapy, rules: Ctdna) -> bool:
    """Whether a sample of that day lies in the therapy's blackout; its last day is outside.

    The first day of the therapy always lies in it (4.5).
    """
    started_on = day_of(therapy.started_on)
    if day < started_on:
        return False
    if therapy.ended_on is None or day == started_on:
        return True
    return (day - day_of(therapy.ended_on)).days < rules.blackout.days(therapy.modality)


def _why_not_counted(
    result: CtdnaResult,
    day: datetime.date,
    first_therapy_on: datetime.date,
    therapies: Sequence[HeldTherapy],
    rules: Ctdna,
) -> str | None:
    if day < first_therapy_on:
        return "baseline"
    if result.call in ("indeterminate", "qc_failed", "cancelled"):
        return result.call
    if any(in_blackout(day, held.fact, rules) for held in therapies):
        return "blackout"
    if result.call == "detected" and is_chip(result, rules):
        return "chip"
    return None


def samples_of(
    held_samples: Sequence[HeldSample], therapies: Sequence[HeldTherapy], rules: Ctdna
) -> list[Sample]:
    """Every standing result in clinical order with whether and why it does not count."""
    found = []
    starts = (day_of(held.fact.started_on) for held in therapies)
    first_on = min(starts, default=datetime.date.min)
    for held in held_samples:
        day = held.fact.clinical_day
        why: str | None = "status"
        if held.final:
            why = _why_not_counted(held.fact, day, first_on, therapies, rules)
        course: Course | None = why if why in ("baseline", "blackout") else None  # type: ignore[assignment]
        found.append(Sample(held, day, group_of(held.fact), why, course))
    return found


def runs_of(samples: Sequence[Sample], therapies: Sequence[HeldTherapy], rules: Ctdna) -> list[Run]:
    """All runs, group by group; also sets each counted sample's `course`.

    With `cross_assay_confirm` all groups form one stream (2.10).
    """
    streams: dict[Group | None, list[Sample]] = {}
    for sample in samples:
        stream = None if rules.cross_assay_confirm else sample.group
        streams.setdefault(stream, []).append(sample)
    return [run for stream in streams.values() for run in _runs_of_stream(stream, therapies, rules)]


def _runs_of_stream(
    stream: Sequence[Sample], therapies: Sequence[HeldTherapy], rules: Ctdna
) -> Iterator[Run]:
    run: Run | None = None
    negatives: list[datetime.date] = []
    for sample in stream:
        if sample.not_counted_because not in (None, "chip"):
            continue
        if run and (therapy := _therapy_after(run, therapies, sample.day)):
            _close_by_therapy(run, therapy)
            run = None
        if sample.detected:
            if run and _stale(run, sample, rules):
                run.ended_by = sample.held
                run = None
            if run is None:
                run = Run(pattern=_pattern(sample, negatives, therapies))
                yield run
            _add(run, sample, rules)
        else:
            negatives.append(sample.day)
            sample.course = "negative"
            if run and not run.confirmed_by:
                run.refuted_by, sample.course = sample, "not_confirmed"
            run = None
    if run and (therapy := _therapy_after(run, therapies, datetime.date.max)):
        _close_by_therapy(run, therapy)


def _add(run: Run, sample: Sample, rules: Ctdna) -> None:
    """Add a positive; the pair that confirms holds no result of clonal haematopoiesis only."""
    sample.course = "positive" if run.members else "suspected"
    run.members.append(sample)
    if run.confirmed_by or sample.not_counted_because:
        return
    first = next(member for member in run.members if not member.not_counted_because)
    gap = (sample.day - first.day).days
    if rules.confirm.n == 1 or (first is not sample and gap >= rules.confirm.min_gap):
        run.pair_first, run.confirmed_by = first, sample
        sample.course = "confirmed"


def _stale(run: Run, sample: Sample, rules: Ctdna) -> bool:
    """An unconfirmed run is dropped when the next positive comes too late; confirmed ones stay."""
    gap = (sample.day - run.members[-1].day).days
    return not run.confirmed_by and gap > rules.confirm.max_gap


def _therapy_after(
    run: Run, therapies: Sequence[HeldTherapy], until: datetime.date
) -> HeldTherapy | None:
    """The first local therapy that starts after the run's last member and by `until`."""
    last = run.members[-1].day
    return next(
        (held for held in therapies if last < day_of(held.fact.started_on) <= until),
        None,
    )


def _close_by_therapy(run: Run, therapy: HeldTherapy) -> None:
    if not run.confirmed_by:
        run.ended_by = therapy


def _pattern(
    sample: Sample, negatives: Sequence[datetime.date], therapies: Sequence[HeldTherapy]
) -> str:
    """PERSISTENCE without a counted negative since the last local-therapy day before (2.5)."""
    ends = [held.fact.last_day for held in therapies if held.fact.last_day < sample.day]
    since = max(ends, default=datetime.date.min)
    return "RELAPSE" if any(day >= since for day in negatives) else "PERSISTENCE"
