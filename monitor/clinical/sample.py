"""Samples as the run logic sees them: which of them count, and when the assay changed.

Clinical rules 2.4, 2.7, 2.10 and 4.5.
"""

import datetime
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from msgspec import Struct

from monitor.clinical.ctdna_result import CtdnaResult
from monitor.clinical.events import LocalTherapy
from monitor.clinical.parameters import Ctdna
from monitor.clinical.state import Held
from monitor.clinical.terms import PROVISIONAL, Course, day_of

HeldSample = Held[CtdnaResult]
HeldTherapy = Held[LocalTherapy]
Group = tuple[str, str, str, str]
Blackout = tuple[datetime.date, datetime.date]

ONE_DAY = datetime.timedelta(days=1)


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


class AssayChange(Struct, frozen=True):
    """The first sample of a further comparability group, and the sample before it (2.10)."""

    sample: Sample
    before: Sample


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


def blackout_of(therapy: LocalTherapy, rules: Ctdna) -> Blackout:
    """The first day of a therapy's blackout and the first day after it.

    The therapy's first day always lies in it (4.5); without an end it stays open.
    """
    started_on = day_of(therapy.started_on)
    if therapy.ended_on is None:
        return (started_on, datetime.date.max)
    lasts = datetime.timedelta(days=rules.blackout.days(therapy.modality))
    return (started_on, max(day_of(therapy.ended_on) + lasts, started_on + ONE_DAY))


class Blackouts:
    """Which days lie in a blackout, and which before the first therapy."""

    def __init__(self, therapies: Sequence[HeldTherapy], rules: Ctdna) -> None:
        """Take therapies in clinical order."""
        spans = [blackout_of(held.fact, rules) for held in therapies]
        self._firsts = [first for first, _ in spans]
        self._until = list(accumulate((after for _, after in spans), max))

    def why_at(self, day: datetime.date) -> str | None:
        """`baseline` before the first therapy, `blackout` in the blackout of one, else None."""
        if not self._firsts:
            return None
        begun = bisect_right(self._firsts, day)
        if not begun:
            return "baseline"
        return "blackout" if day < self._until[begun - 1] else None


def _why_not_counted(result: CtdnaResult, at: str | None, rules: Ctdna) -> str | None:
    """Why a result does not count; `at` is what its day alone says."""
    if at == "baseline":
        return at
    if result.status in PROVISIONAL:
        return "status"
    if result.call in ("indeterminate", "qc_failed", "cancelled"):
        return result.call
    if at:
        return at
    if result.call == "detected" and is_chip(result, rules):
        return "chip"
    return None


def samples_of(
    held_samples: Sequence[HeldSample], therapies: Sequence[HeldTherapy], rules: Ctdna
) -> list[Sample]:
    """Every standing result in clinical order with whether and why it does not count.

    Therapies are given in clinical order: nothing before the first one counts (4.5).
    """
    found = []
    blackouts = Blackouts(therapies, rules)
    for held in held_samples:
        day = held.fact.clinical_day
        why = _why_not_counted(held.fact, blackouts.why_at(day), rules)
        course: Course | None = why if why in ("baseline", "blackout") else None  # type: ignore[assignment]
        found.append(Sample(held, day, group_of(held.fact), why, course))
    return found


def assay_changes_of(samples: Sequence[Sample]) -> list[AssayChange]:
    """Each group's first final record that comes after one of another group (2.10)."""
    changes: list[AssayChange] = []
    groups: set[Group] = set()
    before: Sample | None = None
    for sample in samples:
        if not sample.held.final:
            continue
        if before and sample.group not in groups:
            changes.append(AssayChange(sample, before))
        groups.add(sample.group)
        before = sample
    return changes
