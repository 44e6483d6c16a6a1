"""Hears everything that the product says aside: logs at every level, with their exceptions."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from monitor.cli.worker import LINE
from monitor.clock import Clock
from monitor.stream.quiet import calm_libraries

LIBRARIES = ("faust", "mode", "aiokafka", "aiosqlite")


class Ears(logging.Handler):
    """Keeps every line as the worker would write it."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter(LINE))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@contextmanager
def listening() -> Iterator[Ears]:
    """Hear all loggers at every level, as a worker with `log_level` DEBUG would let them speak."""
    root, ears = logging.getLogger(), Ears()
    level, handlers = root.level, root.handlers
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    root.handlers = [ears]
    root.setLevel(1)
    calm_libraries(Clock())
    try:
        yield ears
    finally:
        root.setLevel(level)
        root.handlers = handlers
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)
