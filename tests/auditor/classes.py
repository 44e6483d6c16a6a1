"""How many lesions are active, and what class of progression that makes (4.3)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from tests.auditor.assess import Course
from tests.auditor.lesions import entry_of, new_lesions, responses_only
from tests.auditor.recist import group, targets_of
from tests.auditor.sites import GROWN
from tests.auditor.values import Record, num, of_kind, rule
from tests.auditor.visits import Pd, Visit

ACTIVE_TARGETS = {"measured", "too_small_to_measure", "split"}
ACTIVE_NON_TARGETS = {"present", "unequivocal_progression"}


def active_lesions(visit: Visit, course: Course) -> dict[str, str]:
    """Organ by lesion (or recurred site): what is active in this read, each once."""
    read = visit.record
    found: dict[str, str] = {}
    for lesion_id, target in targets_of(read).items():
        if target["state"] in ACTIVE_TARGETS:
            found.setdefault(lesion_id, str(target["organ"]))
    for lesion in group(read)[0]:
        if lesion["state"] in ACTIVE_NON_TARGETS:
            found.setdefault(str(lesion["lesion_id"]), str(lesion["organ"]))
    for lesion in new_lesions(read):
        if lesion["lesion_id"] in visit.unequivocal:
            found.setdefault(str(lesion["lesion_id"]), str(lesion["organ"]))
    for lesion_id, organ in earlier_lesions(visit, course).items():
        found.setdefault(lesion_id, organ)
    recurred_as_lesion = {
        lesion.get("treated_site_id")
        for v in course.visits
        if v.record.order <= read.order
        for lesion in new_lesions(v.record)
        if lesion["lesion_id"] in found
    }
    for site_id in [*visit.recurred, *still_growing(visit, course)]:
        # A lesion of the site, new or treated, is that recurrence: one lesion, not two.
        treated = course.sites.lesions(site_id, read.clinical_day)
        if site_id not in recurred_as_lesion and not set(treated) & set(found):
            organ = course.sites.organ(site_id, read.clinical_day) or "other"
            found.setdefault(treated[0] if treated else site_id, organ)
    return found


def sites_of_lesions(visit: Visit) -> dict[str, list[str]]:
    """1.6: sites with an unequivocal new lesion in this read."""
    sites: dict[str, list[str]] = {}
    for lesion in new_lesions(visit.record):
        site_id = lesion.get("treated_site_id")
        if site_id is not None and lesion["lesion_id"] in visit.unequivocal:
            sites.setdefault(str(site_id), []).append(str(lesion["lesion_id"]))
    return sites


def still_growing(visit: Visit, course: Course) -> list[str]:
    """Sites that recurred before this read, which still calls them grown: unresolved (4.3)."""
    read = visit.record
    told = [
        (str(entry["site_id"]), course.sites.period(str(entry["site_id"]), read.clinical_day))
        for entry in read.get("treated_sites") or []
        if entry["finding"] in GROWN
    ]
    shown = [
        (site_id, course.sites.period(site_id, earlier.record.clinical_day))
        for earlier in [*course.past, *course.visits]
        for site_id in [*earlier.recurred, *sites_of_lesions(earlier)]
        if earlier.record.order < read.order
    ] + [
        (
            str(biopsy.data["site_id"]),
            course.sites.period(str(biopsy.data["site_id"]), biopsy.clinical_day),
        )
        for biopsy in course.sites.malignant()
        if biopsy.order < read.order
    ]
    return [site_id for site_id, period in told if (site_id, period) in shown]


def earlier_lesions(visit: Visit, course: Course) -> dict[str, str]:
    """New lesions of the episode's earlier reads that no later read called absent or benign."""
    found: dict[str, str] = {}
    for earlier in course.visits:
        if earlier.record.order >= visit.record.order:
            continue
        for lesion in new_lesions(earlier.record):
            lesion_id = str(lesion["lesion_id"])
            since = [
                v.record
                for v in course.visits
                if earlier.record.order < v.record.order <= visit.record.order
            ]
            if lesion_id in earlier.unequivocal and not any(gone(r, lesion_id) for r in since):
                found.setdefault(lesion_id, str(lesion["organ"]))
    return found


def gone(read: Record, lesion_id: str) -> bool:
    """The read calls the lesion benign, or absent among its targets or non-targets."""
    entry = entry_of(read, lesion_id)
    if entry is not None and entry["certainty"] == "benign":
        return True
    named = [*targets_of(read).values(), *group(read)[0]]
    return any(n["lesion_id"] == lesion_id and n["state"] == "absent" for n in named)


def count(
    visit: Visit, course: Course, on: date, rules: Mapping[str, Any]
) -> tuple[int, int] | None:
    """Active lesions in the organ of the rules and elsewhere; null when they cannot be known."""
    organ = rule(rules, "oligo.organ")
    given = visit.record.get("active_lesions") or {}
    halves = [given.get("lung"), given.get("elsewhere")]
    no_lesions = responses_only(visit.record) or visit.record.get("targets") is None
    if no_lesions and halves == [None, None]:
        return None
    active = active_lesions(visit, course)
    counted = [
        sum(where == organ for where in active.values()),
        sum(where != organ for where in active.values()),
    ]
    numbers = [int(c if h is None else num(h) or 0) for h, c in zip(halves, counted, strict=True)]
    if rule(rules, "oligo.count_mode") == "CUMULATIVE":
        for where in treated_lesions(course.sites.therapies, on, active).values():
            numbers[where != organ] += 1
    return numbers[0], numbers[1]


def treated_lesions(
    therapies: Sequence[Record], on: date, active: Mapping[str, str]
) -> dict[str, str]:
    """Organ by lesion ever treated by that day and not among the active ones."""
    found: dict[str, str] = {}
    for therapy in therapies:
        for site in therapy.get("sites") or []:
            if therapy.clinical_day > on:
                continue
            for lesion_id in site.get("lesion_ids") or [site["site_id"]]:
                if lesion_id not in active:
                    found.setdefault(str(lesion_id), str(site["organ"]))
    return found


def over_limits(numbers: tuple[int, int], rules: Mapping[str, Any]) -> bool:
    """POLYPROGRESSION: more than the limit, or (policy POLY) any lesion elsewhere."""
    poly = rule(rules, "oligo.extrapulmonary_policy") == "POLY"
    return sum(numbers) > rule(rules, "oligo.max_lesions") or (poly and numbers[1] > 0)


def treatability(pd: Pd, pds: Sequence[Pd], records: Sequence[Record]) -> str:
    """4.3: the latest statement that names this read, or none while this PD is the latest."""
    said = []
    for statement in of_kind(records, "treatability.stated"):
        named = statement.get("read_record_id")
        dated = [p for p in pds if p.pd_on <= statement.clinical_day]
        latest = max(dated, key=lambda p: (p.pd_on, p.episode), default=None)
        if named == pd.record.record_id or (named is None and latest is pd):
            said.append(statement)
    if not said:
        return "unknown"
    last = max(said, key=lambda s: (s.clinical_day, s.record_id, s.source))
    return str(last.data["locally_treatable"])


def class_of(numbers: tuple[int, int] | None, treatable: str, rules: Mapping[str, Any]) -> str:
    """OLIGO, POLY, OLIGO_NOT_TREATABLE or WAITS."""
    if numbers is None:
        return "WAITS"
    if over_limits(numbers, rules):
        return "POLY"
    return {"yes": "OLIGO", "no": "OLIGO_NOT_TREATABLE"}.get(treatable, "WAITS")
