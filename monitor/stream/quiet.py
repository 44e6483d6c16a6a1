"""Keeps a library that repeats itself from filling the log."""

import logging

from monitor.clock import Clock

SECONDS = 10.0
RECORDS_MAX = 2


class RateLimit(logging.Filter):
    """Lets a few records per place in the code through, then says how many it held back."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to let the record through."""
        place = (record.pathname, record.lineno)
        now = self._clock.monotonic()
        began, count = self._windows.get(place, (now, 0))
        held_back = count - RECORDS_MAX
        if now - began >= SECONDS:
            began, count = now, 0
            if held_back > 0:
                record.msg = f"{record.getMessage()} [{held_back} like this were held back]"
                record.args = ()
        self._windows[place] = (began, count + 1)
        return count < RECORDS_MAX


def calm_libraries(clock: Clock) -> None:
    """Limit what libraries log: their debug records print keys and values of messages.

    Filters of a logger do not see its children's records, so they are put on the root's handlers.
    """
    for name in ("faust", "mode", "aiokafka", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)
    limit = RateLimit(clock)
    for handler in logging.getLogger().handlers:
        handler.addFilter(lambda record: not _is_kafka(record) or limit.filter(record))


def _is_kafka(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in {"aiokafka", "faust", "mode", "kafka"}
