"""Tries changes of the medicine one by one: which named case notices each, if any does.

Every change has a process of its own, forked from one that has imported everything: it forgets
the changed module and all that rests on it, imports them again with the changed source, and runs
cases until the first one fails.
"""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

import grimp
import pytest

from tests.noticing.cases import CLOCK, DAYS, MODULES, PRINTED, Case, cases_of
from tests.noticing.change import Change

CPU_SECONDS_MAX = 30  # a change may make a loop endless
MEMORY_MAX = 4 * 2**30
FAVOURITES = 20
KILLED = "(it does not end)"


Name = tuple[str, str]  # the module of a case, and the case's own name


@dataclass
class Trial:
    """The cases that hold without any change, cheapest first, and those that do not."""

    order: list[Name] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)
    favourites: dict[str, list[Name]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Import everything and run every case once, as it is."""
        self._graph = grimp.build_graph("monitor", cache_dir=None)
        durations: dict[Name, float] = {}
        for module in MODULES:
            for case in cases_of(module).values():
                begun = time.perf_counter()
                if holds(case):
                    durations[module, case.name] = time.perf_counter() - begun
                else:
                    self.failing.append(case.name)
        self.order = sorted(durations, key=durations.__getitem__)
        gc.collect()
        gc.freeze()

    def noticed(
        self, changes: Sequence[Change], workers: int
    ) -> Iterator[tuple[Change, str | None]]:
        """Each change with the name of the case that notices it, in the order of finding out."""
        waiting = list(reversed(changes))
        running: dict[int, tuple[Change, int]] = {}
        while waiting or running:
            while waiting and len(running) < workers:
                change = waiting.pop()
                pid, answer = self._start(change)
                running[pid] = (change, answer)
            pid, status = os.wait()
            change, answer = running.pop(pid)
            with os.fdopen(answer) as pipe:
                told = pipe.read()
            name: Name | None = tuple(told.split("\n")) if told else None  # type: ignore[assignment]
            if status != 0:
                yield change, KILLED
            else:
                self._remember(change, name)
                yield change, name and name[1]

    def _remember(self, change: Change, name: Name | None) -> None:
        """Who noticed a change is asked first about others of its place, then of its module."""
        for place in (change.where, change.module):
            known = self.favourites.setdefault(place, [])
            if name in known:
                known.remove(name)
            if name:
                known.insert(0, name)
            del known[FAVOURITES:]

    def _in_likely_order(self, change: Change) -> Iterable[Name]:
        near = (*self.favourites.get(change.where, ()), *self.favourites.get(change.module, ()))
        names = dict.fromkeys((*near, *self.order))
        return (name for name in names if _concerns(name[0], change))

    def _start(self, change: Change) -> tuple[int, int]:
        answer, told = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            os.close(told)
            return pid, answer
        try:
            os.write(told, "\n".join(self._first_to_notice(change) or ()).encode())
            os._exit(0)
        finally:
            os._exit(1)

    def _first_to_notice(self, change: Change) -> Name | None:
        gc.disable()
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        _forget({change.module, *self._graph.find_downstream_modules(change.module)})
        sys.meta_path.insert(0, _Changed(change))
        known: dict[str, Mapping[str, Case]] = {}
        for module, name in self._in_likely_order(change):
            try:
                cases = known[module] = known.get(module) or cases_of(module)
            except Exception:  # noqa: BLE001 - whatever it is, the change was noticed
                return (module, f"{module} cannot be imported")
            # A case that went with a row of the table that it was made from notices nothing.
            if name in cases and not holds(cases[name]):
                return (module, name)
        return None


def _concerns(module: str, change: Change) -> bool:
    """Whether the cases of a module are asked about a change."""
    if module == PRINTED:
        return change.said
    return module != DAYS or change.short_module in CLOCK


def holds(case: Case) -> bool:
    """Whether the case finds what it says."""
    try:
        case.run()
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - an error says no as a failure does
        return False
    return True


def _forget(names: set[str]) -> None:
    """Forget modules and every test, also where their packages know them."""
    forgotten = {name for name in sys.modules if name in names or name.startswith("tests.")}
    for name in forgotten:
        del sys.modules[name]
        package, _, short = name.rpartition(".")
        vars(sys.modules[package]).pop(short, None) if package in sys.modules else None


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed source."""

    def __init__(self, change: Change) -> None:
        self._change = change

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != self._change.module:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._change.source, self._change.file, "exec"), vars(module))  # noqa: S102
