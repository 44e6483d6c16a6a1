"""Repeatable chance: what the generator draws with, values beside a threshold above all."""

import datetime
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

T = TypeVar("T")
Json = dict[str, object]
TENTH = Decimal("0.1")


class Pen:
    """Draws from one seed; the same seed draws the same."""

    def __init__(self, seed: int | str) -> None:
        self.seed = seed
        self.random = random.Random(seed)

    def chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent

    def pick(self, choices: Sequence[T]) -> T:
        return choices[int(self.random.random() * len(choices))]

    def weighed(self, weights: Mapping[T, int]) -> T:
        """One of the keys, as often as its weight says."""
        left = self.random.random() * sum(weights.values())
        for choice, weight in weights.items():
            left -= weight
            if left < 0:
                return choice
        return next(iter(weights))

    def whole(self, low: int, high: int) -> int:
        return low + int(self.random.random() * (high - low + 1))

    def near(self, threshold: int) -> int:
        """Below, on or above a threshold in whole days."""
        return threshold + self.pick((-1, 0, 0, 1))

    def beside(self, threshold: Decimal, step: Decimal = TENTH) -> Decimal:
        """Below, on or above a threshold of a measure, never below zero."""
        return max(threshold + self.pick((-step, Decimal(0), Decimal(0), step)), Decimal(0))

    def number(self, value: Decimal) -> object:
        """A decimal as JSON carries it: a number, or a text with the same value."""
        spelled = format(value, "f")
        if self.chance(8):
            return spelled + ("0" if "." in spelled else ".0")
        if value == value.to_integral_value():
            return int(value)
        near = float(spelled)
        return near if Decimal(repr(near)) == value else spelled

    def dated(self, day: datetime.date) -> str:
        """A day as the contract lets it be written, now and then with time and offset."""
        if not self.chance(8):
            return day.isoformat()
        return self.moment(day)

    def moment(self, day: datetime.date) -> str:
        """A date-time whose day in its own offset is `day`, also where it is another in UTC."""
        clock = self.pick(("00:10:00", "09:30:00", "23:50:00", "12:00:00.5"))
        return f"{day.isoformat()}T{clock}{self.pick(('+08:00', 'Z', '-05:00', '+00:00'))}"


def after(day: datetime.date, days: int) -> datetime.date:
    return day + datetime.timedelta(days=days)
