"""The tables of a snapshot become events, in the order of patients and days."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from monitor.wire.adapters.conversion import (
    FIRST_VERSION,
    MESSAGE_LIMITS,
    Conversion,
    Limits,
    Made,
    RecordKey,
    RefusedAt,
    made,
    names_a_record,
)
from monitor.wire.adapters.sdtm.files import tables_of
from monitor.wire.adapters.sdtm.reads import CourseReads, rows_of
from monitor.wire.adapters.sdtm.rows import (
    Course,
    Patient,
    Sorted,
    VisitRows,
    patient_of,
    sort_rows,
)
from monitor.wire.adapters.sdtm.values import PartialDate, day_of
from monitor.wire.adapters.sdtm.visits import visit_name
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

NOT_ENROLLED: Final = "of patients without RFSTDTC, who are not enrolled"
ENROLLED: Final = "enrolled"
COLUMNS: Final = {"study_id": "STUDYID", "patient_id": "USUBJID", "site_id": "SITEID"}


@dataclass(frozen=True, slots=True)
class SdtmSettings:
    """How tables are read. `source` None: `/sdtm/` and the study."""

    version: int = FIRST_VERSION
    partial_date: PartialDate = "refuse"
    source: str | None = None
    baseline_visits: frozenset[str] = frozenset()
    limits: Limits = MESSAGE_LIMITS

    def source_of(self, patient: Patient) -> str:
        """The CloudEvents source of a patient's records."""
        return self.source or f"/sdtm/{patient.study_id}"


def convert(files: Mapping[str, bytes], settings: SdtmSettings) -> Conversion:
    """Convert the files of one snapshot, by name (`tr.csv`, `tr.json`, `tr.ndjson`); never raises.

    A table that cannot be read keeps back everything: reads without its rows would be wrong.
    """
    try:
        tables = tables_of(files, settings.limits)
    except RefusedAt as refused:
        return Conversion(refusals=(refused.refusal,), readable=False)
    making = _Making(settings, sort_rows(tables))
    if "DM" in tables:
        making.enrolments(tables["DM"].rows)
    making.reads()
    return making.conversion()


class _Making:
    """The events and refusals as they come."""

    def __init__(self, settings: SdtmSettings, found: Sorted) -> None:
        self._settings = settings
        self._found = found
        self._baselines = frozenset(map(visit_name, settings.baseline_visits))
        self._blocked: set[Patient | None] = set(found.blocked)
        self._no_baseline = 0
        self._refusals = list(found.refusals)
        self._withheld: set[RecordKey] = set()
        self._events: list[tuple[tuple[str, ...], Made]] = []

    def conversion(self) -> Conversion:
        """All that came of the tables."""
        return Conversion(
            tuple(event for _, event in sorted(self._events, key=lambda one: one[0])),
            tuple(self._refusals),
            withheld=frozenset(self._withheld),
            blocked=frozenset(self._blocked),
            left_out=self._found.left_out,
            no_baseline=self._no_baseline,
            unmatched=self._unmatched(),
        )

    def _unmatched(self) -> frozenset[str]:
        """The baseline visits that no row names; none where there are no visits at all."""
        courses = self._found.courses.values()
        visits = [one for course in courses for one in course.visits.values()]
        named = frozenset(name for visit in visits for name in visit.names)
        return self._baselines - named if visits else frozenset()

    def enrolments(self, rows: Iterable[Row]) -> None:
        """An enrolment for every patient with a reference start."""
        by_patient: dict[Patient, list[Row]] = {}
        for row in rows:
            try:
                by_patient.setdefault(patient_of(row, "DM"), []).append(row)
            except RefusedAt as refused:
                self._refusals.append(refused.refusal)
                self._blocked.add(None)
        for patient, of_patient in by_patient.items():
            try:
                self._enrolment(patient, of_patient)
            except RefusedAt as refused:
                self._refuse(refused, patient, ENROLLED)

    def _enrolment(self, patient: Patient, rows: list[Row]) -> None:
        row, *more = rows
        if more:
            words = "the patient has a second row"
            raise more[0].refused(Reason.SCHEMA_INVALID, "USUBJID", words)
        start = day_of(row, "RFSTDTC", self._settings.partial_date)
        if start is None:
            self._found.left_out[NOT_ENROLLED] += 1
            return
        content: dict[str, object] = {"enrolled_on": start.day.isoformat()}
        if row.get("SITEID"):
            content["site_id"] = row.get("SITEID")
        content = {**self._common(patient, ENROLLED), **content}
        source = self._settings.source_of(patient)
        event = made("patient.enrolled", source, content, {("DM",): row.place()}, COLUMNS)
        self._events.append(((*patient, ""), event))

    def reads(self) -> None:
        """A read for every visit of every reader whose rows can all be read."""
        for course in self._found.courses.values():
            if {None, course.patient} & self._found.blocked:
                self._withhold(course)
                continue
            try:
                self._course(course)
            except RefusedAt as refused:
                self._refusals.append(refused.refusal)
                self._blocked.add(course.patient)
                self._withhold(course)

    def _course(self, course: Course) -> None:
        settings = self._settings
        reads = CourseReads(course, settings.partial_date, self._baselines)
        found = list(reads)
        if not reads.baselines and any(read.visit.tr for read in found):
            self._no_baseline += 1
        for read in found:
            name = _read_name(course, read.visit)
            try:
                if read.refused is not None:
                    raise read.refused
                content = {**self._common(course.patient, name), **read.content}
                source = settings.source_of(course.patient)
                event = made("imaging.read", source, content, rows_of(read.visit), COLUMNS)
            except RefusedAt as refused:
                self._refuse(refused, course.patient, name)
                continue
            self._events.append(((*course.patient, _first_day(content), name), event))

    def _withhold(self, course: Course) -> None:
        for visit in course.visits.values():
            self._withheld.add(self._key(course.patient, _read_name(course, visit)))

    def _refuse(self, refused: RefusedAt, patient: Patient, name: str) -> None:
        self._refusals.append(refused.refusal)
        self._withheld.add(self._key(patient, name))
        source, place = self._settings.source_of(patient), refused.place
        if not names_a_record("imaging.read", source, patient._asdict(), place):
            self._blocked.add(None)  # misspelt, and nobody knows who is meant

    def _key(self, patient: Patient, name: str) -> RecordKey:
        return self._settings.source_of(patient), _record_id(patient, name)

    def _common(self, patient: Patient, name: str) -> dict[str, object]:
        return {
            "study_id": patient.study_id,
            "patient_id": patient.patient_id,
            "record_id": _record_id(patient, name),
            "record_version": self._settings.version,
            "status": "final",
        }


def _record_id(patient: Patient, name: str) -> str:
    return f"{patient.patient_id}/{name}"


def _read_name(course: Course, visit: VisitRows) -> str:
    """Role, reader and visit as one text; no two reads of a patient have the same."""
    parts = (course.reader.role, course.reader.id, visit.visit)
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


def _first_day(content: Mapping[str, object]) -> str:
    images = content["images"]
    first = images[0] if isinstance(images, list) else {}
    return str(first["acquired_on"])
