"""What is odd about a read: the kinds of DATA_QUALITY that reads make (clinical rules 4.2).

Reads of the study's series only, those before the first local therapy (episode 0) too.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from pydantic import JsonValue

from monitor.clinical import recist
from monitor.clinical.imaging_read import ImagingRead, Target
from monitor.clinical.terms import instant_of
from monitor.clinical.visit import Visit

MEASURABLE_MM = Decimal(10)
NODE_MEASURABLE_MM = Decimal(15)
THIN_SLICES_MM = Decimal(5)  # over it a lesion must be twice as large as a slice is thick
TARGETS_MAX = 5
TARGETS_PER_ORGAN_MAX = 2
NO_ONE_ORGAN = frozenset({"other", "unspecified"})
UNNAMED_WORDS = "; those in another or no named organ count only in all"
SIZED = frozenset({"measured", "split", "too_small_to_measure", "absent"})


class ReadProblem(Struct, frozen=True):
    """A read and a kind of problem; `numbers` fill the rule's sentence."""

    kind: str
    visit: Visit
    numbers: Mapping[str, object] = {}
    details: Mapping[str, JsonValue] = {}


def read_problems(visits: Sequence[Visit]) -> dict[str, list[ReadProblem]]:
    """Every problem of a series' reads, by kind, in the order of the reads."""
    baselines: dict[int, frozenset[str] | None] = {}  # the lesions that each lists
    had_cr: set[int] = set()
    found = {"same_day_read": list(_overruled(visits))}
    for visit in (visit for visit in visits if visit.evaluated):
        number = visit.episode.number
        for problem in _problems(visit, baselines.get(number), after_cr=number in had_cr):
            found.setdefault(problem.kind, []).append(problem)
        if visit.is_baseline:
            targets = visit.read.targets
            baselines[number] = None if targets is None else _names(targets)
        if visit.overall == "CR":
            had_cr.add(number)
    return found


def _problems(
    visit: Visit, listed: frozenset[str] | None, *, after_cr: bool
) -> Iterator[ReadProblem]:
    if visit.read.reported and (differences := list(_differences(visit))):
        yield ReadProblem("reported_differs", visit, {"differences": "; ".join(differences)})
    group = visit.read.non_targets
    if group and group.lesions and group.response not in (None, visit.non_target):
        numbers = {"given": group.response, "computed": visit.non_target}
        yield ReadProblem("non_target_response_differs", visit, numbers)
    if visit.baseline_problem:
        yield ReadProblem(visit.baseline_problem, visit, visit.baseline_days)
    if visit.is_baseline:
        yield from _of_baseline(visit)
    elif listed is not None and (unknown := _names(visit.read.targets or ()) - listed):
        yield ReadProblem("unknown_target", visit, {"count": _targets(len(unknown))})
    if after_cr and visit.overall == "PR":
        yield ReadProblem("pr_after_cr", visit)


def _overruled(visits: Sequence[Visit]) -> Iterator[ReadProblem]:
    overruled = [visit for visit in visits if visit.held.final and not visit.evaluated]
    if not overruled:
        return
    counting = {visit.read.days: visit.read for visit in visits if visit.evaluated}
    for visit in overruled:
        which = _which_counts(visit.read.signed_at, counting[visit.read.days].signed_at)
        yield ReadProblem("same_day_read", visit, {"which": which})


def _which_counts(signed: str | None, other: str | None) -> str:
    """What decided between two reads of the same image days: when they were signed, or the id."""
    if other is None:
        return "neither is signed"
    if signed is None:
        return "only the other is signed"
    if instant_of(other) > instant_of(signed):
        return "the other was signed later"
    return "both were signed at the same time"


def _differences(visit: Visit) -> Iterator[str]:
    """Where the computed response is not the reported one; a null and a NONE have no other."""
    read, reported = visit.read, visit.read.reported
    if reported is None:
        return
    depth = recist.depth(read)
    group = read.non_targets
    own_non_target = bool(group and (group.lesions or group.response))
    rows = (
        ("target", visit.target, reported.target, depth != "responses"),
        ("non-target", visit.non_target, reported.non_target, own_non_target or depth == "lesions"),
        ("overall", visit.overall, reported.overall, depth != "responses"),
    )
    for what, computed, said, compared in rows:
        if compared and said is not None and computed not in (None, "NONE", said):
            yield f"{what} {said} reported, {computed} computed"


def _names(targets: Sequence[Target]) -> frozenset[str]:
    return frozenset([target.lesion_id for target in targets])


def _targets(count: int) -> str:
    return f"{count} target lesion{'s' if count > 1 else ''}"


def _of_baseline(visit: Visit) -> Iterator[ReadProblem]:
    targets = visit.read.targets
    if not targets:
        return
    floor = _slice_floor_mm(visit.read)
    small: list[JsonValue] = list(
        dict.fromkeys(target.lesion_id for target in targets if _below(target, floor))
    )
    if small:
        yield ReadProblem(
            "not_measurable", visit, {"count": _targets(len(small))}, {"lesions": small}
        )
    organs = {
        target.lesion_id: "lymph_node" if target.nodal else target.organ for target in targets
    }
    listed = list(organs.values())
    most = max((listed.count(organ) for organ in set(listed) - NO_ONE_ORGAN), default=0)
    if len(listed) > TARGETS_MAX or most > TARGETS_PER_ORGAN_MAX:
        unnamed = any(not target.nodal and target.organ in NO_ONE_ORGAN for target in targets)
        numbers = {
            "count": len(listed),
            "most": f", {most} of them in one organ" if most > 1 else "",
            "unnamed": UNNAMED_WORDS if unnamed else "",
        }
        yield ReadProblem("target_caps", visit, numbers)


def _slice_floor_mm(read: ImagingRead) -> Decimal:
    """Twice the greatest slice thickness when that is over 5 mm, else nothing."""
    thickest = max(image.slice_thickness_mm or Decimal(0) for image in read.images)
    return 2 * thickest if thickest > THIN_SLICES_MM else Decimal(0)


def _below(target: Target, floor: Decimal) -> bool:
    """Whether a target that has a size is too small to be one (1.1)."""
    size = recist.target_value_mm(target)
    if target.state not in SIZED or size is None:
        return False
    return size < max(NODE_MEASURABLE_MM if target.nodal else MEASURABLE_MM, floor)
