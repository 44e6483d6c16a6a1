"""The other records of a drawn patient: enrolment, therapies, answers, end, closed days."""

import datetime
from dataclasses import dataclass
from typing import Any

from tests.auditor.draw_eligibility import draw_assessment
from tests.auditor.draw_rules import Rules
from tests.auditor.drawing import Json, Pen, after
from tests.auditor.plan import Plan


@dataclass(frozen=True)
class Draft:
    """A record before it has versions: `kind` is the type's middle part."""

    kind: str
    record_id: str
    given: Json


class Clinic:
    """Draws one patient's records of `clinical.events`, on days beside those of the plan."""

    def __init__(self, pen: Pen, rules: Rules, plan: Plan, theme: str, reads: list[str]) -> None:
        self._pen, self._rules, self._plan, self._theme = pen, rules, plan, theme
        self._reads = reads
        self._busy = theme in {"everything", "review"}
        self.drafts: list[Draft] = []

    def drawn(self) -> list[Draft]:
        self._enrolment()
        self._therapies()
        self._answers()
        self._end()
        self._eligibility()
        return self.drafts

    def _add(self, kind: str, given: Json) -> None:
        self.drafts.append(Draft(kind, self._pen.pick("abcxyzZ0") + f"-{len(self.drafts)}", given))

    def _day(self, *offsets: int) -> str:
        """A day of the plan, some days on: mostly the same day or one beside it."""
        base = self._pen.pick(self._plan.days())
        return self._pen.dated(after(base, self._pen.pick(offsets or (0, 0, 1, -1, 20))))

    def _share(self, usual: float, busy: float) -> bool:
        return self._pen.chance(busy if self._busy else usual)

    def _enrolment(self) -> None:
        pen = self._pen
        for _ in range(pen.weighed({0: 8, 1: 85, 2: 7})):
            given: Json = {
                "enrolled_on": pen.dated(after(self._plan.origin, pen.pick((0, 0, -3, 4, 30))))
            }
            if pen.chance(35):
                given["prior_polymetastatic"] = pen.pick((True, True, False, None))
            if pen.chance(15):
                given |= {"prior_oligometastatic": True, "site_id": "SITE-1"}
            self._add("patient.enrolled", given)

    def _therapies(self) -> None:
        pen = self._pen
        for course in self._plan.courses:
            for therapy in course.therapies:
                self._add("therapy.local", therapy)
        while self._share(14, 38):
            given: Json = {"started_on": self._day(0, 0, 1, -1, 7, 30)}
            if pen.chance(12):  # about the endpoint start
                given["started_on"] = pen.dated(after(self._plan.start(), pen.near(0)))
            if pen.chance(30):
                given |= {"regimen": "FOLFOX", "line": pen.whole(1, 3)}
            self._add("therapy.systemic", given)

    def _answers(self) -> None:
        pen = self._pen
        while self._share(46, 64):
            given: Json = {
                "stated_on": self._day(0, 0, 1, 5, 40, -1),
                "locally_treatable": pen.weighed({"yes": 60, "no": 28, "unknown": 12}),
            }
            if self._reads and pen.chance(35):
                given["read_record_id"] = pen.pick(self._reads)
            self._add("treatability.stated", given)
        while self._share(12, 28):
            named = {"site_id": pen.pick(("S1", "S2"))} if pen.chance(70) else {}
            if not named or pen.chance(10):
                named["lesion_id"] = pen.pick(("N1", "N2", "N3"))
            taken: Json = {"taken_on": self._day(0, 1, 3, 30), "malignant": pen.pick((True, False))}
            self._add("biopsy.result", taken | named)
        while self._share(14, 36):
            words = ("systemic_therapy", "repeat_local_therapy", "surveillance", "other")
            held: Json = {"held_on": self._day(0, 0, 1, 10, -1), "decision": pen.pick(words)}
            self._add("review.held", held)
        while self._share(12, 12):
            self._add("contact.recorded", {"contacted_on": self._day(0, 5, 60)})
        while self._share(4, 6):
            value = {"analyte": "CEA", "value": pen.whole(1, 80), "unit": "ug/L"}
            self._add("marker.result", value | {"collected_at": self._day(0, 3)})

    def _end(self) -> None:
        pen = self._pen
        latest = max(self._plan.days())
        far = self._plan.samples[-1] if self._plan.samples else latest
        if pen.chance(11):
            day = after(pen.pick((latest, latest, far)), pen.pick((0, 1, 14, 15, 30, 100, 200)))
            self._add("death.recorded", {"died_on": pen.dated(day)})
        while pen.chance(9):
            scope = pen.pick(("treatment", "follow_up", "consent"))
            on = self._day(0, 0, 1, 14, 98, -1)
            self._add("withdrawal.recorded", {"withdrawn_on": on, "scope": scope})

    def _eligibility(self) -> None:
        while self._pen.chance(70 if self._theme == "eligibility" else 5):
            day = after(self._plan.origin, self._pen.pick((0, -1, -10)))
            self._add("eligibility.assessed", draw_assessment(self._pen, day))


def closed_days(pen: Pen, rules: Rules, plan: Plan, theme: str) -> list[datetime.date]:
    """Days that the clock closed: on or beside the last day of windows, limits and repeats."""
    if not pen.chance(88 if theme == "schedule" else 42):
        return []
    days = [
        after(anchor, pen.near(days))
        for anchor, days in (edge(pen, rules, plan) for _ in range(pen.whole(1, 3)))
    ]
    if pen.chance(30):
        days.append(after(max(plan.days()), pen.pick((30, 100, 181, 200, 400, 1000))))
    return [day for day in days if day <= datetime.date(2029, 12, 31)]


def edge(pen: Pen, rules: Rules, plan: Plan) -> tuple[datetime.date, int]:
    """A day of the plan and a number of days after it at which something falls due."""
    starts: list[Any] = [day for day, baseline in plan.reads if baseline]
    starts += [course.last or course.first for course in plan.courses] or [plan.origin]
    sample = pen.pick(plan.samples) if plan.samples else plan.origin
    read = pen.pick(plan.reads)[0] if plan.reads else plan.origin
    imaging, window = rules["schedule.imaging_days"], rules["schedule.imaging_window_days"]
    ctdna, open_days = rules["schedule.ctdna_days"], rules["schedule.ctdna_window_days"]
    number = pen.whole(1, 4)
    return pen.pick(
        (
            (pen.pick(starts), number * imaging + window),
            (pen.pick(starts), number * ctdna + open_days),
            (pen.pick(starts), rules["schedule.landmark_to_days"]),
            (max(plan.days()), rules["followup.no_contact"]),
            (max(plan.days()), rules["followup.no_contact"] + 60),
            (sample, rules["ctdna.turnaround_days"]),
            (read, rules["imaging.turnaround_days"]),
            (sample, number * rules["expedite.repeat_days"]),
        )
    )
