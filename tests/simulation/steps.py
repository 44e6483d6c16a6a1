"""The steps of a world: so many under its weather, then as many in calm as it needs to rest."""

import datetime
from functools import partial
from zoneinfo import ZoneInfo

from monitor.ledger.entries import PatientKey
from tests.simulation.happenings import Happening, Happenings
from tests.simulation.passage import Passage
from tests.simulation.weather import WEIGHTS
from tests.simulation.world import World

CALL = 3.0  # the weight of a call that waits; see weather.WEIGHTS
CALM_STEPS_MAX = 5_000


class Steps:
    """Draws one step each time that it is called."""

    def __init__(self, world: World, count: int) -> None:
        self._world = world
        self._left = count
        self._calm_left = CALM_STEPS_MAX
        self._has_gone_on = False
        self._passage = Passage(world)
        self._happenings = Happenings(
            world, self._passage, world.chance.randrange(10, max(11, count // 2))
        )

    def __call__(self, timeout: float | None) -> None:
        world = self._world
        if self._left > 0:
            self._left -= 1
            self._draw(timeout)
            return
        if not world.calm:
            self._calm_down()
        if self._is_at_rest():
            self._end_or_go_on()
        elif self._calm_left == 0:
            world.wrong.append(f"no rest after {CALM_STEPS_MAX} calm steps: {self._unrest()}")
        else:
            self._calm_left -= 1
            self._draw_calmly(timeout)

    def _draw(self, timeout: float | None) -> None:
        world = self._world
        offered: list[Happening] = [
            (WEIGHTS.get(one.name, CALL), partial(self._passage.let_through, one))
            for one in world.exchange.waiting
            if one.waiting
        ]
        offered += self._happenings.offered(timeout)
        drawn = world.chance.random() * sum(weight for weight, _ in offered)
        for weight, happen in offered:
            drawn -= weight
            if drawn < 0:
                happen()
                return

    def _calm_down(self) -> None:
        """No more faults: who was paused goes on, what was away is back, the dead are missed."""
        world = self._world
        world.calm = True
        world.away.clear()
        world.broker.rebalance()  # whoever reads goes on from what was committed
        for one in world.workers:
            one.paused = False
            one.clock.skew = datetime.timedelta()
            if world.changing is not None or world.is_unruled:
                world.kill(one)  # the command says that they have to be stopped
            if not one.alive:
                world.broker.leave(one.name)

    def _draw_calmly(self, timeout: float | None) -> None:
        world = self._world
        waiting = [one for one in world.exchange.waiting if one.waiting]
        if world.is_behind:
            self._happenings.set_back()
        elif world.is_unruled or (world.changing is not None and not world.changing.alive):
            self._happenings.activate()
        elif world.changing is None and not world.alive:
            for one in world.workers:
                world.broker.leave(one.name)
            self._happenings.start_worker()
        elif world.late:
            self._happenings.append_late()
        elif waiting:
            self._passage.let_through(world.chance.choice(waiting))
        elif world.queue:
            self._happenings.produce()
        else:
            assert timeout is not None, "nothing waits, and nothing will ever happen"
            self._happenings.time(timeout + world.chance.choice((0.0, 0.3)))

    def _end_or_go_on(self) -> None:
        """At the first rest go on to the day after one on which something falls due."""
        world = self._world
        due = world.database.next_due()
        if self._has_gone_on or due is None:
            world.finish()
            return
        self._has_gone_on = True
        patient, day = due
        days = (day - self._today(patient)).days + 1
        world.start += datetime.timedelta(days=max(0, days))
        world.note("-", "days", str(days))

    def _is_at_rest(self) -> bool:
        return not self._unrest()

    def _unrest(self) -> str:
        """What is still to be done."""
        world = self._world
        if world.changing is not None or world.is_unruled:
            return "rules that were not activated"
        if world.queue or world.late:
            return "messages that were not sent"
        if world.broker.lag():
            return f"{world.broker.lag()} deliveries that were not committed"
        recorded, committed = world.database.recorded(), world.broker.group.committed
        if any(offset > recorded.get(place, -1) + 1 for place, offset in committed.items()):
            return "a ledger behind its group's offsets, which no worker noticed"
        if world.database.outbox():
            return f"{world.database.outbox()} rows of the outbox that were not sent"
        due = world.database.due(world.now().date() + datetime.timedelta(days=1))
        late = [key for key in due if key.study_id in world.plan.histories and self._is_late(key)]
        return f"{len(late)} patients whose day was not closed" if late else ""

    def _is_late(self, key: PatientKey) -> bool:
        return key in self._world.database.due(self._today(key) - datetime.timedelta(days=1))

    def _today(self, key: PatientKey) -> datetime.date:
        """The day that goes on where the patient's study counts its days."""
        world = self._world
        zone = ZoneInfo(world.rules[key.study_id]["schedule.timezone"])
        return world.now().astimezone(zone).date()
