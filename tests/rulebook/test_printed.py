"""The rulebook as a whole, word by word, as it was last reviewed.

After a change that is wanted: `.venv/bin/monitor rulebook --format markdown
> tests/rulebook/rulebook.md`, and let a clinician read what differs.
"""

from pathlib import Path

from monitor.cli.rulebook import _markdown
from monitor.cli.ruling import ruleset_of
from monitor.clinical.printed import rulebook

REVIEWED = Path(__file__).parent / "rulebook.md"


def test_the_rulebook_says_what_was_reviewed() -> None:
    printed = "\n".join(_markdown(rulebook(ruleset_of(None)))) + "\n"
    assert printed == REVIEWED.read_text(encoding="utf-8")
