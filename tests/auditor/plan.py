"""The calendar of a drawn patient: courses of local therapy, days of reads and of samples.

Days are drawn to fall on the last day of a window or one beside it, counted from each other.
"""

import datetime
from dataclasses import dataclass, field
from typing import Any

from tests.auditor.draw_rules import Rules
from tests.auditor.drawing import Json, Pen, after

MODALITIES = {"surgery": "surgery", "rt": "radiotherapy", "ablation": "ablation"}
LESIONS = {  # a lesion lies in one site
    "S1": ("L1", "T1", "N1"),
    "S2": ("L2", "T2", "N2"),
    "S3": ("L3", "T3", "N3"),
}
DOSES = (  # total dose and fractions beside a BED of 72 and 100 Gy at 10 Gy, and well off
    *(("60", 30), ("50", 5), ("48", 4), ("50", 10), ("54", 3), ("24", 1), ("45.5", 8)),
)


@dataclass
class Course:
    """One round of local therapy; `last` is None while one of its therapies is open."""

    number: int
    short: str  # the modality as the rules' keys spell it
    first: datetime.date
    last: datetime.date | None
    therapies: list[Json] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)


@dataclass
class Plan:
    """What is drawn before any record's content."""

    origin: datetime.date
    courses: list[Course] = field(default_factory=list)
    reads: list[tuple[datetime.date, bool]] = field(default_factory=list)  # day, is a baseline
    samples: list[datetime.date] = field(default_factory=list)

    def start(self) -> datetime.date:
        return self.courses[0].first if self.courses else self.origin

    def days(self) -> list[datetime.date]:
        """Every day of the plan on which something happens."""
        courses = [day for course in self.courses for day in (course.first, course.last) if day]
        return [self.origin, *courses, *(day for day, _ in self.reads), *self.samples]


def draw_plan(pen: Pen, rules: Rules, theme: str) -> Plan:
    origin = datetime.date(2022, 1, 1) + datetime.timedelta(days=pen.whole(0, 1100))
    plan = Plan(origin)
    rounds = pen.weighed({0: 18, 1: 45, 2: 27, 3: 10})
    many = theme in {"imaging", "sites", "everything"} or (theme == "ctdna" and pen.chance(50))
    if pen.chance(35 if rounds else 0):
        plan.reads.append((after(origin, pen.whole(-20, 4)), pen.chance(80)))
    begin = after(origin, pen.pick((0, 1, 5, 10)))
    for number in range(1, rounds + 1):
        course = draw_course(pen, number, begin)
        plan.courses.append(course)
        days = follow_up(pen, rules, course, pen.whole(1, 4) if many else pen.whole(0, 2))
        plan.reads += days
        latest = max([course.last or course.first, *(day for day, _ in days)])
        begin = after(latest, pen.pick((0, 1, 7, 20, 41, 42, 43, -1)))
    if not rounds:
        plan.reads += follow_up(pen, rules, None, pen.whole(1, 6) if many else 2, origin)
    plan.samples = draw_samples(pen, rules, plan, theme)
    if plan.samples and pen.chance(35):
        collide = pen.pick((0, 1, 28, 29, 42, 43, -28, -29, -42, -43))
        plan.reads.append((after(pen.pick(plan.samples), collide), False))
    plan.reads.sort()
    return plan


def draw_course(pen: Pen, number: int, begin: datetime.date) -> Course:
    short = pen.pick(tuple(MODALITIES))
    shown = number if pen.chance(96) else pen.pick((1, number + 1))
    course = Course(number, short, begin, begin)
    for _ in range(pen.weighed({1: 75, 2: 25})):
        first = after(begin, pen.pick((0, 0, 3, 9)) if course.therapies else 0)
        last = after(first, pen.pick((0, 0, 4, 13)))
        ended = None if pen.chance(6) else last
        course.therapies.append(therapy(pen, course, shown, first, ended))
        if ended is None or course.last is None:
            course.last = None
        else:
            course.last = max(course.last, last)
    return course


