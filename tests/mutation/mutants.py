"""Mutants: every small change of a module's functions that a slip of the pen could be.

Own code, because nothing at hand fits: mutmut asks for a `click` that the stream library excludes
and leaves properties and cached functions alone; cosmic-ray changes the files of the checkout and
starts a program for each mutant; neither takes a seeded sample. Module-level tables are not
mutated here: tests/rulebook changes every cell of them.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence

from tests.noticing.change import Change, Source, numbered

COMPARISONS: Mapping[type[ast.cmpop], Sequence[str]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<="),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
WRITTEN: Mapping[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.And: "and", ast.Or: "or",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.BitOr: "|", ast.BitAnd: "&",
}  # fmt: skip
ARITHMETIC: Mapping[type[ast.operator], str] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.BitOr: "&", ast.BitAnd: "|",
}  # fmt: skip
NAMES: Mapping[str, str] = {
    "min": "max", "max": "min", "any": "all", "all": "any", "reversed": "list", "sorted": "list",
    "bisect_left": "bisect_right", "bisect_right": "bisect_left", "pick": "min",
}  # fmt: skip
STATEMENTS: Mapping[type[ast.stmt], Sequence[str]] = {
    ast.Assign: ("pass",),
    ast.AugAssign: ("pass",),
    ast.AnnAssign: ("pass",),
    ast.Expr: ("pass",),
    ast.Raise: ("pass",),
    ast.Continue: ("break", "pass"),
    ast.Break: ("continue", "pass"),
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def mutants_of(source: Source) -> list[Change]:
    """All mutants of a module's functions and of its classes' defaults, in the text's order."""
    found = []
    for place, node in _places(source.tree):
        for part, words in _changes(node):
            change = source.replaced(part, words, place)
            if change is not None:
                found.append(change)
    return numbered({(*change.key, change.line): change for change in found}.values())


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """What may change, by the name of the function or class that it is in."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Function):
                    yield f"{node.name}.{inner.name}", inner
                elif isinstance(inner, ast.AnnAssign) and inner.value:
                    yield node.name, inner.value


def _changes(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Each node below with the words that replace it; docstrings and annotations stay."""
    yield from _of_node(node)
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        if isinstance(node, ast.Assert | ast.JoinedStr) or _only_watches(node):
            continue
        children = value if isinstance(value, list) else [value]
        if name == "body" and isinstance(node, Function) and ast.get_docstring(node):
            children = children[1:]
        for child in children:
            if isinstance(child, ast.AST):
                yield from _changes(child)


def _only_watches(node: ast.AST) -> bool:
    """Whether it is the `strict` of a `zip` over what is of one length."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _of_node(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    if isinstance(node, ast.stmt):
        yield from ((node, words) for words in _instead_of_statement(node))
        if isinstance(node, ast.If):
            yield from _forced(node.test)
    elif isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield condition, "True"
    elif isinstance(node, ast.expr):
        yield from ((node, f"({words})") for words in _instead_of_expression(node))
        if isinstance(node, ast.IfExp):
            yield from _forced(node.test)
        if isinstance(node, ast.Name) and node.id in NAMES and isinstance(node.ctx, ast.Load):
            yield node, NAMES[node.id]


def _forced(test: ast.expr) -> Iterator[tuple[ast.AST, str]]:
    yield test, "True"
    yield test, "False"


def _instead_of_statement(node: ast.stmt) -> Sequence[str]:
    if isinstance(node, ast.Return):
        no = isinstance(node.value, ast.Constant) and not node.value.value
        return () if node.value is None or no else ("return None",)
    return STATEMENTS.get(type(node), ())


def _instead_of_expression(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=bool() as value):
            yield str(not value)
        case ast.Constant(value=int() as value):
            yield str(value + 1)
            yield str(value - 1)
        case ast.Constant(value=str() as value):
            yield repr(f"{value}?")
        case ast.Compare():
            yield from _other_comparisons(node)
        case ast.BoolOp():
            yield from _other_conditions(node)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield ast.unparse(node.operand)
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            left, right = ast.unparse(node.left), ast.unparse(node.right)
            yield f"({left}) {ARITHMETIC[type(node.op)]} ({right})"
        case ast.Call(keywords=[_, *_]):
            yield from _fewer_keywords(node)


def _other_comparisons(node: ast.Compare) -> Iterator[str]:
    operands = [f"({ast.unparse(one)})" for one in (node.left, *node.comparators)]
    for place, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            signs = [WRITTEN[type(one)] for one in node.ops]
            signs[place] = other
            pairs = (
                f" {sign} {operand}" for sign, operand in zip(signs, operands[1:], strict=True)
            )
            yield operands[0] + "".join(pairs)


def _other_conditions(node: ast.BoolOp) -> Iterator[str]:
    """The other junction, and each part left out."""
    parts = [f"({ast.unparse(one)})" for one in node.values]
    sign, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    yield f" {other} ".join(parts)
    for place in range(len(parts)):
        yield f" {sign} ".join(parts[:place] + parts[place + 1 :])


def _fewer_keywords(node: ast.Call) -> Iterator[str]:
    for keyword in node.keywords:
        if keyword.arg is not None and not _only_watches(keyword):
            others = [one for one in node.keywords if one is not keyword]
            yield ast.unparse(ast.Call(func=node.func, args=node.args, keywords=others))
