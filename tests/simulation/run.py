"""One seed from its first step to the verdict."""

import logging
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from monitor.exits import raised_at
from monitor.stream import agents
from tests.simulation.steps import Steps
from tests.simulation.verdict import verdict
from tests.simulation.world import World

STEPS = 200


@dataclass(frozen=True)
class Outcome:
    """What a seed showed; `wrong` is empty when every promise was kept."""

    seed: int
    wrong: Sequence[str]
    steps: Counter[str]
    faults: Counter[str]
    trace: Sequence[str]


def simulate(seed: int, steps: int = STEPS) -> Outcome:
    """Run the world of a seed, and judge what it left."""
    with _alone(seed):
        world = World(seed)
        world.next_step = Steps(world, steps)
        try:
            world.loop.run_until_complete(world.over)
            wrong = list(world.wrong) or verdict(world)
        except Exception as problem:  # noqa: BLE001 - whoever raised it, the seed shows it
            wrong = [f"raised {type(problem).__name__} at {raised_at(problem)}: {problem}"]
        finally:
            world.end()
    return Outcome(seed, wrong, world.steps, world.faults, world.trace)


@contextmanager
def _alone(seed: int) -> Iterator[None]:
    """The product's jitter from the seed, no log, and no end of the whole program."""
    state, disabled = random.getstate(), logging.root.manager.disable
    random.seed(f"jitter {seed}")
    logging.disable(logging.CRITICAL)
    try:
        with patch.object(agents, "end_now", _ignored):
            yield
    finally:
        logging.disable(disabled)
        random.setstate(state)


def _ignored(_error: BaseException) -> None:
    """The error is raised as well, and ends the worker of this world."""
