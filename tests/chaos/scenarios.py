"""The thirty-six faults that a monitor of patients must survive, and how each is tried here.

Of every scenario holds besides what is written: the checker finds nothing lost, doubled, invented,
wrong or out of order, and the work goes on without an operator unless it says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.crash_points import POINTS
from tests.chaos import clocks, disk

STREAM = "the stream itself"  # not a fault: what the long run's messages bring with them


@dataclass(frozen=True)
class Scenario:
    """One row: what is expected, and the kinds of faults that try it, or why none does here."""

    name: str
    expected: str
    kinds: tuple[str, ...] = ()
    why_not: str = ""


SCENARIOS: Mapping[int, Scenario] = {
    1: Scenario(
        "worker killed at any moment",
        "another worker takes over within 15 s (p99); what is sent again has the same bytes",
        ("worker killed",),
    ),
    2: Scenario(
        "worker killed at each crash point",
        "the next start explains what each point leaves behind; no step by hand",
        (*(f"worker killed at {p}" for p in POINTS), "worker killed after COMMIT was sent"),
    ),
    3: Scenario(
        "SIGTERM under load",
        "exit code 0 within 10 s, work goes on within 2 s (p99)",
        ("worker asked to end", "workers restarted in turn"),
    ),
    4: Scenario(
        "zombie",
        "a worker that wakes up after its session ended writes nothing over the other's work",
        ("worker frozen", "one way lost to one worker"),
    ),
    5: Scenario(
        "broker and leader killed",
        "a pause of at most 15 s, no delivery skipped, a patient's order kept",
        ("broker killed", "leader killed"),
    ),
    6: Scenario(
        "all brokers down",
        "workers live on with bounded memory and go on by themselves",
        ("all brokers down",),
    ),
    7: Scenario(
        "brokers restarted in turn, the controller too",
        "no delivery lost, no worker ended, work goes on within 5 s after it",
        ("brokers restarted in turn",),
    ),
    8: Scenario(
        "one direction of the network lost",
        "noticed within the session's time; no two owners of a patient's state",
        (
            "one way lost to all",
            "one way lost to one worker",
            "database black hole for one worker",
            "Kafka connections reset",
        ),
    ),
    9: Scenario(
        "slow network",
        "no rebalance because of latency alone",
        ("slow network",),
    ),
    10: Scenario(
        "rebalance storm",
        "commits go on, nobody is stuck when it is over",
        ("rebalance storm",),
    ),
    11: Scenario(
        "coordinator lost",
        "offsets are committed again, what comes twice is recognised",
        ("coordinator killed",),
    ),
    12: Scenario(
        "unknown outcome of a COMMIT",
        "the second try finds what the first recorded: one row",
        ("cut after COMMIT", "worker killed after COMMIT was sent"),
    ),
    13: Scenario(
        "database stopped or killed",
        "nothing acknowledged that the database lacks; work goes on within 10 s when it is back",
        (
            "database stopped",
            "database killed",
            "worker killed while the database was away",
            "database cut off",
            "database connections reset",
        ),
    ),
    14: Scenario(
        "database failed over to an older copy",
        "workers end with code 75; set back as the runbook says, they fill what is missing",
        ("database restored from an older copy",),
    ),
    15: Scenario(
        "disk of the database full",
        "no offset passes what is not saved; work goes on when there is space",
        ("disk of the database full",),
        disk.WHY_NOT,
    ),
    16: Scenario(
        "disk of a broker or of a worker's state full",
        "a broker goes away as in 5; a worker keeps nothing on disk",
        why_not="a worker has no state on disk, and a broker without space ends itself: 5 and 6",
    ),
    17: Scenario(
        "power lost with unwritten pages",
        "what was committed is there",
        why_not="needs a file system that forgets unwritten pages; kills leave them to the kernel",
    ),
    18: Scenario(
        "corrupt snapshot or changelog",
        "found by its checksum and never used",
        why_not="the monitor has neither: the database is its only state",
    ),
    19: Scenario(
        "retention passed the committed offset",
        "workers refuse to start (78); after the runbook's steps they go on with what was resent",
        ("retention passed the offset",),
    ),
    20: Scenario(
        "topic made again, or more partitions",
        "running workers end within 30 s (78); with a new group nothing is told twice",
        ("topic made again", "partitions added"),
    ),
    21: Scenario(
        "poison",
        "no value, broken UTF-8, a missing field, a strange topic, 1 % in all: quarantined with"
        " its own bytes, dead letter sent, everybody else goes on",
        (STREAM,),
    ),
    22: Scenario(
        "an error of our own for one patient",
        "that patient is set aside, the others go on",
        why_not="no such error is planted in a real worker here: tests/intake plants it in one"
        " program, over a ledger in memory",
    ),
    23: Scenario(
        "quarantine not to be had",
        "nothing is acknowledged: it is a table of the same database as all else",
        ("database stopped", "disk of the database full"),
    ),
    24: Scenario(
        "redrive of quarantined messages",
        "idempotent, in order, audited",
        why_not="there is no redrive command; senders publish again, as scenario 19 does",
    ),
    25: Scenario(
        "schema drift",
        "words that we do not know and types of a newer version: quarantined, never bent to fit",
        (STREAM,),
    ),
    26: Scenario(
        "duplicates, and one name for two contents",
        "one message in twenty twice: recognised across restarts; another content under the same"
        " id or version: quarantined",
        (STREAM,),
    ),
    27: Scenario(
        "out of order and months late",
        "three in a hundred come 30 to 200 days late: the same findings stand as in their order",
        (STREAM,),
    ),
    28: Scenario(
        "corrections, removals, moves to another patient",
        "second versions, some sent before the first, some taking the record back or naming"
        " another patient: decided anew from that point; one version stands",
        (STREAM,),
    ),
    29: Scenario(
        "clock off by an hour",
        "decisions depend on the days in the events only",
        ("clock of a worker off",),
        clocks.WHY_NOT,
    ),
    30: Scenario(
        "times without a zone",
        "refused at the boundary",
        why_not="about single messages, not about faults: tests/wire has them",
    ),
    31: Scenario(
        "notices that nobody takes",
        "they wait in the outbox and on the topic, in order",
        why_not="no fault here holds the notices' topic alone: tests/intake has a relay whose sends"
        " do not come back",
    ),
    32: Scenario(
        "one patient has half of all events",
        "the other partitions go on",
        why_not="a matter of speed, which a machine shared by all servers cannot show",
    ),
    33: Scenario(
        "memory used up",
        "queues are bounded; a kill is scenario 1",
        why_not="needs a cgroup of its own; the summary tells the most memory a worker had",
    ),
    34: Scenario(
        "certificates, passwords and rights that end",
        "not ready, with a reason",
        why_not="the bench's servers have no security: tests/stream has the settings",
    ),
    35: Scenario(
        "rolling deployment with a new schema, and back",
        "nothing lost, both versions work",
        why_not="one program and one revision of the schema are here: 3 restarts workers in turn",
    ),
    36: Scenario(
        "everything lost but the topics",
        "the same findings with the same ids, nothing sent twice",
        why_not="tests/reconciliation loses the database and rebuilds it from a real broker",
    ),
}
