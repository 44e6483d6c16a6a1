"""What the catchers say of the checkout without a bug: whoever notices something there, errs."""

import threading
from pathlib import Path

from tests.planted.catchers import ENDLESS, Catch, Catcher, UnclearError, watch

ENDS_IN_TIME_SHARE = 0.5  # of a catcher's time: what then ends never is not just slow


class ControlError(Exception):
    """A catcher is no witness: it notices something where nothing is planted, or breaks there."""


class Control:
    """The unplanted tree: each catcher looks at it once, before it looks at any bug's copy."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._seconds: dict[Catcher, float] = {}
        self._turn = threading.Lock()

    def watch(self, catcher: Catcher, tree: Path) -> Catch:
        """Let a catcher look at a bug's copy.

        Raises ControlError, and UnclearError where it may only be too slow to end.
        """
        with self._turn:
            if catcher not in self._seconds:
                self._seconds[catcher] = self._seconds_of(catcher)
        catch = watch(catcher, tree)
        in_time = ENDS_IN_TIME_SHARE * catcher.seconds_max
        if catch.said == ENDLESS and self._seconds[catcher] > in_time:
            raise UnclearError(f"{catcher.name} is too slow to say that it does not end")
        return catch

    def _seconds_of(self, catcher: Catcher) -> float:
        try:
            catch = watch(catcher, self._tree)
        except UnclearError as problem:
            raise ControlError(f"without a bug: {problem}") from None
        if catch.noticed:
            raise ControlError(f"{catcher.name} notices without a bug: {catch.said}")
        return catch.seconds
