"""Writes one made-up patient's records down as the events that a trial's systems would send.

Days count from enrolment. Chance is seeded by the patient's number, so the same story gives the
same events; nobody real is meant.
"""

import copy
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Literal, Self

from monitor.examples import records
from monitor.examples.records import NOTES, STUDY, Content, Seen

LAB = "https://lims.example/ctdna"
READS = "https://imaging.example/reads"
EDC = "https://edc.example/nct06778382"
LOCAL_TIME = timezone(timedelta(hours=8))  # Shandong
VISIT_DAYS = 84
BASELINE_DAYS = {"surgery": 35, "ablation": 32, "radiotherapy": 50}

Depth = Literal["lesions", "sum", "responses"]


@dataclass(frozen=True, slots=True)
class Line:
    """An event and the moment at which it reached the broker."""

    at: datetime
    event: Content


class Story:
    """One patient from enrolment on; every method adds what the systems send.

    `targets` are untreated lung lesions that reads measure: name to site.
    """

    def __init__(
        self,
        number: int,
        enrolled_on: str,
        *,
        targets: Mapping[str, str] | None = None,
        depth: Depth = "lesions",
    ) -> None:
        self.patient_id = f"SDCH-{number:03}"
        self.lines: list[Line] = []
        self.panel = f"PNL-{number:03}"
        self._enrolled_on = date.fromisoformat(enrolled_on)
        self._dice = random.Random(f"{STUDY}/{number}")  # noqa: S311 - an example, no secret
        self._targets = dict(targets or {})
        self._depth = depth
        self._anchor = self._visits = self._rounds = 0
        self._counts: dict[str, int] = {}
        self._sites: list[str] = []

    @classmethod
    def begun(cls, number: int, enrolled_on: str, modality: str, *sites: str, **more: Any) -> Self:
        """A patient who is enrolled and treated one to two weeks later."""
        story = cls(number, enrolled_on, **more)
        story.enrolled()
        story.treated(modality, story.between(8, 17), *sites)
        return story

    def between(self, low: int, high: int) -> int:
        """A whole number within bounds, by the patient's own dice."""
        return low + int(self._dice.random() * (high - low + 1))

    def day(self, number: int) -> date:
        """The calendar day so many days after enrolment."""
        return self._enrolled_on + timedelta(days=number)

    def enrolled(self, reaches_us_days: int = 1) -> Line:
        """The enrolment record, at least half a year after no evidence of disease."""
        content = {
            "enrolled_on": self.day(0).isoformat(),
            "ned_on": self.day(-self.between(200, 900)).isoformat(),
            "lung_metastasis_on": self.day(-self.between(12, 40)).isoformat(),
            "site_id": "SDCH",
            "prior_polymetastatic": False,
        }
        return self._first("patient.enrolled", EDC, "ENR", content, self._at(reaches_us_days))

    def treated(self, modality: str, from_day: int, *sites: str, **more: Any) -> Line:
        """A round of local therapy of lung sites; visits count from the baseline read after it."""
        self._rounds += 1
        until = from_day + (self.between(8, 11) if modality == "radiotherapy" else 0)
        self._visits, self._anchor = 0, until + BASELINE_DAYS[modality] + self.between(0, 4)
        days = (self.day(from_day), self.day(until))
        content = records.local_therapy(modality, days, self._rounds, self.between(0, 2))
        self._sites = [f"{_initials(site)}-{self._rounds}" for site in sites]
        content["sites"] = [
            {"site_id": name, "organ": "lung", "lesion_ids": []} for name in self._sites
        ]
        content |= more
        return self._first("therapy.local", EDC, "LT", content, self._at(until + 2))

    def baseline(self, ctdna: str = "not_detected", *mm: str, **more: Any) -> tuple[Line, Line]:
        """The first sample after therapy and the surveillance baseline read."""
        return self.blood(self._anchor - self.between(0, 3), ctdna), self.read(
            self._anchor, mm, **more
        )

    def visits(self, count: int, *mm: str) -> None:
        """So many planned visits with nothing new."""
        for _ in range(count):
            self.visit("not_detected", *mm)

    def visit(
        self, ctdna: str = "not_detected", *mm: str, new: Sequence[Seen] = (), **more: Any
    ) -> tuple[Line, Line]:
        """The next planned visit: a sample and a read with `more` content; returns both."""
        day = self.next_day() + self.between(-5, 6)
        sample = self.blood(day - self.between(0, 2), ctdna)
        return sample, self.visit_read(day, *mm, new=new, **more)

    def visit_read(
        self, day: int | None = None, *mm: str, new: Sequence[Seen] = (), **more: Any
    ) -> Line:
        """The next planned visit's read alone."""
        planned = self.next_day()
        self._visits += 1
        return self.read(planned if day is None else day, mm, new, **more)

    def missed(self) -> int:
        """The next planned visit, to which the patient did not come; returns its day."""
        self._visits += 1
        return self.next_day(0)

    def next_day(self, visits_ahead: int = 1) -> int:
        """The planned day of a visit, counted from the last one."""
        return self._anchor + (self._visits + visits_ahead) * VISIT_DAYS

    def blood(self, day: int, ctdna: str, turnaround_days: int = 0, **more: Any) -> Line:
        """A sample with the laboratory's call; a number is what was detected, in MTM/mL."""
        plasma, cfdna = self.between(41, 57) / 10, self.between(38, 121) / 10
        name = f"{self.panel}-{day:04}"
        tube = records.specimen(name, self._moment(day, 8), f"{plasma}", f"{cfdna}")
        at = self._at(day + (turnaround_days or self.between(7, 12)))
        content = _with(records.ctdna_result(self.panel, tube, ctdna), more)
        return self._first("ctdna.result", LAB, "CT", content, at)

    def read(self, day: int, mm: Sequence[str] = (), new: Sequence[Seen] = (), **more: Any) -> Line:
        """An investigator's read of a CT, at the depth of this patient's reads."""
        label = f"visit {self._visits}" if self._visits else "baseline"
        reader = f"RAD-{self.between(1, 3):02}"
        content = records.imaging_read(reader, label, self.day(day), new)
        content |= self._measured(mm)
        if self._depth == "responses" and self._visits:
            content["reported"] = {"overall": "PD" if new else "NED"}
        at = self._at(day + self.between(1, 4))
        return self._first("imaging.read", READS, "RD", _with(content, more), at)

    def noted(self, kind: str, day: int, **content: Any) -> Line:
        """A note of the trial's own staff, of a kind in `records.NOTES`."""
        code, dated = NOTES[kind]
        content = {dated: self.day(day).isoformat(), **content}
        return self._first(kind, EDC, code, content, self._at(day + self.between(0, 2)))

    def stated(self, read: Line, days_later: int, locally_treatable: str) -> Line:
        """A clinician's word on whether what a read showed can be treated locally."""
        day = self.day_of(read) + days_later
        about = read.event["data"]["record_id"]
        return self.noted(
            "treatability.stated", day, read_record_id=about, locally_treatable=locally_treatable
        )

    def ended(self) -> Line:
        """The end of follow-up, soon after the latest record: no visit is due from here on."""
        latest = max(line.at for line in self.lines).date()
        after = (latest - self._enrolled_on).days + 1
        return self.noted("withdrawal.recorded", after, scope="follow_up")

    def day_of(self, read: Line) -> int:
        """The day of a read's first image."""
        taken = date.fromisoformat(read.event["data"]["images"][0]["acquired_on"])
        return (taken - self._enrolled_on).days

    def again(self, line: Line, days_later: int, status: str, **changes: Any) -> Line:
        """The next version of a record, with fields of its first level changed."""
        event = copy.deepcopy(line.event)
        event["data"] |= {"record_version": event["data"]["record_version"] + 1, "status": status}
        event["data"] |= changes
        at = line.at + timedelta(days=days_later, minutes=self.between(1, 180))
        return self._put(Line(at, records.stamped(event, at)))

    def became_final(self, line: Line, after_days: int, **changes: Any) -> Line:
        """Turn a record's first version into a preliminary one that is signed later."""
        line.event["data"]["status"] = "preliminary"
        return self.again(line, after_days, "final", **changes)

    def twice(self, line: Line, hours_later: int) -> Line:
        """The very same delivery once more, as a sender does that saw no answer."""
        return self._put(Line(line.at + timedelta(hours=hours_later), line.event))

    def resent(self, line: Line, days_later: int) -> Line:
        """The same version once more as a new event, as after an export of everything."""
        event = {**line.event, "id": f"{line.event['id']}/resent"}
        return self._put(Line(line.at + timedelta(days=days_later), event))

    def mistaken(self, line: Line, hours_earlier: int, **changes: Any) -> Line:
        """A first try at sending `line` that the monitor has to refuse, under the same id."""
        event = copy.deepcopy(line.event)
        event["data"] |= changes
        return self._put(Line(line.at - timedelta(hours=hours_earlier), event))

    def _measured(self, mm: Sequence[str]) -> Content:
        if self._depth == "responses":
            return {}
        if self._depth == "sum":
            return {"sum_of_diameters_mm": mm[0]}
        measured = zip(self._targets.items(), mm, strict=True)
        seen = [{"site_id": site, "finding": "post_treatment_change"} for site in self._sites]
        return {
            "targets": [records.target(name, site, length) for (name, site), length in measured],
            "treated_sites": seen,
        }

    def _moment(self, day: int, hour: int) -> datetime:
        return datetime.combine(self.day(day), time(hour, self.between(0, 59), tzinfo=LOCAL_TIME))

    def _at(self, day: int) -> datetime:
        return self._moment(day, self.between(9, 17))

    def _first(self, kind: str, source: str, code: str, content: Content, at: datetime) -> Line:
        self._counts[code] = self._counts.get(code, 0) + 1
        record_id = f"{self.patient_id}/{code}-{self._counts[code]:02}"
        event = records.event(kind, source, self.patient_id, record_id, content)
        return self._put(Line(at, records.stamped(event, at)))

    def _put(self, line: Line) -> Line:
        self.lines.append(line)
        return line


def _with(content: Content, more: Content) -> Content:
    """More content; what is an object in both is joined."""
    joined = {
        name: {**content[name], **value}
        for name, value in more.items()
        if isinstance(value, dict) and isinstance(content.get(name), dict)
    }
    return {**content, **more, **joined}


def _initials(site: str) -> str:
    return "".join(word[0] for word in site.split()).upper()
