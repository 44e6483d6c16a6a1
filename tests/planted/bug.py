"""A planted bug: a few edits of the product's text that put one decision of it out of force."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Edit:
    """`old`, which the file at `path` holds exactly once, becomes `new`."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """`says` is one sentence: what the edits, all of them together, put out of force."""

    name: str
    says: str
    edits: tuple[Edit, ...]

    def edited(self, root: Path) -> dict[str, str]:
        """The new text of each file. Raises ValueError where an `old` is not there exactly once."""
        by_path = defaultdict(list)
        for edit in self.edits:
            by_path[edit.path].append(edit)
        return {path: _edited((root / path).read_text(), edits) for path, edits in by_path.items()}

    def plant(self, root: Path) -> None:
        """Write the edits into the tree at `root`."""
        for path, text in self.edited(root).items():
            (root / path).write_text(text)


def bug(name: str, says: str, *edits: tuple[str, str, str]) -> Bug:
    """A bug of (path below `monitor/`, old, new) triples."""
    return Bug(name, says, tuple(Edit(f"monitor/{path}", old, new) for path, old, new in edits))


def _edited(text: str, edits: list[Edit]) -> str:
    for edit in edits:
        if (times := text.count(edit.old)) != 1:
            raise ValueError(f"{edit.path} holds {times} times: {edit.old.strip()[:60]}")
    for edit in sorted(edits, key=lambda one: text.index(one.old), reverse=True):
        place = text.index(edit.old)
        text = text[:place] + edit.new + text[place + len(edit.old) :]
    return text
