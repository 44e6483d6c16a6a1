"""What the mutation tester changes in a function, and that its list of reasons is in order."""

from tests.mutation.__main__ import EXPLAINED
from tests.mutation.mutants import mutants_of
from tests.noticing.change import Source
from tests.noticing.explained import explained


def mutated(line: str) -> set[str]:
    """How a function of one line can look; the whole text of each mutant is valid."""
    text = f'def f(a: int, b: int = 3) -> object:\n    """It is 1."""\n    {line}\n'
    found = mutants_of(Source("monitor.clinical.example", text))
    return {one.after for one in found if one.line == 3}


def test_a_comparison_moves_to_either_side_and_a_number_to_its_neighbours() -> None:
    assert mutated("return a < 1") == {
        "return None", "return ((a) <= (1))", "return ((a) >= (1))", "return a < (2)",
        "return a < (0)",
    }  # fmt: skip


def test_a_condition_loses_each_part_and_turns_over() -> None:
    assert {"return ((a) or (b))", "return ((a))", "return ((b))"} <= mutated("return a and b")
    assert {"if True: return 1", "if False: return 1"} <= mutated("if a: return 1")
    assert "return [x for x in a if True]" in mutated("return [x for x in a if x]")


def test_statements_words_and_signs_change() -> None:
    assert {"pass"} == mutated("b = a")
    assert {"raise a"} & mutated("raise a") == set()
    assert "return ('PD?')" in mutated("return 'PD'")
    assert {"return ((a) - (b))"} <= mutated("return a + b")
    assert {"return max(a)", "return min(a)"} & mutated("return min(a)") == {"return max(a)"}
    assert "return (f(a))" in mutated("return f(a, b=1)")


def test_docstrings_and_annotations_stay_and_defaults_do_not() -> None:
    text = 'def f(a: "int", b: int = 3) -> "str":\n    """It is 1."""\n    return a\n'
    found = mutants_of(Source("monitor.clinical.example", text))
    assert {one.after for one in found} == {
        'def f(a: "int", b: int = (4)) -> "str":', 'def f(a: "int", b: int = (2)) -> "str":',
        "return None",
    }  # fmt: skip


def test_every_reason_says_something() -> None:
    assert all(len(why.split()) > 3 for why in explained(EXPLAINED).values())
