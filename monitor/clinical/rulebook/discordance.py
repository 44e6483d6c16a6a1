"""Rules where blood and scans disagree, and the imaging that is asked for then (4.2)."""

import datetime
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from pydantic import JsonValue

from monitor.clinical.course import Course
from monitor.clinical.ctdna import Confirmation, Run
from monitor.clinical.expedite import repeat_days
from monitor.clinical.findings import Finding
from monitor.clinical.review import AnyHeld, latest
from monitor.clinical.rule import Rule
from monitor.clinical.sample import Sample

Evidence = tuple[AnyHeld, ...]


def _clear_beside(name: str, course: Course) -> Iterator[Finding]:
    """Confirmed relapses whose latest read within the window is clear and no PD came since."""
    window = timedelta(days=course.rules.discordance.window)
    for _run, confirmation in course.confirmed:
        on = confirmation.by.day
        seen = latest(course.evaluable, on + window, on - window)
        later_pd = any(pd.first and pd.pd_on >= on for pd in course.pds)
        if seen is not None and seen.clear and not later_pd:
            yield Finding(
                name,
                on,
                confirmation.pair,
                supporting=(seen.held,),
                numbers={"on": on, "read_on": seen.day},
            )


def _imaging_positive_ctdna_negative(course: Course) -> Iterator[Finding]:
    for pd in course.pds:
        nearest = _nearest_counted(course, pd.pd_on) if pd.first else None
        if nearest is not None and not nearest.detected:
            yield Finding(
                "DISCORDANCE_IMAGING_POS_CTDNA_NEG",
                pd.pd_on,
                (*pd.identifying, nearest.held),
                numbers={
                    "pd_on": pd.pd_on,
                    "day": nearest.day,
                    "lung": ": it is common in lung disease"
                    if pd.lung and not pd.elsewhere
                    else "",
                },
            )


def _nearest_counted(course: Course, on: datetime.date) -> Sample | None:
    """The counted sample nearest to a day within the window; of two the later one."""
    window = course.rules.discordance.window
    near = [
        sample
        for sample in course.samples
        if sample.not_counted_because is None and abs((sample.day - on).days) <= window
    ]
    return min(reversed(near), key=lambda sample: abs((sample.day - on).days), default=None)


def _expedite(course: Course) -> Iterator[Finding]:
    for run in course.runs:
        if run.suspected:
            first = run.members[0]
            yield from _at_once(course, first.day, (first.held,), "relapse is suspected")
    for run, confirmation in course.confirmed:
        confirmed_on = confirmation.by.day
        yield from _at_once(course, confirmed_on, confirmation.pair, "relapse is confirmed")
        yield from _again(course, run, confirmation)


def _seen_lately(course: Course, on: datetime.date) -> bool:
    """Whether an evaluable read lies in the days before a day, which counts itself."""
    recent = timedelta(days=course.rules.expedite.recent_days)
    return latest(course.evaluable, on, on - recent) is not None


def _at_once(course: Course, on: datetime.date, pair: Evidence, why: str) -> Iterator[Finding]:
    if not _seen_lately(course, on):
        yield _request(course, on, pair, why, "")


def _again(course: Course, run: Run, confirmation: Confirmation) -> Iterator[Finding]:
    if course.closed_on is None:
        return
    for due_on in repeat_days(course, run, confirmation.by.day):
        if due_on > course.closed_on:
            return
        seen = latest(course.evaluable, due_on)
        if seen is not None and seen.clear and not _seen_lately(course, due_on):
            why = "the confirmed relapse goes on and imaging was clear"
            yield _request(course, due_on, confirmation.pair, why, due_on.isoformat())


def _request(
    course: Course, on: datetime.date, evidence: Evidence, why: str, discriminator: str
) -> Finding:
    wanted_by = on + timedelta(days=course.rules.expedite.target_days)
    return Finding(
        "IMAGING_EXPEDITE_REQUESTED",
        on,
        evidence,
        details=_imaged(course, on),
        numbers={"on": on, "why": why, "wanted_by": wanted_by},
        discriminator=discriminator,
    )


def _imaged(course: Course, on: datetime.date) -> dict[str, JsonValue]:
    """Resolution by the first evaluable read dated on or after the request."""
    for visit in course.evaluable:
        if visit.day >= on:
            day = visit.day.isoformat()
            return {"resolved_on": day, "resolved_by": visit.read.record_id}
    return {}


ROWS: tuple[Rule, ...] = (
    Rule(
        "discordance.ctdna_positive", 1, "DISCORDANCE_CTDNA_POS_IMAGING_NEG", "medium", "D", "4.2",
        "Molecular relapse was confirmed by the sample of {on}, and the latest imaging within "
        "{rules.discordance.window} days of it, on {read_on}, is clear.",
        partial(_clear_beside, "DISCORDANCE_CTDNA_POS_IMAGING_NEG"),
        ("discordance.window",),
    ),
    Rule(
        "discordance.imaging_positive", 1, "DISCORDANCE_IMAGING_POS_CTDNA_NEG", "info", "D",
        "4.2, 0.2",
        "Radiographic PD is dated {pd_on}, and the nearest counted ctDNA, of {day}, is negative. "
        "A negative ctDNA does not weaken the imaging{lung}.",
        _imaging_positive_ctdna_negative,
        ("discordance.window",),
    ),
    Rule(
        "imaging.expedite", 1, "IMAGING_EXPEDITE_REQUESTED", "medium", "L", "4.2, 4.3 T5",
        "Imaging is asked for by {wanted_by}, PET/CT preferred: {why} as of {on}, with no "
        "evaluable imaging in the {rules.expedite.recent_days} days before. These numbers of days "
        "are a design choice of the study team.",
        _expedite,
        ("expedite.recent_days", "expedite.target_days", "expedite.repeat_days"),
    ),
    Rule(
        "imaging.retrospective_read", 1, "RETROSPECTIVE_READ_REQUESTED", "low", "L", "4.2, 2.5",
        "Molecular relapse was confirmed by the sample of {on} with clear imaging: the scan of "
        "{read_on} and those before should be read again for small lesions.",
        partial(_clear_beside, "RETROSPECTIVE_READ_REQUESTED"),
        ("discordance.window",),
    ),
)  # fmt: skip
