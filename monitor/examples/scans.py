"""Patients in whom the scan speaks: new lesions, treated sites, and reads that need a query."""

from collections.abc import Iterator

from monitor.examples import records
from monitor.examples.records import Content, Seen
from monitor.examples.story import Story


def seen_on_scans() -> Iterator[Story]:
    """Relapse on the scan: with a negative in the blood, and by growth of what was left."""
    story = Story.begun(6, "2024-06-10", "surgery", "left lower lobe")
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


def shallow_reads() -> Iterator[Story]:
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


def second_looks() -> Iterator[Story]:
    """Lesions that turn out benign, are confirmed later or stay in doubt; and second rounds."""
    story = Story.begun(8, "2024-08-05", "ablation", "right lower lobe")
    story.baseline()
    story.visits(1)
    _, read = story.visit(new=[Seen("NL-1", "lung", "right upper lobe", "6")])
    infection = Seen("NL-1", "lung", "right upper lobe", "6", "benign")
    story.again(read, 12, "corrected", new_lesions=[records.new_lesion(infection)])
    story.resent(read, 15)
    story.visits(3)
    yield story

    story = Story.begun(15, "2025-01-27", "radiotherapy", "right upper lobe")
    story.baseline()
    story.visit(new=[Seen("NL-1", "lung", "left lower lobe", "4", "equivocal")])
    _, read = story.visit(new=[Seen("NL-1", "lung", "left lower lobe", "7")])
    story.became_final(read, 5)
    yield story

    story = Story.begun(10, "2024-09-23", "surgery", "left upper lobe")
    story.baseline()
    story.visit()
    _, read = story.visit(new=[Seen("NL-1", "lung", "left lower lobe", "9")])
    story.stated(read, 6, "yes")
    story.noted("review.held", story.next_day(0) + 13, decision="repeat_local_therapy")
    story.treated("ablation", story.next_day(0) + 31, "left lower lobe")
    story.baseline()
    story.visits(2)
    _, read = story.visit(new=[Seen("NL-2", "lung", "right upper lobe", "6")])
    story.stated(read, 9, "yes")  # both rounds are done: T4
    yield story


def treated_sites() -> Iterator[Story]:
    """Treated sites that grow: in doubt, proven by a biopsy, called progressed, or all scar."""
    story = Story.begun(26, "2024-02-19", "radiotherapy", "right lower lobe")
    story.baseline()
    story.visits(1)
    site = _sites_of(story)[0]
    story.visit(treated_sites=[_growing(site, "enlarging", "21")])
    story.noted("biopsy.result", story.next_day(0) + 19, site_id=site, malignant=True)
    yield story

    story = Story.begun(27, "2024-03-25", "ablation", "left upper lobe", "right upper lobe")
    story.baseline()
    story.visits(1)
    left, right = _sites_of(story)
    story.visit(
        treated_sites=[_growing(left, "enlarging", "31"), _growing(right, "no_change", "26")]
    )
    story.visits(1)
    story.visit(
        treated_sites=[_growing(left, "enlarging", "33"), _growing(right, "progressed", "37")]
    )
    yield story

    story = Story.begun(28, "2024-06-24", "surgery", "left lower lobe")
    story.baseline()
    story.visits(2)
    site = _sites_of(story)[0]
    story.noted("biopsy.result", story.next_day(0) + 12, site_id=site, malignant=True)
    yield story

    story = Story.begun(36, "2025-02-17", "surgery", "right upper lobe")
    story.baseline()
    story.visits(1)
    story.visit(new=[Seen("NL-1", "lung", "right lower lobe", "4", "equivocal")])
    yield story


def _sites_of(story: Story) -> list[str]:
    treated = next(line for line in story.lines if line.event["type"].endswith("therapy.local.v1"))
    return [site["site_id"] for site in treated.event["data"]["sites"]]


def _growing(site: str, finding: str, size_mm: str) -> Content:
    return {"site_id": site, "finding": finding, "size_mm": size_mm}


def queries() -> Iterator[Story]:
    """Reads that go back to the reader: baselines, targets and responses that cannot be so."""
    lungs = {"T1": "left upper lobe", "T2": "left lower lobe", "T3": "right lower lobe"}
    story = Story(29, "2024-09-16", targets=lungs)
    story.enrolled()
    late = {"started_on": story.day(11).isoformat(), "ended_on": story.day(11).isoformat()}
    story.treated("surgery", 40, "right upper lobe", **late)  # put off by a month, it was thought
    story.blood(46, "not_detected")
    story.baseline("not_detected", "8.5", "12.0", "14.5")  # late; three in the lung, one small
    again = {"label": "baseline", "is_baseline": True}
    story.visit("not_detected", "8.4", "12.1", "14.2", timepoint=again)
    _, read = story.visit("not_detected", "8.6", "11.8", "14.4")
    targets = read.event["data"]["targets"]
    fourth = records.target("T4", "right middle lobe", "10.5")
    story.again(read, 9, "corrected", targets=[*targets, fourth])
    _, read = story.visit(
        "not_detected", "8.2", "12.0", "14.1", signed_at="2025-06-06T15:20:00+08:00"
    )
    story.read(story.day_of(read), ("8.3", "12.4", "14.6"), signed_at="2025-06-03T11:05:00+08:00")
    yield story

    story = Story(30, "2024-10-28", targets={"T1": "right lower lobe"})
    story.enrolled()
    story.treated("ablation", 13, "left upper lobe")
    story.baseline("not_detected", "16.0", non_targets=_rest("present"))
    story.visit("not_detected", "15.1", non_targets=_rest("present") | {"response": "CR"})
    story.visit("not_detected", "9.8", non_targets=_rest("present"), reported={"overall": "SD"})
    gone = {**records.target("T1", "right lower lobe", "0"), "state": "absent"}
    del gone["diameter_mm"]
    story.visit("not_detected", "0", targets=[gone], non_targets=_rest("absent"))
    story.noted("marker.result", story.next_day() + 1, analyte="CEA", value="7.9", unit="ng/mL")
    _, read = story.visit("not_detected", "0", targets=[gone], non_targets=_rest("absent"))
    read.event["data"]["tumour_markers_normal"] = False  # nothing is seen, but with that it is PR
    yield story


def _rest(state: str) -> Content:
    """The one non-target lesion of patient 30."""
    lesion = {"lesion_id": "N1", "organ": "pleura", "nodal": False, "state": state}
    return {"lesions": [lesion]}
