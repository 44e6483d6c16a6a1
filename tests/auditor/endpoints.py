"""Time-to-event endpoints under both censoring profiles, by definition (1.11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tests.auditor.best_response import best_response
from tests.auditor.recist import depth
from tests.auditor.values import Record, maybe_day, of_kind, rule
from tests.auditor.visits import Imaging, Visit

PROFILES = ("FDA_A", "ITT_LIKE")
NAMES = ("PFS", "TTP", "OS", "TTNST", "DOR")


def start_of(records: Sequence[Record], rules: Mapping[str, Any]) -> date | None:
    """Endpoint start: the first local therapy, or enrolment."""
    enrolled = min((r.clinical_day for r in of_kind(records, "patient.enrolled")), default=None)
    if rule(rules, "endpoints.start") == "ENROLMENT":
        return enrolled
    therapies = of_kind(records, "therapy.local")
    return min((t.clinical_day for t in therapies), default=enrolled)


@dataclass
class Story:
    """What the censoring rules ask about one patient."""

    records: Sequence[Record]
    imaging: Imaging
    calendar: Sequence[Mapping[str, Any]]
    rules: Mapping[str, Any]
    start: date
    since: date  # the first day on which a PD counts

    def __post_init__(self) -> None:
        study = [v for v in self.imaging.study if v.episode > 0]
        self.reads = sorted(study, key=lambda v: v.record.order)
        self.adequate = [v for v in self.reads if v.evaluable]
        pds = [v for v in self.reads if v.overall == "PD" and v.pd_on is not None]
        dated = [(v.record.order, v.pd_on) for v in pds if v.pd_on and v.pd_on >= self.since]
        dated += [
            (p.record.order, p.pd_on)
            for p in self.imaging.pds
            if p.record.kind == "biopsy.result" and p.pd_on >= self.since
        ]
        self.pd = min(dated)[1] if dated else None
        self.pd_order = min(dated)[0] if dated else None
        self.death = self._first("death.recorded")
        self.systemic = self._first("therapy.systemic", self.start)

    def _first(self, kind: str, since: date | None = None) -> date | None:
        found = [r.clinical_day for r in of_kind(self.records, kind)]
        return min((d for d in found if since is None or d >= since), default=None)

    def no_baseline(self) -> bool:
        """Without a surveillance baseline, unless all reads are responses only."""
        if self.imaging.baselines:
            return False
        every = self.imaging.study
        return not every or any(depth(v.record) != "responses" for v in every)

    def on(self, visits: Sequence[Visit]) -> date:
        """The last of these assessments, dated to its latest image; else the start."""
        if not visits:
            return self.start
        return max(self.start, visits[-1].last_image_on)

    def last_adequate(self) -> date:
        """Censoring without an event: the start when there is none after the baseline."""
        alive = [v for v in self.adequate if self.death is None or v.first_image_on <= self.death]
        first = min((v.record.order for v in self.adequate if v.is_baseline), default=None)
        after = [v for v in alive if first is None or v.record.order > first]
        return self.on(alive) if after else self.start

    def _before_pd(self, visit: Visit) -> bool:
        """The read that shows the PD is the event, not an assessment before it."""
        return self.pd_order is None or visit.record.order < self.pd_order

    def gap(self, event: date) -> date | None:
        """FDA_A: the adequate assessment before too many missed or NE visits, else null."""
        before = [v for v in self.adequate if v.first_image_on < event and self._before_pd(v)]
        since = before[-1].first_image_on if before else date.min
        empty = [v.first_image_on for v in self.reads if v.overall == "NE"]
        items = [on for on in [*empty, *self.missed(event)] if since < on < event]
        return self.on(before) if len(items) > rule(self.rules, "endpoints.max_missed") else None

    def missed(self, event: date) -> list[date]:
        """Due dates of windows closed before the event with no read of the series in them."""
        read_on = [read.clinical_day for read in self.imaging.study_reads]
        return [
            visit["due_on"]
            for visit in self.calendar
            if visit["kind"] == "imaging"
            and visit["closes_on"] < event
            and not visit["kept_open"]
            and not any(visit["opens_on"] <= on <= visit["closes_on"] for on in read_on)
        ]

    def before_therapy(self) -> date:
        """The last adequate assessment whose earliest image lies before the new therapy."""
        assert self.systemic is not None
        before = [v for v in self.adequate if v.first_image_on < self.systemic]
        return self.on([v for v in before if self._before_pd(v)])


def _value(on: date, *, event: bool) -> dict[str, Any]:
    return {"event": event, "on": str(on)}


def progression_free(story: Story, profile: str, *, deaths: bool) -> dict[str, Any]:
    """PFS (deaths count) or TTP and their censoring under one profile."""
    if story.no_baseline():
        if deaths and story.death is not None:
            return _value(story.death, event=True)
        return _value(story.start, event=False)
    ends = [d for d in (story.pd, story.death) if d is not None]
    first = min(ends, default=None)
    event = first if deaths or (first is not None and first == story.pd) else None
    conservative = profile == "FDA_A"
    limit = event if event is not None else first
    treated = story.systemic is not None and (limit is None or story.systemic < limit)
    if conservative and treated:
        return _value(story.before_therapy(), event=False)
    if event is None:
        return _value(story.last_adequate(), event=False)
    gap = story.gap(event) if conservative else None
    if gap is not None:
        return _value(gap, event=False)
    return _value(event, event=True)


def survival(story: Story, event: date | None, clock: date | None) -> dict[str, Any]:
    """OS and TTNST: the event, else the last date known alive, no later than the clock."""
    if event is not None:
        return _value(event, event=True)
    alive = max(record.last_day for record in story.records)
    return _value(alive if clock is None else min(alive, clock), event=False)


def endpoints(
    records: Sequence[Record],
    imaging: Imaging,
    schedule_visits: Sequence[Mapping[str, Any]],
    rules: Mapping[str, Any],
    clock: date | None,
) -> dict[str, dict[str, Any]]:
    """The timeline's `endpoints`: five of them, two profiles each, null without a start.

    `schedule_visits` is the calendar that runs on after a withdrawal.
    """
    start = start_of(records, rules)
    if start is None:
        return {name: dict.fromkeys(PROFILES) for name in NAMES}
    story = Story(records, imaging, schedule_visits, rules, start, since=start)
    responded = maybe_day(best_response(imaging, start, rules)["response"]["on"])
    answered = responded and replace(story, since=max(start, responded))
    ends = [d for d in (story.systemic, story.death) if d is not None]
    found: dict[str, dict[str, Any]] = {name: {} for name in NAMES}
    for profile in PROFILES:
        found["PFS"][profile] = progression_free(story, profile, deaths=True)
        found["TTP"][profile] = progression_free(story, profile, deaths=False)
        found["OS"][profile] = survival(story, story.death, clock)
        found["TTNST"][profile] = survival(story, min(ends, default=None), clock)
        found["DOR"][profile] = duration_of_response(answered, profile) if answered else None
    return found


def duration_of_response(story: Story, profile: str) -> dict[str, Any]:
    """To a PD from the first CR or PR on (`since`), or death, as PFS.

    A PD dated before it does not end it; without a surveillance baseline censored at the start.
    """
    if story.no_baseline():
        return _value(story.start, event=False)
    return progression_free(story, profile, deaths=True)
