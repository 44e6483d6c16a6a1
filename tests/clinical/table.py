"""A patient's story as a text table, told fact by fact to the pure core.

    day | what                      | what it must be
      0 | enrolled                  |
      0 | base b T1=50              | baseline
     84 | read r1 T1=60 new:X1?     | PD nadir_mm=50.0
    -10 | ctdna s1 detected         | not counted: baseline
        | RADIOGRAPHIC_PD @84 r1    |

A row without a day is a finding that stands at the end (`nothing` for none): then exactly these
stand. `what it must be` begins with the overall response of a read (`baseline`, `-` for null) or
the course of a sample; more fields of the timeline entry follow as `name=value`, dates as days.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from monitor.clinical.findings import CATALOGUE
from tests.clinical.facts import Given, number_of
from tests.clinical.patient import Patient
from tests.clinical.words import fact_of

CTDNA = frozenset(CATALOGUE[: CATALOGUE.index("NEW_LESION_EQUIVOCAL")])
IMAGING = frozenset(
    CATALOGUE[CATALOGUE.index("NEW_LESION_EQUIVOCAL") : CATALOGUE.index("OLIGOPROGRESSION")]
)
_DATES = {"pd_on", "first_image_on", "last_image_on", "on"}


@dataclass
class Story:
    """A parsed table: facts in its order, expectations by record id, findings at the end."""

    facts: list[Given] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)
    standing: list[str] | None = None


def assert_told(
    table: str,
    rules: Mapping[str, object] | None = None,
    about: Collection[str] = CATALOGUE,
) -> Patient:
    """Tell the table's facts in its order, check what it expects, return the patient.

    `about` are the findings that the table's last rows speak of; others may stand beside them.
    """
    story = parsed(table)
    patient = Patient(rules or {})
    for fact in story.facts:
        patient.tell(fact)
    check(story, patient, about)
    return patient


def parsed(table: str) -> Story:
    story = Story()
    for row in filter(str.strip, table.splitlines()):
        day, what, expected = (cell.strip() for cell in f"{row}||".split("|")[:3])
        if day.startswith("day"):
            continue
        if not day:
            story.standing = (story.standing or []) + ([] if what == "nothing" else [what])
            continue
        fact = fact_of(int(day), what.split())
        story.facts.append(fact)
        if expected:
            story.expected[fact.record_id] = expected
    return story


def check(story: Story, patient: Patient, about: Collection[str] = CATALOGUE) -> None:
    document = patient.timeline()
    entries = {row["record_id"]: row for row in document["imaging"] + document["ctdna"]}
    wrong = [
        f"{record_id}: {difference}"
        for record_id, expected in story.expected.items()
        for difference in _differences(entries[record_id], expected)
    ]
    found = [row for row in patient.standing() if row.split()[0] in about]
    if story.standing is not None and found != sorted(story.standing):
        wrong.append(f"stand: {found}, expected {sorted(story.standing)}")
    assert not wrong, "\n".join(wrong)


def _differences(entry: Mapping[str, object], expected: str) -> Iterator[str]:
    if expected.startswith("not counted: "):
        reason, *words = expected.removeprefix("not counted: ").split()
        words += ["counted=False", f"not_counted_because={reason}"]
    else:
        first, *words = expected.split()
        words = [_first_word(entry, first), *words] if "=" not in first else [first, *words]
    for name, value in (word.split("=") for word in words):
        found = entry[name]
        if name in _DATES and isinstance(found, str):
            found = number_of(found)
        if name == "flags" and isinstance(found, list):
            found = ",".join(found)
        shown = "-" if found is None else str(found)
        if shown != value:
            yield f"{name} is {shown}, expected {value}"


def _first_word(entry: Mapping[str, object], word: str) -> str:
    if word == "baseline" and "overall" in entry:
        return "is_baseline=True"
    return f"overall={word}" if "overall" in entry else f"course={word}"
