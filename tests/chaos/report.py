"""What a run has shown: lines while it goes on, a summary at its end, JSON on request."""

import argparse
import json
import math
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.chaos import worker_faults
from tests.chaos.bench import Run
from tests.chaos.campaign import STILL_S, WITHIN_S, Campaign, Overcome
from tests.chaos.checker import Evidence, Kind, Violation
from tests.chaos.ends import by_kill, crashes
from tests.chaos.supervisor import Life
from tests.chaos.verdicts import verdicts

SHOWN_MAX = 20
RELAY_BATCH = 500  # what one interrupted relay may leave to be sent again
# Takeover after the end of a worker, seconds; the middle of a few says nothing.
KILL_P50_S, KILL_P99_S, TERM_P99_S = 10.0, 15.0, 2.0
FEW = 5
LOST = {Kind.LOST, Kind.MISSED, Kind.UNSENT}
DOUBLED = {Kind.DOUBLED}
OVERTAKEN = b"another writer was first"
TAKEOVERS = {kind for kind in worker_faults.FAULTS if kind.startswith("worker killed")}
TERM_KINDS = {"worker asked to end"}


class Report:
    """Collects what happened; `failures` is empty when all was well."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.failures: list[str] = []
        self.facts: dict[str, Any] = {"seed": options.seed, "nodes": options.nodes}
        self._path: Path | None = options.report
        self._whole = options.only is None
        self.left_out: Collection[str] = ()  # kinds that cannot be made here
        self._checked = False
        self._began = time.monotonic()
        self._overcome: list[Overcome] = []
        self._violations: list[tuple[str, Violation]] = []

    def say(self, line: str) -> None:
        """Write a line at once."""
        print(line, flush=True)

    def fail(self, what: str) -> None:
        """Note a failure and say it."""
        self.failures.append(what)
        self.say(f"FAILED: {what}")

    def add_run(
        self, run: Run, campaign: Campaign, *, settled: bool, ended: Sequence[Life]
    ) -> None:
        """The faults and the ends of a run."""
        overcome = [self._timed(one) for one in campaign.overcome]
        self._overcome += overcome
        for one in overcome:
            if one.failed:
                self.failures.append(f"{one.kind}: {one.failed}")
        for stall in run.watch.stalled:
            self.fail(stall)
        if not settled:
            self.fail("what was acknowledged was not recorded and told in time")
        for problem, times in Counter(run.feed.failed).items():
            self.fail(f"the feed: {problem} ({times} times)")
        for crash in crashes(run.supervisor.lives, run.outages):
            self.fail(crash)
        codes = [life.code for life in ended]
        if any(codes):
            self.fail(f"the last workers ended with exit codes {codes}")
        if self.failures:
            self.say(run.supervisor.last_words())
        unasked = [life.code for life in run.supervisor.lives if life.asked is None]
        self.facts["events"] = len(run.feed.acknowledged)
        self.facts["unasked exits"] = dict(Counter(str(c) for c in unasked if c is not None))
        self.facts["most memory of a worker, MB"] = run.watch.memory_max >> 20
        self.facts["times that two workers wrote the same rows"] = run.said(OVERTAKEN)
        self.facts["COMMITs seen by the proxy"] = run.bench.database_link.commits.seen
        self.facts["ends of workers"] = len(run.supervisor.lives)
        self.facts["worker kills"] = sum(map(by_kill, run.supervisor.lives))

    def _timed(self, one: Overcome) -> Overcome:
        """As failed where it took longer than its limit, in a run of all kinds."""
        limit, took = WITHIN_S.get(one.kind, math.inf), one.recovery_s
        if one.kind in STILL_S and self.facts["nodes"] > 1:  # the only broker is an outage
            limit, took = STILL_S[one.kind], one.still_s
        if one.failed or took <= limit or not self._whole:
            return one
        words = f"work went on after {took:.1f} s, not within {limit:.0f} s"
        self.say(f"FAILED: {one.kind}: {words}")
        return replace(one, failed=words)

    def add_audit(self, code: int | None) -> None:
        """The exit code of the program's own audit."""
        self.facts["exit code of monitor audit --all"] = code
        if code != 0:
            self.fail(f"main: monitor audit --all ended with {code}")

    def add_evidence(self, name: str, evidence: Evidence, found: Sequence[Violation]) -> None:
        """What the checker found in the long run."""
        self._checked = True
        self._violations += [(name, one) for one in found]
        for one in found[:SHOWN_MAX]:
            self.fail(f"{name}: {one.kind}: {one.what}")
        self.failures += [f"{name}: {one.kind}: {one.what}" for one in found[SHOWN_MAX:]]
        told = Counter(one.finding for one in evidence.notices)
        self.facts[f"{name}: notices by finding"] = dict(told)
        copies = len(evidence.published) - len(evidence.notices)
        self.facts[f"{name}: accepted, quarantined, notices"] = [
            len(evidence.accepted), len(evidence.quarantined), len(evidence.notices),
        ]  # fmt: skip
        self.facts[f"{name}: duplicates on the notices topic"] = copies
        allowed = RELAY_BATCH * self._interruptions()
        if copies > allowed:
            self.fail(f"{name}: {copies} notices sent again, at most {allowed} were to be expected")
        compared = sum(bool(sample.committed) for sample in evidence.samples)
        self.facts[f"{name}: looks at committed offsets"] = compared
        if not compared and self._whole:
            self.fail(f"{name}: the committed offsets were never compared with the ledger")
        letters = len(evidence.dead_letters) - len(evidence.quarantined)
        self.facts[f"{name}: duplicates on the dead letter topics"] = letters

    def _interruptions(self) -> int:
        """How often a relay may have lost what it had sent: by its end, or by server or network.

        Nobody knows who held the lease, so every kill counts; an orderly end marks what it sent.
        """
        elsewhere = [one for one in self._overcome if one.kind not in worker_faults.FAULTS]
        frozen = [one for one in self._overcome if one.kind == "worker frozen"]
        return int(self.facts["worker kills"]) + len(elsewhere) + len(frozen)

    def add_mended(self, done: Overcome, found: Sequence[Violation]) -> None:
        """A fault that an operator mends, and what the checker found after it."""
        self._overcome.append(done)
        self._violations += [(done.kind, one) for one in found]
        told = f"FAILED: {done.failed}" if done.failed else "mended as its runbook says"
        self.say(f"{done.kind}: {told} ({done.lasted_s:.0f} s) {done.note}")
        if done.failed:
            self.failures.append(f"{done.kind}: {done.failed}")

    def keep_logs(self, run: Run, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for slot in run.supervisor.slots:
            if slot.log.exists():
                shutil.copy(slot.log, folder / slot.log.name)

    def close(self) -> None:
        """Say the summary; write the JSON."""
        kinds = Counter(one.kind for one in self._violations_only())
        self.facts["lost"] = sum(kinds[kind] for kind in LOST)
        self.facts["doubled"] = sum(kinds[kind] for kind in DOUBLED)
        self.facts["wrong"] = sum(kinds.values()) - self.facts["lost"] - self.facts["doubled"]
        self.facts["violations"] = {str(kind): count for kind, count in kinds.items()}
        self.facts["faults"] = dict(Counter(one.kind for one in self._overcome if one.made))
        unmade = Counter(one.kind for one in self._overcome if not one.made)
        self.facts["faults that could not be made"] = dict(unmade)
        self._count_what_came_again()
        self._compare("SIGKILL", TAKEOVERS, {"p50": KILL_P50_S, "p99": KILL_P99_S})
        self._compare("SIGTERM", TERM_KINDS, {"p99": TERM_P99_S})
        self.facts["seconds"] = round(time.monotonic() - self._began)
        self.say("\nScenarios:")
        violated = any(name == "main" for name, _ in self._violations)
        scenarios = list(
            verdicts(self._overcome, self.left_out, checked=self._checked, violated=violated)
        )
        for line in scenarios:
            self.say(f"  {line}")
        self.say("\nSummary:")
        for name, value in self.facts.items():
            self.say(f"  {name}: {value}")
        self.say("FAILED" if self.failures else "All well.")
        if self._path is not None:
            told = self.facts | {"scenarios": scenarios, "failures": self.failures}
            told["faults in order"] = [vars(one) for one in self._overcome]
            self._path.write_text(json.dumps(told, indent=1, default=str) + "\n")

    def _count_what_came_again(self) -> None:
        """Fail where workers were killed, and none of them had anything in hand."""
        kills = [one for one in self._overcome if one.kind in TAKEOVERS and one.made]
        left = [one.again for one in kills if one.again]
        self.facts["kills that left deliveries to come again"] = len(left)
        self.facts["deliveries that came again after them"] = sum(left)
        if kills and not left and self._whole:
            self.fail("no kill left anything to come again")

    def _compare(self, signal: str, kinds: Collection[str], limits: Mapping[str, float]) -> None:
        """Take the takeovers after these kinds down, and fail where they took too long."""
        some = [one for one in self._overcome if one.kind in kinds and one.made]
        found = self.facts[f"takeover after {signal}, s"] = spread(some)
        for name, limit in limits.items():
            few = name == "p50" and found["count"] < FEW
            if found.get(name, 0.0) > limit and not few:
                self.fail(f"takeover after {signal}: {name} {found[name]} s, not {limit:g} s")
        if not found["count"] and self._whole:
            self.fail(f"no takeover after {signal} was measured")

    def _violations_only(self) -> Iterator[Violation]:
        return (one for _, one in self._violations)


def spread(some: Iterable[Overcome]) -> dict[str, float]:
    """Count, median and 99th percentile of the recoveries."""
    found = sorted(one.recovery_s for one in some if one.recovery_s >= 0)
    if not found:
        return {"count": 0}
    p99 = found[min(len(found) - 1, int(len(found) * 0.99))]
    middle = statistics.median(found)
    return {"count": len(found), "p50": round(middle, 1), "p99": round(p99, 1)}
