"""RECIST by definition: sums, target, non-target and overall response of one read (1.3-1.8)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.auditor.lesions import responses_only
from tests.auditor.values import Record, num, rule


def depth(read: Record) -> str:
    """Contract 2.2: `lesions`, `sum` or `responses`."""
    if responses_only(read):
        return "responses"
    return "sum" if read.get("targets") is None else "lesions"


def targets_of(read: Record) -> dict[str, dict[str, Any]]:
    return {str(target["lesion_id"]): target for target in read.get("targets") or []}


def no_target_disease(baseline: Record | None) -> bool:
    """Contract 2.2: `targets: []` at the baseline."""
    return baseline is not None and depth(baseline) == "lesions" and not targets_of(baseline)


def millimetres(target: dict[str, Any] | None) -> Decimal | None:
    """Table of 1.3; null is not evaluable, a missing lesion too."""
    if target is None or target["state"] == "not_evaluable":
        return None
    if target["state"] == "measured":
        return num(target["diameter_mm"])
    if target["state"] == "too_small_to_measure":
        return Decimal(5)
    if target["state"] == "split":
        return sum((Decimal(str(part)) for part in target["fragments_mm"]), Decimal(0))
    return Decimal(0)  # absent, or absorbed by the lesion it merged into (see `in_sum`)


# The states of a lesion that carries the mass of another one merged into it.
HOSTS = {"measured", "split", "too_small_to_measure"}


def in_sum(lesion_id: str, own: dict[str, dict[str, Any]], expected: Collection[str]) -> Any:
    """1.3: a lesion's millimetres; a merged one needs a lesion that carries the merged mass."""
    target = own.get(lesion_id)
    if target is not None and target["state"] == "merged":
        host = str(target["merged_into"])
        other = host != lesion_id and host in expected and host in own
        if not other or own[host]["state"] not in HOSTS:
            return None
    return millimetres(target)


@dataclass
class Sum:
    """The sum of a read: null without targets, partial when a lesion has no value."""

    value: Decimal | None
    complete: bool
    gone: bool  # every non-nodal target 0, every nodal one below 10 mm
    seen: bool  # a target above 0 mm or a node at 10 mm or more


def sum_of(read: Record, baseline: Record | None) -> Sum:
    """1.3: over the baseline's targets where it lists any, else over the read's own."""
    if depth(read) == "responses" or no_target_disease(baseline):
        return Sum(None, complete=False, gone=False, seen=False)
    if depth(read) == "sum":
        value = num(read.get("sum_of_diameters_mm"))
        assert value is not None
        return Sum(value, complete=True, gone=value == 0, seen=value > 0)
    own = targets_of(read)
    basis = read if baseline is None or depth(baseline) != "lesions" else baseline
    expected = list(targets_of(basis))
    if not expected or not own:
        return Sum(None, complete=False, gone=False, seen=False)
    values = [(in_sum(one, own, expected), bool(own.get(one, {}).get("nodal"))) for one in expected]
    known = [(value, nodal) for value, nodal in values if value is not None]
    present = [value >= 10 if nodal else value > 0 for value, nodal in known]
    complete = len(known) == len(values)
    total = sum((value for value, _ in known), Decimal(0))
    return Sum(total, complete=complete, gone=complete and not any(present), seen=any(present))


def grown(value: Decimal, nadir: Decimal, rules: Mapping[str, Any]) -> bool:
    """1.4: both conditions, both inclusive; over a nadir of 0 the first holds for S > 0."""
    relative = value > 0 and value >= (1 + Decimal(str(rule(rules, "recist.pd_rel")))) * nadir
    return relative and value - nadir >= Decimal(str(rule(rules, "recist.pd_abs")))


@dataclass
class Before:
    """What an episode knows before a read: its baseline, sums and memory."""

    baseline: Record | None
    baseline_sum: Decimal | None
    nadir: Decimal | None
    overall_cr: bool = False
    pr_confirmed: bool = False
    pd: bool = False


def target_response(read: Record, total: Sum, before: Before, rules: Mapping[str, Any]) -> Any:
    """The order of 1.4, with the words of contract 4.1 around it."""
    reported = read.get("reported") or {}
    if depth(read) == "responses" and reported.get("target") is not None:
        return reported["target"]
    if no_target_disease(before.baseline):
        return "NONE"
    if depth(read) == "responses":
        return None
    if before.baseline is None or total.value is None:
        return "NE"
    if total.gone:
        return "CR"
    if before.nadir is not None and grown(total.value, before.nadir, rules):
        return "PD"
    if before.baseline_sum is None or not total.complete:
        return "NE"  # PR and SD compare with the baseline's sum
    shrunk = (1 - Decimal(str(rule(rules, "recist.pr_rel")))) * before.baseline_sum
    return "PR" if total.value <= shrunk else "SD"


