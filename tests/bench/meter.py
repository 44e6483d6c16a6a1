"""Seconds on the clock and seconds of processor, of this program or of another one."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil


@dataclass
class Cost:
    """What a number of events took: seconds that passed, and seconds of processor."""

    events: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    @property
    def per_second(self) -> float:
        return self.events / self.wall_s if self.wall_s else 0.0

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor for each event."""
        return self.cpu_s / self.events * 1e6 if self.events else 0.0


@contextmanager
def metered(cost: Cost, events: int = 0) -> Iterator[None]:
    """Add what this program, with all its threads, uses meanwhile."""
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        cost.wall_s += time.perf_counter() - wall
        cost.cpu_s += time.process_time() - cpu
        cost.events += events


def median_cost(work: Callable[[], int], rounds: int) -> Cost:
    """The round with the median use of processor; `work` returns how many events it took."""
    costs = []
    for _ in range(rounds):
        cost = Cost()
        with metered(cost):
            events = work()
        cost.events = events
        costs.append(cost)
    middle = statistics.median_low(cost.cpu_us for cost in costs)
    return next(cost for cost in costs if cost.cpu_us == middle)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def cpu_of_listener(port: int) -> float | None:
    """Seconds of processor that the server at a loopback port has used with all its children.

    None where it is not ours to look at, as in a container.
    """
    with suppress(psutil.Error):
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr[1:] == (port,) and one.pid:
                server = psutil.Process(one.pid)
                family = [server, *server.children(recursive=True)]
                return sum(sum(member.cpu_times()[:2]) for member in family)
    return None
