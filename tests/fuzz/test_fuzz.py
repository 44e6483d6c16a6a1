"""A short run finds nothing, and whatever is planted is found and seen again."""

from collections.abc import Callable
from random import Random

import pytest

from monitor.wire.codec import decode_line
from monitor.wire.delivery import Delivery, Reason, Rejection
from tests.fuzz import __main__ as program
from tests.fuzz.bombs import bombs, cost
from tests.fuzz.campaign import Limits, Tally, attempt, run
from tests.fuzz.messages import PLANTED, messages
from tests.fuzz.report import MUTATED_MIN, lacking, report
from tests.fuzz.target import ACCEPTED, Attempt, Target
from tests.fuzz.targets import CODEC, TARGETS

SHORT = range(1, 6_001)
KINDS_OF_EVENTS = 13
TRIGGER = b"final"  # what the planted bugs stumble over


def test_a_short_run_finds_nothing() -> None:
    tally = run(CODEC, SHORT)
    assert tally.failures == []
    assert tally.kinds.total() == len(SHORT)
    assert {ACCEPTED, *Reason} >= tally.words.keys() >= CODEC.words
    mutated = sum(times for kind, times in tally.kinds.items() if kind.endswith("*"))
    assert mutated > MUTATED_MIN * len(SHORT)
    assert tally.accepted["valid"] > 0.9 * tally.kinds["valid"]
    assert 0 < tally.accepted["said otherwise *"] < 0.5 * tally.kinds["said otherwise *"]


@pytest.mark.parametrize(("name", "count"), [("validate", 1_500), ("sdtm", 600), ("csv", 1_200)])
def test_a_short_run_of_what_stands_on_the_codec(name: str, count: int) -> None:
    target = TARGETS[name]
    tally = run(target, range(1, count + 1))
    assert tally.failures == []
    assert tally.accepted["valid"] == tally.kinds["valid"]
    assert target.words <= tally.words.keys()
    assert not tally.words["nothing"]


def test_it_starts_from_accepted_messages_of_every_kind() -> None:
    assert len({message.type for message in messages()}) == KINDS_OF_EVENTS
    for message in messages():
        assert not isinstance(decode_line(message.line), Rejection)
        assert PLANTED in message.line.decode()


def test_a_seed_is_always_the_same_input() -> None:
    first = [repr(attempt(CODEC, seed).shown) for seed in range(300)]
    assert [repr(attempt(CODEC, seed).shown) for seed in range(300)] == first
    assert len(set(first)) > 290


def raising(value: object) -> object:
    if TRIGGER in value_of(value):
        raise KeyError(PLANTED)
    return Rejection(Reason.UNDECODABLE, None, "no")


def endless(value: object) -> object:
    while TRIGGER in value_of(value):
        pass
    return Rejection(Reason.UNDECODABLE, None, "no")


def greedy(value: object) -> object:
    held = bytearray(3 * 1024 * 1024 if TRIGGER in value_of(value) else 1)
    return Rejection(Reason.UNDECODABLE, None, "no" * len(held[:1]))


def telling(value: object) -> object:
    words = value_of(value).decode(errors="replace") if TRIGGER in value_of(value) else "no"
    return Rejection(Reason.UNDECODABLE, None, words)


def silent(value: object) -> object:
    return None if TRIGGER in value_of(value) else Rejection(Reason.UNDECODABLE, None, "no")


def value_of(shown: object) -> bytes:
    return (shown.value if isinstance(shown, Delivery) else bytes(str(shown), "utf-8")) or b""


def broken(answer: Callable[[object], object]) -> Target:
    """The codec's inputs, answered by something else."""

    def draw(rng: Random) -> Attempt:
        drawn = CODEC.draw(rng)
        return Attempt(drawn.kind, lambda: answer(drawn.shown), drawn.shown)

    return Target("broken", draw, CODEC.judge, CODEC.words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raising, "KeyError at test_fuzz"),
        (endless, "took more than 0.01 s"),
        (greedy, "needed 3 MiB"),
        (telling, "repeats an identifier"),
        (silent, "the answer is a NoneType"),
    ],
)
def test_what_is_planted_is_caught_and_replayed(
    answer: Callable[[object], object], words: str
) -> None:
    target, limits = broken(answer), Limits(seconds=0.01, mib=2, traced_every=1)
    tally = run(target, range(1, 61), limits)
    assert 0 < tally.failed < 60
    seed, what = tally.failures[0]
    assert words.removesuffix(" at test_fuzz") in what
    again = run(target, [seed], limits)
    assert [failed for failed, _ in again.failures] == [seed]
    assert f"FAILED seed {seed}" in report(target, tally, 1.0)


def test_the_program_replays_a_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(TARGETS, "codec", broken(raising))
    seed = run(TARGETS["codec"], range(1, 100)).failures[0][0]
    assert program.main(["--target", "codec", "--seed", str(seed)]) == 1
    assert "FAILED: KeyError" in capsys.readouterr().out
    monkeypatch.undo()
    assert program.main(["--target", "codec", "--seed", str(seed)]) == 0
    assert "answered:" in capsys.readouterr().out


def test_a_run_that_says_too_little_is_told() -> None:
    tally = Tally()
    tally.kinds["any bytes"] = 50_000
    assert lacking(CODEC, tally) == [*sorted(CODEC.words), "enough mutations"]


@pytest.mark.parametrize("name", bombs())
def test_a_bomb_costs_little_memory(name: str) -> None:
    found = cost(name, bombs()[name], decode_line)
    assert found.answer != ACCEPTED
    assert found.peak < 16 * 1024 * 1024
