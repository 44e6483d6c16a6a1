"""`monitor demo`: example patients travel through a broker, a worker and a database, watched."""

import asyncio
import signal
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.clock import Clock
from monitor.closing import Closing
from monitor.exits import Exit, ExpectedError
from monitor.rulesets import Rulesets

if TYPE_CHECKING:
    from monitor.cli.demo_feed import Feed, Subscriber
    from monitor.cli.demo_screen import Screen
    from monitor.cli.demo_stage import Stage
    from monitor.ledger.entries import Counts, TopicPartition
    from monitor.ledger.sql import SqlLedger

LISTEN_SECONDS = 0.05
LOOK_SECONDS = 0.25
STALLED_SECONDS = 60.0
IDLE_SECONDS = 0.5
CLOSES = "All events are recorded. The worker is started again: it closes yesterday …"

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when everything was told, not at Ctrl-C.")
    ] = False,
    speed: Annotated[
        float, typer.Option(min=0, help="Events per second to send; 0 is as fast as it goes.")
    ] = 150.0,
) -> None:
    """Watch example patients: an embedded broker, a worker, a database in a temporary folder.

    Real imaging series of a published study and a made-up cohort of the trial; no network is used.
    """
    from monitor.cli import words
    from monitor.cli.demo_stage import Stage

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    out = words.console()
    out.print("Starting a broker, a database and a worker …")
    try:
        with Stage() as stage:
            _perform(stage, speed, once=once)
    except KeyboardInterrupt:
        out.print("Stopped.")
        raise typer.Exit(Exit.INTERRUPTED if once else Exit.OK) from None


def _perform(stage: "Stage", speed: float, *, once: bool) -> None:
    from monitor.cli import demo_screen, words
    from monitor.cli.demo_feed import Feed, Subscriber, example_events
    from monitor.cli.demo_stage import PARTITIONS
    from monitor.ledger.engine import open_engine
    from monitor.ledger.sql import SqlLedger

    out = words.console()
    stage.start_worker(closes_days=False)
    _await_worker(stage)
    words.show(out, f"Sending example events; the worker's log is {stage.log}", "")
    feed = Feed(stage.bootstrap_servers, example_events(), speed, Clock())
    subscriber = Subscriber(stage.bootstrap_servers, PARTITIONS)
    ledger = SqlLedger(open_engine(stage.database_url))
    with asyncio.Runner() as runner:
        try:
            with demo_screen.Screen(out, feed.total) as screen:
                watch = Watch(stage, feed, subscriber, screen, ledger, runner)
                watch.until_told()
                words.show(out, "", CLOSES, "")
                stage.stop_worker()
                stage.start_worker(closes_days=True)
                watch.until_told(closed=True)
                _await_worker(stage)  # ended while it joins its group, it would log errors
            outcomes = runner.run(ledger.offsets(stage.group))
            refused = runner.run(ledger.quarantined())
        finally:
            runner.run(ledger.close())
    demo_screen.summary(out, [counts for _, counts in outcomes.values()], refused, screen.said)
    demo_screen.next_steps(out, stage.database, stage.for_a_shell)
    if not once:
        demo_screen.goes_on(out, stage.bootstrap_servers)
        while True:
            for notice in subscriber.listen(IDLE_SECONDS):
                screen.notice(notice)
            stage.check_worker()


def _await_worker(stage: "Stage") -> None:
    """Let the worker get its partitions, so that events are decided in the order sent."""
    clock = Clock()
    until = clock.monotonic() + STALLED_SECONDS
    while not stage.worker_is_ready():
        if clock.monotonic() > until:
            raise ExpectedError(f"the worker is not ready.{stage.log_tail()}")
        time.sleep(LISTEN_SECONDS)


class Watch:
    """Sends, listens and looks into the ledger in turn until every notice was heard."""

    def __init__(
        self,
        stage: "Stage",
        feed: "Feed",
        subscriber: "Subscriber",
        screen: "Screen",
        ledger: "SqlLedger",
        runner: asyncio.Runner,
    ) -> None:
        self._stage, self._feed, self._subscriber = stage, feed, subscriber
        self._screen, self._ledger, self._runner = screen, ledger, runner
        self._clock = Clock()
        self._moved = self._looked = self._clock.monotonic()
        self._recorded = self._heard = -1
        self._closing = Closing(ledger, self._clock, Rulesets())

    def until_told(self, *, closed: bool = False) -> None:
        """With `closed` until no day is left to close either.

        Raises ExpectedError when the worker ends, or when nothing moves for a minute.
        """
        while not self._look() or (closed and self._unclosed()) or self._untold():
            self._feed.send_due()
            for notice in self._subscriber.listen(LISTEN_SECONDS):
                self._screen.notice(notice)
            self._stage.check_worker()
        self._screen.moved(self._feed.sent, self._recorded)

    def _look(self) -> bool:
        """Whether the ledger has recorded everything; looks a few times a second only."""
        now = self._clock.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            recorded = _deliveries(self._runner.run(self._ledger.offsets(self._stage.group)))
            if (recorded, self._subscriber.heard) != (self._recorded, self._heard):
                self._moved = now
            self._recorded, self._heard = recorded, self._subscriber.heard
            self._screen.moved(self._feed.sent, recorded)
            if now - self._moved > STALLED_SECONDS:
                raise ExpectedError(
                    f"nothing has moved for {STALLED_SECONDS:.0f} s: {self._feed.sent} events "
                    f"sent, {recorded} recorded, {self._heard} notices heard."
                    + self._stage.log_tail()
                )
        return self._recorded == self._feed.total

    def _unclosed(self) -> bool:
        return bool(self._runner.run(self._closing.days(1)))

    def _untold(self) -> bool:
        told = self._runner.run(self._ledger.notices(None))
        return len(told) != self._subscriber.heard


def _deliveries(offsets: "Mapping[TopicPartition, tuple[int, Counts]]") -> int:
    return sum(
        counts.applied + counts.duplicate + counts.stale + counts.rejected
        for _, counts in offsets.values()
    )
