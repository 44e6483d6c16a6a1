"""Calls the program as a shell would, in this process, on databases as a worker left them."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.cli.main import main
from tests.cli import two_studies


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str


Call = Callable[..., Called]
Activate = Callable[..., Called]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Call:
    def called(*arguments: object) -> Called:
        monkeypatch.setattr(sys, "argv", ["monitor", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsysbinary.readouterr()
        return Called(code, out.decode(), err.decode())

    return called


@pytest.fixture
def activate(call: Call) -> Activate:
    def activated(rules: object, *more: object) -> Called:
        return call("rules", "activate", "--rules", rules, "--reason", "amendment 2", *more)

    return activated


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up cohort; for reading only."""
    file = tmp_path_factory.mktemp("ledger") / "cohort.sqlite3"
    two_studies.fill_cohort(file)
    return file


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `database` is a copy of: the cohort and another study."""
    file = tmp_path_factory.mktemp("ledger") / "told.sqlite3"
    two_studies.fill_two_studies(file)
    return file


@pytest.fixture
def database(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = Path(shutil.copy(told, tmp_path / "ledger.sqlite3"))
    monkeypatch.setenv("CTDNA_MONITOR_DATABASE__URL", f"sqlite:///{file}")
    return file
