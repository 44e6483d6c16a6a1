"""The whole way on real Kafka and PostgreSQL: what a backlog costs, and how long one event takes.

Senders, broker, database, worker and this program share the machine. A commit is stamped inside of
the worker right after it; Kafka's record timestamps are read back from the topics afterwards.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.wire.delivery import Delivery
from tests.bench import topics
from tests.bench.children import Commit, Place, Worker, recorded, sending
from tests.bench.meter import Cost, cpu_of_listener, quantile
from tests.bench.topics import Sent

DRAIN_SECONDS = 2.0


def backlog(worker: Worker, events: int, ports: dict[str, int]) -> dict[str, Cost]:
    """Wait until the worker has recorded a backlog: what it cost from its first commit on.

    `ports` names the servers whose processor time is told too.
    """
    seen = recorded(worker.wait_for(lambda commits: len(commits) > 0))
    before = {name: cpu_of_listener(port) for name, port in ports.items()}
    commits = worker.wait_for(lambda commits: recorded(commits) >= events)
    after = {name: cpu_of_listener(port) for name, port in ports.items()}
    first, last = commits[0], commits[-1]
    counted = events - recorded(commits[:1])
    name = f"worker, {counted / (len(commits) - 1):.0f} events a commit"
    found = {name: Cost(counted, last.at - first.at, last.cpu_s - first.cpu_s)}
    for name, cpu_s in after.items():
        was = before[name]
        if cpu_s is not None and was is not None:
            found[name] = Cost(events - seen, 0.0, cpu_s - was)
    return found


@dataclass
class Delays:
    """Seconds from Kafka's record timestamp to the commit, and to the notice on its topic."""

    offered: float = 0.0
    committed: list[float] = field(default_factory=list)
    noticed: list[float] = field(default_factory=list)


def steady(
    worker: Worker, bootstrap: str, deliveries: Sequence[Delivery], rate: float, folder: Path
) -> Delays:
    """Offer deliveries at a steady pace to a worker that has nothing else to do."""
    done, begin = len(worker.commits()), topics.ends(bootstrap)
    with topics.subscribed(bootstrap) as noticed:
        with sending(bootstrap, deliveries, rate, folder):
            pass
        end = topics.ends(bootstrap)
        commits = worker.wait_for(lambda commits: recorded(commits) >= sum(end.values()))
        time.sleep(DRAIN_SECONDS)
    return delays(topics.sent_between(bootstrap, begin, end), commits[done:], noticed)


def delays(
    sent: Sequence[Sent], commits: Sequence[Commit], noticed: Sequence[tuple[str, float]]
) -> Delays:
    """Put together what was sent, committed and received."""
    times = [one.at for one in sent]
    found = Delays(offered=(len(times) - 1) / (max(times) - min(times)))
    waiting: dict[Place, list[Sent]] = {}
    for one in sorted(sent, key=lambda one: one.offset, reverse=True):
        waiting.setdefault(one.place, []).append(one)
    for commit in commits:
        for place, last in commit.reached.items():
            some = waiting.get(place, [])
            while some and some[-1].offset <= last:
                found.committed.append(commit.at - some.pop().at)
    first: dict[str, float] = {}
    for one in sorted(sent, key=lambda one: one.at):
        first.setdefault(one.event_id, one.at)  # a later one is a duplicate, which causes nothing
    found.noticed = [at - first[cause] for cause, at in noticed if cause in first]
    return found


def summary(seconds: Sequence[float]) -> str:
    """Quantiles in words."""
    if not seconds:
        return "none came"
    p50, p99 = (quantile(seconds, share) * 1000 for share in (0.5, 0.99))
    most = max(seconds) * 1000
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, most {most:.0f} ms ({len(seconds):,})"
