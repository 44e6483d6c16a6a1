"""A broker in memory: logs by partition, and one consumer group with generations and offsets."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.ledger.entries import TopicPartition
from monitor.wire.delivery import Delivery

Headers = Sequence[tuple[str, bytes | None]]


class BrokerError(Exception):
    """The broker did not answer, or did not as it was asked to."""


class FencedError(BrokerError):
    """The member does not belong to the group's present generation."""


@dataclass
class Group:
    """Who reads what: `generation` counts the assignments."""

    generation: int = 0
    members: list[str] = field(default_factory=list)
    committed: dict[TopicPartition, int] = field(default_factory=dict)


class Broker:
    """Topics of `partitions` each; a key has one partition in all of them.

    `seed` is for the order in which its members get what lies on different partitions.
    """

    def __init__(self, inputs: Iterable[str], partitions: int, seed: int = 0) -> None:
        self.inputs = tuple(inputs)
        self.partitions = partitions
        self.seed = seed
        self.group = Group()
        self._logs: dict[TopicPartition, list[Delivery]] = {
            TopicPartition(topic, number): [] for topic in inputs for number in range(partitions)
        }

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        partition: int | None = None,
    ) -> tuple[int, int]:
        """Put a message on its log; returns its partition and offset."""
        place = self.place(topic, key, partition)
        log = self._logs.setdefault(place, [])
        log.append(Delivery(*place, len(log), key, tuple(headers), value))
        return place.partition, len(log) - 1

    def place(self, topic: str, key: bytes | None, partition: int | None) -> TopicPartition:
        """Where a message goes: to the given partition, or to that of its key."""
        if partition is None:
            partition = zlib.crc32(key or b"") % self.partitions
        return TopicPartition(topic, partition)

    def log(self, place: TopicPartition) -> Sequence[Delivery]:
        return self._logs.get(place, [])

    def logs(self, topic: str) -> Mapping[TopicPartition, Sequence[Delivery]]:
        return {place: log for place, log in self._logs.items() if place.topic == topic}

    @property
    def places(self) -> list[TopicPartition]:
        """Every partition of the input topics."""
        return [place for place in self._logs if place.topic in self.inputs]

    def end(self, place: TopicPartition) -> int:
        return len(self._logs[place])

    def lag(self) -> int:
        committed = self.group.committed
        return sum(self.end(place) - committed.get(place, 0) for place in self.places)

    def join(self, member: str) -> None:
        """Let a member in; everybody's assignment changes."""
        self.group.members.append(member)
        self.rebalance()

    def leave(self, member: str) -> None:
        """Let a member go, or put it out when it did not say that it is there."""
        if member in self.group.members:
            self.group.members.remove(member)
            self.rebalance()

    def rebalance(self) -> None:
        self.group.generation += 1

    def assignment(self, member: str) -> list[TopicPartition]:
        """What a member reads: the same partitions of every topic. Raises FencedError."""
        if member not in self.group.members:
            raise FencedError("no member of the group")
        number, members = self.group.members.index(member), len(self.group.members)
        return [place for place in self.places if place.partition % members == number]

    def commit(self, member: str, generation: int, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember the next offsets to read. Raises FencedError for another generation's."""
        if member not in self.group.members or generation != self.group.generation:
            raise FencedError("a commit of another generation")
        self.group.committed.update(offsets)
