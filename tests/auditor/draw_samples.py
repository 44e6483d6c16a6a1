"""The ctDNA results of a drawn patient: several assays, units, limits of detection, warnings."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal

from tests.auditor.draw_rules import Rules
from tests.auditor.drawing import Json, Pen, after
from tests.auditor.plan import Plan

FAMILIES = (  # units that convert into each other, with how many of each make the first
    {"VAF_PCT": Decimal(1), "VAF_FRACTION": Decimal("0.01")},
    {"COPIES_PER_ML": Decimal(1), "HGE_PER_ML": Decimal(1)},
    *({"MTM_PER_ML": Decimal(1)}, {"PPM": Decimal(1)}, {"TF_PCT": Decimal(1)}),
)
ANY_UNIT = ("VAF_PCT", "COPIES_PER_ML", "MTM_PER_ML", "PPM", "TF_PCT", "VAF_FRACTION")
CALLS = {"detected": 52, "not_detected": 32, "indeterminate": 7, "qc_failed": 5, "cancelled": 4}
SHARES = {52: 40, 78: 35, 25: 25}
STYLES = {
    "mixed": {"fold": 34, "trend": 34, "lod": 12, "any": 20},
    "slow": {"trend": 85, "lod": 5, "any": 10},
    "fast": {"fast": 85, "lod": 5, "any": 10},
}
DESIGNS = ("tumor_informed", "tumor_naive_methylation", "tumor_naive_panel", "tumor_naive_panel")
GENES = ("DNMT3A", "TET2", "ASXL1", "JAK2", "TP53", "KRAS")


@dataclass
class Assay:
    """One comparability group, and the values of its present run."""

    given: Json
    family: dict[str, Decimal]
    limit: Decimal | None
    style: str  # how its values tend to go from sample to sample
    run: list[tuple[datetime.date, Decimal]] = field(default_factory=list)


class Samples:
    """Draws the results of one patient in the order of their days."""

    def __init__(self, pen: Pen, rules: Rules, plan: Plan, theme: str) -> None:
        self._pen, self._rules, self._plan = pen, rules, plan
        codes = pen.weighed({1: 68, 2: 25, 3: 7})
        self._assays = [draw_assay(pen, number) for number in range(codes)]
        share = pen.weighed({52: 20, 80: 65, 25: 15} if theme == "ctdna" else SHARES)
        self._calls = CALLS | {"detected": share, "not_detected": 84 - share}
        self._chip = pen.chance(18)

    def drawn(self) -> list[Json]:
        current = 0
        told = []
        for day in self._plan.samples:
            if self._pen.chance(22):
                current = self._pen.whole(0, len(self._assays) - 1)
            told.append(self._sample(day, self._assays[current]))
        return told

    def _sample(self, day: datetime.date, assay: Assay) -> Json:
        pen = self._pen
        call = pen.weighed(self._calls)
        specimen: Json = {"collected_at": pen.dated(day)}
        if pen.chance(25):
            specimen |= preanalytics(pen)
        given: Json = {"specimen": specimen, "assay": self._assay(assay), "call": call}
        if call == "detected" and pen.chance(85):
            given["quantity"] = self._quantity(day, assay)
        elif call == "not_detected":
            assay.run.clear()
            if pen.chance(25):
                given["quantity"] = self._negative(assay)
        elif pen.chance(15):
            given["quantity"] = self._negative(assay)
        if self._chip or pen.chance(8):
            genes = GENES[:4] if pen.chance(60) else GENES
            given["variants"] = [
                {"gene": pen.pick(genes), "vaf_pct": pen.number(Decimal(pen.whole(1, 30)) / 10)}
                for _ in range(pen.weighed({0: 8, 1: 60, 2: 32}))
            ]
        if pen.chance(30):
            given["reported_at"] = pen.moment(after(day, pen.whole(1, 12)))
        return given

    def _assay(self, assay: Assay) -> Json:
        pen = self._pen
        given = dict(assay.given)
        if self._chip:
            given["design"] = "tumor_naive_panel"
            filtered = pen.pick(("no", "unknown", "yes", None, None))
            given |= {"chip_filtered": filtered} if filtered else {}
        if assay.limit is not None and pen.chance(90):
            unit = pen.pick(tuple(assay.family)) if pen.chance(95) else pen.pick(ANY_UNIT)
            value = assay.limit * assay.family.get(unit, Decimal(1))
            given["lod"] = {"value": pen.number(value), "unit": unit}
        return given

    def _quantity(self, day: datetime.date, assay: Assay) -> Json:
        """A value beside the fold limit over the lowest of the run, the LoD, or a trend's rise."""
        pen, run = self._pen, assay.run
        lowest = min((value for _, value in run), default=Decimal(1))
        fold = Decimal(str(self._rules["ctdna.rise.fold"]))
        match pen.weighed(STYLES[assay.style]):
            case "fold" if run:
                value = pen.beside(lowest * fold, Decimal("0.01"))
            case "trend" if run:
                value = self._doubling(day, run[-1], "ctdna.rise.trend.max_dt")
            case "fast" if run:
                value = self._doubling(day, run[-1], "ctdna.rise.fast_dt")
            case "lod" if assay.limit is not None:
                value = pen.beside(assay.limit, Decimal("0.01"))
            case _:
                value = Decimal(pen.whole(1, 400)) / 100
        value = value.quantize(Decimal("0.001"))
        run.append((day, value))
        return self._spelled(assay, value, lowest * fold)

    def _doubling(
        self, day: datetime.date, last: tuple[datetime.date, Decimal], key: str
    ) -> Decimal:
        """The last value grown with a doubling time beside the limit."""
        time = self._rules[key] * self._pen.pick((0.5, 0.8, 0.95, 1.05))
        return last[1] * Decimal(2 ** min((day - last[0]).days / time, 6))

    def _spelled(self, assay: Assay, value: Decimal, limit: Decimal) -> Json:
        pen = self._pen
        unit = pen.pick(tuple(assay.family)) if pen.chance(94) else pen.pick(ANY_UNIT)
        factor = assay.family.get(unit, Decimal(1))
        given: Json = {"value": pen.number(value * factor), "unit": unit}
        if pen.chance(9):
            given["comparator"] = pen.pick(("<", "<", "<=", ">", "="))
        if pen.chance(28):
            low, high = value * Decimal("0.8"), value * Decimal("1.2")
            if pen.chance(40):  # ends that touch those of another sample
                low, high = min(value, limit), max(value, limit)
            given["ci95"] = [pen.number(low * factor), pen.number(high * factor)]
        return given

    def _negative(self, assay: Assay) -> Json:
        pen = self._pen
        limit = assay.limit if assay.limit is not None else Decimal("0.1")
        value = pen.pick((Decimal(0), pen.beside(limit, Decimal("0.01")), limit / 2))
        return self._spelled(assay, value, limit)


def draw_assay(pen: Pen, number: int) -> Assay:
    given: Json = {"lab": "LAB", "code": f"A{number}"}
    if pen.chance(40):
        given["version"] = pen.pick(("1", "2"))
    if pen.chance(25):
        given["panel_id"] = pen.pick(("p1", "p2"))
    if pen.chance(45):
        given["design"] = pen.pick(DESIGNS)
    if pen.chance(30):
        given["chip_filtered"] = pen.pick(("yes", "no", "unknown"))
    limit = pen.pick((None, Decimal("0.1"), Decimal("0.05"), Decimal("0.5")))
    return Assay(given, pen.pick(FAMILIES), limit, pen.pick(tuple(STYLES)))


def preanalytics(pen: Pen) -> Json:
    tube = pen.pick(("edta", "stabilising", "other", None))
    hours = Decimal(168 if tube == "stabilising" else 6)
    given: Json = {
        "tube": tube,
        "draw_to_spin_h": pen.number(pen.beside(hours)),
        "plasma_ml": pen.number(pen.beside(Decimal(4))),
        "cfdna_ng_per_ml": pen.whole(2, 20),
        "haemolysis": pen.pick((True, False, None)),
    }
    return {key: value for key, value in given.items() if value is not None and pen.chance(60)}
