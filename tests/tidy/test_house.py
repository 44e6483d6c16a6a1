"""The repository keeps its own house rules."""

import ast
import re
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FUNCTION_LINES_MAX = 40
MODULE_LINES_MAX = 250
TOP_LEVEL = {
    *(".ci", ".dockerignore", ".gitignore", "LICENSE", "Makefile", "README.md"),
    *("deploy", "docker-compose.yml", "migrations", "monitor", "pyproject.toml", "schemas"),
    "tests",
}
# Tables of rules and generated modules are as long as what they list.
LONG_MODULES = {"monitor/clinical/rules.py"}
BANNED_WORDS = {"process", "handle", "manager", "helper", "utils", "data"}
BANNED_NAMES = {"progression"}  # say radiographic or molecular
# Words of others, used as they are: CloudEvents' attribute, a rule's key, SQLAlchemy's hooks.
GIVEN_NAMES = {"data", "no_data", "process_bind_param", "process_result_value"}
BINARY = {".gz", ".parquet", ".png", ".sqlite3"}
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home)/")
REGISTRY = re.compile(r"pypi\.|pythonhosted|npmjs|maven\.(?:org|apache\.org/maven2)|deb\.debian")


def tracked() -> list[Path]:
    """Return every file that is or would be committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    told = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    paths = (Path(name) for name in told.stdout.split("\0") if name)
    return sorted(path for path in paths if (REPOSITORY / path).exists())


TRACKED = tracked()
MODULES = [
    path for path in TRACKED if path.suffix == ".py" and path.parts[0] in {"monitor", "tests"}
]


@pytest.fixture(params=MODULES, ids=str)
def module(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def parse(path: Path) -> ast.Module:
    return ast.parse((REPOSITORY / path).read_text())


def test_only_known_things_lie_at_the_top() -> None:
    assert {path.parts[0] for path in TRACKED} <= TOP_LEVEL


def test_a_module_states_its_promise_and_is_short(module: Path) -> None:
    text = (REPOSITORY / module).read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{module} has no docstring"
    if str(module) not in LONG_MODULES:
        assert text.count("\n") <= MODULE_LINES_MAX


def test_functions_are_short(module: Path) -> None:
    functions = (
        node
        for node in ast.walk(parse(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = [
        f"{node.name} ({lines})"
        for node in functions
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert not long, f"{module}: {', '.join(long)}"


def names_given(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each name that the module itself gives to something, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.ClassDef(name=name):
                yield node.lineno, re.sub(r"(?<!^)(?=[A-Z])", "_", name)
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()) | ast.alias(asname=str(name)):
                yield node.lineno, name
            case _:
                pass


def is_banned(name: str) -> bool:
    """Tell whether a name, or one word of it, means several things at once."""
    words = set(name.lower().split("_"))
    return name in BANNED_NAMES or (name not in GIVEN_NAMES and bool(words & BANNED_WORDS))


@pytest.mark.parametrize("name", ["process", "handle_batch", "raw_data", "State_Manager", "_utils"])
def test_a_name_of_many_meanings_is_banned(name: str) -> None:
    assert is_banned(name)


@pytest.mark.parametrize("name", ["unprocessed", "data", "no_data", "radiographic_progression"])
def test_a_name_of_one_meaning_is_not(name: str) -> None:
    assert not is_banned(name)


def test_names_say_what_they_mean(module: Path) -> None:
    stem = [(0, part) for part in module.with_suffix("").parts]
    given = chain(stem, names_given(parse(module)))
    banned = sorted(f"{module}:{line} {name}" for line, name in given if is_banned(name))
    assert not banned, "\n".join(banned)


def asserts(test: ast.AST) -> bool:
    """Tell whether a test asserts by itself, or calls what says in its name that it does."""
    called = (node.func for node in ast.walk(test) if isinstance(node, ast.Call))
    names = {ast.unparse(function).rsplit(".", 1)[-1] for function in called}
    return (
        any(isinstance(node, ast.Assert) for node in ast.walk(test))
        or "raises" in names
        or any(name.startswith("assert_") for name in names)
    )


def test_every_test_asserts_something(module: Path) -> None:
    tests = [
        node
        for node in ast.walk(parse(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    ]
    assert [f"{module}:{test.lineno} {test.name}" for test in tests if not asserts(test)] == []


def test_no_machine_path_and_no_registry_host_is_written_down() -> None:
    found = [
        f"{path}: {hit[0]}"
        for path in TRACKED
        if path.suffix not in BINARY and path.name != Path(__file__).name
        for pattern in (MACHINE_PATH, REGISTRY)
        if (hit := pattern.search((REPOSITORY / path).read_text(errors="replace")))
    ]
    assert not found, "\n".join(found)


def test_the_lock_holds_a_hash_for_every_version() -> None:
    lock = (REPOSITORY / "deploy" / "requirements.lock").read_text()
    entries = re.split(r"(?m)^(?=[a-z])", lock)[1:]
    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
