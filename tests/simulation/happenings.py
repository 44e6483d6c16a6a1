"""What befalls a world beside its calls: time, messages, and the faults of its weather."""

import datetime
from collections.abc import Callable, Iterator
from functools import partial

from tests.auditor.draw_rules import draw_rules
from tests.auditor.drawing import Pen
from tests.simulation.calls import Call
from tests.simulation.passage import Passage
from tests.simulation.weather import AWAY
from tests.simulation.worker import Worker
from tests.simulation.world import World

TIMER, PRODUCE = 2.0, 4.0  # weights; see weather.WEIGHTS for those of calls
CHANGED_SHARE = 0.7  # of the studies
Happening = tuple[float, Callable[[], None]]


class Happenings:
    """Offers what may happen now, each with its weight, and does it."""

    def __init__(self, world: World, passage: Passage, saves_after: int) -> None:
        self._world = world
        self._passage = passage
        self._saves_after = saves_after  # steps

    def offered(self, timeout: float | None) -> Iterator[Happening]:
        world = self._world
        if timeout is not None:
            yield TIMER, partial(self.time, timeout + world.chance.choice((0.0, 0.3)))
        if world.queue:
            yield PRODUCE, self.produce
        if world.late:
            yield 1.0, self.append_late
        yield 0.4, self._days_pass
        yield 0.3, self._lapse
        yield from self._about_workers()
        yield from self._about_servers()
        yield from self._about_copies()
        yield from self._about_rules()

    def _about_workers(self) -> Iterator[Happening]:
        world, weather = self._world, self._world.weather
        alive, members = world.alive, world.broker.group.members
        if len(alive) < weather.workers and world.changing is None:
            yield (1.0 if alive else 6.0), self.start_worker
        for one in world.workers:
            if not one.alive and one.name in members:
                yield 1.0, partial(self._leave, one, "session timeout")
            if one.alive and one.paused:
                yield 0.8, partial(self._resume, one)
                if one.name in members:
                    yield weather["evicted"], partial(self._leave, one, "evicted")
        running = [one for one in alive if not one.paused]
        if running:
            yield weather["pause"], partial(self._pause, running)
            yield weather["stop"], partial(self._stop, running)
        if members:
            yield weather["rebalance"], self._rebalance

    def _about_servers(self) -> Iterator[Happening]:
        world, weather = self._world, self._world.weather
        for kind, server in AWAY.items():
            if server in world.away:
                yield 1.0, partial(self._back, server)
            else:
                yield weather[kind], partial(self._away, server, kind)
        yield weather["clock jump"], self._clock_jump
        yield weather["database clock jump"], self._database_clock_jump

    def _about_copies(self) -> Iterator[Happening]:
        world = self._world
        if world.is_behind:
            yield 2.0, self.set_back
        if not world.weather["restored"] or world.is_restored:
            return
        if world.database.copy is not None:
            yield world.weather["restored"], self._restore
        elif len(world.trace) > self._saves_after:
            yield 4.0, self._save

    def _about_rules(self) -> Iterator[Happening]:
        world = self._world
        if world.is_unruled or (world.changing is not None and not world.changing.alive):
            yield 4.0, self.activate
        elif len(world.trace) > self._saves_after and not world.faults["rules changed"]:
            yield world.weather["rules changed"], self._change_rules

    # Time

    def time(self, seconds: float) -> None:
        self._world.note("-", "time")
        self._world.loop.advance(seconds)

    def _lapse(self) -> None:
        """Long enough for sessions, leases and pauses between attempts."""
        self.time(self._world.chance.uniform(1.0, 15.0))

    def _days_pass(self) -> None:
        world = self._world
        days = world.chance.choice((1, 3, 10, 30, 90, 200))
        world.start += datetime.timedelta(days=days)
        world.note("-", "days", str(days))

    def _clock_jump(self) -> None:
        """One machine's clock is wrong from now on, by seconds or by days."""
        world = self._world
        if world.alive:
            one = world.chance.choice(world.alive)
            hours = world.chance.choice((-24 * 40, -24, -1, 1, 24, 24 * 3))
            one.clock.skew = datetime.timedelta(hours=hours)
            self._struck(one.name, "clock jump", str(hours))

    def _database_clock_jump(self) -> None:
        world = self._world
        seconds = world.chance.choice((-30.0, -3.0, 3.0, 30.0))
        world.database.skew_seconds += seconds
        self._struck("-", "database clock jump", str(seconds))

    # Messages

    def produce(self) -> None:
        world = self._world
        for _ in range(world.chance.choice((1, 3, 6, 9))):
            if world.queue:
                one = world.queue.pop()
                place = world.broker.append(
                    one.topic, one.key, one.value, one.headers, one.partition
                )
                world.sent[one.topic, *place] = one
        world.note("-", "produce")

    def append_late(self) -> None:
        """A message of which the producer was told that it failed reaches its log after all."""
        call: Call = self._world.late.pop(0)
        self._world.note(call.who.name, "late append")
        call.effect()

    # Workers

    def start_worker(self) -> None:
        self._world.start_worker()
        self._world.note(self._world.workers[-1].name, "start")

    def _leave(self, one: Worker, how: str) -> None:
        self._world.broker.leave(one.name)
        self._struck(one.name, how)

    def _pause(self, running: list[Worker]) -> None:
        one = self._world.chance.choice(running)
        one.paused = True
        self._struck(one.name, "pause")

    def _resume(self, one: Worker) -> None:
        one.paused = False
        self._world.note(one.name, "resume")

    def _stop(self, running: list[Worker]) -> None:
        one = self._world.chance.choice(running)
        one.stop()
        self._struck(one.name, "stop")

    def _rebalance(self) -> None:
        world = self._world
        world.chance.shuffle(world.broker.group.members)
        world.broker.rebalance()
        self._struck("-", "rebalance")

    # Servers

    def _away(self, server: str, kind: str) -> None:
        self._world.away.add(server)
        self._struck("-", kind)

    def _back(self, server: str) -> None:
        self._world.away.discard(server)
        self._world.note("-", "back", server)

    def _save(self) -> None:
        self._world.database.save()
        self._world.note("-", "saved")

    def _restore(self) -> None:
        """The database is that of an earlier point; what was on its way to the later one fails."""
        world = self._world
        world.database.restore()
        world.is_restored = True
        for call in list(world.exchange.waiting):
            if call.to == "ledger":
                self._passage.cut(call)
        self._struck("-", "restored")

    def set_back(self) -> None:
        """What an operator does then: stop the workers, set the group's offsets to the ledger's."""
        world = self._world
        for one in world.alive:
            world.kill(one)
        for name in list(world.broker.group.members):
            world.broker.leave(name)
        recorded = world.database.recorded()
        world.broker.group.committed = {
            place: recorded[place] + 1 for place in world.broker.places if place in recorded
        }
        world.is_behind = world.is_restored = False
        self._struck("-", "set back")

    def _change_rules(self) -> None:
        """Other rules for some studies: the workers are stopped, and who sleeps sleeps on."""
        world = self._world
        for one in world.alive:
            if not one.paused:
                world.kill(one)
        for study in world.rules:
            if world.chance.random() < CHANGED_SHARE:
                world.rules[study] = draw_rules(Pen(f"{world.seed} {study}"))
        self._struck("-", "rules changed")
        self.activate()

    def activate(self) -> None:
        """The command is run, once more where it was cut off or where its work was undone."""
        self._world.is_unruled = False
        self._world.start_operator()
        self._world.note("-", "activate")

    def _struck(self, who: str, kind: str, how: str = "") -> None:
        self._world.struck(kind)
        self._world.note(who, kind, how)
