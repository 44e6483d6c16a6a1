"""Every cell of the medicine's literal tables changed, and every row left out, one at a time.

Tables are what modules of monitor/clinical assign to names in capitals, and the defaults of the
rule parameters. A new table is found without being named here.
"""

import ast
import copy
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

from tests.noticing.change import ROOT, Change, Source, numbered

CLINICAL = ROOT / "monitor" / "clinical"
# Not the medicine: how facts are written and kept, which tests/wire and tests/ledger hold.
OTHER_MODULES = frozenset({"terms", "state"})
NO_ANSWER_RESTS_ON: Mapping[str, str] = {
    "_DIGITS": "how many digits are enough to round any two amounts",
    "IDS_REMEMBERED": "how many finding ids a cache keeps",
    "CLOCK_SOURCE": "the source of closed days, which tests/wire holds",
    "RULES_CHANGED": "a word of the contract for changed rules, which tests/intake holds",
}
# What is said and decides nothing: whole tables, and arguments of rows by their places.
SAID_TABLES = re.compile(
    r".*WORDS|LABELS|KEYS|_DUE|_OPEN|_BLACKOUT|_BASELINE|ORIGINS|_COMPARED|.*THRESHOLDS|WINDOW"
    r"|ADVISORY|UNSUPPORTED|ENROLMENT_GONE"
)
SAID_ARGUMENTS: Mapping[str, frozenset[int | str]] = {
    "Rule": frozenset({0, 1, 4, 5, 6, 8, "thresholds"}),
    "_row": frozenset({1, 2, 3, 4, 5, 6}),
    "Criterion": frozenset({1}),
    "CauseRow": frozenset({1}),
    "Conflict": frozenset({0, 1}),
}
RANKS = re.compile(r"RANKS.*")  # only their order counts, so each is given another one's place
_TABLE = re.compile(r"_?[A-Z][A-Z0-9_]*")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_/-]*")
_ROW_PARTS = (ast.Dict, ast.Set, ast.Tuple, ast.List)


def changes() -> list[Change]:
    """All changes, module by module in the text's order."""
    found = []
    for path in sorted(CLINICAL.rglob("*.py")):
        if path.stem not in OTHER_MODULES:
            found += changes_of(Source.of(path))
    return found


def changes_of(source: Source) -> list[Change]:
    """All changes of one module's tables."""
    return numbered(
        change
        for place, table in _tables(source.tree)
        for change in _of_table(source, place, table)
    )


def _tables(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and _is_table(target.id):
                yield target.id, node.value
        elif isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id == "Section" for base in node.bases
        ):
            yield from _defaults(node)


def _is_table(name: str) -> bool:
    return _TABLE.fullmatch(name) is not None and name not in NO_ANSWER_RESTS_ON


def _defaults(section: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """The defaults of a table of parameters, and the tables that its methods choose from."""
    for node in section.body:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            assert isinstance(node.target, ast.Name)
            yield f"{section.name}.{node.target.id}", node.value
        elif isinstance(node, ast.FunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Dict):
                    yield f"{section.name}.{node.name}", inner


def _of_table(source: Source, place: str, table: ast.expr) -> Iterator[Change]:
    words, functions, ranks = _vocabulary(table), _functions(table), _ranks(place, table)
    for node, said in _cells(table, said=SAID_TABLES.fullmatch(place) is not None):
        others: Sequence[str] = ()
        if isinstance(node, ast.Constant):
            others = _other_ranks(node, ranks) or _other_cells(node.value, words)
        elif isinstance(node, ast.Name) and node.id in functions:
            others = [functions[functions.index(node.id) - 1]]
        for other in others:
            yield from _change(source, place, node, other, (ast.unparse(node), other), said=said)
        if isinstance(node, _ROW_PARTS):
            for row, shorter in _shorter(node):
                shown = (ast.unparse(row), "(left out)")
                yield from _change(source, place, node, f"({shorter})", shown, said=said)


def _cells(node: ast.AST, *, said: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every part of a table, and whether it is only said; what writes texts is left alone."""
    yield node, said
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        places = SAID_ARGUMENTS.get(name, frozenset())
        for place, argument in enumerate(node.args):
            yield from _cells(argument, said=said or place in places)
        for keyword in node.keywords:
            yield from _cells(keyword.value, said=said or keyword.arg in places)
    elif not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from _cells(child, said=said)


def _change(
    source: Source, place: str, node: ast.AST, new: str, shown: tuple[str, str], *, said: bool
) -> Iterator[Change]:
    change = source.replaced(node, new, place, shown)
    if change is not None:
        yield dataclasses.replace(change, said=said)


def _ranks(place: str, table: ast.expr) -> list[int]:
    if not RANKS.fullmatch(place):
        return []
    return sorted({n.value for n in ast.walk(table) if isinstance(n, ast.Constant)
                   and isinstance(n.value, int)})  # fmt: skip


def _other_ranks(cell: ast.Constant, ranks: Sequence[int]) -> list[str]:
    """The places before and after, which tie it with what is there."""
    if cell.value not in ranks:
        return []
    place = ranks.index(cell.value)
    return [str(rank) for rank in ranks[max(place - 1, 0) : place + 2] if rank != cell.value]


def _vocabulary(table: ast.expr) -> list[str]:
    """The words of a table in its order."""
    texts = [node.value for node in ast.walk(table) if isinstance(node, ast.Constant)]
    return list(dict.fromkeys(t for t in texts if isinstance(t, str) and _WORD.fullmatch(t)))


def _functions(table: ast.expr) -> list[str]:
    """The names of functions that rows give as they are."""
    given = [
        argument
        for node in ast.walk(table)
        if isinstance(node, ast.Call)
        for argument in node.args
        if isinstance(argument, ast.Name)
    ]
    return list(dict.fromkeys(node.id for node in given if node.id.startswith("_")))


def _other_cells(value: object, words: Sequence[str]) -> Sequence[str]:
    """What else a cell could say, as source."""
    if isinstance(value, bool):
        return [str(not value)]
    if isinstance(value, int):
        return [str(value + 1), str(value - 1)]
    if isinstance(value, float):
        return [repr(value * 1e6), "0.0"]  # floats are tolerances: too wide, or none
    if value is None:
        return ["'another'"]
    if not isinstance(value, str) or not value:
        return []
    if _NUMBER.fullmatch(value):
        return [repr(one) for one in _beside(value)]
    if value in words and len(words) > 1:
        return [repr(words[words.index(value) - 1])]
    return [repr(f"{value}?")]


def _beside(number: str) -> Iterator[str]:
    """The numbers one above and one below in the last digit."""
    whole, _, places = number.partition(".")
    digits = int(whole + places)
    for beside in (digits + 1, digits - 1):
        if beside >= 0:
            text = str(beside).zfill(len(places) + 1)
            yield f"{text[: -len(places)]}.{text[-len(places) :]}" if places else text


def _shorter(table: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Each row of a table, and the source of the table without it."""
    rows: list[ast.expr] = getattr(table, "elts", None) or getattr(table, "values", [])
    for place, row in enumerate(rows):
        other = copy.deepcopy(table)
        for name in ("elts", "keys", "values"):
            if hasattr(other, name):
                del getattr(other, name)[place]
        empty_set = isinstance(other, ast.Set) and not other.elts
        yield row, "set()" if empty_set else ast.unparse(other)
