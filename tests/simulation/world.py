"""A world: workers, broker, database and clock of one seed, and what became of them so far."""

import asyncio
import datetime
import random
from collections import Counter

from monitor.clinical.transitions import Ruleset
from monitor.exits import RulesDifferError
from monitor.ledger.port import LedgerBehind, Unavailable
from monitor.settings import INPUT_TOPICS
from tests.auditor import product
from tests.auditor.draw_rules import Rules
from tests.auditor.values import record_of
from tests.simulation.activating import Operator
from tests.simulation.broker import Broker
from tests.simulation.calls import Call, Caller, Exchange
from tests.simulation.database import Database
from tests.simulation.loop import Decide, VirtualLoop
from tests.simulation.sending import Message, Plan, draw_plan
from tests.simulation.weather import Weather, draw_weather
from tests.simulation.worker import Worker, WorkerClock, settings

GROUP = settings(1).kafka.group
Position = tuple[str, int, int]


class World:
    """Everything of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(f"world {seed}")
        self.weather: Weather = draw_weather(self.chance, random.Random(f"rivals {seed}"))
        self.plan: Plan = draw_plan(self.chance, self.weather)
        self.loop = VirtualLoop(self._decide)
        self.broker = Broker(INPUT_TOPICS, self.weather.partitions, seed)
        self.database = Database(GROUP, self.loop.time)
        self.away: set[str] = set()
        self.exchange = Exchange(self.database, self.broker, self.away)
        self.over: asyncio.Future[None] = self.loop.create_future()
        self.start = _first_day(self.plan, self.chance.randrange(24))
        self.workers: list[Worker] = []
        self.sent: dict[Position, Message] = {}
        self.queue = list(reversed(self.plan.messages))
        self.late: list[Call] = []
        self.is_restored = False
        self.is_behind = False  # a worker said so, and an operator has to do something
        self.is_unruled = False
        self.calm = False
        self.changing: Operator | None = None
        self.rules = {study: one.rules for study, one in self.plan.histories.items()}
        self.steps: Counter[str] = Counter()
        self.faults: Counter[str] = Counter(self.plan.faults)
        self.trace: list[str] = []
        self.wrong = self.exchange.wrong
        self._started = 0
        self._tasks: list[asyncio.Task[None]] = []  # kept, so that no collection ends a dead one's
        self.next_step: Decide = idle

    def _decide(self, timeout: float | None) -> None:
        if not self.over.done():
            self.next_step(timeout)
            if self.wrong and not self.over.done():
                self.finish()

    def finish(self) -> None:
        self.exchange.closed = True
        self.over.set_result(None)

    def end(self) -> None:
        """Let go of everything."""
        if not self.over.done():
            self.finish()
        self.loop.end()

    def now(self) -> datetime.datetime:
        return self.start + datetime.timedelta(seconds=self.loop.time())

    def note(self, who: str, what: str, how: str = "") -> None:
        """Count a step and write it down."""
        self.steps[what] += 1
        self.trace.append(f"{who} {what}{': ' if how else ''}{how}")

    def struck(self, kind: str) -> None:
        self.faults[kind] += 1

    @property
    def alive(self) -> list[Worker]:
        return [one for one in self.workers if one.alive]

    # Workers

    def start_worker(self) -> None:
        self._started += 1
        one = Worker(
            f"w{self._started}",
            self.exchange,
            self,
            WorkerClock(self.now, self.loop.time),
            {study: ruleset(rules) for study, rules in self.rules.items()},
            self.weather.batch_max,
        )
        self.workers.append(one)
        undisturbed = not self.weather["start disturbed"]
        self._tasks.append(self.loop.create_task(one.live(undisturbed=undisturbed)))

    def start_operator(self) -> None:
        """Somebody activates the world's rules; no worker starts before that is done."""
        self._started += 1
        self.changing = Operator(
            f"o{self._started}",
            self.exchange,
            self,
            WorkerClock(self.now, self.loop.time),
            {study: ruleset(rules) for study, rules in self.rules.items()},
        )
        self._tasks.append(self.loop.create_task(self.changing.activate()))

    def kill(self, who: Caller) -> None:
        """End a worker between two calls, without any of its own last words."""
        who.alive = False
        self.exchange.forget(who)

    def ended(self, who: Caller, problem: BaseException | None) -> None:
        """Somebody ended by itself: in order, or for a reason that the world knows of."""
        if not who.alive or self.over.done():
            return
        self.kill(who)
        if problem is None:
            self.broker.leave(who.name)
            if who is self.changing:
                self.changing = None
            return
        self.note(who.name, "ended", type(problem).__name__)
        if isinstance(problem, LedgerBehind) and self.is_restored:
            self.is_behind = True
        elif isinstance(problem, RulesDifferError) and self.faults["rules changed"]:
            self.is_unruled = True
        elif not (isinstance(problem, Unavailable) and who in self.starting):
            self.wrong.append(f"a worker ended by itself: {type(problem).__name__}: {problem}")

    @property
    def starting(self) -> list[Caller]:
        """Whoever may end because the database does not answer."""
        return [one for one in self.workers if not one.has_begun]


def idle(_timeout: float | None) -> None:
    """No step: what a world does that nobody steps."""


def ruleset(rules: Rules) -> Ruleset:
    """Drawn rules as the product reads them."""
    found = product.ruleset(rules.toml())
    assert found is not None
    return found


def _first_day(plan: Plan, hour: int) -> datetime.datetime:
    """An hour of a day early in what the events tell of."""
    days = []
    for history in plan.histories.values():
        for event in history.events:
            try:
                days.append(record_of(event).clinical_day)
            except (KeyError, IndexError):
                continue
    first = min(days, default=datetime.date(2025, 1, 1))
    return datetime.datetime.combine(first, datetime.time(hour), datetime.UTC)
