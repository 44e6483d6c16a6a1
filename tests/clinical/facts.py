"""Makes the facts of example patients, as models, as `data` objects and as CloudEvents.

Days are whole numbers counted from 1 January 2025; lengths are millimetres.
"""

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.clinical.events import CLOCK_SOURCE, Fact
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Event

COMMON = ("study_id", "patient_id", "record_id", "record_version", "status")

FIRST_DAY = datetime.date(2025, 1, 1)
SOURCE = "https://lab.example/lims"
STUDY, PATIENT = "S-1", "P-1"

Content = Mapping[str, object]


def on(day: int) -> str:
    """The date of a day number, as the contract writes it."""
    return (FIRST_DAY + datetime.timedelta(days=day)).isoformat()


def number_of(date: str | None) -> int | None:
    """The day number of a date, or None."""
    return None if date is None else (datetime.date.fromisoformat(date) - FIRST_DAY).days


@dataclass(frozen=True)
class Given:
    """A version of a record: its kind, its `data`, and who sent it."""

    kind: str
    content: Content
    source: str = SOURCE

    @property
    def record_id(self) -> str:
        return str(self.content["record_id"])

    def but(self, **changes: object) -> "Given":
        """The same record with other fields; `version` is short for `record_version`."""
        if "version" in changes:
            changes["record_version"] = changes.pop("version")
        return replace(self, content={**self.content, **changes})

    def sent_by(self, source: str) -> "Given":
        return replace(self, source=source)

    def gone(self, version: int, status: str = "entered_in_error") -> "Given":
        """The tombstone of the record, with the common fields only."""
        common = {name: self.content[name] for name in COMMON}
        return replace(self, content={**common, "record_version": version, "status": status})

    def fact(self) -> Fact:
        """The fact that intake would make of it."""
        event = decode_line(self.line("fact"))
        assert isinstance(event, Event), event
        return event.fact

    def event(self, event_id: str, time: str | None = None) -> dict[str, object]:
        """The structured CloudEvent."""
        attributes: dict[str, object] = {
            "specversion": "1.0",
            "id": event_id,
            "source": self.source,
            "type": f"org.ctdnamonitor.{self.kind}.v1",
            "data": self.content,
        }
        return attributes if time is None else {**attributes, "time": time}

    def line(self, event_id: str, time: str | None = None) -> bytes:
        return json.dumps(self.event(event_id, time)).encode()


def _given(kind: str, record_id: str, **fields: object) -> Given:
    common: dict[str, object] = {
        "study_id": STUDY,
        "patient_id": PATIENT,
        "record_id": record_id,
        "record_version": 1,
        "status": "final",
    }
    return Given(kind, {**common, **fields})


def enrolled(day: int = 0, record_id: str = "enrol", **fields: object) -> Given:
    return _given("patient.enrolled", record_id, enrolled_on=on(day), **fields)


def closed(day: int) -> Given:
    name = f"{STUDY}/{PATIENT}/{on(day)}"
    return replace(_given("day.closed", name, closed_on=on(day)), source=CLOCK_SOURCE)


def sample(day: int, call: str | None, record_id: str, **fields: object) -> Given:
    """A ctDNA result; `assay` and `specimen` may be given in part."""
    assay: dict[str, object] = {"lab": "LAB", "code": "A"}
    given, specimen = fields.pop("assay", {}), fields.pop("specimen", {})
    assert isinstance(given, dict)
    assert isinstance(specimen, dict)
    words = {} if call is None else {"call": call}
    return _given(
        "ctdna.result",
        record_id,
        specimen={"collected_at": on(day), **specimen},
        assay={**assay, **given},
        **words,
        **fields,
    )


def therapy(  # the words of `therapy.local`
    day: int,
    modality: str,
    record_id: str,
    *,
    ended: int | None,
    round_: int = 1,
    **fields: object,
) -> Given:
    return _given(
        "therapy.local",
        record_id,
        modality=modality,
        started_on=on(day),
        ended_on=None if ended is None else on(ended),
        round=round_,
        **fields,
    )


