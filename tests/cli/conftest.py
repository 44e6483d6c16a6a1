"""Calls the program as a shell would, in this process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from monitor.cli.main import main


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str


Call = Callable[..., Called]


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
