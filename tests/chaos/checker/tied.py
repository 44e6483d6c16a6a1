"""Facts by the patients whom they concern; a record that two of them had ties these together."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def tied(facts: Sequence[T], names: Callable[[T], Iterable[Hashable]]) -> list[tuple[T, ...]]:
    """Groups of facts that share a name, directly or through others; each in the order given."""
    leader: dict[Hashable, Hashable] = {}

    def first(name: Hashable) -> Hashable:
        leader.setdefault(name, name)
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    named = [list(names(fact)) for fact in facts]
    for one, *others in named:
        for other in others:
            leader[first(other)] = first(one)
    groups: dict[Hashable, list[T]] = {}
    for fact, (one, *_) in zip(facts, named, strict=True):
        groups.setdefault(first(one), []).append(fact)
    return [tuple(group) for group in groups.values()]


def each(
    work: Callable[[tuple[T, ...], str], R],
    groups: Sequence[tuple[T, ...]],
    rules: str,
    workers: int,
) -> list[R]:
    """The work done for every group: here, or by so many programs beside this one."""
    if not workers:
        return list(map(work, groups, repeat(rules)))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, groups, repeat(rules), chunksize=8))
