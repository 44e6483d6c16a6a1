"""The pure steps, one by one: decode, and load, apply and dump of a patient's state."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from monitor.clinical.state import PatientState, dump_state, load_state
from monitor.clinical.transitions import Arrival, apply
from monitor.examples.records import ELIGIBLE, STUDY, Content
from monitor.examples.story import Story
from monitor.rulesets import built_in_ruleset
from monitor.settings import KafkaSettings
from monitor.wire.closed_day import closed_day
from monitor.wire.codec import decode, decode_line
from monitor.wire.delivery import Delivery, Event
from tests.bench.cohort import TARGETS, Feed, written
from tests.bench.meter import Cost, median_cost

ROUNDS = 9
ROUND_EVENTS = 2_000
BUDGETS_US = {8: 300, 40: 2_000}  # of one fact, by how many samples and as many scans there are
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
    """Patients with as many samples and as many scans as `BUDGETS_US` names, and ten other records.

    The latest closed day is beside them: the clock has come to the last visit.
    """
    for size in BUDGETS_US:
        others = list(_others())
        visits = _arrivals(size + 1)
        arrivals = [*others[:-1], *visits[:-2], others[-1], *visits[-2:]]
        state = PatientState(study_id=STUDY, patient_id="SDCH-001")
        for arrival in arrivals[:-2]:
            state = apply(state, arrival, built_in_ruleset()).state
        document = dump_state(state)
        yield Case(size, document, load_state(document), arrivals[-2:])


def _story() -> Story:
    return Story(1, "2015-03-02", targets=TARGETS)


def _arrivals(visits: int) -> list[Arrival]:
    """Enrolment, therapy, then a sample and a scan for each visit; a relapse in the middle."""
    story = _story()
    story.enrolled()
    story.treated("ablation", 9, "right upper lobe")
    story.baseline("not_detected", "14.0", "11.5")
    for visit in range(1, visits):
        relapsed = visit > visits // 2
        story.visit("0.84" if relapsed else "not_detected", "14.8" if relapsed else "13.9", "11.2")
    return [_arrival(line.event) for line in story.lines]


def _others() -> Iterator[Arrival]:
    """Eight records beside enrolment and therapy, and a closed day."""
    story = _story()
    before = {"ned_on": "2014-01-15", "lung_lesion_detected_on": "2015-01-28"}
    story.noted("eligibility.assessed", -10, **ELIGIBLE | before)
    story.noted("treatability.stated", 110, locally_treatable="yes")
    story.noted("review.held", 115, decision="surveillance")
    story.noted("contact.recorded", 60)
    for day in (31, 61, 92, 122):
        story.noted("marker.result", day, analyte="CEA", value="3.1", unit="ng/mL")
    yield from (_arrival(line.event) for line in story.lines)
    _, closed = closed_day(STUDY, story.patient_id, datetime.date(2017, 1, 20))
    yield Arrival(closed.source, closed.event_id, _AT, closed.fact)


def _arrival(event: Content) -> Arrival:
    decoded = decode_line(written(event))
    assert isinstance(decoded, Event)
    return Arrival(decoded.source, decoded.event_id, _AT, decoded.fact)


def budgets() -> dict[str, float]:
    """What may be printed beside the costs of `applying`: microseconds of processor."""
    return {_one_fact(size): budget for size, budget in BUDGETS_US.items()}


def _one_fact(size: int) -> str:
    return f"apply one fact, {_history(size)}"


def _history(size: int) -> str:
    return f"{size} samples + {size} scans"


def applying() -> dict[str, Cost]:
    """What a patient of each size costs: read the state, apply one fact, write the state."""
    found = {}
    for case in cases():
        name = _history(case.size)
        times = max(1, ROUND_EVENTS // (10 * case.size))
        found[f"load the state, {name}"] = _loading(case, times)
        found[_one_fact(case.size)] = _one_apply(case, times)
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
