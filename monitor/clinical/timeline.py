"""The timeline document of a patient (contract 4.1), from the facts and the rules."""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from pydantic import JsonValue

from monitor.clinical.course import Course, course_of
from monitor.clinical.ctdna import Sample
from monitor.clinical.endpoints import best_overall_response
from monitor.clinical.findings import CATALOGUE_ORDER
from monitor.clinical.state import PatientState
from monitor.clinical.transitions import Ruleset, standing
from monitor.clinical.visit import Visit

Document = dict[str, JsonValue]


def timeline(state: PatientState, ruleset: Ruleset) -> Document:
    """Everything that is known of a patient and what it means now. Lengths are texts in mm."""
    course = course_of(state, ruleset.parameters)
    visits = [visit for series in course.series.values() for visit in series]
    return {
        "study_id": state.study_id,
        "patient_id": state.patient_id,
        "enrolled": state.enrolled_now,
        "incomplete": state.incomplete,
        "imaging": [_imaging(visit) for visit in sorted(visits, key=lambda visit: visit.order)],
        "ctdna": [_ctdna(sample) for sample in course.samples],
        "progression": _first_pd(course),
        "best_overall_response": _best(course),
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
    first: Sequence[Visit] = course.first_pds[:1]
    return {
        "pd_on": _day(first[0].pd_on) if first else None,
        "record_id": first[0].read.record_id if first else None,
        "pattern": None,
    }


def _best(course: Course) -> Document:
    best = best_overall_response(course)
    return {"value": best.value, "on": _day(best.on), "confirmed": best.confirmed}


def _standing(state: PatientState, course: Course) -> list[JsonValue]:
    rows: list[tuple[tuple[datetime.date, int, str], Document]] = []
    for key, (rule, finding) in standing(state, course).items():
        order = (finding.effective_on, CATALOGUE_ORDER[finding.name], key)
        rows.append((order, {
            "finding": finding.name,
            "finding_id": key,
            "effective_on": _day(finding.effective_on),
            "severity": finding.severity or rule.severity,
            "evidence": [held.fact.record_id for held in finding.identifying],
            "details": dict(finding.details),
            "open": "resolved_on" not in finding.details,
            "held": not state.enrolled_now,
        }))  # fmt: skip
    return [document for _, document in sorted(rows, key=lambda row: row[0])]
