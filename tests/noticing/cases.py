"""The named cases of the medicine as plain calls: the rows of tests/clinical and the vectors.

They are run many times over in one process, which a runner of tests is too slow for: every case
is a test function with one row of its `parametrize` marks.
"""

import importlib
import inspect
import itertools
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1]
CLINICAL = tuple(
    f"tests.clinical.{path.stem}" for path in sorted((FOLDER / "clinical").glob("test_*.py"))
)
VECTORS = "tests.acceptance.test_vectors"
# What the rulebook prints: notices every change of a word, so it is asked about words only.
PRINTED = "tests.rulebook.test_printed"
MODULES = (*CLINICAL, VECTORS, PRINTED)
# Long walks through every day, which can notice what the clock's own modules do wrong.
DAYS = "tests.clinical.test_schedule_days"
CLOCK = frozenset({"schedule", "due", "attendance", "expedite", "parameters", "rulebook.schedule"})


@dataclass(frozen=True)
class Case:
    """A name, and a call that raises when the medicine does not do what the case says."""

    name: str
    run: Callable[[], object]


def cases_of(name: str) -> dict[str, Case]:
    """Import a module of tests, anew if it was forgotten, and list what it says."""
    module = importlib.import_module(name)
    cases = _of_vectors(module) if name == VECTORS else _of_module(module)
    return {case.name: case for case in cases}


def _of_module(module: ModuleType) -> Iterator[Case]:
    short = module.__name__.rpartition(".")[2]
    for name, test in vars(module).items():
        if name.startswith("test_") and inspect.isfunction(test):
            rows = _rows(test)
            for label, arguments in rows:
                yield Case(f"{short}::{name}{label}", partial(test, **arguments))


def _rows(test: Callable[..., object]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The arguments of each row of a test, and the row's label."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    given = {name for mark in marks for name in _names(mark)}
    if missing := set(inspect.signature(test).parameters) - given:
        raise ValueError(f"{test.__name__} asks for {missing}, which only a runner could give")
    columns = [[dict(zip(_names(mark), _values(mark, row), strict=True)) for row in mark.args[1]]
               for mark in marks]  # fmt: skip
    for number, row in enumerate(itertools.product(*columns), start=1):
        arguments = {name: value for part in row for name, value in part.items()}
        label = re.sub(r" at 0x\w+", "", "-".join(str(value)[:60] for value in arguments.values()))
        yield (f"[{number}: {label}]" if arguments else "", arguments)


def _names(mark: pytest.Mark) -> list[str]:
    names = mark.args[0]
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)


def _values(mark: pytest.Mark, row: Any) -> tuple[Any, ...]:
    values = getattr(row, "values", None)
    if isinstance(values, tuple):  # a `pytest.param`
        return values
    return (row,) if len(_names(mark)) == 1 else tuple(row)


def _of_vectors(module: ModuleType) -> Iterator[Case]:
    for name, vector in module.VECTORS.items():
        yield Case(f"vector {name}", partial(_vector, module, vector))


def _vector(module: ModuleType, vector: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        module.test_a_vector(vector, Path(folder))