def images(*shots: tuple[str, int]) -> list[dict[str, object]]:
    return [{"modality": modality, "acquired_on": on(day)} for modality, day in shots]


def read(day: int, record_id: str, *, baseline: bool = False, **fields: object) -> Given:
    """An imaging read of one CT by the investigator, unless `fields` say otherwise."""
    usual: dict[str, object] = {
        "reader": {"id": "R1", "role": "investigator"},
        "timepoint": {"is_baseline": baseline},
        "images": images(("CT", day)),
    }
    return _given("imaging.read", record_id, **{**usual, **fields})


def target(lesion_id: str, diameter_mm: str, *, nodal: bool = False) -> dict[str, object]:
    return {
        "lesion_id": lesion_id,
        "organ": "lymph_node" if nodal else "lung",
        "nodal": nodal,
        "state": "measured",
        "diameter_mm": diameter_mm,
    }


def targets(**diameters_mm: str) -> list[dict[str, object]]:
    return [target(name, diameter) for name, diameter in diameters_mm.items()]


def new_lesion(
    lesion_id: str, certainty: str = "unequivocal", **fields: object
) -> dict[str, object]:
    usual: dict[str, object] = {"organ": "lung", "nodal": False, "method": "CT"}
    return {"lesion_id": lesion_id, "certainty": certainty, **usual, **fields}


def lines(givens: Sequence[Given]) -> list[bytes]:
    """Events with ids of their own, in the given order."""
    return [given.line(f"e{number}") for number, given in enumerate(givens, start=1)]


def assessed(day: int, record_id: str = "elig", **fields: object) -> Given:
    """An eligibility assessment that says only what `fields` say."""
    return _given("eligibility.assessed", record_id, assessed_on=on(day), **fields)


def died(day: int, record_id: str = "death", **fields: object) -> Given:
    return _given("death.recorded", record_id, died_on=on(day), **fields)


def systemic(day: int, record_id: str = "systemic", **fields: object) -> Given:
    return _given("therapy.systemic", record_id, started_on=on(day), **fields)


def withdrew(day: int, scope: str, record_id: str = "withdrawal", **fields: object) -> Given:
    return _given("withdrawal.recorded", record_id, withdrawn_on=on(day), scope=scope, **fields)


def contact(day: int, record_id: str = "contact", **fields: object) -> Given:
    return _given("contact.recorded", record_id, contacted_on=on(day), **fields)


def biopsy(day: int, record_id: str, *, malignant: bool, **fields: object) -> Given:
    """A biopsy; `fields` name its `site_id` or `lesion_id`."""
    return _given("biopsy.result", record_id, taken_on=on(day), malignant=malignant, **fields)


def stated(day: int, locally_treatable: str, record_id: str, **fields: object) -> Given:
    """A statement of treatability; `fields` may name the `read_record_id`."""
    words = {"stated_on": on(day), "locally_treatable": locally_treatable}
    return _given("treatability.stated", record_id, **{**words, **fields})


def treated_site(site_id: str, finding: str, signs: int = 0) -> dict[str, object]:
    """What a read says of a treated site, with so many high-risk signs."""
    return {
        "site_id": site_id,
        "finding": finding,
        "high_risk_signs": [f"sign {number}" for number in range(signs)],
    }


def reviewed(
    day: int, decision: str = "other", record_id: str = "review", **fields: object
) -> Given:
    return _given("review.held", record_id, held_on=on(day), decision=decision, **fields)


def cea(day: int, record_id: str, value: str) -> Given:
    """A CEA result in ng/mL."""
    fields = {"analyte": "CEA", "value": value, "unit": "ng/mL", "collected_at": on(day)}
    return _given("marker.result", record_id, **fields)
