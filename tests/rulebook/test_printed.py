"""The rulebook as a whole, word by word, as it was last reviewed.

After a change that is wanted: `.venv/bin/monitor rulebook --format markdown
> tests/rulebook/rulebook.md`, and let a clinician read what differs.
"""

from pathlib import Path

from typer.testing import CliRunner

from monitor.cli.rulebook import app

REVIEWED = Path(__file__).parent / "rulebook.md"


def test_the_rulebook_says_what_was_reviewed() -> None:
    printed = CliRunner().invoke(app, ["--format", "markdown"])
    assert printed.exit_code == 0
    assert printed.stdout == REVIEWED.read_text(encoding="utf-8")
