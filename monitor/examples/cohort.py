"""The made-up cohort: some twenty patients of the trial with what happens to records on their way.

`python -m monitor.examples.cohort` writes `cohort.ndjson`, in the order of arrival. Every finding
is in it, and notices that are amended and withdrawn; nobody real is meant.
"""

import json
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

from monitor.examples import MADE_UP, records
from monitor.examples.records import Seen
from monitor.examples.story import Story

Patients = Iterable[Story]


def _without_event() -> Patients:
    """Patients in whom nothing is found; two of them with samples that say nothing."""
    plans = (
        (1, "2024-02-26", "radiotherapy", ("right upper lobe",), 7),
        (5, "2024-05-20", "ablation", ("right lower lobe", "left upper lobe"), 6),
        (9, "2024-09-02", "radiotherapy", ("left upper lobe", "left lower lobe"), 5),
    )
    for number, enrolled_on, modality, sites, visits in plans:
        story = _begun(number, enrolled_on, modality, *sites)
        story.baseline()
        story.visits(visits)
        yield story

    story = _begun(2, "2024-03-11", "surgery", "left lower lobe")
    story.baseline()
    story.visits(3)
    story.visit("qc_failed")
    story.blood(story.next_day(0) + 16, "not_detected")
    story.visit("indeterminate")
    story.visits(2)
    yield story

    story = _begun(16, "2025-03-03", "surgery", "right middle lobe")
    story.baseline()
    story.visits(3)
    sample, _ = story.visit("0.07")  # too weak to stand when the run was repeated
    story.became_final(sample, 4, call="not_detected", quantity=None)
    yield story


def _begun(number: int, enrolled_on: str, modality: str, *sites: str) -> Story:
    story = Story(number, enrolled_on)
    story.enrolled()
    story.treated(modality, story.between(8, 17), *sites)
    return story


def _molecular_first() -> Patients:
    """Relapse in the blood months before the scan: suspected, confirmed, then a new lesion."""
    story = _begun(3, "2024-04-08", "ablation", "right upper lobe")
    story.baseline()
    story.visits(2)
    story.visit("0.31")
    story.blood(story.next_day(0) + 24, "0.58")
    story.visit("1.46")
    story.visit("4.9", new=[Seen("NL-1", "lung", "left lower lobe", "9")])
    yield story

    story = _begun(11, "2024-10-14", "radiotherapy", "right lower lobe")
    story.baseline("0.22")  # at the landmark: persistence
    story.blood(story.next_day(0) + 20, "0.37")
    story.visit("1.12")
    late, read = story.visit(
        "2.75",
        new=[
            Seen("NL-1", "lung", "right upper lobe", "7"),
            Seen("NL-2", "lung", "left upper lobe", "5"),
        ],
    )
    story.twice(late, 5)
    story.twice(read, 26)
    yield story


def _false_alarms() -> Patients:
    """A positive that the next sample refutes, one in the blackout, one that was contaminated."""
    story = _begun(4, "2024-05-06", "radiotherapy", "left lower lobe")
    story.baseline()
    story.visit("0.09")
    story.blood(story.next_day(0) + 19, "not_detected")
    story.visits(4)
    yield story

    story = _begun(12, "2024-11-11", "surgery", "right upper lobe")
    story.blood(28, "0.41")  # two weeks after surgery: does not count
    story.baseline()
    story.visits(4)
    yield story

    story = _begun(14, "2025-01-06", "ablation", "left upper lobe")
    story.baseline()
    story.visits(1)
    sample, _ = story.visit("0.12")
    story.again(sample, 3, "cancelled")
    story.blood(story.next_day(0) + 17, "not_detected")
    story.visits(2)
    yield story


def _seen_on_scans() -> Patients:
    """Relapse on the scan: with a negative in the blood, and by growth of what was left."""
    story = _begun(6, "2024-06-10", "surgery", "left lower lobe")
    story.baseline()
    story.visits(2)
    _, read = story.visit(new=[Seen("NL-1", "lung", "right lower lobe", "8")])
    taken = story.day(story.next_day(0) - 9)  # days before the one first written down
    story.again(read, 6, "corrected", images=[records.ct(taken)])
    yield story

    story = Story(7, "2024-07-01", targets={"T1": "left upper lobe", "T2": "left lower lobe"})
    story.enrolled()
    story.treated("radiotherapy", 10, "right lower lobe")
    story.baseline("not_detected", "11.2", "10.4")
    story.visit("not_detected", "11.0", "10.1")
    story.visit("not_detected", "12.4", "11.3")
    story.visit("0.17", "15.6", "13.9")
    yield story


