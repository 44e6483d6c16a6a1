"""Changes that no case can notice, each with the reason, from a list beside the tests."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

Key = tuple[str, str, str, str, int]


def explained(path: Path) -> Mapping[Key, str]:
    """The reasons by what names a change. Raises KeyError where a row lacks something."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["change"]
    return {
        (row["file"], row["in"], row["before"], row["after"], row.get("nth", 1)): row["why"]
        for row in rows
    }