def therapy(
    pen: Pen, course: Course, shown: int, first: datetime.date, ended: datetime.date | None
) -> Json:
    sites: list[Json] = []
    for _ in range(pen.weighed({0: 10, 1: 55, 2: 35})):
        name = pen.pick(("S1", "S2", "S3", f"S{course.number}"))
        course.sites.append(name)
        lesions = [pen.pick(LESIONS[name]) for _ in range(pen.whole(0, 2))]
        # A site keeps its organ, whichever therapy or patient names it.
        organ = Pen(f"{pen.seed} {name}").weighed({"lung": 75, "liver": 20, "lymph_node": 5})
        sites.append({"site_id": name, "organ": organ, "lesion_ids": sorted(set(lesions))})
    short = course.short if pen.chance(85) else pen.pick(tuple(MODALITIES))
    given: Json = {
        "modality": MODALITIES[short],
        "started_on": pen.dated(first),
        "ended_on": None if ended is None else pen.dated(ended),
        "round": shown,
        "sites": list({site["site_id"]: site for site in sites}.values()),
    }
    if pen.chance(55):
        given |= dose(pen)
    if pen.chance(30):
        given["margins_clear"] = pen.pick((True, False))
    return given


def dose(pen: Pen) -> Json:
    total, fractions = pen.pick(DOSES)
    bed = pen.pick(("72", "71.9", "72.1", "100", "99.9", "100.1", "80", "60"))
    both: Json = {"total_dose_gy": total, "fractions": fractions, "bed_gy": bed}
    left_out = pen.pick((("bed_gy",), ("total_dose_gy", "fractions"), (), ("fractions",)))
    return {key: value for key, value in both.items() if key not in left_out}


def follow_up(
    pen: Pen, rules: Rules, course: Course | None, reads: int, origin: datetime.date | None = None
) -> list[tuple[datetime.date, bool]]:
    """The days of an episode's reads: mostly a baseline first, then visits beside due windows."""
    end = origin or (course.last or course.first if course else None)
    assert end is not None
    low, high = rules[f"surveillance_baseline_window.{course.short}"] if course else (0, 28)
    first = after(end, pen.pick((pen.near(low), pen.near(high), low + 5)))
    days = [(first, pen.chance(86))]
    interval, window = rules["schedule.imaging_days"], rules["schedule.imaging_window_days"]
    edges = (
        *(rules["recist.confirm_days"], rules["recist.min_sd_days"], rules["discordance.window"]),
        *(interval, interval - window, interval + window, 2 * interval + window, 2 * interval),
    )
    guards = (89, 90, 91, 179, 180, 181, 364, 365, 366)
    at = first
    for _ in range(reads):
        guarded = after(end, pen.pick(guards))
        if pen.chance(22) and guarded > at:
            at = guarded
        else:
            at = after(at, pen.near(pen.pick(edges)) if pen.chance(70) else pen.whole(0, 100))
        days.append((at, pen.chance(4)))
    return days


def draw_samples(pen: Pen, rules: Rules, plan: Plan, theme: str) -> list[datetime.date]:
    wanted = {"ctdna": pen.whole(3, 9), "everything": pen.whole(1, 6)}
    count = wanted.get(theme, pen.weighed({0: 35, 1: 20, 2: 25, 3: 20}))
    ends = [course.last or course.first for course in plan.courses] or [plan.origin]
    blackout = rules["ctdna.blackout.surgery"]
    landmark = rules["schedule.landmark_to_days"]
    at = after(ends[0], pen.pick((-30, -1, 0, pen.near(blackout), pen.near(landmark), 40)))
    days = [at] if count else []
    edges: tuple[Any, ...] = (
        *(rules["ctdna.confirm.min_gap"], rules["ctdna.confirm.max_gap"], 28, 0),
        *(rules["ctdna.clearance.min_span"], rules["ctdna.rise.trend.min_span"], 42),
        *(rules["schedule.ctdna_days"], rules["schedule.ctdna_days"] + 14, 20, 21),
    )
    steady = theme == "ctdna" and pen.chance(50)
    while len(days) < count:
        if steady:
            at = after(at, pen.pick((14, 14, 20, 28, 30)))
        elif pen.chance(12) and plan.reads:
            window = rules["discordance.window"]
            at = after(pen.pick(plan.reads)[0], pen.pick((1, -1)) * pen.near(window))
        elif pen.chance(8):
            at = after(pen.pick(ends), pen.near(blackout))
        else:
            at = after(at, pen.near(pen.pick(edges)) if pen.chance(75) else pen.whole(1, 60))
        days.append(at)
    return sorted(days)
