"""`python -m tests.chaos`: breaks everything on purpose and says whether anything came of it."""

import argparse
import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.bench import MONITOR, Bench, Run, open_bench, open_run
from tests.chaos.campaign import FAULTS, Campaign
from tests.chaos.checker import gather, violations
from tests.chaos.clocks import faketime
from tests.chaos.report import Report
from tests.chaos.runbooks import STEPS, mended
from tests.senders.cohort import cohort
from tests.services import UnavailableError

SETTLE_SECONDS_MAX = 60.0
AUDIT_SECONDS_MAX = 600.0
SPARE_SECONDS = 120.0  # the last fault may outlast the time


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long faults are made")
    parser.add_argument("--faults", type=int, help="make at most so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=3, help="of Kafka")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=float, default=100.0, help="events per second")
    parser.add_argument(
        "--only",
        action="append",
        choices=[*FAULTS, *STEPS],
        metavar="KIND",
        help="this kind of fault (again for more); one that there is not names them all",
    )
    parser.add_argument(
        "--without-runbooks", action="store_true", help="leave out what an operator mends"
    )
    parser.add_argument("--report", type=Path, help="write the report here as JSON")
    parser.add_argument("--logs", type=Path, help="keep the workers' logs here")
    return parser.parse_args(given)


def impossible(bench: Bench) -> set[str]:
    """The kinds of faults that cannot be made here."""
    left_out = set()
    if bench.disk is None:
        left_out.add("disk of the database full")
    if faketime() is None:
        left_out.add("clock of a worker off")
    return left_out


async def main_run(bench: Bench, options: argparse.Namespace, report: Report) -> None:
    """The long run: faults that the monitor must overcome by itself."""
    report.left_out = impossible(bench)
    kinds = [kind for kind in options.only or FAULTS if kind in FAULTS.keys() - report.left_out]
    if not kinds:
        report.fail("none of the faults asked for can be made here")
        return
    seconds = options.minutes * 60
    messages = cohort(int((seconds + SPARE_SECONDS) * options.rate), options.seed)
    workers, rate = options.workers, options.rate
    async with open_run(bench, "main.", messages, per_second=rate, workers=workers) as run:
        run.feed.start()
        rng = random.Random(options.seed)
        campaign = Campaign(run, rng, report.say, kinds)
        await campaign.strike(seconds, options.faults)
        await asyncio.to_thread(run.feed.end)
        calm_at = time.monotonic()
        settled = await run.watch.settles(SETTLE_SECONDS_MAX)
        report.say(f"settled in {time.monotonic() - calm_at:.1f} s" if settled else "NOT settled")
        if not await run.rests():
            report.say("NOT at rest")  # the checker counts it as late
        ended = await asyncio.to_thread(run.supervisor.stop_all)
        report.add_run(run, campaign, settled=settled, ended=ended)
        report.add_audit(await asyncio.to_thread(audit, run))
        report.say(f"checking {len(run.feed.acknowledged)} events …")
        evidence = await gather(bench.cluster.bootstrap, run.url, run.prefix, run.group,
                                run.feed.messages, run.feed.acknowledged, run.watch.samples,
                                calm_at=calm_at)  # fmt: skip
        report.add_evidence("main", evidence, violations(evidence))
        if options.logs:
            report.keep_logs(run, options.logs)


def audit(run: Run) -> int | None:
    """The exit code of the program's own audit of everything; None when it did not end."""
    try:
        return subprocess.run(
            [*MONITOR, "audit", "--all"],
            env=run.supervisor.environment,
            stdout=subprocess.DEVNULL,
            check=False,
            timeout=AUDIT_SECONDS_MAX,
        ).returncode
    except subprocess.TimeoutExpired:
        return None


async def everything(options: argparse.Namespace) -> Report:
    """Both parts, and the report of them."""
    report = Report(options)
    report.say("Starting Kafka and PostgreSQL …")
    async with open_bench(options.nodes, options.seed) as bench:
        report.say(f"{options.nodes} Kafka nodes, {options.workers} workers, seed {options.seed}")
        wanted = options.only or [*FAULTS, *STEPS]
        if FAULTS.keys() & set(wanted):
            await main_run(bench, options, report)
        for name in STEPS if not options.without_runbooks else ():
            if name in wanted:
                report.add_mended(*await mended(name, bench, options.seed))
    return report


def main() -> int:
    """Returns 1 on any violation, on a stall, and where a scenario failed; 2 without servers."""
    options = arguments(sys.argv[1:])
    try:
        report = asyncio.run(everything(options))
    except UnavailableError as missing:
        print(missing)
        return 2
    report.close()
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
