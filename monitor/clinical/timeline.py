"""The timeline document of a patient (contract 4.1), from the facts and the rules."""

import datetime
from decimal import Decimal

from pydantic import JsonValue

from monitor.clinical.attendance import VisitState
from monitor.clinical.best_response import BestResponse, responses_of
from monitor.clinical.course import Course, course_of
from monitor.clinical.due import DueVisit
from monitor.clinical.eligibility import Screening
from monitor.clinical.endpoints import endpoints_of
from monitor.clinical.findings import CATALOGUE_ORDER
from monitor.clinical.retraction import identifying, told_retractions
from monitor.clinical.sample import Sample
from monitor.clinical.schedule import scheduled
from monitor.clinical.state import PatientState
from monitor.clinical.terms import Severity
from monitor.clinical.transitions import Ruleset, standing
from monitor.clinical.visit import Visit

Document = dict[str, JsonValue]


def timeline(state: PatientState, ruleset: Ruleset) -> Document:
    """Everything that is known of a patient and what it means now. Lengths are texts in mm."""
    course = course_of(state, ruleset.parameters)
    visits = [visit for series in course.series.values() for visit in series]
    responses = responses_of(course)
    return {
        "study_id": state.study_id,
        "patient_id": state.patient_id,
        "enrolled": bool(course.enrolled),
        "incomplete": state.incomplete,
        "imaging": [_imaging(visit) for visit in sorted(visits, key=lambda visit: visit.order)],
        "ctdna": [_ctdna(sample) for sample in course.samples],
        "progression": _first_pd(course),
        "response": _since(responses.response_on),
        "clinical_benefit": _since(responses.benefit_on),
        "best_overall_response": _best(responses.best),
        "endpoints": _endpoints(course, responses.response_on),
        "eligibility": _eligibility(course.screening),
        "schedule": [_due(visit, visit_state) for visit, visit_state in scheduled(course)],
        "standing_findings": _standing(state, course),
    }


def _mm(value: Decimal | None) -> str | None:
    """Millimetres with at least one decimal place, never rounded."""
    if value is None:
        return None
    exponent = value.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    return f"{value:.{max(1, places)}f}"


def _day(value: datetime.date | None) -> str | None:
    return None if value is None else value.isoformat()


def _imaging(visit: Visit) -> Document:
    read, found = visit.read, visit.found
    return {
        "source": visit.held.source,
        "record_id": read.record_id,
        "record_version": read.record_version,
        "reader": read.reader.id,
        "role": read.reader.role,
        "first_image_on": _day(read.clinical_day),
        "last_image_on": _day(read.last_day),
        "is_baseline": visit.is_baseline,
        "episode": visit.episode.number,
        "sum_mm": _mm(found.sum_mm) if found else None,
        "sum_complete": found.complete if found else None,
        "baseline_sum_mm": _mm(visit.baseline_mm),
        "nadir_mm": _mm(visit.nadir_mm),
        "target": visit.target,
        "non_target": visit.non_target,
        "new_lesion": visit.new_lesion,
        "overall": visit.overall,
        "pd_on": _day(visit.pd_on),
        "flags": list(visit.flags),
    }


def _ctdna(sample: Sample) -> Document:
    return {
        "source": sample.held.source,
        "record_id": sample.held.fact.record_id,
        "record_version": sample.held.fact.record_version,
        "collected_on": _day(sample.day),
        "group": "/".join(sample.group),
        "call": sample.held.fact.call,
        "counted": sample.not_counted_because is None,
        "not_counted_because": sample.not_counted_because,
        "course": sample.course,
    }


def _first_pd(course: Course) -> Document:
    first = next(iter(course.first_pds), None)
    return {
        "pd_on": _day(first.pd_on) if first else None,
        "record_id": first.held.fact.record_id if first else None,
        "pattern": first.klass if first else None,
    }


def _since(day: datetime.date | None) -> Document:
    return {"value": day is not None, "on": _day(day)}


def _best(best: BestResponse) -> Document:
    return {"value": best.value, "on": _day(best.on), "confirmed": best.confirmed}


def _endpoints(course: Course, response_on: datetime.date | None) -> Document:
    return {
        endpoint: {
            profile: None if one is None else {"event": one.event, "on": _day(one.on)}
            for profile, one in answer.items()
        }
        for endpoint, answer in endpoints_of(course, response_on).items()
    }


def _eligibility(screening: Screening | None) -> Document:
    if screening is None:
        return {"overall": None, "criteria": []}
    return {
        "overall": screening.overall,
        "criteria": [
            {"id": one.criterion.id, "result": one.result, "why": screening.why(one)}
            for one in screening.judgements
        ],
    }


def _due(visit: DueVisit, state: VisitState) -> Document:
    return {
        "kind": visit.kind,
        "due_on": _day(visit.due_on),
        "closes_on": _day(visit.closes_on),
        "state": state,
    }


def _standing(state: PatientState, course: Course) -> list[JsonValue]:
    """What the facts support, and the retractions that were told and stand for good."""
    held = not course.enrolled
    rows = [
        _finding(
            key, finding.name, finding.effective_on, finding.severity or rule.severity,
            [record.fact.record_id for record in finding.identifying], dict(finding.details), held,
        )
        for key, (rule, finding) in standing(state, course).items()
    ]  # fmt: skip
    rows += [
        _finding(
            key, said.finding, said.effective_on, said.severity,
            [item.record_id for item in identifying(said)], said.details, held,
        )
        for key, said in told_retractions(state.told).items()
    ]  # fmt: skip
    return [document for _, document in sorted(rows, key=lambda row: row[0])]


def _finding(
    key: str,
    name: str,
    on: datetime.date,
    severity: Severity,
    evidence: list[JsonValue],
    details: dict[str, JsonValue],
    held: bool,  # noqa: FBT001 - the document's own field
) -> tuple[tuple[datetime.date, int, str], Document]:
    return (on, CATALOGUE_ORDER[name], key), {
        "finding": name,
        "finding_id": key,
        "effective_on": _day(on),
        "severity": severity,
        "evidence": evidence,
        "details": details,
        "open": "resolved_on" not in details,
        "held": held,
    }
