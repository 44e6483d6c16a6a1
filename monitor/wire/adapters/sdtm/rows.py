"""The rows of TU, TR and RS, sorted to patient, reader and visit.

A row of which this cannot be told keeps back every read of its patient, or all reads where not even
the patient is known: a read must never be made of a part of its rows.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from monitor.clinical.terms import ReaderRole
from monitor.wire.adapters.conversion import Refusal, RefusedAt
from monitor.wire.adapters.sdtm.values import word_of
from monitor.wire.adapters.sdtm.visits import Visits
from monitor.wire.adapters.sdtm.words import (
    ACCEPTED_FLAGS,
    ADJUDICATOR,
    CRITERIA,
    EVALUATORS,
    NO_READERS,
    RS_TESTS,
    SUM,
    TR_TESTS,
    TU_TESTS,
    said,
)
from monitor.wire.adapters.tables import Row, Table
from monitor.wire.delivery import Reason

_SHORT_CODE: Final = re.compile(r"[A-Z0-9]{1,8}", re.ASCII)  # as CDISC writes a test
_CODES_TOLD: Final = 20
_TESTS: Final[Mapping[str, frozenset[str]]] = {"TU": TU_TESTS, "TR": TR_TESTS, "RS": RS_TESTS}
OTHER_TESTS: Final = "of tests that reads do not carry"
OTHER_CRITERIA: Final = "of other criteria than RECIST"
OTHER_EVALUATORS: Final = "of responses and sums that no reader gave"


class Patient(NamedTuple):
    """Whose row it is."""

    study_id: str
    patient_id: str


class Reader(NamedTuple):
    """Who read, and in which role."""

    role: ReaderRole
    id: str


@dataclass(slots=True)
class VisitRows:
    """What one reader said at one visit; `label` is the visit's name."""

    visit: str
    label: str
    tu: list[Row] = field(default_factory=list)
    tr: list[Row] = field(default_factory=list)
    rs: list[Row] = field(default_factory=list)

    @property
    def names(self) -> frozenset[str]:
        """What a user may call the visit: its number or name, in one spelling."""
        return frozenset({self.visit, said(self.label)})

    @property
    def rows(self) -> Iterator[Row]:
        """All rows, those of measurements first."""
        yield from self.tr
        yield from self.rs
        yield from self.tu


class Identified(NamedTuple):
    """A row of TU, and the visit's key where it says one."""

    row: Row
    visit: str | None


@dataclass(slots=True)
class Course:
    """All that one reader said of one patient: lesions named in TU, and the visits."""

    patient: Patient
    reader: Reader
    visits: dict[str, VisitRows] = field(default_factory=dict)
    identified: list[Identified] = field(default_factory=list)  # every row of TU


@dataclass(slots=True)
class Sorted:
    """The courses, and what could not be sorted. None in `blocked` keeps back every read."""

    courses: dict[tuple[Patient, Reader], Course] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    blocked: set[Patient | None] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)


def sort_rows(tables: Mapping[str, Table]) -> Sorted:
    """Sort the rows of the tables `TU`, `TR` and `RS`; never raises."""
    found = Sorted()
    ours = {domain: tables[domain] for domain in _TESTS if domain in tables}
    visits = Visits(ours.values())
    for domain, table in ours.items():
        _sort(found, domain, table.rows, visits)
    return found


def _sort(found: Sorted, domain: str, rows: Iterable[Row], visits: Visits) -> None:
    for row in rows:
        patient: Patient | None = None
        try:
            patient = patient_of(row, domain)
            if _concerns_reads(found, row, domain):
                _place(found, row, domain, patient, visits)
        except RefusedAt as refused:
            found.refusals.append(refused.refusal)
            found.blocked.add(patient)


def patient_of(row: Row, domain: str) -> Patient:
    """Whose row it is. Raises RefusedAt where the row does not say."""
    if row.get("DOMAIN") not in {"", domain}:
        words = f"must be {domain} in every row of this table"
        raise row.refused(Reason.SCHEMA_INVALID, "DOMAIN", words)
    for column in ("STUDYID", "USUBJID"):
        if not row.get(column):
            raise row.refused(Reason.SCHEMA_INVALID, column, "is required")
    return Patient(row.get("STUDYID"), row.get("USUBJID"))


def _concerns_reads(found: Sorted, row: Row, domain: str) -> bool:
    test = said(row.get(f"{domain}TESTCD"))
    if test not in _TESTS[domain]:
        found.left_out[_other_test(found, row, test)] += 1
        return False
    if domain == "RS" and row.get("RSCAT") and not said(row.get("RSCAT")).startswith(CRITERIA):
        found.left_out[OTHER_CRITERIA] += 1
        return False
    if (domain == "RS" or test == SUM) and said(row.get(f"{domain}EVAL")) in NO_READERS:
        found.left_out[OTHER_EVALUATORS] += 1
        return False
    return True


def _other_test(found: Sorted, row: Row, test: str) -> str:
    """The words to count a row of another test by: of a lesion's its code, where it is one."""
    words = f"of the test {test}, which reads do not carry"
    coded = row.get("TRLNKID") and _SHORT_CODE.fullmatch(test)
    told = words in found.left_out or len(found.left_out) < _CODES_TOLD
    return words if coded and told else OTHER_TESTS


def _place(found: Sorted, row: Row, domain: str, patient: Patient, known: Visits) -> None:
    reader = _reader_of(row, domain)
    course = found.courses.setdefault((patient, reader), Course(patient, reader))
    name = known.of(row, optional=domain == "TU")
    if domain == "TU":
        course.identified.append(Identified(row, name[0] if name else None))
        if name is None:
            return
    visit, label = name or ("", "")
    visits = course.visits
    placed = visits.setdefault(visit, VisitRows(visit, label))
    getattr(placed, domain.lower()).append(row)


def _reader_of(row: Row, domain: str) -> Reader:
    role = word_of(row, (f"{domain}EVAL",), EVALUATORS)
    name = row.get(f"{domain}EVALID")
    if said(name).startswith(ADJUDICATOR):
        role = "adjudicator"
    flag = f"{domain}ACPTFL"
    if said(row.get(flag)) not in ACCEPTED_FLAGS:
        raise row.refused(Reason.UNMAPPED_CODE, flag, "must be Y, N or empty")
    return Reader(role, said(name or row.get(f"{domain}EVAL")))
