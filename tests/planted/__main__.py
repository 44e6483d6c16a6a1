"""Plants every bug in a copy of the checkout and shows which of our tests notice it.

`python -m tests.planted [--only NAME…] [--by static,auditor,simulation,bench] [--processes N]`:
each bug's copy passes the static part of `make check`, then auditor and simulation look at it
quickly, both again for long, and the bench at last, until one notices. The table caught.md is
written from what was run; with `--only` or `--by` the cells that were not asked for stay. Before a
catcher looks at a bug it looks at the checkout itself. Exit 1 when a bug that all were asked about
is noticed by none; 2 when a catcher notices something without a bug.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.planted.bug import Bug
from tests.planted.catalogue import BUGS, EVERY
from tests.planted.catchers import Catcher, UnclearError, catchers
from tests.planted.control import Control, ControlError
from tests.planted.table import COLUMNS, cell, noticed, read_table, write_table
from tests.planted.tree import complaints, is_imported, planted, snapshot


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="of the bugs, parts of names too")
    parser.add_argument("--by", default=",".join(COLUMNS), help=", ".join(COLUMNS))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--histories", type=int, default=6000, help="of the auditor")
    parser.add_argument("--worlds", type=int, default=1000, help="of the simulation")
    parser.add_argument("--minutes", type=float, default=2.0, help="of the bench")
    parser.add_argument("--list", action="store_true", help="only list the bugs")
    return parser.parse_args(words)


def chosen(names: Sequence[str] | None) -> list[Bug]:
    """The bugs that `--only` names, whole or in part."""
    if not names:
        return list(EVERY)
    return [bug for bug in EVERY if any(name in bug.name for name in names)]


class Trial:
    """One run: a snapshot of the checkout, and what is asked of each bug's copy."""

    def __init__(self, folder: Path, by: Sequence[str], asked: Sequence[Catcher]) -> None:
        self._folder = folder
        self._static = "static" in by
        self._asked = asked
        self._base = snapshot(folder / "base")
        self._control = Control(self._base)
        self._known = complaints(self._base) if self._static else frozenset()
        if self._known:
            print("the checkout itself does not pass:", *sorted(self._known), sep="\n  ")

    def of(self, bug: Bug) -> dict[str, str]:
        """The cells of a bug's row."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            tree = planted(self._base, Path(folder) / "tree", bug)
            if not is_imported(tree):
                raise RuntimeError("the copy is not what is imported")
            cells: dict[str, str] = {}
            spent: dict[str, float] = {}
            if self._static:
                new = sorted(complaints(tree) - self._known)
                cells["static"] = "complains" if new else "passes"
                print(*(f"{bug.name}: {line}" for line in new), sep="\n", end="\n" * bool(new))
            for catcher in self._asked:
                cells[catcher.name] = self._look(catcher, tree, spent)
                if noticed(cells):
                    break
        return cells

    def _look(self, catcher: Catcher, tree: Path, spent: dict[str, float]) -> str:
        """The cell of one look; its seconds count those of earlier looks of the same catcher."""
        try:
            catch = self._control.watch(catcher, tree)
        except UnclearError as problem:
            print(problem, file=sys.stderr)
            return "unclear"
        spent[catcher.name] = spent.get(catcher.name, 0.0) + catch.seconds
        return cell(replace(catch, seconds=spent[catcher.name]), catcher.tried)


def _try_all(
    bugs: Sequence[Bug],
    by: Sequence[str],
    asked: Sequence[Catcher],
    processes: int,
    rows: dict[str, dict[str, str]],
) -> None:
    """Fill the rows of the bugs, and write the table after each. Raises ControlError."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(processes) as pool:
        trial = Trial(Path(folder), by, asked)
        for bug, cells in zip(bugs, pool.map(trial.of, bugs), strict=True):
            kept = {k: v for k, v in rows.get(bug.name, {}).items() if k not in by}
            rows[bug.name] = kept | cells
            print(f"{bug.name}: {', '.join(f'{k} {v}' for k, v in cells.items())}", flush=True)
            write_table(rows)


def main(words: Sequence[str] | None = None) -> int:
    """Run the trial; tells each bug as it is done."""
    given = arguments(words)
    bugs, by = chosen(given.only), given.by.split(",")
    if given.list:
        print(*(f"{bug.name}: {bug.says}" for bug in bugs), sep="\n")
        return 0
    every = catchers(given.histories, given.worlds, given.minutes)
    asked = [one for one in every if one.name in by]
    rows = {name: cells for name, cells in read_table().items() if name in BUGS}
    try:
        _try_all(bugs, by, asked, given.processes, rows)
    except ControlError as problem:
        print(problem, file=sys.stderr)
        return 2
    missed = [bug.name for bug in bugs if not noticed(rows[bug.name])]
    print(f"{len(bugs)} bugs, {len(missed)} that nothing noticed so far", *missed, sep="\n  ")
    return 1 if missed and len(asked) == len(every) else 0


if __name__ == "__main__":
    sys.exit(main())
