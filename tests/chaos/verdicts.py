"""What a run says of each scenario: passed, passed in part, failed, or why it was not run."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from tests.chaos.campaign import Overcome
from tests.chaos.scenarios import SCENARIOS, STREAM, Scenario


def verdicts(
    overcome: Sequence[Overcome], left_out: Collection[str], *, checked: bool, violated: bool
) -> Iterator[str]:
    """A line for each scenario. `left_out`: kinds of faults that cannot be made here.

    `checked`: the long run's stream was; `violated`: it was not in order.
    """
    by_kind: defaultdict[str, list[Overcome]] = defaultdict(list)
    for one in overcome:
        by_kind[one.kind].append(one)
    for number, scenario in SCENARIOS.items():
        told = _verdict(scenario, by_kind, left_out, checked=checked, violated=violated)
        yield f"{number:2d} {told}  {scenario.name}"


def _verdict(
    scenario: Scenario,
    by_kind: Mapping[str, Sequence[Overcome]],
    left_out: Collection[str],
    *,
    checked: bool,
    violated: bool,
) -> str:
    kinds = [kind for kind in scenario.kinds if kind != STREAM]
    made = {kind: [one for one in by_kind.get(kind, ()) if one.made] for kind in kinds}
    failed = [one.failed for kind in kinds for one in by_kind.get(kind, ()) if one.failed]
    count = sum(map(len, made.values()))
    streamed = checked and STREAM in scenario.kinds
    if failed or (violated and (count or streamed)):
        return f"FAIL ({failed[0][:100] if failed else 'see the violations'})"
    if not count:
        none = all(kind in left_out for kind in scenario.kinds)
        why_not = scenario.why_not if none else "not reached in this time"
        return "pass" if streamed else f"not run ({why_not})"
    missing = [kind for kind, some in made.items() if not some]
    if missing:
        return f"in part ({count} times, without: {', '.join(missing)})"
    return f"pass ({count} times)"
