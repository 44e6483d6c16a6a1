"""What is printed: the machine, a table of costs beside the floor, and the delays."""

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tests.bench.meter import Cost

PACKAGES = ("faust-streaming", "aiokafka", "asyncpg", "sqlalchemy", "pydantic")


class Report:
    """Writes as results come, and at the end all of them beside the floor of the same run."""

    def __init__(self) -> None:
        self._console = Console(width=100, highlight=False)
        self._all: dict[str, Cost] = {}
        self.floor: Cost | None = None

    def machine(self) -> None:
        """Say what the numbers of this run were measured on."""
        load = os.getloadavg()[0]
        self.say(
            f"{os.cpu_count()} processors ({platform.machine()}, {platform.system()}), "
            f"Python {platform.python_version()}, "
            + ", ".join(f"{name} {version(name)}" for name in PACKAGES)
        )
        self.say(
            "All numbers are of this run, on this machine, with everything on the same "
            f"processors; its load before the start was {load:.1f}."
        )

    def say(self, text: str) -> None:
        self._console.print(text)

    def costs(
        self, title: str, costs: Mapping[str, Cost], budgets: Mapping[str, float] | None = None
    ) -> None:
        """Print a table, and remember it for the end; `budgets` are microseconds of processor."""
        self._all |= costs
        self._print(_table(title, costs, None, budgets or {}))

    def parts(self, title: str, costs: Mapping[str, Cost]) -> None:
        """Print a table that only takes apart what another one told."""
        self._print(_table(title, costs, None, {}))

    def everything(self) -> None:
        """Print all costs with their ratio to the floor."""
        if self.floor:
            self._print(_table("All beside the floor", self._all, self.floor, {}))

    def _print(self, table: Table) -> None:
        self._console.print(table)


def _table(
    title: str, costs: Mapping[str, Cost], floor: Cost | None, budgets: Mapping[str, float]
) -> Table:
    """Events per second by the clock, and microseconds of processor for each event."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    table.add_column("", min_width=45)
    headings = ["events", "events/s", "CPU µs/event"]
    headings += [*(["budget"] if budgets else []), *(["x floor"] if floor else [])]
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, cost in costs.items():
        rate = f"{cost.per_second:,.0f}" if cost.wall_s else ""
        budget = [f"{budgets[name]:,.0f}" if name in budgets else ""] if budgets else []
        ratio = [f"{cost.cpu_us / floor.cpu_us:.1f}"] if floor else []
        table.add_row(name, f"{cost.events:,}", rate, f"{cost.cpu_us:,.1f}", *budget, *ratio)
    return table
