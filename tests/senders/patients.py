"""Invented patients of the trial: therapy, serial ctDNA and scans, as their senders report them."""

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.senders.messages import Fact

STUDY = "NCT06778382"
EPOCH = datetime.date(2023, 1, 1)
LAB = "https://lab.example/lims"
CORE_LAB = "https://reads.example/core"
CLINIC = "https://clinic.example/ehr"
DEPTHS = ("lesions", "lesions", "sum", "responses")


def date(day: float) -> str:
    return (EPOCH + datetime.timedelta(days=int(day))).isoformat()


@dataclass
class Course:
    """How a patient fares: `relapse` is the day from which the disease is back."""

    patient_id: str
    begin: int
    relapse: float
    depth: str
    visits: int


def new_course(number: int, rng: random.Random) -> Course:
    begin = rng.randrange(0, 300)
    relapse = begin + rng.choice([rng.uniform(60, 500), rng.uniform(60, 500), 10_000.0])
    return Course(f"P-{number:04d}", begin, relapse, rng.choice(DEPTHS), rng.randrange(5, 9))


def facts(course: Course, rng: random.Random) -> Iterator[Fact]:
    """Every record of a patient in its first version, sent some days after its clinical day."""
    yield from _beginning(course, rng)
    for index in range(course.visits * 3):
        yield _sample(course, index, rng)
    growth = 1.0
    for index in range(course.visits):
        if course.begin + 40 + index * 84 > course.relapse + 50:
            growth *= rng.uniform(1.1, 1.6)
        yield _read(course, index, growth, rng)


def _common(course: Course, record_id: str) -> dict[str, object]:
    return {
        "study_id": STUDY,
        "patient_id": course.patient_id,
        "record_id": f"{course.patient_id}/{record_id}",
        "record_version": 1,
        "status": "final",
    }


def _fact(kind: str, source: str, day: float, content: dict[str, object]) -> Fact:
    return Fact(day, kind, source, f"{content['record_id']}/v1", content)


def _beginning(course: Course, rng: random.Random) -> Iterator[Fact]:
    # One in ten is enrolled on paper long before the system hears of it: notices are held.
    late = 150.0 if rng.random() < 0.1 else 1.0
    enrolled = {**_common(course, "enrolment"), "enrolled_on": date(course.begin)}
    yield _fact("patient.enrolled", CLINIC, course.begin + late, enrolled)
    therapy = {
        **_common(course, "therapy"),
        "modality": rng.choice(["surgery", "radiotherapy", "ablation"]),
        "started_on": date(course.begin + 2),
        "ended_on": date(course.begin + rng.randrange(2, 9)),
        "round": 1,
        "sites": [{"site_id": "S1", "organ": "lung", "lesion_ids": ["T0"]}],
    }
    yield _fact("therapy.local", CLINIC, course.begin + 12.0, therapy)


def _sample(course: Course, index: int, rng: random.Random) -> Fact:
    taken = course.begin + 20 + index * 28 + rng.randrange(-3, 4)
    share = 0.85 if taken >= course.relapse else 0.06
    call = "detected" if rng.random() < share else "not_detected"
    if rng.random() < 0.04:
        call = rng.choice(["indeterminate", "qc_failed"])
    content = {
        **_common(course, f"s{index:02d}"),
        "specimen": {"collected_at": f"{date(taken)}T08:30:00+08:00", "tube": "stabilising"},
        "assay": {"lab": "LAB-1", "code": "MRD", "version": "2"},
        "call": call,
    }
    if call == "detected":
        content["quantity"] = {"value": f"{rng.uniform(0.01, 2):.3f}", "unit": "VAF_PCT"}
    return _fact("ctdna.result", LAB, taken + rng.uniform(5, 12), content)


def _read(course: Course, index: int, growth: float, rng: random.Random) -> Fact:
    scanned = course.begin + 40 + index * 84 + rng.randrange(-5, 6)
    content = {
        **_common(course, f"r{index:02d}"),
        "reader": {"id": "R1", "role": "investigator"},
        "timepoint": {"label": f"scan {index}", "is_baseline": index == 0},
        "images": [{"modality": "CT", "acquired_on": date(scanned)}],
        **_depth(course, growth),
    }
    if growth > 1.0 and rng.random() < 0.3:
        content["new_lesions"] = [
            {"lesion_id": f"X{index}", "organ": rng.choice(["lung", "liver"]), "nodal": False,
             "certainty": "unequivocal", "method": "CT"}
        ]  # fmt: skip
    return _fact("imaging.read", CORE_LAB, scanned + rng.uniform(1, 6), content)


def _depth(course: Course, growth: float) -> dict[str, object]:
    first, second = (f"{base * growth:.1f}" for base in (22, 14))
    if course.depth == "sum":
        return {"sum_of_diameters_mm": f"{36 * growth:.1f}"}
    if course.depth == "responses":
        return {"reported": {"overall": "PD" if growth > 1.2 else "SD"}}
    lesion = {"organ": "lung", "nodal": False, "state": "measured"}
    return {
        "targets": [
            {**lesion, "lesion_id": "T1", "diameter_mm": first},
            {**lesion, "lesion_id": "T2", "diameter_mm": second},
        ]
    }
