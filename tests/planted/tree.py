"""Copies of the checkout in which a bug is planted, and the static part of `make check` on them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.planted.bug import ROOT, Bug

BIN = Path(sys.executable).parent
STATIC: Sequence[Sequence[str]] = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy",),
    ("lint-imports", "--no-logo"),
)


def snapshot(folder: Path) -> Path:
    """Copy every file that is or would be committed, as it is now."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, told.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def planted(base: Path, folder: Path, bug: Bug) -> Path:
    """A copy of a snapshot, caches too, with the bug in it. Raises ValueError as `plant` does."""
    shutil.copytree(base, folder)
    bug.plant(folder)
    return folder


def environment(tree: Path) -> Mapping[str, str]:
    """What makes a program import the tree, whatever is installed."""
    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def is_imported(tree: Path) -> bool:
    """Whether a program that runs in the tree imports the tree's product."""
    command = (sys.executable, "-c", "import monitor; print(monitor.__file__)")
    told = subprocess.run(
        command, cwd=tree, env=environment(tree), capture_output=True, text=True, check=True
    )
    return Path(told.stdout.strip()).is_relative_to(tree)


def complaints(tree: Path) -> frozenset[str]:
    """What the formatter, the linter, the type checker and the layers say against the tree."""
    found: list[str] = []
    for name, *arguments in STATIC:
        command = (str(BIN / name), *arguments)
        told = subprocess.run(
            command, cwd=tree, env=environment(tree), capture_output=True, text=True, check=False
        )
        if told.returncode:
            found += [line for line in told.stdout.splitlines() if line.strip()]
    return frozenset(found)
