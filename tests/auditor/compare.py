"""Where two timeline documents of one patient differ, with lengths compared as numbers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# What depends on what had been told, and so on the order of arrival (contract 3).
BY_ARRIVAL = "RETRACTION_AFTER_ACTION"
FINDINGS = "standing_findings"
LENGTHS = ("sum_mm", "baseline_sum_mm", "nadir_mm")
ABSENT = "(absent)"
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """`kind` names what differs without saying where, so that equal mistakes are counted once."""

    kind: str
    path: str
    product: Any
    auditor: Any

    def __str__(self) -> str:
        return f"{self.path}\n    product: {self.product}\n    auditor: {self.auditor}"


class Scope:
    """Which parts of the document count: all, or some by their keys and findings by name."""

    def __init__(self, words: str = "") -> None:
        chosen = {word.strip() for word in words.split(",") if word.strip()}
        self.findings = {word for word in chosen if word.isupper()}
        self.parts = {FINDINGS if word == "findings" else word for word in chosen - self.findings}
        if self.findings:
            self.parts.add(FINDINGS)
        self.whole = not chosen

    def part(self, key: str) -> bool:
        return self.whole or key in self.parts

    def finding(self, name: str) -> bool:
        return not self.findings or name in self.findings


def differences(
    product: Document, auditor: Document, scope: Scope, *, by_arrival: bool = False
) -> list[Difference]:
    """Everything in scope that the two do not say alike."""
    found: list[Difference] = []
    for key in sorted({*product, *auditor}):
        if not scope.part(key):
            continue
        if key == FINDINGS:
            found += _findings(
                product.get(key, []), auditor.get(key, []), scope, by_arrival=by_arrival
            )
            continue
        one, other = _plain(key, product.get(key, ABSENT)), _plain(key, auditor.get(key, ABSENT))
        found += _unlike(key, key, one, other)
    return found


def _plain(key: str, part: Any) -> Any:
    """A part without what the contract leaves open: order of lists, wording, empty or null."""
    if key == "imaging":
        return [_with_numbers(entry) for entry in part]
    if key == "schedule":
        return sorted(part, key=lambda visit: [str(visit[name]) for name in sorted(visit)])
    if key == "eligibility" and isinstance(part, Mapping):
        criteria = {one["id"]: one["result"] for one in part["criteria"]}
        return {**part, "criteria": criteria}
    if key == "progression" and part is None:
        return {"pd_on": None, "record_id": None, "pattern": None}
    return part


def _with_numbers(entry: Mapping[str, Any]) -> dict[str, Any]:
    lengths = {
        name: None if entry[name] is None else f"{Decimal(str(entry[name])).normalize():f}"
        for name in LENGTHS
        if name in entry
    }
    return {**entry, **lengths, "flags": sorted(entry.get("flags", []))}


def _findings(
    product: list[Any], auditor: list[Any], scope: Scope, *, by_arrival: bool
) -> Iterator[Difference]:
    def by_id(entries: list[Any]) -> dict[str, Any]:
        return {
            entry["finding_id"]: entry | {"evidence": sorted(entry["evidence"])}
            for entry in entries
            if scope.finding(entry["finding"]) and (by_arrival or entry["finding"] != BY_ARRIVAL)
        }

    one, other = by_id(product), by_id(auditor)
    for name in sorted({*one, *other}):
        here, there = one.get(name), other.get(name)
        finding = (here or there)["finding"]  # type: ignore[index]
        if here is None or there is None:
            side = "only the auditor" if here is None else "only the product"
            path = f"{FINDINGS}.{finding}"
            yield Difference(f"{path}: {side}", path, here or ABSENT, there or ABSENT)
        else:
            path = f"{FINDINGS}.{finding}"
            yield from _unlike(path, f"{path}[{'+'.join(here['evidence'])}]", here, there)


def _unlike(kind: str, path: str, one: Any, other: Any) -> Iterator[Difference]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            here, there = one.get(key, ABSENT), other.get(key, ABSENT)
            yield from _unlike(f"{kind}.{key}", f"{path}.{key}", here, there)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (here, there) in enumerate(zip(one, other, strict=True)):
            name = _name(here, number)
            yield from _unlike(f"{kind}[]", f"{path}[{name}]", here, there)
    elif one != other:
        yield Difference(kind, path, one, other)


def _name(entry: Any, number: int) -> str:
    """An entry by its record or due date where it has one, else by its place."""
    if isinstance(entry, Mapping):
        for key in ("record_id", "due_on"):
            if key in entry:
                return str(entry[key])
    return str(number)


def standing(document: Document) -> set[str]:
    """The ids of the standing findings that may not depend on arrival."""
    return {entry["finding_id"] for entry in document[FINDINGS] if entry["finding"] != BY_ARRIVAL}


def reordered(first: Document, second: Document) -> list[Difference]:
    """What two arrival orders of the same records tell differently: only tombs of time may."""
    everything = Scope()
    return [
        Difference(f"order: {one.kind}", f"order: {one.path}", one.product, one.auditor)
        for one in differences(first, second, everything)
    ]


Check = Callable[[Any], list[Difference]]
