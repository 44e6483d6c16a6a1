"""What a run has shown: lines while it goes on, a summary at its end, JSON on request."""

import argparse
import json
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.chaos import worker_faults
from tests.chaos.bench import Run
from tests.chaos.campaign import Campaign, Overcome
from tests.chaos.checker import Evidence, Kind, Violation
from tests.chaos.scenarios import verdicts
from tests.chaos.supervisor import Life

SHOWN_MAX = 20
RELAY_BATCH = 500  # what one interrupted relay may leave to be sent again
LOST = {Kind.LOST, Kind.MISSED, Kind.UNSENT}
DOUBLED = {Kind.DOUBLED}
TAKEOVERS = {kind for kind in worker_faults.FAULTS if kind.startswith("worker killed")}
TERM_KINDS = ("worker asked to end",)


class Report:
    """Collects what happened; `failures` is empty when all was well."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.failures: list[str] = []
        self.facts: dict[str, Any] = {"seed": options.seed, "nodes": options.nodes}
        self._path: Path | None = options.report
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
        self._overcome += campaign.overcome
        for one in campaign.overcome:
            if one.failed:
                self.failures.append(f"{one.kind}: {one.failed}")
        for stall in run.watch.stalled:
            self.fail(stall)
        if not settled:
            self.fail("what was acknowledged was not recorded and told in time")
        for problem in run.feed.failed:
            self.fail(f"the feed: {problem}")
        for name, code in run.supervisor.refused().items():
            self.fail(f"{name} ended with exit code {code}, which no restart mends")
        codes = [life.code for life in ended]
        if any(codes):
            self.fail(f"the last workers ended with exit codes {codes}")
        if self.failures:
            self.say(run.supervisor.last_words())
        unasked = [life.code for life in run.supervisor.lives if life.asked is None]
        self.facts["events"] = len(run.feed.acknowledged)
        self.facts["unasked exits"] = dict(Counter(str(c) for c in unasked if c is not None))
        self.facts["most memory of a worker, MB"] = run.watch.memory_max >> 20
        self.facts["COMMITs seen by the proxy"] = run.bench.database_link.commits.seen
        self.facts["ends of workers"] = len(run.supervisor.lives)
        kills = sum(life.code == -9 for life in run.supervisor.lives)
        self.facts["worker kills"] = kills

    def add_evidence(self, name: str, evidence: Evidence, found: Sequence[Violation]) -> None:
        """What the checker found."""
        self._violations += [(name, one) for one in found]
        for one in found[:SHOWN_MAX]:
            self.fail(f"{name}: {one.kind}: {one.what}")
        self.failures += [f"{name}: {one.kind}: {one.what}" for one in found[SHOWN_MAX:]]
        copies = len(evidence.published) - len(evidence.notices)
        self.facts[f"{name}: accepted, quarantined, notices"] = [
            len(evidence.accepted), len(evidence.quarantined), len(evidence.notices),
        ]  # fmt: skip
        self.facts[f"{name}: duplicates on the notices topic"] = copies
        allowed = RELAY_BATCH * (len(self._overcome) + self.facts["ends of workers"])
        if copies > allowed:
            self.fail(f"{name}: {copies} notices sent again, at most {allowed} were to be expected")
        letters = len(evidence.dead_letters) - len(evidence.quarantined)
        self.facts[f"{name}: duplicates on the dead letter topics"] = letters

    def add_mended(self, done: Overcome) -> None:
        """A fault that an operator mends."""
        self._overcome.append(done)
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
        self.facts["faults"] = dict(Counter(one.kind for one in self._overcome))
        self.facts["takeover after SIGKILL, s"] = spread(
            one for one in self._overcome if one.kind in TAKEOVERS
        )
        self.facts["takeover after SIGTERM, s"] = spread(
            one for one in self._overcome if one.kind in TERM_KINDS
        )
        self.facts["seconds"] = round(time.monotonic() - self._began)
        self.say("\nScenarios:")
        scenarios = list(verdicts(self._overcome, violated=bool(self._violations)))
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

    def _violations_only(self) -> Iterator[Violation]:
        return (one for _, one in self._violations)


def spread(some: Iterator[Overcome]) -> dict[str, float]:
    """Count, median and 99th percentile of the recoveries."""
    found = sorted(one.recovery_s for one in some if one.recovery_s >= 0)
    if not found:
        return {"count": 0}
    p99 = found[min(len(found) - 1, int(len(found) * 0.99))]
    middle = statistics.median(found)
    return {"count": len(found), "p50": round(middle, 1), "p99": round(p99, 1)}
