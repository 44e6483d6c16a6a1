"""Rules of the clock: visits and results that are overdue, patients lost to follow-up (4.1)."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from monitor.clinical.attendance import PastVisit
from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.rule import Rule
from monitor.clinical.schedule import lost_from, out_of_touch_since, results_waited_for
from monitor.clinical.terms import Severity

_VISIT_WORDS: Mapping[str, str] = {"imaging": "imaging", "ctdna": "ctDNA"}
_GIVEN_WORDS: Mapping[str, str] = {"imaging": "read", "ctdna": "sample"}
IN_A_ROW = 2


def _overdue_visit(course: Course) -> Iterator[Finding]:
    for visit in course.attendance.past:
        if visit.missed_in_a_row:
            yield _missed(visit)


def _missed(visit: PastVisit) -> Finding:
    due, late = visit.due, visit.late
    details: dict[str, JsonValue] = {
        "kind": due.kind,
        "due_on": due.due_on.isoformat(),
        "resolved_late": late is not None,
    }
    if late is not None:
        details["resolved_on"] = late.fact.clinical_day.isoformat()
        details["resolved_by"] = late.fact.record_id
    severity: Severity = "medium" if visit.missed_in_a_row >= IN_A_ROW else "low"
    return Finding(
        "OVERDUE_ASSESSMENT",
        due.closes_on,
        (due.anchor,),
        supporting=() if late is None else (late,),
        details=details,
        numbers={
            "visit": _VISIT_WORDS[due.kind],
            "due_on": due.due_on,
            "opens_on": due.opens_on,
            "closes_on": due.closes_on,
            "given": _GIVEN_WORDS[due.kind],
            "row": f" With it {visit.missed_in_a_row} {_VISIT_WORDS[due.kind]} visits in a row "
            "were missed."
            if visit.missed_in_a_row >= IN_A_ROW
            else "",
        },
        discriminator=f"{due.kind}|{due.due_on.isoformat()}",
        severity=severity,
    )


def _overdue_result(course: Course) -> Iterator[Finding]:
    if course.closed_on is None:
        return
    for held, limit in results_waited_for(course):
        if course.closed_on > limit:
            day = held.fact.clinical_day
            yield Finding(
                "OVERDUE_ASSESSMENT",
                limit,
                (held,),
                details={"kind": "result", "due_on": limit.isoformat(), "resolved_late": False},
                numbers={
                    "what": _RESULT_WORDS[held.fact.KIND],
                    "day": day,
                    "status": held.fact.status,
                    "days": (limit - day).days,
                    "limit": limit,
                },
                discriminator=f"result|{limit.isoformat()}",
            )


_RESULT_WORDS: Mapping[str, str] = {
    "ctdna.result": "ctDNA result of the sample",
    "imaging.read": "read of the scan",
}


def _lost(course: Course) -> Iterator[Finding]:
    contact = out_of_touch_since(course)
    if contact is None or course.closed_on is None or course.closed_on < lost_from(contact, course):
        return
    last = contact.fact.last_day
    yield Finding(
        "LOST_TO_FOLLOWUP", last, (contact,), numbers={"last": last, "closed_on": course.closed_on}
    )


ROWS: tuple[Rule, ...] = (
    Rule(
        "schedule.overdue_visit", 1, "OVERDUE_ASSESSMENT", "low", "D", "4.1",
        "The {visit} visit due on {due_on} was missed: no {given} is dated in its window of "
        "{opens_on} to {closes_on}.{row}",
        _overdue_visit,
        (
            "schedule.imaging_days", "schedule.imaging_window_days",
            "schedule.imaging_days_later", "schedule.imaging_window_days_later",
            "schedule.imaging_later_after_days", "schedule.ctdna_days",
            "schedule.ctdna_window_days", "schedule.landmark_from_days",
            "schedule.landmark_to_days", "schedule.follow_up_years", "schedule.timezone",
        ),
    ),
    Rule(
        "schedule.overdue_result", 1, "OVERDUE_ASSESSMENT", "low", "D", "4.1",
        "The {what} of {day} is not final yet ({status}): it was expected by {limit}, within "
        "{days} days.",
        _overdue_result,
        ("ctdna.turnaround_days", "imaging.turnaround_days", "schedule.timezone"),
    ),
    Rule(
        "schedule.lost", 1, "LOST_TO_FOLLOWUP", "high", "D", "4.1",
        "By {closed_on} the last contact with the patient was that of {last}, more than "
        "{rules.followup.no_contact} days before, and at least the last "
        "{rules.followup.ltfu_missed} imaging visits were missed.",
        _lost,
        ("followup.ltfu_missed", "followup.no_contact"),
    ),
)  # fmt: skip