def group(read: Record) -> tuple[list[dict[str, Any]], Any]:
    """The read's non-target lesions and the response it gives for the group."""
    given = read.get("non_targets") or {}
    return list(given.get("lesions") or []), given.get("response")


def value_of_lesions(read: Record, expected: set[str]) -> str:
    """1.5, first sentence of Precisely."""
    lesions, _ = group(read)
    states = {lesion["state"] for lesion in lesions}
    named = {str(lesion["lesion_id"]) for lesion in lesions}
    if "unequivocal_progression" in states:
        return "PD"
    if "not_evaluable" in states or expected - named:
        return "NE"
    if states == {"absent"} and read.get("tumour_markers_normal") is not False:
        return "CR"
    return "NON-CR/NON-PD"


def non_target_response(read: Record, baseline: Record | None) -> Any:
    """1.5: lesions, else the group's response, else (no lesion depth) what was reported."""
    lesions, response = group(read)
    listed = group(baseline)[0] if baseline is not None else []
    expected = {str(lesion["lesion_id"]) for lesion in listed}
    if lesions:
        return value_of_lesions(read, expected)
    if response is not None:
        return response
    reported = (read.get("reported") or {}).get("non_target")
    if depth(read) != "lesions" and reported is not None:
        return reported
    told_before = baseline is not None and baseline is not read and had(baseline)
    if depth(read) == "responses" and (told_before or not no_target_disease(baseline)):
        return None
    return "NE" if told_before else "NONE"


def had(baseline: Record) -> bool:
    """Whether the baseline tells of non-target disease."""
    lesions, response = group(baseline)
    reported = (baseline.get("reported") or {}).get("non_target")
    spoken = response is not None or (depth(baseline) != "lesions" and reported is not None)
    return bool(lesions) or spoken


def by_tables(target: Any, non_target: Any, *, new: bool, incomplete: bool) -> str:
    """1.7: the three tables, and what an incomplete survey does to them."""
    if new or "PD" in {target, non_target}:
        return "PD"
    if target == "CR":
        if incomplete:
            return "NE"
        return "CR" if non_target in {"CR", "NONE", None} else "PR"
    if target in {"PR", "SD", "NE"}:
        return str(target)
    if non_target in {"NONE", None}:
        none_left = "NED" if target == "NONE" else "NE"
        return "NE" if incomplete else none_left
    if non_target == "CR" and incomplete:
        return "NE"
    return str(non_target)


def overall_response(
    read: Record, target: Any, non_target: Any, *, new: bool, incomplete: bool
) -> tuple[str, bool]:
    """The overall value before memory, and whether it stands as reported."""
    reported = read.get("reported") or {}
    if depth(read) == "responses":
        if reported.get("overall") is not None:
            return str(reported["overall"]), True
        target = reported.get("target")
    return by_tables(target, non_target, new=new, incomplete=incomplete), False


def with_memory(
    read: Record, total: Sum, target: Any, non_target: Any, overall: str, before: Before,
    rules: Mapping[str, Any], *, stands: bool,
) -> str:  # fmt: skip
    """1.4 carry, 1.8 memory: disease seen after an overall CR is PD, a confirmed PR carries."""
    after_cr = before.overall_cr and rule(rules, "recist.disease_after_cr") == "pd"
    seen = stands or disease_seen(read, total, target, non_target)
    if after_cr and seen and overall in {"PR", "SD", "NON-CR/NON-PD"}:
        return "PD"
    carries = rule(rules, "recist.pr_carry_forward") == "after_confirmation"
    confirmed = before.pr_confirmed and not before.pd
    if carries and confirmed and depth(read) != "responses" and target == overall == "SD":
        return "PR"
    return overall


def disease_seen(read: Record, total: Sum, target: Any, non_target: Any) -> bool:
    """1.8: a target above 0 mm, a node at 10 mm or more, a non-target present."""
    lesions, _ = group(read)
    if lesions:
        present = any(lesion["state"] == "present" for lesion in lesions)
    else:
        present = non_target == "NON-CR/NON-PD"
    by_word = depth(read) == "responses" and target in {"PR", "SD"}
    return total.seen or present or by_word
