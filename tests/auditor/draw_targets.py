"""Target lesions of drawn reads: baselines beside the size limits, sums beside PD, PR and CR."""

from dataclasses import dataclass, field
from decimal import Decimal

from tests.auditor.draw_rules import Rules
from tests.auditor.drawing import TENTH, Json, Pen

ORGANS = {"lung": 70, "lymph_node": 16, "liver": 9, "other": 3, "unspecified": 2}
MANY = ("lung", "lymph_node", "liver", "bone", "other", "adrenal", "brain")
# T1 mostly is there; others are absent, merged, missing, never listed, or the lesion itself.
HOSTS = {"T1": 64, "T2": 14, "T3": 12, "TX": 6, "T9": 4}
CARRIERS = {"measured", "split", "too_small_to_measure"}
FIVE, TEN = Decimal(5), Decimal(10)


@dataclass
class Series:
    """What the generator remembers of one reader's episode; rough, only to aim the next read."""

    depth: str = "lesions"
    targets: list[tuple[str, str, bool]] = field(default_factory=list)  # id, organ, nodal
    baseline: Decimal = Decimal(0)
    nadir: Decimal = Decimal(0)
    non_targets: list[tuple[str, str, bool]] = field(default_factory=list)

    def seen(self, total: Decimal | None) -> None:
        if total is not None:
            self.nadir = min(self.nadir, total)


def baseline_targets(pen: Pen, series: Series, thickness: Decimal | None) -> list[Json]:
    count = pen.weighed({1: 34, 2: 40, 3: 18, 6: 8})
    organs = [pen.weighed(ORGANS) if count < 6 else pen.pick(MANY) for _ in range(count)]
    limits = [TEN, Decimal(15), 2 * thickness if thickness else TEN]
    targets: list[Json] = []
    total = Decimal(0)
    for number, organ in enumerate(organs, 1):
        nodal = organ == "lymph_node" and pen.chance(92)
        size = Decimal(pen.whole(10, 40)) if pen.chance(70) else pen.beside(pen.pick(limits))
        if nodal and size < 15 and pen.chance(80):
            size += 10
        total += size
        series.targets.append((f"T{number}", organ, nodal))
        targets.append(target(pen, series.targets[-1], "measured", [size]))
    if pen.chance(8):
        state = pen.pick(("too_small_to_measure", "absent", "not_evaluable", "merged"))
        total += (FIVE if state == "too_small_to_measure" else 0) - size
        targets[-1] = target(pen, series.targets[-1], state, [])
    series.baseline = series.nadir = total
    return targets


def target(pen: Pen, lesion: tuple[str, str, bool], state: str, sizes: list[Decimal]) -> Json:
    name, organ, nodal = lesion
    given: Json = {"lesion_id": name, "organ": organ, "nodal": nodal, "state": state}
    if state == "measured":
        given["diameter_mm"] = pen.number(sizes[0])
    if state == "split":
        given["fragments_mm"] = [pen.number(size) for size in sizes]
    if state == "merged":
        given["merged_into"] = pen.weighed(HOSTS)
    return given


def aimed_sum(pen: Pen, rules: Rules, series: Series) -> Decimal:
    """A sum on, or a tenth beside, one of the limits that decide the target response."""
    nadir, base = series.nadir, series.baseline
    relative = nadir * (1 + Decimal(rules["recist.pd_rel"]))
    absolute = nadir + Decimal(rules["recist.pd_abs"])
    aim = pen.weighed({"pd": 30, "rel": 9, "abs": 9, "pr": 17, "cr": 11, "same": 12, "any": 12})
    match aim:
        case "pd":
            return pen.beside(max(relative, absolute))
        case "rel":
            return pen.beside(relative)
        case "abs":
            return pen.beside(absolute)
        case "pr":
            return pen.beside(base * (1 - Decimal(rules["recist.pr_rel"])))
        case "cr":
            return Decimal(0)
        case "same":
            return pen.pick((nadir, base))
    return (base * Decimal(pen.whole(20, 160)) / 100).quantize(TENTH)


def follow_up_targets(
    pen: Pen, rules: Rules, series: Series
) -> tuple[list[Json], Decimal | None, Decimal]:
    """Targets that add up to an aimed sum; None for the sum when it is not complete."""
    goal = aimed_sum(pen, rules, series)
    if goal == 0:
        return complete_response(pen, series), Decimal(0), goal
    left = goal
    targets: list[Json] = []
    complete = True
    for lesion in reversed(series.targets[1:]):
        if pen.chance(7):
            complete = False
            if pen.chance(50):
                targets.append(target(pen, lesion, "not_evaluable", []))
            continue
        state, sizes = lesser(pen, left, nodal=lesion[2])
        targets.append(target(pen, lesion, state, sizes))
        left -= FIVE if state == "too_small_to_measure" else sum(sizes)
    targets.append(carrier(pen, series.targets[0], left))
    targets.reverse()
    if pen.chance(3):
        extra = (pen.pick(("TX", "N1")), "lung", False)
        targets.append(target(pen, extra, "measured", [Decimal(11)]))
    return targets, goal if complete else None, goal


def lesser(pen: Pen, left: Decimal, *, nodal: bool) -> tuple[str, list[Decimal]]:
    """The state of a lesion that must not take more than what is left of the aimed sum."""
    state = pen.weighed(
        {"measured": 62, "too_small_to_measure": 12, "absent": 13, "split": 7, "merged": 6}
    )
    if state in {"absent", "merged"} or (state == "too_small_to_measure" and left >= FIVE):
        return state, []
    if nodal and left > TEN and pen.chance(50):
        return "measured", [pen.beside(TEN)]
    share = (left * Decimal(pen.whole(1, 6)) / 10).quantize(TENTH)
    if state == "split" and share > 1:
        return "split", [share - TENTH * 5, TENTH * 5]
    return "measured", [min(share, left)]


def carrier(pen: Pen, lesion: tuple[str, str, bool], left: Decimal) -> Json:
    """The lesion that takes the rest of the aimed sum."""
    if left <= 0:
        return target(pen, lesion, "absent", [])
    if left == FIVE and pen.chance(40):
        return target(pen, lesion, "too_small_to_measure", [])
    if left > 2 and pen.chance(8):
        return target(pen, lesion, "split", [left - 1, Decimal(1)])
    return target(pen, lesion, "measured", [left])


def complete_response(pen: Pen, series: Series) -> list[Json]:
    targets: list[Json] = []
    for lesion in series.targets:
        if lesion[2] and pen.chance(75):
            targets.append(target(pen, lesion, "measured", [pen.beside(TEN)]))
        elif pen.chance(4):
            targets.append(target(pen, lesion, "too_small_to_measure", []))
        else:
            targets.append(target(pen, lesion, "absent", []))
    return targets


def total_of(targets: list[Json]) -> Decimal | None:
    """What the lesions add up to, None where one is missing or merged into none that is there."""
    total = Decimal(0)
    seen = {one["lesion_id"] for one in targets if one["state"] in CARRIERS}
    for one in targets:
        state = one["state"]
        if state == "not_evaluable" or (state == "merged" and one["merged_into"] not in seen):
            return None
        if state == "too_small_to_measure":
            total += FIVE
        elif state == "measured":
            total += Decimal(str(one["diameter_mm"]))
        elif state == "split":
            fragments = one["fragments_mm"]
            assert isinstance(fragments, list)
            total += sum(Decimal(str(size)) for size in fragments)
    return total
