"""How the trial is run: who gets in, who comes, what arrives late, and tubes that are swapped."""

from collections.abc import Iterator

from monitor.examples import records
from monitor.examples.story import Story


def without_event() -> Iterator[Story]:
    """Patients in whom nothing is found; two of them with samples that say nothing."""
    plans = (
        (1, "2024-02-26", "radiotherapy", ("right upper lobe",), 7),
        (5, "2024-05-20", "ablation", ("right lower lobe", "left upper lobe"), 6),
        (9, "2024-09-02", "radiotherapy", ("left upper lobe", "left lower lobe"), 5),
    )
    for number, enrolled_on, modality, sites, visits in plans:
        story = Story.begun(number, enrolled_on, modality, *sites)
        story.baseline()
        story.visits(visits)
        yield story

    story = Story.begun(2, "2024-03-11", "surgery", "left lower lobe")
    story.baseline()
    story.visits(3)
    story.visit("qc_failed")
    story.blood(story.next_day(0) + 16, "not_detected")
    story.visit("indeterminate")
    story.visits(2)
    yield story

    story = Story.begun(16, "2025-03-03", "surgery", "right middle lobe")
    story.baseline()
    story.visits(3)
    sample, _ = story.visit("0.07")  # too weak to stand when the run was repeated
    story.became_final(sample, 4, call="not_detected", quantity=None)
    yield story


def screened() -> Iterator[Story]:
    """Enrolled against a criterion, on one that the protocol states in two ways, with a gap."""
    story = Story(35, "2024-11-25")
    story.noted("eligibility.assessed", -3, **(records.ELIGIBLE | _IN_DOUBT))
    story.enrolled()
    story.treated("surgery", 9, "left lower lobe")
    story.baseline()
    story.visits(2)
    yield story


# Too old, between the two sizes that the protocol names, not for radiotherapy, CEA not measured.
_IN_DOUBT: records.Content = {
    "age_years": 76,
    "largest_lung_lesion_mm": "12.5",
    "amenable_to_rt": False,
    "cea": None,
}


_SLIPPED: records.Content = records.ELIGIBLE | {"creatinine_x_uln": "10.6"}


def absent() -> Iterator[Story]:
    """Visits that are missed or late, a read that nobody signs, and a patient who is lost."""
    story = Story.begun(37, "2024-04-22", "surgery", "right lower lobe")
    assessed = story.noted("eligibility.assessed", -2, **_SLIPPED)
    story.again(assessed, 5, "corrected", creatinine_x_uln="1.06")  # a slip of the point
    story.baseline()
    story.visits(1)
    late = story.missed() + 31
    story.blood(late, "not_detected")
    story.read(late)
    story.visits(1)
    story.missed()
    story.missed()
    _, read = story.visit()
    read.event["data"]["status"] = "preliminary"
    yield story

    story = Story.begun(38, "2021-02-22", "ablation", "right upper lobe")
    story.baseline()
    story.visits(8)
    for _ in range(4):  # from the third year on a scan at every second visit
        story.blood(story.missed(), "not_detected")
        story.visit()
    story.noted("contact.recorded", story.next_day(0) + 40)  # moved away; not heard of since
    yield story


def out_of_order() -> Iterator[Story]:
    """Late enrolment, late samples that change what stood, and tubes of two patients mixed up."""
    story = Story(18, "2025-04-21")
    story.enrolled(reaches_us_days=203)
    story.treated("surgery", 11, "right lower lobe")
    story.baseline()
    story.visit("0.28")
    story.blood(story.next_day(0) + 21, "0.66")
    story.visit("1.38")
    yield story

    story = Story.begun(19, "2025-05-19", "ablation", "left upper lobe")
    story.baseline()
    story.visits(1)
    story.visit("0.14")
    # Reported long after the sample that follows it.
    story.blood(story.next_day(0) + 15, "not_detected", turnaround_days=58)
    story.blood(story.next_day(0) + 36, "0.19")
    story.visits(1)
    yield story

    yield from _tubes_swapped()


def _tubes_swapped() -> Iterator[Story]:
    """Two tubes of one morning with each other's label: both results change their patient."""
    first = Story.begun(20, "2025-06-16", "radiotherapy", "right middle lobe")
    second = Story.begun(21, "2025-06-30", "surgery", "left lower lobe")
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
