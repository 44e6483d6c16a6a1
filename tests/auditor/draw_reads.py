"""The imaging reads of a drawn patient, at three depths, by one or several readers."""

import datetime
from decimal import Decimal

from tests.auditor import draw_lesions
from tests.auditor.draw_rules import Rules
from tests.auditor.draw_targets import Series, baseline_targets, follow_up_targets, total_of
from tests.auditor.drawing import Json, Pen, after
from tests.auditor.plan import Plan

Reader = tuple[str, str]  # role, id
THICKNESS = (None, None, None, Decimal(1), Decimal(5), Decimal("5.1"), Decimal(6))


class Reads:
    """Draws the reads of one patient in the order of their days."""

    def __init__(self, pen: Pen, rules: Rules, plan: Plan, theme: str) -> None:
        self._pen, self._rules, self._plan = pen, rules, plan
        self._readers = readers(pen, rules)
        self._series: dict[Reader, Series] = {}
        self._calm = theme == "ctdna" and pen.chance(65)
        rate = 3 if self._calm else {"sites": 12, "imaging": 18, "ctdna": 14}.get(theme, 26)
        self._new = {role: draw_lesions.NewLesions(pen, plan, rate) for role, _ in self._readers}
        self._sites_percent = 4 if self._calm else 75 if theme == "sites" else 38
        self._responses = pen.chance(9)

    def drawn(self) -> list[Json]:
        told = []
        for day, baseline in self._plan.reads:
            for number, reader in enumerate(self._readers):
                if number == 0 or self._pen.chance(50):
                    told += self._read(day, reader, baseline=baseline)
        return told

    def _read(self, day: datetime.date, reader: Reader, *, baseline: bool) -> list[Json]:
        series = self._series.get(reader)
        if baseline or series is None:
            series = self._series[reader] = Series()
            series.depth = self._depth()
        role, name = reader
        if role != "central" and self._pen.chance(15):
            name += "-2"  # staff changes; a role is one series
        given: Json = {"reader": {"id": name, "role": role}}
        if baseline or self._pen.chance(50):
            given["timepoint"] = {"label": "visit", "is_baseline": baseline}
        images, thickness = self._images(day)
        given |= {"images": images} | self._measured(series, thickness, baseline=baseline)
        given |= self._seen(day, reader)
        if self._pen.chance(45):
            given["signed_at"] = self._pen.moment(after(day, self._pen.whole(0, 2)))
        return [given, *self._same_day(given, series)]

    def _same_day(self, given: Json, series: Series) -> list[Json]:
        """Now and then a second read of the same series and images, signed at another time."""
        if not self._pen.chance(5):
            return []
        again = given | self._measured(series, None, baseline=False)
        again.pop("signed_at", None)
        if self._pen.chance(70):
            images = given["images"]
            assert isinstance(images, list)
            first = datetime.date.fromisoformat(images[0]["acquired_on"][:10])
            again["signed_at"] = self._pen.moment(after(first, self._pen.whole(0, 3)))
        return [again]

    def _depth(self) -> str:
        if self._responses:
            return "responses"
        if self._calm and self._pen.chance(75):
            return "none"
        return self._pen.weighed({"lesions": 58, "none": 28, "sum": 10, "responses": 4})

    def _images(self, day: datetime.date) -> tuple[list[Json], Decimal | None]:
        pen, plan_day = self._pen, self._pen.dated(day)
        thickness = pen.pick(THICKNESS)
        first: Json = {
            "modality": pen.weighed({"CT": 76, "PET_CT": 12, "MRI": 8, "CXR": 2, "US": 2}),
            "regions": ["chest"],
            "acquired_on": plan_day,
        }
        if thickness is not None:
            first["slice_thickness_mm"] = pen.number(thickness)
        images = [first]
        if pen.chance(28):
            later = after(day, pen.pick((0, 1, 3, 6)))
            modality = pen.pick(("PET_CT", "PET_CT", "CT", "MRI"))
            images.append({"modality": modality, "acquired_on": pen.dated(later)})
            if pen.chance(30):
                images.reverse()
        return images, thickness if thickness and thickness > 5 else None

    def _measured(self, series: Series, thickness: Decimal | None, *, baseline: bool) -> Json:
        pen, depth = self._pen, series.depth
        if not baseline and pen.chance(4):
            depth = pen.pick(("sum", "responses", "none"))
        if depth == "lesions" and (baseline or not series.targets):
            series.targets.clear()
            given: Json = {"targets": baseline_targets(pen, series, thickness)}
        elif depth == "lesions":
            targets, _, _ = follow_up_targets(pen, self._rules, series)
            given = {"targets": targets}
            whole = len(targets) >= len(series.targets)
            series.seen(total_of(targets) if whole else None)
            if pen.chance(10):
                given["sum_of_diameters_mm"] = pen.number(series.nadir)
        elif depth == "sum":
            given = self._sum_only(series, baseline=baseline)
        else:
            given = {"targets": []} if depth == "none" else {}
        told = draw_lesions.non_targets(pen, series, baseline=baseline or depth == "sum")
        if told is not None and (depth != "responses" or pen.chance(30)):
            given["non_targets"] = told
        if pen.chance(35):
            given["tumour_markers_normal"] = pen.pick((True, False, None))
        report = draw_lesions.reported(pen, depth)
        if report is not None or pen.chance(10):
            given["reported"] = report
        return given

    def _sum_only(self, series: Series, *, baseline: bool) -> Json:
        pen = self._pen
        if baseline or not series.targets:
            series.baseline = series.nadir = Decimal(pen.whole(10, 60))
            series.targets = [("T1", "lung", False)]
            total = series.baseline
        else:
            _, _, total = follow_up_targets(pen, self._rules, series)
            series.seen(total)
        return {"sum_of_diameters_mm": pen.number(total)}

    def _seen(self, day: datetime.date, reader: Reader) -> Json:
        pen = self._pen
        given: Json = {}
        lesions = self._new[reader[0]].of_read()
        if lesions or pen.chance(40):
            given["new_lesions"] = lesions
        sites = draw_lesions.treated_sites(pen, self._plan, day, self._sites_percent)
        if sites or pen.chance(20):
            given["treated_sites"] = sites
        count = draw_lesions.active_lesions(pen, self._rules)
        if count is not None:
            given["active_lesions"] = count
        if pen.chance(9):
            given["survey"] = "incomplete"
        elif pen.chance(30):
            given["survey"] = "complete"
        return given


def readers(pen: Pen, rules: Rules) -> list[Reader]:
    """The study's reader first; others in a part of the histories."""
    role = rules["reader"] if pen.chance(96) else "investigator"
    name = pen.pick(("C1", "C2")) if role == "central" else "R1"
    chosen = [(role, name)]
    if pen.chance(20 if role != "central" else 45):
        chosen.append(pen.pick((("central", "C1"), ("central", "C2"), ("adjudicator", "R1"))))
    if pen.chance(5):
        chosen.append(("investigator", "R1"))
    return list(dict.fromkeys(chosen))
