"""RECIST 1.1 arithmetic and tables: sums of diameters, target, non-target and overall response.

Clinical rules 1.3-1.5 and 1.7. Lengths are millimetres as exact decimals; thresholds compare by
multiplication, so exactly +20 % and exactly 5 mm are met.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from monitor.clinical.imaging_read import ImagingRead, NonTargets, Target
from monitor.clinical.parameters import Recist

TOO_SMALL_MM = Decimal(5)
NODE_NORMAL_BELOW_MM = Decimal(10)
ZERO = Decimal(0)
SIZED = frozenset({"measured", "too_small_to_measure", "split"})


class TargetSum(Struct, frozen=True):
    """A sum of diameters in mm; incomplete when a target has no value.

    `all_gone` says that every non-nodal target is 0 and every node normal (1.4, CR);
    `seen` that a target is above 0 mm or a node at 10 mm or more (1.8).
    """

    sum_mm: Decimal
    complete: bool
    all_gone: bool
    seen: bool


def target_value_mm(target: Target) -> Decimal | None:
    """What a target adds to the sum in mm (1.3); None when it is not evaluable.

    Whether a merged one's mass is measured on another lesion is for the whole read to tell.
    """
    match target.state:
        case "measured":
            return target.diameter_mm
        case "too_small_to_measure":
            return TOO_SMALL_MM
        case "split":
            return sum(target.fragments_mm or (), ZERO)
        case "not_evaluable":
            return None
        case _:
            return ZERO


def sum_of_targets(targets: Iterable[Target], expected: Iterable[str]) -> TargetSum:
    """Sum the expected targets; one that the read does not list is not evaluable (2.2).

    A lesion counts once: in a list that names it again the first mention stands.
    """
    listed: dict[str, Target] = {}
    for target in targets:
        listed.setdefault(target.lesion_id, target)
    total, complete, all_gone, seen = ZERO, True, True, False
    wanted = {lesion_id: listed.get(lesion_id) for lesion_id in expected}
    for found in wanted.values():
        value = target_value_mm(found) if found else None
        if found and found.state == "merged" and not _carried(found, wanted):
            value = None
        if found is None or value is None:
            complete = False
            continue
        total += value
        present = value >= NODE_NORMAL_BELOW_MM if found.nodal else value > 0
        all_gone = all_gone and not present
        seen = seen or present
    return TargetSum(total, complete, all_gone and complete, seen)


def _carried(merged: Target, wanted: Mapping[str, Target | None]) -> bool:
    """Whether the merged mass is in the sum: on another of its targets, one with a size (1.3)."""
    other = wanted.get(merged.merged_into or "")
    return other is not None and other.state in SIZED


def sum_as_reported(sum_mm: Decimal) -> TargetSum:
    """A read of the sum only: complete; gone at 0, the nodal exception cannot be seen (1.4)."""
    return TargetSum(sum_mm, complete=True, all_gone=sum_mm == 0, seen=sum_mm > 0)


def grown(sum_mm: Decimal, nadir_mm: Decimal, rules: Recist) -> bool:
    """Both PD conditions over the nadir, each inclusive (1.4); a sum of nothing never grows."""
    growth = sum_mm - nadir_mm
    return growth > 0 and growth >= nadir_mm * rules.pd_rel and growth >= rules.pd_abs


def target_response(
    found: TargetSum, baseline_mm: Decimal | None, nadir_mm: Decimal | None, rules: Recist
) -> str:
    """The target response in the order of 1.4: missing targets, CR, PD, PR, SD.

    Without a complete baseline sum neither PR nor SD can be told: NE.
    """
    worse = nadir_mm is not None and grown(found.sum_mm, nadir_mm, rules)
    if not found.complete:
        return "PD" if worse else "NE"
    if found.all_gone:
        return "CR"
    if worse:
        return "PD"
    if baseline_mm is None:
        return "NE"
    return "PR" if baseline_mm - found.sum_mm >= baseline_mm * rules.pr_rel else "SD"


def non_target_response(
    group: NonTargets | None,
    expected: Sequence[str],
    markers_normal: bool | None,  # noqa: FBT001 - the read's own field
) -> str | None:
    """The non-target group's value (1.5); None when the read says nothing about it."""
    if group is None or not group.lesions:
        return group.response if group else None
    states = {lesion.state for lesion in group.lesions}  # one may be listed more than once
    if "unequivocal_progression" in states:
        return "PD"
    listed = {lesion.lesion_id for lesion in group.lesions}
    if "not_evaluable" in states or any(name not in listed for name in expected):
        return "NE"
    if states == {"absent"} and markers_normal is not False:
        return "CR"
    return "NON-CR/NON-PD"


# Rows: target; columns: non-target. No new lesion (1.7). NONE: no such disease at baseline.
NON_TARGET_COLUMNS = ("CR", "NONE", "NON-CR/NON-PD", "NE", "PD")
OVERALL: Mapping[str, tuple[str, ...]] = {
    "CR": ("CR", "CR", "PR", "PR", "PD"),
    "PR": ("PR", "PR", "PR", "PR", "PD"),
    "SD": ("SD", "SD", "SD", "SD", "PD"),
    "NE": ("NE", "NE", "NE", "NE", "PD"),
    "PD": ("PD", "PD", "PD", "PD", "PD"),
    "NONE": ("CR", "NED", "NON-CR/NON-PD", "NE", "PD"),
}
# Overalls that an incomplete survey takes away unless the read is PD (1.7, "Precisely").
NEEDS_FULL_SURVEY = frozenset(
    {("CR", "CR"), ("CR", "NONE"), ("CR", "NON-CR/NON-PD"), ("CR", "NE"), ("NONE", "CR"),
     ("NONE", "NONE")}
)  # fmt: skip


def overall_response(target: str, non_target: str, new_lesion: str, *, full_survey: bool) -> str:
    """The overall response of a time point by the tables of 1.7."""
    if new_lesion == "unequivocal":
        return "PD"
    overall = OVERALL[target][NON_TARGET_COLUMNS.index(non_target)]
    if not full_survey and (target, non_target) in NEEDS_FULL_SURVEY:
        return "NE"
    return overall


def depth(read: ImagingRead) -> str:
    """The deepest depth given: `lesions`, `sum` or `responses` (contract 2.2)."""
    if read.targets is not None:
        return "lesions"
    if read.sum_of_diameters_mm is not None:
        return "sum"
    return "responses"
