"""An event loop without time or outside of its own: when nothing is ready, somebody decides."""

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

Decide = Callable[[float | None], None]  # given the seconds to the next timer, or None


class _Idle(selectors.SelectSelector):
    """Looks at no socket: it asks what happens next."""

    def __init__(self, decide: Decide) -> None:
        super().__init__()
        self._decide = decide

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or timeout > 0:
            self._decide(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop over a time that moves only when it is told to.

    Callbacks run in the order in which they were asked for, so a run depends on nothing but what
    `decide` does.
    """

    def __init__(self, decide: Decide) -> None:
        self._seconds = 0.0
        super().__init__(_Idle(decide))

    def time(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        self._seconds += seconds

    def end(self) -> None:
        """Cancel what is left, and close."""
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            self.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.close()
