"""The pure steps, one by one: decode, and load, apply and dump of a patient's state."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from monitor.clinical.eligibility_assessed import EligibilityAssessed
from monitor.clinical.events import (
    CLOCK_SOURCE,
    ContactRecorded,
    DayClosed,
    MarkerResult,
    ReviewHeld,
    TreatabilityStated,
)
from monitor.clinical.state import PatientState, dump_state, load_state
from monitor.clinical.transitions import Arrival, apply
from monitor.examples.records import Content
from monitor.examples.story import Story
from monitor.rulesets import built_in_ruleset
from monitor.settings import KafkaSettings
from monitor.wire.codec import decode, decode_line
from monitor.wire.delivery import Delivery, Event
from monitor.wire.examples import EXAMPLES
from tests.bench.cohort import TARGETS, Feed, written
from tests.bench.meter import Cost, median_cost

ROUNDS = 9
ROUND_EVENTS = 2_000
SIZES = (8, 40)
_AT = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)


def decoding() -> dict[str, Cost]:
    """Decode by mode and kind, every delivery another one."""
    deliveries = Feed(range(500)).traffic(8 * ROUND_EVENTS)
    topics = KafkaSettings().inputs

    def cost(some: Sequence[Delivery]) -> Cost:
        def work() -> int:
            for delivery in some:
                decode(delivery, topics)
            return len(some)

        return median_cost(work, ROUNDS)

    found = {}
    for kind in ("ctdna.results", "imaging.reads"):
        of_kind = [one for one in deliveries if one.topic == kind]
        for mode, header_count in (("binary", 6), ("structured", 1)):
            some = [one for one in of_kind if len(one.headers) == header_count][:ROUND_EVENTS]
            size = sum(len(one.value or b"") for one in some) // len(some)
            found[f"decode {kind}, {mode}, {size} bytes"] = cost(some)
    return found


@dataclass
class Case:
    """A committed patient, and what comes next: a sample and a scan."""

    size: int
    document: str
    state: PatientState
    arrivals: Sequence[Arrival]


def cases() -> Iterator[Case]:
    """Patients with as many samples and as many scans as `SIZES` say, and ten other records.

    The latest closed day is beside them: the clock has come to the last visit.
    """
    for size in SIZES:
        others = list(_others())
        visits = _arrivals(size + 1)
        arrivals = [*others[:-1], *visits[:-2], others[-1], *visits[-2:]]
        state = PatientState(study_id="NCT06778382", patient_id="SDCH-001")
        for arrival in arrivals[:-2]:
            state = apply(state, arrival, built_in_ruleset()).state
        document = dump_state(state)
        yield Case(size, document, load_state(document), arrivals[-2:])


def _arrivals(visits: int) -> list[Arrival]:
    """Enrolment, therapy, then a sample and a scan for each visit; a relapse in the middle."""
    story = Story(1, "2015-03-02", targets=TARGETS)
    story.enrolled()
    story.treated("ablation", 9, "right upper lobe")
    story.baseline("not_detected", "14.0", "11.5")
    for visit in range(1, visits):
        relapsed = visit > visits // 2
        story.visit("0.84" if relapsed else "not_detected", "14.8" if relapsed else "13.9", "11.2")
    return [_arrival(line.event) for line in story.lines]


def _others() -> Iterator[Arrival]:
    """Eight records beside enrolment and therapy, and a closed day."""
    eligible = EXAMPLES[EligibilityAssessed.KIND][0]
    marker: Content = {"analyte": "CEA", "value": "3.1", "unit": "ng/mL"}
    others: list[Content] = [
        {**eligible, "assessed_on": "2015-02-20"},
        {"stated_on": "2015-06-20", "locally_treatable": "yes"},
        {"held_on": "2015-06-25", "decision": "surveillance"},
        {"contacted_on": "2015-05-01"},
        *({**marker, "collected_at": f"2015-0{month}-02"} for month in range(4, 8)),
    ]
    kinds = (
        EligibilityAssessed.KIND, TreatabilityStated.KIND, ReviewHeld.KIND, ContactRecorded.KIND,
        *[MarkerResult.KIND] * 4,
    )  # fmt: skip
    for place, (kind, content) in enumerate(zip(kinds, others, strict=True)):
        named = {
            "study_id": "NCT06778382", "patient_id": "SDCH-001", "record_id": f"o{place}",
            "record_version": 1, "status": "final",
        }  # fmt: skip
        yield _arrival({
            "specversion": "1.0", "id": f"o{place}", "source": "https://site.example/edc",
            "type": f"org.ctdnamonitor.{kind}.v1", "data": {**content, **named},
        })  # fmt: skip
    closed = DayClosed(
        study_id="NCT06778382", patient_id="SDCH-001", status="final", record_version=1,
        record_id="NCT06778382/SDCH-001/2017-01-20", closed_on="2017-01-20",
    )  # fmt: skip
    yield Arrival(CLOCK_SOURCE, closed.record_id, _AT, closed)


def _arrival(event: Content) -> Arrival:
    decoded = decode_line(written(event))
    assert isinstance(decoded, Event)
    return Arrival(decoded.source, decoded.event_id, _AT, decoded.fact)


def applying() -> dict[str, Cost]:
    """What a patient of each size costs: read the state, apply one fact, write the state."""
    found = {}
    for case in cases():
        name = f"{case.size} samples + {case.size} scans"
        times = max(1, ROUND_EVENTS // (10 * case.size))
        found[f"load the state, {name}"] = _loading(case, times)
        found[f"apply one fact, {name}"] = _one_apply(case, times)
        found[f"dump the state, {name}"] = _dumping(case, times)
    return found


def _loading(case: Case, times: int) -> Cost:
    def work() -> int:
        for _ in range(times):
            load_state(case.document)
        return times

    return median_cost(work, ROUNDS)


def _one_apply(case: Case, times: int) -> Cost:
    ruleset = built_in_ruleset()

    def work() -> int:
        for arrival in islice([*case.arrivals] * times, times * len(case.arrivals)):
            apply(case.state, arrival, ruleset)
        return times * len(case.arrivals)

    return median_cost(work, ROUNDS)


def _dumping(case: Case, times: int) -> Cost:
    def work() -> int:
        for _ in range(times):
            dump_state(case.state)
        return times

    return median_cost(work, ROUNDS)
