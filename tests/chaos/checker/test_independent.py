"""The checker shares no code with what it checks."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
TESTING = ("conftest", "sound", "test_")  # what runs the monitor to have something to check
MODULES = [path for path in FOLDER.glob("*.py") if not path.stem.startswith(TESTING)]
SHOWN = "import sys, tests.chaos.checker; print(*sys.modules)"


def imported(path: Path) -> set[str]:
    """Every module that a file names in an import, wherever in the file it stands."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {one.name for node in nodes if isinstance(node, ast.Import) for one in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_module_of_the_checker_names_the_monitor(path: Path) -> None:
    assert "monitor" not in {name.partition(".")[0] for name in imported(path)}


def test_nothing_that_the_checker_loads_is_the_monitor() -> None:
    told = subprocess.run(
        [sys.executable, "-c", SHOWN], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "tests.chaos.checker.model" in told
    assert "tests.auditor.judge" in told
    assert [name for name in told if name.partition(".")[0] == "monitor"] == []
    assert "tests.auditor.product" not in told
    assert [name for name in told if name.startswith("tests.senders")] == []
    assert "tests.chaos.checker.sound" not in told
