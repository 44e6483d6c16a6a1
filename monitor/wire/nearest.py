"""Which word of the contract a misspelt one was probably meant to be."""

import difflib
import functools
import re
from collections.abc import Iterable
from typing import Final

LIKENESS_MIN: Final = 0.75
LENGTH_MAX: Final = 80  # nothing longer is a misspelling, and likeness costs the square of it

_QUOTED = re.compile(r"'([^']*)'")
_MARKS = re.compile(r"[\W_]+")


def nearest(given: object, allowed: Iterable[str]) -> str | None:
    """The allowed word that is most like the given one, or None; case and marks do not count."""
    if not isinstance(given, str) or len(given) > LENGTH_MAX:
        return None
    return _nearest(given, tuple(sorted(allowed)))


@functools.lru_cache(maxsize=4096)  # a sender misspells the same word in every line
def _nearest(given: str, allowed: tuple[str, ...]) -> str | None:
    words = {_plain(word): word for word in allowed}
    plain = _plain(given)
    if plain in words:
        return words[plain]
    for like in difflib.get_close_matches(plain, words, 1, LIKENESS_MIN):
        return words[like]
    return None


def quoted(expected: str) -> list[str]:
    """The words of a list such as `'a', 'b' or 'c'`, as the validation library writes it."""
    return _QUOTED.findall(expected)


def _plain(word: str) -> str:
    return _MARKS.sub("", word).casefold() or word
