"""Rules of treated sites: growth inside a guard, and local recurrence (clinical rules 1.12)."""

from collections.abc import Iterator

from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.rule import Rule


def _doubts(course: Course) -> Iterator[Finding]:
    recurred = [one.site for one in course.recurrences]
    for visit in course.follow_up:
        for site_id, since in visit.doubted:
            if any(name == site_id and later >= since for name, later in recurred):
                continue
            yield Finding(
                "TREATED_SITE_EQUIVOCAL",
                min(visit.site_days),
                (visit.held,),
                discriminator=site_id,
                numbers={"day": visit.day, "days": (visit.day - since).days},
            )


def _recurrence(course: Course) -> Iterator[Finding]:
    for one in course.recurrences:
        if one.visit is None:
            continue
        words = "the reader calls it progressed"
        if one.biopsy is not None:
            words = f"a biopsy of {one.biopsy.fact.clinical_day} was malignant"
        elif all(shown.key != one.site for shown in one.visit.recurred):
            words = "there is an unequivocal new lesion at it"
        yield Finding(
            "LOCAL_RECURRENCE",
            one.on,
            one.identifying,
            discriminator=one.site[0],
            numbers={"day": one.visit.day, "on": one.on, "why": words},
        )


def _by_biopsy(course: Course) -> Iterator[Finding]:
    for one in course.recurrences:
        if one.visit is None:
            yield Finding(
                "LOCAL_RECURRENCE",
                one.on,
                one.identifying,
                discriminator=one.site[0],
                numbers={"day": one.on},
            )


ROWS: tuple[Rule, ...] = (
    Rule(
        "site.equivocal", 1, "TREATED_SITE_EQUIVOCAL", "medium", "D", "1.12",
        "A treated site looks larger in the read of {day}, {days} days after its therapy began. "
        "So soon after this kind of therapy, or by this call alone, that is no proof of "
        "recurrence: image it again, or take a biopsy.",
        _doubts,
    ),
    Rule(
        "site.recurrence", 1, "LOCAL_RECURRENCE", "high", "D", "1.12, 1.6",
        "A treated site has recurred in the read of {day}, dated {on}: {why}.",
        _recurrence,
    ),
    Rule(
        "site.recurrence_by_biopsy", 1, "LOCAL_RECURRENCE", "high", "D", "1.12",
        "A treated site has recurred: its biopsy of {day} was malignant. No read between the "
        "therapy and the biopsy had called the site enlarging or progressed.",
        _by_biopsy,
    ),
)  # fmt: skip
