"""Patients in whom the blood speaks first, or says what it should not."""

from collections.abc import Iterator

from monitor.examples.records import Seen
from monitor.examples.story import Story


def molecular_first() -> Iterator[Story]:
    """Relapse in the blood months before the scan: suspected, confirmed, then a new lesion."""
    story = Story.begun(3, "2024-04-08", "ablation", "right upper lobe")
    story.baseline()
    story.visits(2)
    story.visit("0.31")
    story.blood(story.next_day(0) + 24, "0.58")
    story.visit("1.46")
    _, read = story.visit("4.9", new=[Seen("NL-1", "lung", "left lower lobe", "9")])
    story.stated(read, 8, "yes")  # T3, and T7: the blood says that there may be more
    yield story

    story = Story.begun(11, "2024-10-14", "radiotherapy", "right lower lobe")
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

    story = Story.begun(25, "2024-03-18", "surgery", "right lower lobe")
    story.baseline()
    story.visit("0.10")
    story.blood(story.next_day(0) + 18, "0.22")
    story.blood(story.next_day(0) + 46, "0.71")  # fast, and the scans stay clear: T6
    story.visit("2.3")
    story.visit("7.8")
    story.noted("review.held", story.next_day(0) + 20, decision="surveillance")
    yield story


def false_alarms() -> Iterator[Story]:
    """A positive that the next sample refutes, one in the blackout, one that was contaminated."""
    story = Story.begun(4, "2024-05-06", "radiotherapy", "left lower lobe")
    story.baseline()
    story.visit("0.09")
    story.blood(story.next_day(0) + 19, "not_detected")
    story.visits(4)
    yield story

    story = Story.begun(12, "2024-11-11", "surgery", "right upper lobe")
    story.blood(28, "0.41")  # two weeks after surgery: does not count
    story.baseline()
    story.visits(4)
    yield story

    story = Story.begun(14, "2025-01-06", "ablation", "left upper lobe")
    story.baseline()
    story.visits(1)
    sample, _ = story.visit("0.12")
    story.again(sample, 3, "cancelled")
    story.blood(story.next_day(0) + 17, "not_detected")
    story.visits(2)
    yield story


def clearance() -> Iterator[Story]:
    """A positive that goes away by itself, stays away for months, and comes back."""
    story = Story.begun(22, "2024-02-05", "surgery", "left upper lobe")
    story.baseline("0.35")
    story.visit("0.21")
    story.visits(2)
    story.visit("0.44")
    story.blood(story.next_day(0) + 21, "not_detected")
    story.visits(1)
    yield story


def laboratories() -> Iterator[Story]:
    """Another unit, another assay, and results that the laboratory should look at again."""
    story = Story.begun(23, "2024-07-15", "surgery", "right upper lobe")
    story.baseline()
    story.visits(1)
    story.visit("0.22")
    percent = {"value": "0.04", "unit": "VAF_PCT"}
    story.blood(story.next_day(0) + 41, "detected", quantity=percent)
    story.visit("0.31")
    story.missed()  # a scan would be due: it is asked for when the day comes
    story.blood(story.next_day() - 1, "not_detected", assay={"version": "3"})
    story.visit_read()
    yield story

    story = Story.begun(24, "2024-08-26", "ablation", "right middle lobe")
    story.baseline()
    story.blood(
        story.next_day() - 1, "not_detected", quantity={"value": "0.06", "unit": "MTM_PER_ML"}
    )
    story.visit_read()
    story.blood(
        story.next_day(),
        "0.08",
        assay={"code": "PLASMA-80", "design": "tumor_naive_panel", "chip_filtered": "no"},
        variants=[{"gene": "DNMT3A", "vaf_pct": "0.31"}, {"gene": "TET2", "vaf_pct": "0.12"}],
    )
    story.visit_read()
    story.blood(
        story.next_day() - 2,
        "not_detected",
        specimen={"tube": "edta", "draw_to_spin_h": "9.5", "plasma_ml": "3.2"},
    )
    story.visit_read()
    yield story
