"""The command line: quick, plain about errors, and never a secret or a traceback."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitor.cli.main import COMMANDS
from monitor.exits import Exit


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = "from monitor.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_is_quick_and_lists_every_command() -> None:
    began = time.monotonic()
    told = run("--help")
    assert time.monotonic() - began < 1.5  # 0.2 s alone; tests share their machine
    assert told.returncode == 0
    assert all(entry.name in told.stdout for entry in COMMANDS)


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS])
def test_every_command_has_help(name: str) -> None:
    told = run(name, "--help")
    assert told.returncode == 0, told.stderr
    assert f"monitor {name}" in told.stdout


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["topics", "nonsense"], ["doctor", "--nonsense"]]
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    told = run(*arguments)
    assert told.returncode == Exit.USAGE
    assert "Traceback" not in told.stderr


def test_a_wrong_setting_is_3_and_one_line() -> None:
    told = run("worker", CTDNA_MONITOR_KAFKA__GRUOP="x")
    assert told.returncode == Exit.CONFIGURATION
    assert told.stderr == "monitor: CTDNA_MONITOR_KAFKA__GRUOP: unknown variable\n"


@pytest.mark.slow
def test_a_broker_that_is_away_is_69() -> None:
    told = run("topics", "apply", CTDNA_MONITOR_KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert told.returncode == Exit.UNREACHABLE
    assert told.stderr.startswith("monitor: no answer from the broker at 127.0.0.1:1")
    assert told.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_doctor_reports_as_json_and_fails(tmp_path: Path) -> None:
    told = run(
        "doctor",
        "--format",
        "json",
        CTDNA_MONITOR_KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:1",
        CTDNA_MONITOR_DATABASE__URL=f"sqlite:///{tmp_path}/none.db",
    )
    assert told.returncode == Exit.REFUSED
    found = {check["name"]: check["ok"] for check in json.loads(told.stdout)}
    assert found == {"broker": False, "database": False, "rules": True}
    assert not list(tmp_path.iterdir())


def test_db_upgrade_twice_is_the_same_as_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert run("db", "upgrade", CTDNA_MONITOR_DATABASE__URL=url).stdout.startswith("empty -> ")
    again = run("db", "upgrade", CTDNA_MONITOR_DATABASE__URL=url)
    assert again.returncode == 0
    assert again.stdout.startswith("already at ")


def test_config_show_masks_secrets() -> None:
    told = run(
        "config",
        "show",
        CTDNA_MONITOR_KAFKA__PASSWORD="hush",
        CTDNA_MONITOR_DATABASE__URL="postgresql://u:hush@h/d?password=hush",
    )
    assert told.returncode == 0
    assert "hush" not in told.stdout
    assert "CTDNA_MONITOR_KAFKA__PASSWORD=********" in told.stdout
    assert "CTDNA_MONITOR_DATABASE__URL=postgresql://u:***@h/d\n" in told.stdout
