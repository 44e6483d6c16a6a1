"""What can go wrong in a world, and how often it does in the world of a seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

# The chance of a fault at each call where it can happen.
AT_CALLS: Mapping[str, float] = {
    "crash before": 0.012,
    "crash after": 0.02,
    "unavailable": 0.03,
    "lost answer": 0.06,
    "conflict": 0.06,
    "send refused": 0.06,
    "send answer lost": 0.06,
    "send late": 0.05,
    "broker error": 0.03,
}
# The weight of an action beside those of the calls that wait.
ACTIONS: Mapping[str, float] = {
    "pause": 0.35,
    "stop": 0.15,
    "evicted": 0.6,
    "rebalance": 0.25,
    "clock jump": 0.2,
    "database clock jump": 0.2,
    "database away": 0.12,
    "broker away": 0.12,
    "restored": 0.15,
    "start disturbed": 1.0,
    "rules changed": 0.3,
}
# The weight of a call that waits, where it is not 3: what carries facts and notices goes first.
WEIGHTS: Mapping[str, float] = {"load": 8, "record": 8, "poll": 6, "send": 8, "mark_sent": 8}
# The share of messages to which something happens on their way into the topics.
AT_PRODUCER: Mapping[str, float] = {
    "duplicated": 0.15,
    "reordered": 0.15,
    "delayed": 0.1,
    "poison": 0.08,
    "scattered": 0.5,
}
AWAY: Mapping[str, str] = {"database away": "ledger", "broker away": "broker"}  # and whose calls
# Every kind that a world may count.
KINDS = frozenset(
    (
        *(
            "crash",
            "unavailable",
            "lost answer",
            "conflict",
            "conflict of two",
            "halved",
            "record of a zombie",
        ),
        *("send refused", "send answer lost", "send late", "two relays", "broker error"),
        *(
            "pause",
            "stop",
            "evicted",
            "session timeout",
            "rebalance",
            "restored",
            "set back",
            "rules changed",
        ),
        *("clock jump", "database clock jump", "database away", "broker away"),
        *("duplicated", "reordered", "delayed", "poison", "scattered"),
        *("late", "corrected", "cancelled", "moved", "contradicting"),
    )
)
# The share of worlds that know of these.
RARE = {"restored": 0.25, "scattered": 0.3, "start disturbed": 0.2, "rules changed": 0.14}
SHARE = 0.6  # of worlds that know of any other fault
# Worlds in which others write first so often that batches are halved.
RIVALS_SHARE, RIVALS_RATE = 0.15, 0.6


@dataclass(frozen=True)
class Weather:
    """The faults that a world knows, with their chances and weights."""

    rates: Mapping[str, float]
    workers: int = 2
    partitions: int = 2
    batch_max: int = 8

    def __getitem__(self, kind: str) -> float:
        return self.rates.get(kind, 0.0)


def draw_weather(chance: random.Random, rivals: random.Random) -> Weather:
    """The weather of a seed: most know most faults, and some know few.

    `rivals` is a chance of its own: where it brings none, a seed is the world that it was.
    """
    known = {**AT_CALLS, **ACTIONS, **AT_PRODUCER}
    rates = {
        kind: rate * chance.choice((0.5, 1.0, 2.0))
        for kind, rate in known.items()
        if chance.random() < RARE.get(kind, SHARE)
    }
    if "rules changed" in rates:
        rates.pop("restored", None)  # a database from before the change has the rules from then
    if rivals.random() < RIVALS_SHARE:
        rates["conflict"] = RIVALS_RATE
    return Weather(
        rates,
        workers=chance.choice((1, 2, 2, 2, 3)),
        partitions=chance.choice((1, 2, 3)),
        batch_max=chance.choice((2, 4, 8, 20)),
    )
