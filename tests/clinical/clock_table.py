"""Stories in one line each for the tests of the clock, and what the clock makes of them.

`0 enrolled; 10 surgery t until=12; 50 base b no-targets; 149 closed`: the words are those of the
text tables, and `closed`, `contact c`, `died`, `withdrew SCOPE`; `status=…` may follow.
"""

from collections.abc import Mapping

from monitor.clinical.course import Course, course_of
from tests.clinical.facts import Given, closed, contact, died, number_of, withdrew
from tests.clinical.patient import Patient
from tests.clinical.words import fact_of


def facts_of(story: str) -> list[Given]:
    rows = (row.split() for row in story.split(";") if row.strip())
    return [_fact(int(day), kind, rest) for day, kind, *rest in rows]


def _fact(day: int, kind: str, rest: list[str]) -> Given:
    status = next((word.removeprefix("status=") for word in rest if "status=" in word), "final")
    words = [word for word in rest if "status=" not in word]
    made = {
        "closed": lambda: closed(day),
        "contact": lambda: contact(day, words[0]),
        "died": lambda: died(day),
        "withdrew": lambda: withdrew(day, words[0]),
    }
    given = made[kind]() if kind in made else fact_of(day, [kind, *words])
    return given.but(status=status)


def clocked(story: str, rules: Mapping[str, object] | None = None) -> Patient:
    return Patient(rules or {}).tell_all(facts_of(story))


def course(patient: Patient) -> Course:
    return course_of(patient.state, patient.ruleset.parameters)


def visits(patient: Patient, kind: str) -> list[str]:
    """The timeline's visits of a kind as `due..closes state`."""
    return [
        f"{number_of(row['due_on'])}..{number_of(row['closes_on'])} {row['state']}"
        for row in patient.timeline()["schedule"]
        if row["kind"] == kind
    ]


def states(patient: Patient, kind: str) -> str:
    """The states of a kind's visits, in order; the due ones at the end are left out."""
    words = [visit.split()[1] for visit in visits(patient, kind)]
    while words and words[-1] == "due":
        words.pop()
    return " ".join(words)


def overdue(patient: Patient, kind: str) -> list[str]:
    """Findings of a kind as `due @closes severity evidence [late @day record]`."""
    found = []
    for row in patient.timeline()["standing_findings"]:
        details = row["details"]
        if row["finding"] != "OVERDUE_ASSESSMENT" or details["kind"] != kind:
            continue
        assert set(details) - {"resolved_on", "resolved_by"} == {"kind", "due_on", "resolved_late"}
        assert details["resolved_late"] is ("resolved_on" in details) is not row["open"]
        late = f"{number_of(details.get('resolved_on'))} {details.get('resolved_by')}"
        found.append(
            f"{number_of(details['due_on'])} @{number_of(row['effective_on'])} {row['severity']} "
            f"{' '.join(row['evidence'])}" + (f" late @{late}" if details["resolved_late"] else "")
        )
    return found


def found(patient: Patient, *names: str) -> list[str]:
    """Standing findings of these names as `NAME @day evidence [answered @day record]`."""
    rows = []
    for row in patient.timeline()["standing_findings"]:
        if row["finding"] not in names:
            continue
        words = [row["finding"], f"@{number_of(row['effective_on'])}", *row["evidence"]]
        answered = row["details"].get("resolved_on")
        if answered:
            words += [f"answered @{number_of(answered)}", row["details"]["resolved_by"]]
        rows.append(" ".join(words))
    return rows
