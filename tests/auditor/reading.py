"""What single reads of the study's series give rise to: new lesions, sites, data quality."""

from collections.abc import Sequence
from datetime import date

from tests.auditor.assess import Course
from tests.auditor.classes import sites_of_lesions
from tests.auditor.lesions import TOMOGRAPHY, entry_of, image_days
from tests.auditor.quality import quality_findings
from tests.auditor.sites import SETTLED
from tests.auditor.values import Found, Record
from tests.auditor.visits import Visit


def reading_findings(own: Sequence[Course], replaced: Sequence[Record]) -> list[Found]:
    """Findings of the courses of one series; episode 0 has those of data quality only."""
    found = [
        Found("DATA_QUALITY", r.clinical_day, [r.key], {"kind": "same_day_read"}, "same_day_read")
        for r in replaced
    ]
    for course in own:
        for visit in course.visits:
            found += quality_findings(visit, course)
    told = [(course, v) for course in own for v in course.visits if course.episode.number > 0]
    recurrences = local_recurrences(told, own)
    found += [finding for _, _, finding in recurrences]
    found += new_lesion_findings(told)
    found += equivocal_findings(told)
    recurred = [(site_id, period) for site_id, period, _ in recurrences]
    found += doubtful_sites(told, recurred)
    return found


def _lesion_day(course: Course, lesion_ids: Sequence[str]) -> date:
    return min(course.pd_day(course.lesions.contributing(one)) for one in lesion_ids)


def new_lesion_findings(told: Sequence[tuple[Course, Visit]]) -> list[Found]:
    """NEW_LESION: the unequivocal lesions of a read that no earlier read made it for."""
    found: list[Found] = []
    made: set[str] = set()
    for course, visit in told:
        lesions = [lesion for lesion in visit.unequivocal if lesion not in made]
        made |= set(lesions)
        if lesions:
            keys = course.identifying(visit, lesions, [], lesions)
            on = _lesion_day(course, lesions)
            found.append(Found("NEW_LESION", on, keys, {"lesions": lesions}))
    return found


def equivocal_findings(told: Sequence[tuple[Course, Visit]]) -> list[Found]:
    """NEW_LESION_EQUIVOCAL: of lesions never unequivocal; a benign one is equivocal in no read."""
    certain = {lesion for _, visit in told for lesion in visit.unequivocal}
    found: list[Found] = []
    made: set[str] = set()
    for _, visit in told:
        lesions = [lesion for lesion in visit.equivocal if lesion not in made | certain]
        made |= set(lesions)
        if lesions:
            on = min(_own_day(visit.record, lesion) for lesion in lesions)
            details = {"lesions": lesions}
            found.append(Found("NEW_LESION_EQUIVOCAL", on, [visit.record.key], details))
    return found


def _own_day(read: Record, lesion_id: str) -> date:
    """The read's earliest image that shows the lesion."""
    entry = entry_of(read, lesion_id)
    assert entry is not None
    return image_days(read, {str(entry["method"])})[0]


Recurrence = tuple[str, int, Found]


def local_recurrences(
    told: Sequence[tuple[Course, Visit]], own: Sequence[Course]
) -> list[Recurrence]:
    """LOCAL_RECURRENCE: the first read or biopsy that shows it, once until treated again."""
    shown: list[tuple[tuple[object, ...], Recurrence]] = []
    for course, visit in told:
        on = visit.record.clinical_day
        sites = [*visit.recurred, *sites_of_lesions(visit)]
        for site_id in dict.fromkeys(sites):
            period = course.sites.period(site_id, on)
            if period is not None:
                finding = _recurrence(course, visit, site_id)
                shown.append((visit.record.order, (site_id, period, finding)))
    for biopsy in own[0].sites.malignant() if own else []:
        site_id = str(biopsy.data["site_id"])
        period = own[0].sites.period(site_id, biopsy.clinical_day)
        alone = own[0].sites.read_proven_by(biopsy, own[0].series) is None
        pretreatment = any(
            c.episode.number == 0 and biopsy.clinical_day < c.episode.ends_before
            for c in own
            if c.episode.ends_before is not None
        )
        if alone and period is not None and not pretreatment:
            finding = Found("LOCAL_RECURRENCE", biopsy.clinical_day, [biopsy.key], {}, site_id)
            shown.append((biopsy.order, (site_id, period, finding)))
    first: dict[tuple[str, int], Recurrence] = {}
    for _, recurrence in sorted(shown, key=lambda pair: pair[0]):
        first.setdefault(recurrence[:2], recurrence)
    return list(first.values())


def _recurrence(course: Course, visit: Visit, site_id: str) -> Found:
    lesions = sites_of_lesions(visit).get(site_id, [])
    dates = [_lesion_day(course, lesions)] if lesions else []
    if site_id in visit.recurred:
        dates.append(course.pd_day(image_days(visit.record, TOMOGRAPHY)))
    by_word = [] if lesions else [site_id]  # a lesion there needs no biopsy of the site
    keys = course.identifying(visit, lesions, by_word, lesions)
    return Found("LOCAL_RECURRENCE", min(dates), keys, {}, site_id)


def doubtful_sites(
    told: Sequence[tuple[Course, Visit]], recurred: Sequence[tuple[str, int]]
) -> list[Found]:
    """TREATED_SITE_EQUIVOCAL: every read that leaves the doubt, until the doubt ends (4.2)."""
    found = []
    for course, visit in told:
        for site_id in visit.doubtful_sites:
            period = course.sites.period(site_id, visit.record.clinical_day) or 0
            answered = any(site == site_id and later >= period for site, later in recurred)
            settled = any(
                entry["site_id"] == site_id and entry["finding"] in SETTLED
                for read in course.series
                if read.order > visit.record.order
                for entry in read.get("treated_sites") or []
            )
            if (
                not answered
                and not settled
                and not course.sites.benign_since(site_id, visit.record)
            ):
                on = image_days(visit.record, TOMOGRAPHY)[0]
                key = [visit.record.key]
                found.append(Found("TREATED_SITE_EQUIVOCAL", on, key, {}, site_id))
    return found
