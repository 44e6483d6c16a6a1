"""Patients for whom something is decided: reviews, systemic therapy, and what goes wrong there."""

from collections.abc import Iterator

from monitor.examples import records
from monitor.examples.records import Seen
from monitor.examples.story import Story

LUNG = ("left upper lobe", "left lower lobe", "right upper lobe", "right lower lobe")


def beyond_the_limits() -> Iterator[Story]:
    """Disease in the liver and all over the lung: review, systemic therapy, death."""
    story = Story.begun(31, "2024-01-29", "radiotherapy", "left lower lobe")
    story.baseline()
    story.visits(2)
    spread = [Seen(f"NL-{n}", "lung", site, f"{5 + n}") for n, site in enumerate(LUNG, start=1)]
    story.visit("3.4", new=[*spread, Seen("NL-5", "liver", "segment 6", "22")])
    story.noted("review.held", story.next_day(0) + 11, decision="systemic_therapy")
    start = story.next_day(0) + 24
    story.noted("therapy.systemic", start, regimen="FOLFIRI + bevacizumab", line=2)
    story.noted("death.recorded", start + 66, cause="disease")
    yield story

    story = Story.begun(32, "2024-05-27", "surgery", "right upper lobe", "right middle lobe")
    story.baseline()
    story.visits(1)
    first = [Seen("NL-1", "lung", "left hilum", "14"), Seen("NL-2", "lung", "right hilum", "11")]
    _, read = story.visit("0.9", new=first)
    story.stated(read, 7, "no")  # T2: too near to the great vessels
    grown = [Seen(f"NL-{n}", "lung", site, "8") for n, site in enumerate(LUNG, start=3)]
    story.visit("6.2", new=[*first, *grown], active_lesions={"lung": 6, "elsewhere": 1})
    yield story


def taken_back() -> Iterator[Story]:
    """A read is corrected when people have already acted on it."""
    story = Story.begun(33, "2024-08-12", "ablation", "left upper lobe")
    story.baseline()
    story.visits(1)
    _, read = story.visit(new=[Seen("NL-1", "liver", "segment 4", "17")])
    day = story.next_day(0)
    story.noted("review.held", day + 9, decision="systemic_therapy")
    story.noted("therapy.systemic", day + 20, regimen="FOLFOX", line=2)
    cyst = Seen("NL-1", "liver", "segment 4", "17", "benign")
    story.again(read, 33, "corrected", new_lesions=[records.new_lesion(cyst)])
    story.visits(1)
    yield story


def deviations() -> Iterator[Story]:
    """Systemic therapy that nothing asked for, and a dose above the protocol's."""
    story = Story(34, "2024-09-09")
    story.enrolled()
    dose = {"total_dose_gy": "60", "fractions": 8, "bed_gy": "105"}
    story.treated("radiotherapy", 12, "right lower lobe", **dose)
    story.baseline()
    story.visits(1)
    start = story.next_day(0) + 25
    story.noted("therapy.systemic", start, regimen="capecitabine", line=2)
    story.noted("contact.recorded", start + 30)
    yield story
