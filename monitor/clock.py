"""The only place that reads the time: everything else is given a clock."""

import datetime as dt
import time


class Clock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """Return the present moment, aware, in UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""
        return time.monotonic()


class FixedClock(Clock):
    """A clock that stands until it is moved; for tests and for replays."""

    def __init__(self, moment: dt.datetime) -> None:
        if moment.tzinfo is None:
            message = "a clock needs a moment with a time zone"
            raise ValueError(message)
        self._moment = moment.astimezone(dt.UTC)
        self._seconds = 0.0

    def now(self) -> dt.datetime:
        """Return the moment that was set, plus what `advance` added."""
        return self._moment + dt.timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """Return the seconds that `advance` added."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self._seconds += seconds
