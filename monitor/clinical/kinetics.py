"""Kinetics of one positive run: whether quantified members rise, how fast, and when to stop.

Clinical rules 2.9 and 4.5. Folds and rises compare exact decimals; only the fitted slope is a
float, and what it is compared with leaves room for the last digits of a logarithm.
"""

import math
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from msgspec import Struct, field

from monitor.clinical.ctdna_result import Quantity
from monitor.clinical.parameters import Rise as RiseRules
from monitor.clinical.sample import Sample
from monitor.clinical.units import Family, quantified, scales_of

Trigger = Literal["FOLD", "TREND"]
SLOPE_MIN = 1e-12  # per day: less is what rounding leaves of no slope at all
ROUNDING = 1 + 1e-9


class Rise(Struct, frozen=True):
    """A rise at a sample: over the lowest earlier member, or over the last points.

    `evidence` is that pair, `between` the points of a trend inside it; `times` is how many times
    the earlier value the later one is. `doubling_time_days` is a text with one decimal place.
    """

    sample: Sample
    evidence: tuple[Sample, Sample]
    between: tuple[Sample, ...]
    trigger: Trigger
    times: Decimal
    fast: bool
    doubling_time_days: str | None


class UnitBreak(Struct, frozen=True):
    """A quantified sample whose unit cannot be told in that of the members before it."""

    sample: Sample
    before: Sample


class Fit(Struct):
    """Least squares of ln(value) on days, as running sums over the members so far."""

    count: int = 0
    days: int = 0
    logs: float = 0.0
    days_squared: int = 0
    days_logs: float = 0.0

    def add(self, day: int, log: float) -> None:
        """Take a member: its day counted from the first one's, the logarithm of its value."""
        self.count += 1
        self.days += day
        self.logs += log
        self.days_squared += day * day
        self.days_logs += day * log

    def doubling_time(self) -> float | None:
        """Days in which the value doubles; None when it does not rise."""
        spread = self.count * self.days_squared - self.days * self.days
        if not spread:
            return None
        slope = (self.count * self.days_logs - self.days * self.logs) / spread
        return math.log(2) / slope if slope > SLOPE_MIN else None


class Series(Struct):
    """The members' values in one unit family, with each one's factor and the lowest's place."""

    scales: list[Decimal] = field(default_factory=list)
    values: list[Decimal] = field(default_factory=list)
    lowest: int = 0
    fit: Fit = field(default_factory=Fit)

    def add(self, value: Decimal, scale: Decimal, day: int) -> None:
        """Take a member; of equal lowest ones the first stays the lowest."""
        self.scales.append(scale)
        self.values.append(value * scale)
        if self.values[-1] < self.values[self.lowest]:
            self.lowest = len(self.values) - 1
        self.fit.add(day, math.log(self.values[-1] / self.values[0]))


class Kinetics(Struct):
    """The quantified members of a run in one comparability group, in order.

    A unit that leaves no family common to all of them ends it for good (2.10).
    """

    members: list[Sample] = field(default_factory=list)
    families: dict[Family, Series] = field(default_factory=dict)
    ended_by: UnitBreak | None = None

    def take(self, sample: Sample, rules: RiseRules) -> Rise | None:
        """Take a member of the run; returns the rise that it makes, if it makes one."""
        result = sample.held.fact
        if self.ended_by or result.quantity is None or not quantified(result):
            return None
        scales = scales_of(result.quantity.unit, result.specimen.cfdna_ng_per_ml)
        if not self.members:
            self.families = {family: Series() for family in scales}
        elif self.families.keys() != scales.keys():
            self.families = {name: own for name, own in self.families.items() if name in scales}
        if not self.families:
            self.ended_by = UnitBreak(sample, self.members[-1])
            return None
        series = next(iter(self.families.values()))
        lowest = series.lowest
        self.members.append(sample)
        day = (sample.day - self.members[0].day).days
        for family, own in self.families.items():
            own.add(result.quantity.value, scales[family], day)
        return self._rise(series, lowest, rules)

    def _rise(self, series: Series, lowest: int, rules: RiseRules) -> Rise | None:
        """FOLD over the lowest earlier member, else TREND of the last points (4.5).

        A first member is no multiple of itself, and no trend.
        """
        values = series.values
        if values[-1] >= rules.fold * values[lowest] and self._apart(series, lowest):
            doubling = self._doubling_time(series, rules)
            return self._told(series, "FOLD", lowest, doubling, rules)
        first = len(values) - rules.trend.points
        if first < 0 or not all(a < b for a, b in pairwise(values[first:])):
            return None
        span = (self.members[-1].day - self.members[first].day).days
        doubling = self._doubling_time(series, rules)
        if span < rules.trend.min_span or doubling is None:
            return None
        if not _at_most(doubling, rules.trend.max_dt):
            return None
        return self._told(series, "TREND", first, doubling, rules)

    def _doubling_time(self, series: Series, rules: RiseRules) -> float | None:
        """In days; a rate needs as many members over as many days as a trend (2.9)."""
        span = (self.members[-1].day - self.members[0].day).days
        if len(self.members) < rules.trend.points or span < rules.trend.min_span:
            return None
        return series.fit.doubling_time()

    def _apart(self, series: Series, lowest: int) -> bool:
        """Whether the confidence intervals are apart, if both are known (2.9)."""
        before, now = _quantity(self.members[lowest]).ci95, _quantity(self.members[-1]).ci95
        if not before or not now:
            return True
        return now[0] * series.scales[-1] > before[-1] * series.scales[lowest]

    def _told(
        self, series: Series, trigger: Trigger, first: int, doubling: float | None, rules: RiseRules
    ) -> Rise:
        earlier, sample = self.members[first], self.members[-1]
        return Rise(
            sample=sample,
            evidence=(earlier, sample),
            between=tuple(self.members[first + 1 : -1]) if trigger == "TREND" else (),
            trigger=trigger,
            times=series.values[-1] / series.values[first],
            fast=doubling is not None and _at_most(doubling, rules.fast_dt),
            doubling_time_days=None if doubling is None else f"{round(doubling, 9):.1f}",
        )


def _quantity(sample: Sample) -> Quantity:
    quantity = sample.held.fact.quantity
    assert quantity is not None  # noqa: S101 - members are quantified
    return quantity


def _at_most(doubling: float, days: int) -> bool:
    return doubling <= days * ROUNDING
