"""DATA_QUALITY of reads by definition: the kinds of 4.2 that a read can have."""

from decimal import Decimal
from typing import Any

from tests.auditor import recist
from tests.auditor.assess import Course
from tests.auditor.recist import depth, group, targets_of
from tests.auditor.values import Found, Record, num
from tests.auditor.visits import Visit

SIZED = {"measured", "split", "too_small_to_measure", "absent"}
NO_ORGAN = {"other", "unspecified"}


def quality_findings(visit: Visit, course: Course) -> list[Found]:
    """One finding per kind that holds for this evaluated read of the study's series."""
    read = visit.record
    small = small_targets(read) if visit.is_baseline else []
    holds = {
        "reported_differs": reported_differs(visit),
        "non_target_response_differs": group_differs(read, course.baseline),
        "second_baseline": course.second_baseline(read),
        "baseline_window": course.out_of_window(read),
        "unknown_target": unknown_target(read, course.baseline),
        "pr_after_cr": pr_after_cr(visit, course),
        "not_measurable": bool(small),
        "target_caps": visit.is_baseline and over_caps(read),
    }
    found = []
    for kind, true in holds.items():
        details: dict[str, Any] = {"kind": kind}
        if kind == "not_measurable":
            details["lesions"] = small
        if true:
            found.append(Found("DATA_QUALITY", read.clinical_day, [read.key], details, kind))
    return found


def reported_differs(visit: Visit) -> bool:
    """A computed value is not the reported one; nulls and a computed NONE are not compared."""
    reported = visit.record.get("reported") or {}
    if depth(visit.record) == "responses":
        lesions, response = group(visit.record)
        compared = {"non_target"} if lesions or response is not None else set()
    else:
        compared = {"target", "non_target", "overall"}
    return any(
        reported.get(name) is not None
        and getattr(visit, name) not in {None, "NONE", reported[name]}
        for name in compared
    )


def group_differs(read: Record, baseline: Record | None) -> bool:
    """1.5: lesions and the group's response are both given and differ."""
    lesions, response = group(read)
    if not lesions or response is None:
        return False
    later = baseline is not None and baseline.order < read.order
    return bool(recist.non_target_response(read, baseline if later else None) != response)


def unknown_target(read: Record, baseline: Record | None) -> bool:
    """A target that the episode's baseline, where it lists targets at all, does not list."""
    if baseline is None or read.order <= baseline.order or depth(baseline) != "lesions":
        return False
    return bool(set(targets_of(read)) - set(targets_of(baseline)))


def pr_after_cr(visit: Visit, course: Course) -> bool:
    """1.9: an overall PR after an overall CR of the same episode."""
    earlier = [v.overall for v in course.visits if v.record.order < visit.record.order]
    return visit.overall == "PR" and "CR" in earlier


def small_targets(read: Record) -> list[str]:
    """1.1: targets of a baseline below the size that can be measured."""
    slices = [num(image.get("slice_thickness_mm")) for image in read.data["images"]]
    thickest = max((s for s in slices if s is not None), default=Decimal(0))
    thick = 2 * thickest if thickest > 5 else Decimal(0)
    small = []
    for lesion_id, target in targets_of(read).items():
        least = max(Decimal(15 if target["nodal"] else 10), thick)
        size = recist.millimetres(target)
        if target["state"] in SIZED and size is not None and size < least:
            small.append(lesion_id)
    return small


def over_caps(read: Record) -> bool:
    """1.2: more than five targets, or more than two in one organ, nodes being one organ."""
    targets = list(targets_of(read).values())
    organs = ["lymph_node" if t["nodal"] else str(t["organ"]) for t in targets]
    return len(targets) > 5 or any(organs.count(organ) > 2 for organ in set(organs) - NO_ORGAN)
