"""Quantities of ctDNA results, their units, and how fast they double (clinical-rules 2.2-2.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from tests.auditor.values import Record, days, num, rule

# 2.2: units that convert into each other without further measurements.
FAMILY: Final[dict[str, tuple[str, Fraction]]] = {
    "VAF_PCT": ("VAF", Fraction(1, 100)),
    "VAF_FRACTION": ("VAF", Fraction(1)),
    "COPIES_PER_ML": ("COPIES", Fraction(1)),
    "HGE_PER_ML": ("COPIES", Fraction(1)),
    "MTM_PER_ML": ("MTM", Fraction(1)),
    "PPM": ("PPM", Fraction(1)),
    "TF_PCT": ("TF", Fraction(1)),
}
GENOME_PG: Final = Fraction(33, 10)  # one haploid genome


@dataclass(frozen=True)
class Level:
    """A value with its interval in one family."""

    value: Fraction
    low: Fraction | None = None
    high: Fraction | None = None

    def times(self, factor: Fraction) -> "Level":
        ends = [None if end is None else end * factor for end in (self.low, self.high)]
        return Level(self.value * factor, ends[0], ends[1])


@dataclass(frozen=True)
class Quantity:
    """A quantity in every family into which it converts, its own first."""

    levels: dict[str, Level]
    below: bool = False  # a comparator that begins with "<": left-censored


@dataclass(frozen=True)
class Point:
    """One quantified member of a run."""

    record: Record
    on: date
    quantity: Quantity


def amount(told: dict[str, Any] | None, cfdna: Decimal | None) -> Quantity | None:
    """Read {value, unit, comparator?, ci95?}; null without a value.

    copies/mL = VAF_fraction x cfDNA_ng_per_mL_plasma x 1000 / 3.3; the other way is not given.
    """
    if not told or told.get("value") is None:
        return None
    family, factor = FAMILY[told["unit"]]
    interval = [Fraction(str(end)) for end in told.get("ci95") or ()]
    low, high = interval or (None, None)
    own = Level(Fraction(str(told["value"])), low, high).times(factor)
    levels = {family: own}
    if family == "VAF" and cfdna:
        levels["COPIES"] = own.times(Fraction(cfdna) * 1000 / GENOME_PG)
    return Quantity(levels, str(told.get("comparator") or "").startswith("<"))


def common(quantities: Sequence[Quantity]) -> str | None:
    """A family that all have, the first one's own before any other."""
    shared = [
        family
        for family in quantities[0].levels
        if all(family in quantity.levels for quantity in quantities)
    ]
    return shared[0] if shared else None


def told_of(record: Record) -> tuple[Quantity | None, Quantity | None]:
    """The quantity of a result and its limit of detection."""
    cfdna = num(record.data["specimen"].get("cfdna_ng_per_ml"))
    limit = (record.data.get("assay") or {}).get("lod")
    return amount(record.get("quantity"), cfdna), amount(limit, cfdna)


def below_limit(quantity: Quantity, limit: Quantity | None) -> bool | None:
    """Whether the value is below the LoD; null where the two cannot be compared."""
    family = None if limit is None else common([quantity, limit])
    if limit is None or family is None:
        return None
    return quantity.levels[family].value < limit.levels[family].value


def quantified(record: Record) -> Quantity | None:
    """2.3: value 0, below the LoD or with "<" is left-censored and not in the kinetics."""
    quantity, limit = told_of(record)
    if quantity is None or quantity.below or below_limit(quantity, limit):
        return None
    return None if any(level.value == 0 for level in quantity.levels.values()) else quantity


def call_and_value_differ(record: Record) -> bool:
    """2.3: `not_detected` at or above the LoD, or above 0 without a LoD; never with "<"."""
    quantity, limit = told_of(record)
    if record.get("call") != "not_detected" or quantity is None or quantity.below:
        return False
    if limit is None:
        return any(level.value > 0 for level in quantity.levels.values())
    return below_limit(quantity, limit) is False


def levels_of(points: Sequence[Point]) -> list[Level] | None:
    """The points in one family, or null when there is none for all of them."""
    family = common([point.quantity for point in points])
    return None if family is None else [p.quantity.levels[family] for p in points]


def natural_log(value: Fraction) -> Decimal:
    """In the precision of the context."""
    return Decimal(value.numerator).ln() - Decimal(value.denominator).ln()


def doubling_time(
    points: Sequence[Point], levels: Sequence[Level], rules: dict[str, Any]
) -> Decimal | None:
    """2.9: ln 2 / least-squares slope of ln(value) on days over all points; null if no rate.

    A rate needs `trend.points` points over `trend.min_span` days and must rise.
    """
    if len(points) < rule(rules, "ctdna.rise.trend.points"):
        return None
    if days(points[0].on, points[-1].on) < rule(rules, "ctdna.rise.trend.min_span"):
        return None
    with localcontext() as context:
        context.prec = 60
        x = [Decimal(days(points[0].on, p.on)) for p in points]
        y = [natural_log(level.value) for level in levels]
        mean_x, mean_y = sum(x, Decimal(0)) / len(x), sum(y, Decimal(0)) / len(y)
        across = sum(((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)), Decimal(0))
        along = sum(((a - mean_x) ** 2 for a in x), Decimal(0))
        # 30 digits are far beyond any measurement; they make 2, 4, 8 double exactly.
        slope = (across / along).quantize(Decimal(10) ** -40) if along else Decimal(0)
        if slope <= 0:
            return None
        return (Decimal(2).ln() / slope).quantize(Decimal(10) ** -30)


def intervals_apart(earlier: Level, later: Level) -> bool:
    """2.9: the later one's lower end above the earlier one's upper end; true if one is unknown."""
    if earlier.high is None or later.low is None:
        return True
    return later.low > earlier.high


@dataclass(frozen=True)
class Rise:
    """RISING_CTDNA of one sample: the trigger, its first record, and the rate."""

    trigger: str
    since: Record
    fast: bool
    doubling: Decimal | None

    @property
    def doubling_text(self) -> str | None:
        return None if self.doubling is None else str(self.doubling.quantize(Decimal("0.1")))


def rise(points: Sequence[Point], rules: dict[str, Any]) -> Rise | None:
    """4.5: FOLD over the lowest earlier point, else TREND of the last points.

    The points must have a family in common (`levels_of`).
    """
    levels = levels_of(points)
    assert levels is not None
    rate = doubling_time(points, levels, rules)
    fast = rate is not None and rate <= rule(rules, "ctdna.rise.fast_dt")
    last = levels[-1]
    if len(points) > 1:
        at = min(range(len(points) - 1), key=lambda i: levels[i].value)
        fold = Fraction(str(rule(rules, "ctdna.rise.fold")))
        if last.value >= fold * levels[at].value and intervals_apart(levels[at], last):
            return Rise("FOLD", points[at].record, fast, rate)
    count = rule(rules, "ctdna.rise.trend.points")
    tail = levels[-count:]
    rising = all(a.value < b.value for a, b in pairwise(tail))
    if len(tail) < count or not rising or rate is None:
        return None
    if days(points[-count].on, points[-1].on) < rule(rules, "ctdna.rise.trend.min_span"):
        return None
    if rate > rule(rules, "ctdna.rise.trend.max_dt"):
        return None
    return Rise("TREND", points[-count].record, fast, rate)
