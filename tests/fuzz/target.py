"""What is fuzzed, and how: a target draws an input and says what its answer may be.

`draw` makes an input of a seeded `Random` and returns its kind with the call to make; `judge` gives
the answer's word and, if it breaks a promise, a complaint. An input's kind that ends in `*` is a
mutation of a valid one. `TARGETS` lists them all.
"""

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

ACCEPTED: Final = "accepted"


class Attempt(NamedTuple):
    """One input: its kind, what it is in words, and the call that answers it."""

    kind: str
    call: Callable[[], object]
    shown: object


class Judged(NamedTuple):
    """An answer in a word; a complaint when it breaks a promise."""

    word: str
    complaint: str | None = None


class Target(NamedTuple):
    """Something that must answer whatever it is given."""

    name: str
    draw: Callable[[Random], Attempt]
    judge: Callable[[object], Judged]
    words: frozenset[str]  # that a long run must have heard at least once
