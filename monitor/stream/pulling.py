"""Takes from an iterator that may wait, as a pipe does, without keeping the loop waiting."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Iterator
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")


class Puller(Generic[T]):
    """Asks an iterator for a few items at a time, in a thread of its own.

    The thread is a daemon: a program that ends does not wait for input that may never come.
    """

    def __init__(self, items: Iterator[T], at_once: int) -> None:
        self._items = items
        self._at_once = at_once
        self._loop = asyncio.get_running_loop()
        self._asked: queue.SimpleQueue[asyncio.Future[list[T]]] = queue.SimpleQueue()
        threading.Thread(target=self._answer, name="puller", daemon=True).start()

    async def pull(self) -> list[T]:
        """Return the next items; none are left when it is empty. Raises what the iterator does."""
        future: asyncio.Future[list[T]] = self._loop.create_future()
        self._asked.put(future)
        return await future

    def _answer(self) -> None:
        items: list[T] | None = None
        while items is None or items:
            future = self._asked.get()
            problem: BaseException | None = None
            try:
                items = list(islice(self._items, self._at_once))
            except Exception as raised:  # noqa: BLE001 - whoever asked is told
                items, problem = [], raised
            with contextlib.suppress(RuntimeError):  # the loop may be over
                self._loop.call_soon_threadsafe(_settle, future, items, problem)


def _settle(future: asyncio.Future[list[T]], items: list[T], problem: BaseException | None) -> None:
    if future.done():  # cancelled meanwhile
        return
    if problem is not None:
        future.set_exception(problem)
    else:
        future.set_result(items)
