"""Rules of treated sites: growth inside a guard, and local recurrence (clinical rules 1.12)."""

import datetime
from collections.abc import Iterator, Mapping

from monitor.clinical.course import Course
from monitor.clinical.events import LocalTherapy
from monitor.clinical.findings import Finding
from monitor.clinical.imaging_read import TreatedSiteRead
from monitor.clinical.recurrences import Recurrence
from monitor.clinical.rule import Rule
from monitor.clinical.sites import SIGNS_MIN, TreatedSites, guard_of, signs_of
from monitor.clinical.terms import day_of


def _doubts(course: Course) -> Iterator[Finding]:
    recurred: dict[str, datetime.date] = {}  # by site the latest therapy that it recurred after
    for name, since in (one.site for one in course.recurrences):
        recurred[name] = max(recurred.get(name, since), since)
    for visit in (visit for visit in course.follow_up if visit.doubted):
        on = min(visit.site_days)
        for shown in visit.doubted:
            site_id, since = shown.site
            if site_id in recurred and recurred[site_id] >= since:
                continue
            therapy = course.sites.last_therapy(site_id, visit.day)
            yield Finding(
                "TREATED_SITE_EQUIVOCAL",
                on,
                (visit.held,),
                discriminator=site_id,
                numbers={"day": visit.day, **_doubt_words(shown.seen, therapy, visit.day)},
            )


def _doubt_words(
    seen: TreatedSiteRead, therapy: LocalTherapy | None, day: datetime.date
) -> Mapping[str, object]:
    """What the reader calls the site, how long after its therapy, and why it is no proof (1.12)."""
    guard = guard_of(therapy, day)
    signs, why = "", "Enlarging alone is at no time proof of recurrence"
    if therapy and guard and therapy.ended_on is None:
        why = "The time in which growth is no proof of recurrence counts from then: it is not over"
    elif therapy and guard:
        until, _, with_signs = guard
        unless = "whatever the signs"
        if with_signs == "recurred":
            unless = f"unless the site is called progressed with {SIGNS_MIN} or more such signs"
        signs = f", with {_signs_words(seen)}"
        why = (
            f"Earlier than {until} days after {therapy.modality}, growth is no proof of "
            f"recurrence, {unless}"
        )
    return {"called": seen.finding, "since": _since_words(therapy, day) + signs, "why": why}


def _since_words(therapy: LocalTherapy | None, day: datetime.date) -> str:
    """How long after the end of the site's last therapy the read was."""
    if therapy is None:
        return "with no therapy of it on record"
    if therapy.ended_on is None:
        return f"with no last day of its {therapy.modality} on record"
    days = (day - day_of(therapy.ended_on)).days
    many = "day" if abs(days) == 1 else "days"
    return f"{abs(days)} {many} {'before' if days < 0 else 'after'} its {therapy.modality} ended"


def _signs_words(seen: TreatedSiteRead) -> str:
    count = signs_of(seen)
    return f"{count or 'no'} high-risk sign{'' if count == 1 else 's'}"


def _recurrence(course: Course) -> Iterator[Finding]:
    for one in course.recurrences:
        if one.visit is not None:
            yield Finding(
                "LOCAL_RECURRENCE",
                one.on,
                one.identifying,
                discriminator=one.site[0],
                numbers={
                    "day": one.visit.day,
                    "on": one.on,
                    "why": _recurrence_words(one, one.visit.day, course.sites),
                },
            )


def _recurrence_words(one: Recurrence, day: datetime.date, sites: TreatedSites) -> str:
    """All that shows it: the reader's call, tissue, a new lesion at the site."""
    words = [_call_words(one.called, day, sites)] if one.called else []
    if one.biopsy is not None:
        words.append(f"a biopsy of {one.biopsy.fact.clinical_day} was malignant")
    if one.new_lesion:
        words.append("there is an unequivocal new lesion at it")
    return "; ".join(words)


def _call_words(seen: TreatedSiteRead, day: datetime.date, sites: TreatedSites) -> str:
    """The reader's call with the days that let it count, and the signs where they decided."""
    therapy = sites.last_therapy(seen.site_id, day)
    words = f"the reader calls it progressed, {_since_words(therapy, day)}"
    guard = guard_of(therapy, day)
    if guard is None:
        return words
    signs = _signs_words(seen)
    return f"{words}, with {signs} (before day {guard[0]} at least {SIGNS_MIN} are asked for)"


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
        "In the read of {day} a treated site is called {called}, {since}. {why}: image it "
        "again, or take a biopsy.",
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
