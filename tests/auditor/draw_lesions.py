"""What drawn reads say beside the targets: non-targets, new lesions, treated sites, counts."""

import datetime
from decimal import Decimal

from tests.auditor.draw_rules import Rules
from tests.auditor.draw_targets import Series
from tests.auditor.drawing import Json, Pen
from tests.auditor.plan import Plan

TARGET_WORDS = {"CR": 20, "PR": 24, "SD": 24, "PD": 18, "NE": 14}
GROUP_WORDS = {"CR": 25, "NON-CR/NON-PD": 45, "PD": 10, "NE": 20}
STATES = {"present": 58, "absent": 28, "unequivocal_progression": 6, "not_evaluable": 8}
OVERALL = {"CR": 16, "PR": 20, "SD": 20, "PD": 20, "NE": 8, "NON-CR/NON-PD": 8, "NED": 8}
SIGNS = ("bulging margin", "craniocaudal growth", "enlarging opacity", "loss of air bronchogram")
SILENT = 45  # as often is a word left out


def non_targets(pen: Pen, series: Series, *, baseline: bool) -> Json | None:
    if baseline:
        count = pen.weighed({0: 62, 1: 25, 2: 13})
        organs = [pen.pick(("lung", "lymph_node", "bone")) for _ in range(count)]
        series.non_targets = [
            (f"NT{number}", organ, organ == "lymph_node") for number, organ in enumerate(organs, 1)
        ]
        lesions = [non_target(lesion, "present") for lesion in series.non_targets]
    else:
        lesions = [
            non_target(lesion, pen.weighed(STATES))
            for lesion in series.non_targets
            if pen.chance(95)
        ]
    if lesions and pen.chance(8):  # one lesion told twice, mostly in two words
        again = non_target(pen.pick(series.non_targets), pen.weighed(STATES))
        lesions.insert(pen.whole(0, len(lesions)), again)
    response = pen.weighed(GROUP_WORDS) if pen.chance(12) else None
    if not lesions and response is None and pen.chance(60):
        return None
    given: Json = {"lesions": lesions}
    return given | ({"response": response} if response or pen.chance(20) else {})


def non_target(lesion: tuple[str, str, bool], state: str) -> Json:
    name, organ, nodal = lesion
    return {"lesion_id": name, "organ": organ, "nodal": nodal, "state": state}


class NewLesions:
    """The new lesions of one patient: named again in later reads, as other readers see them."""

    def __init__(self, pen: Pen, plan: Plan, percent: int) -> None:
        self._pen, self._percent = pen, percent
        self._named: dict[str, Json] = {}
        self._sites = [site for course in plan.courses for site in course.sites]

    def of_read(self) -> list[Json]:
        pen = self._pen
        again = [name for name in self._named if pen.chance(50)]
        lesions = [self._again(name) for name in again]
        if pen.chance(self._percent):
            fresh = f"N{len(self._named) + 1}"
            self._named[fresh] = self._first(fresh)
            lesions.insert(pen.whole(0, len(lesions)), self._first_told(fresh))
        return lesions

    def _first(self, name: str) -> Json:
        organ = self._pen.weighed({"lung": 74, "lymph_node": 15, "liver": 8, "bone": 3})
        given: Json = {"lesion_id": name, "organ": organ, "nodal": organ == "lymph_node"}
        if self._sites and self._pen.chance(18):
            given["treated_site_id"] = self._pen.pick(self._sites)
        return given

    def _first_told(self, name: str) -> Json:
        return self._told(name, {"equivocal": 46, "unequivocal": 44, "benign": 10})

    def _again(self, name: str) -> Json:
        return self._told(name, {"equivocal": 35, "unequivocal": 43, "benign": 22})

    def _told(self, name: str, certainty: dict[str, int]) -> Json:
        pen, given = self._pen, self._named[name]
        told = given | {
            "certainty": pen.weighed(certainty),
            "method": pen.weighed({"CT": 66, "PET_CT": 22, "MRI": 10, "CXR": 2}),
        }
        if pen.chance(85 if given["nodal"] else 50):
            limit = pen.pick((Decimal(10), Decimal(15), Decimal(12)))
            told["size_mm"] = pen.number(pen.beside(limit) if given["nodal"] else limit - 6)
        return told


def treated_sites(pen: Pen, plan: Plan, day: datetime.date, percent: int) -> list[Json]:
    known = [site for course in plan.courses if course.first <= day for site in course.sites]
    if pen.chance(3):
        known.append(pen.pick(("S9", "S2")))
    told: list[Json] = []
    for site in dict.fromkeys(known):
        if not pen.chance(percent):
            continue
        words = {"no_change": 22, "post_treatment_change": 18, "enlarging": 28, "progressed": 32}
        given: Json = {"site_id": site, "finding": pen.weighed(words)}
        if pen.chance(50):
            given["high_risk_signs"] = list(SIGNS[: pen.whole(0, 3)])
        if pen.chance(30):
            given["size_mm"] = pen.whole(5, 40)
        told.append(given)
    return told


def active_lesions(pen: Pen, rules: Rules) -> Json | None:
    if pen.chance(55):
        return None
    most = int(rules["oligo.max_lesions"])
    lung = pen.pick((most - 1, most, most, most + 1, 1, 1, None))
    elsewhere = pen.weighed({0: 78, 1: 9, None: 13})
    return {"lung": lung, "elsewhere": elsewhere}


def reported(pen: Pen, depth: str) -> Json | None:
    if depth == "responses":
        if pen.chance(3):
            return None
        return {
            "target": word(pen, TARGET_WORDS, SILENT),
            "non_target": word(pen, GROUP_WORDS, SILENT),
            "overall": word(pen, OVERALL, 22),
        }
    if pen.chance(60):
        return None
    return {
        "target": pen.weighed(TARGET_WORDS) if pen.chance(60) else None,
        "non_target": pen.weighed(GROUP_WORDS) if pen.chance(40) else None,
        "overall": pen.weighed(OVERALL) if pen.chance(60) else None,
    }


def word(pen: Pen, words: dict[str, int], silent: int) -> str | None:
    return None if pen.chance(100 * silent / (100 + silent)) else pen.weighed(words)