def _shallow_reads() -> Patients:
    """Reads with a sum only, or with responses only."""
    story = Story(13, "2024-12-02", depth="sum")
    story.enrolled()
    story.treated("ablation", 12, "right middle lobe")
    story.baseline("not_detected", "23.5")
    story.visit("not_detected", "22.8")
    sample, _ = story.visit("0.44", "24.1")
    story.mistaken(sample, 22, quantity={"value": "0.44", "unit": "ng/mL"})
    story.blood(story.next_day(0) + 22, "0.93")
    story.visit("2.3", "30.6")
    yield story

    story = Story(17, "2025-03-31", depth="responses")
    story.enrolled()
    story.treated("radiotherapy", 9, "left lower lobe")
    story.baseline()
    story.visits(1)
    _, read = story.visit(new=[Seen("NL-1", "liver", "segment 7", "13")])
    story.again(read, 4, "entered_in_error")  # another patient's scan
    story.read(story.next_day(0) + 9)
    story.visits(1)
    yield story


def _second_looks() -> Patients:
    """A lesion that turns out benign, one that is confirmed later, and a second round."""
    story = _begun(8, "2024-08-05", "ablation", "right lower lobe")
    story.baseline()
    story.visits(1)
    _, read = story.visit(new=[Seen("NL-1", "lung", "right upper lobe", "6")])
    infection = Seen("NL-1", "lung", "right upper lobe", "6", "benign")
    story.again(read, 12, "corrected", new_lesions=[records.new_lesion(infection)])
    story.resent(read, 15)
    story.visits(3)
    yield story

    story = _begun(15, "2025-01-27", "radiotherapy", "right upper lobe")
    story.baseline()
    story.visit(new=[Seen("NL-1", "lung", "left lower lobe", "4", "equivocal")])
    _, read = story.visit(new=[Seen("NL-1", "lung", "left lower lobe", "7")])
    story.became_final(read, 5)
    yield story

    story = _begun(10, "2024-09-23", "surgery", "left upper lobe")
    story.baseline()
    story.visit()
    story.visit(new=[Seen("NL-1", "lung", "left lower lobe", "9")])
    story.treated("ablation", story.next_day(0) + 31, "left lower lobe")
    story.baseline()
    story.visits(3)
    yield story


def _out_of_order() -> Patients:
    """Late enrolment, late samples that change what stood, and tubes of two patients mixed up."""
    story = Story(18, "2025-04-21")
    story.enrolled(reaches_us_days=203)
    story.treated("surgery", 11, "right lower lobe")
    story.baseline()
    story.visit("0.28")
    story.blood(story.next_day(0) + 21, "0.66")
    story.visit("1.38")
    yield story

    story = _begun(19, "2025-05-19", "ablation", "left upper lobe")
    story.baseline()
    story.visits(1)
    story.visit("0.14")
    # Reported long after the sample that follows it.
    story.blood(story.next_day(0) + 15, "not_detected", turnaround_days=58)
    story.blood(story.next_day(0) + 36, "0.19")
    story.visits(1)
    yield story

    yield from _tubes_swapped()


def _tubes_swapped() -> Patients:
    """Two tubes of one morning with each other's label: both results change their patient."""
    first = _begun(20, "2025-06-16", "radiotherapy", "right middle lobe")
    second = _begun(21, "2025-06-30", "surgery", "left lower lobe")
    stories = (first, second)
    for story in stories:
        story.baseline()
        story.visits(1)
    morning = second.next_day()
    apart = (second.day(0) - first.day(0)).days
    samples = first.blood(morning + apart, "not_detected"), second.blood(morning, "0.52")
    for story, sample, owner in zip(stories, samples, reversed(stories), strict=True):
        assay = {**sample.event["data"]["assay"], "panel_id": owner.panel}
        story.again(sample, 9, "corrected", patient_id=owner.patient_id, assay=assay)
        story.visit_read()
    first.blood(morning + apart + 24, "0.88")
    yield from stories


STORIES: tuple[Callable[[], Patients], ...] = (
    _without_event,
    _molecular_first,
    _false_alarms,
    _seen_on_scans,
    _shallow_reads,
    _second_looks,
    _out_of_order,
)


def cohort() -> bytes:
    """Every patient's events as NDJSON, in the order in which they reached the broker."""
    sent = [
        (line.at, story.patient_id, place, line.event)
        for story in chain.from_iterable(tell() for tell in STORIES)
        for place, line in enumerate(story.lines)
    ]
    events = (event for *_, event in sorted(sent, key=lambda one: one[:3]))
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in events)


if __name__ == "__main__":
    Path(__file__).with_name(MADE_UP).write_bytes(cohort())
