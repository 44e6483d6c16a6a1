"""A member of the group: what it reads next, what was acknowledged, and what may be committed."""

import random
from collections.abc import Sequence

from monitor.ledger.entries import TopicPartition
from monitor.wire.delivery import Delivery
from tests.simulation.broker import Broker

POLL_MAX = 10  # deliveries


class Consumer:
    """Reads its partitions in order; which of them is next is as chance has it."""

    def __init__(self, name: str, broker: Broker) -> None:
        self._name = name
        self._broker = broker
        self._chance = random.Random(f"{broker.seed} {name}")
        self._generation = -1
        self._next: dict[TopicPartition, int] = {}
        self._acknowledged: dict[TopicPartition, set[int]] = {}
        self._committed: dict[TopicPartition, int] = {}

    def has_news(self) -> bool:
        """Whether a poll would bring anything: deliveries, or another assignment."""
        return self._is_outdated() or any(
            self._broker.end(place) > offset for place, offset in self._next.items()
        )

    def _is_outdated(self) -> bool:
        group = self._broker.group
        return self._name not in group.members or self._generation != group.generation

    def poll(self) -> tuple[list[Delivery], bool]:
        """Some deliveries, and whether the assignment is a new one."""
        is_new = self._is_outdated()
        if is_new:
            self._take_assignment()
        found: list[Delivery] = []
        while len(found) < POLL_MAX:
            some = [at for at, offset in self._next.items() if self._broker.end(at) > offset]
            if not some:
                break
            place = self._chance.choice(some)
            found.append(self._broker.log(place)[self._next[place]])
            self._next[place] += 1
        return found, is_new

    def _take_assignment(self) -> None:
        group = self._broker.group
        if self._name not in group.members:
            self._broker.join(self._name)
        self._generation = group.generation
        places = self._broker.assignment(self._name)
        self._committed = {place: group.committed.get(place, 0) for place in places}
        self._next = dict(self._committed)
        self._acknowledged = {place: set() for place in places}

    def acknowledge(self, delivery: Delivery) -> None:
        """Note a delivery, unless its partition was taken away."""
        place = TopicPartition(delivery.topic, delivery.partition)
        if place in self._acknowledged:
            self._acknowledged[place].add(delivery.offset)

    def committed(self) -> dict[TopicPartition, int]:
        """The group's committed offsets of what this member reads."""
        known = self._broker.group.committed
        return {place: known[place] for place in self._next if place in known}

    def uncommitted(self) -> dict[TopicPartition, int]:
        """How far each partition was acknowledged without a gap, where that is news."""
        found = {}
        for place, offset in self._committed.items():
            end = offset
            while end in self._acknowledged[place]:
                end += 1
            if end > offset:
                found[place] = end
        return found

    def commit(self) -> None:
        """Commit what was acknowledged. Raises FencedError."""
        offsets = self.uncommitted()
        self._broker.commit(self._name, self._generation, offsets)
        self._committed |= offsets

    def holds(self, places: Sequence[TopicPartition]) -> bool:
        """Whether the group's present assignment gives all these to this member."""
        if self._name not in self._broker.group.members:
            return False
        return set(places) <= set(self._broker.assignment(self._name))

    def leave(self) -> None:
        self._broker.leave(self._name)
