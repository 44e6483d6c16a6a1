"""A change of one place in a module's source, as text: what is tried, and how it is told."""

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Change:
    """The changed source of a module, and where it differs: the lines before and after.

    `place` is the function or table; changes of one place are likely noticed by the same cases.
    `said` are changes of what is only said: words, sources, versions. `nth` counts changes that
    are otherwise named alike.
    """

    module: str
    place: str
    line: int
    before: str
    after: str
    source: str
    said: bool = False
    nth: int = 1

    @property
    def file(self) -> str:
        return self.module.replace(".", "/") + ".py"

    @property
    def short_module(self) -> str:
        return self.module.removeprefix("monitor.clinical.")

    @property
    def where(self) -> str:
        return f"{self.module}.{self.place}"

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names the change whatever its line number is."""
        return (self.file, self.place, self.before, self.after, self.nth)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.place}\n    - {self.before}\n    + {self.after}"


def numbered(changes: Iterable[Change]) -> list[Change]:
    """The changes in their order; those that are named alike get numbers."""
    seen: Counter[object] = Counter()
    found = []
    for change in changes:
        seen[change.key] += 1
        found.append(replace(change, nth=seen[change.key]))
    return found


@dataclass(frozen=True)
class Source:
    """A module's text, in which nodes of its syntax tree are replaced."""

    module: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def _meaning(self) -> str:
        return ast.dump(self.tree)

    @classmethod
    def of(cls, path: Path) -> "Source":
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        return cls(module, path.read_text(encoding="utf-8"))

    def replaced(
        self, node: ast.AST, new: str, place: str, shown: tuple[str, str] | None = None
    ) -> Change | None:
        """The text with other words for a node; None when that says the same.

        `shown` is what it was and became in words, where whole lines would say too much.
        """
        first, last = self._offset(node, start=True), self._offset(node, start=False)
        raw = self.text.encode()
        changed = (raw[:first] + new.encode() + raw[last:]).decode()
        line: int = node.lineno  # type: ignore[attr-defined]
        same = ast.dump(ast.parse(changed)) == self._meaning
        before, after = shown or _differing_lines(self.text, changed)
        return None if same else Change(self.module, place, line, before, after, changed)

    def _offset(self, node: ast.AST, *, start: bool) -> int:
        """The place of a node's first byte, or of the byte after its last."""
        line = node.lineno if start else node.end_lineno  # type: ignore[attr-defined]
        column: int = node.col_offset if start else node.end_col_offset  # type: ignore[attr-defined]
        lines = self.text.encode().splitlines(keepends=True)
        return sum(len(one) for one in lines[: line - 1]) + column


def _differing_lines(before: str, after: str) -> tuple[str, str]:
    """The lines that differ, without those that both texts begin or end with."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return " ".join(map(str.strip, old)), " ".join(map(str.strip, new))
