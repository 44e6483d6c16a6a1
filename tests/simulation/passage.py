"""How a call fares: let through, failed on its way there or back, or the last of its worker."""

import datetime
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.ledger.entries import AcceptedRow, Changes, PatientKey
from monitor.ledger.port import Conflict, Unavailable
from monitor.wire.closed_day import CLOCK_TOPIC
from tests.simulation.broker import BrokerError
from tests.simulation.calls import WRITES, Call, server_of
from tests.simulation.world import World

LATENCY_MAX_SECONDS = 0.02
FAILS: dict[str, type[Exception]] = {  # before anything comes of the call
    "unavailable": Unavailable,
    "conflict": Conflict,
    "send refused": BrokerError,
    "send late": BrokerError,
    "broker error": BrokerError,
}
LOST: dict[str, type[Exception]] = {  # after it was done
    "lost answer": Unavailable,
    "send answer lost": BrokerError,
}


class Passage:
    """Lets the calls of a world through, as its weather has it."""

    def __init__(self, world: World) -> None:
        self._world = world
        # When a worker, by its own clock, last looked at a patient who is due.
        self._looked: dict[tuple[str, PatientKey], datetime.datetime] = {}

    def let_through(self, call: Call) -> None:
        """Do what a call is for, or what the weather makes of it."""
        world = self._world
        world.exchange.waiting.remove(call)
        fault = None if world.calm or call.who.is_undisturbed else self._fault(call)
        if server_of(call.to) in world.away:
            fault = "unavailable" if call.to == "ledger" else "broker error"
        world.loop.advance(world.chance.random() * LATENCY_MAX_SECONDS)
        world.note(call.who.name, call.name, fault or "")
        if fault == "crash before":
            self._crash(call)
        elif fault in FAILS:
            self._fail(call, fault)
        else:
            self._observe(call)
            self._answer(call, fault, self._done(call))

    def cut(self, call: Call) -> None:
        """Let a call fail because what it was on its way to is gone."""
        self._world.exchange.waiting.remove(call)
        self._fail(call, "unavailable")

    def _fault(self, call: Call) -> str | None:
        kinds = ["crash before", "crash after"]
        if call.to == "ledger":
            kinds.append("unavailable")
            kinds += ["lost answer"] if call.name in WRITES else []
            kinds += ["conflict"] if call.name == "record" else []
        elif call.to == "topic":
            kinds += ["send refused", "send answer lost", "send late"]
        else:
            kinds.append("broker error")
        chance, weather = self._world.chance, self._world.weather
        return next((kind for kind in kinds if chance.random() < weather[kind]), None)

    def _crash(self, call: Call) -> None:
        self._world.struck("crash")
        self._world.kill(call.who)

    def _fail(self, call: Call, fault: str) -> None:
        """A call fails before it was done; a fault that meets nobody who waits is not counted."""
        if fault == "send late":
            self._world.late.append(call)
        if not call.answer.done():
            self._world.struck(fault)
            call.answer.set_exception(FAILS[fault]("injected"))

    def _done(self, call: Call) -> object:
        """What comes of a call: an answer, or the exception that is one."""
        try:
            answer: object = call.effect()
        except Exception as problem:  # noqa: BLE001 - it belongs to whoever called
            if isinstance(problem, Conflict):
                self._world.struck("conflict of two")
            return problem
        if call.name == "commit":
            self._check_committed()
        return answer

    def _answer(self, call: Call, fault: str | None, answer: object) -> None:
        if fault == "crash after":
            self._crash(call)
        elif call.answer.done():
            pass  # it was cancelled, and waits for nothing
        elif isinstance(answer, Exception):
            call.answer.set_exception(answer)
        elif fault in LOST:
            self._world.struck(fault)
            call.answer.set_exception(LOST[fault]("injected"))
        else:
            call.answer.set_result(answer)

    def _observe(self, call: Call) -> None:
        """Count what nobody injects: it comes of pauses, rebalances and clocks."""
        world = self._world
        if call.name == "send" and world.database.holder("relay") not in {None, call.who.name}:
            world.struck("two relays")
        for who in (one for one in world.workers if one is call.who):
            if call.name == "state":
                self._looked[who.name, call.given[0]] = who.clock.now()
            elif call.name == "record":
                changes: Changes = call.given[0]
                if not who.consumer.holds([one.partition for one in changes.offsets]):
                    world.struck("record of a zombie")
                days = [row for row in changes.accepted if row.topic == CLOCK_TOPIC]
                self._check_closed(who.name, days)

    def _check_closed(self, who: str, days: Sequence[AcceptedRow]) -> None:
        """One day of a patient at a time: the one before that on which the worker looked."""
        wrong = self._world.wrong
        if len({row.patient for row in days}) < len(days):
            wrong.append("several days of a patient were closed at once")
        for row in days:
            zone = ZoneInfo(self._world.rules[row.patient.study_id]["schedule.timezone"])
            today = self._looked[who, row.patient].astimezone(zone).date()
            if row.clinical_day != today - datetime.timedelta(days=1):
                wrong.append(f"{row.clinical_day} was closed on {today}")

    def _check_committed(self) -> None:
        world = self._world
        for place, offset in world.broker.group.committed.items():
            if offset - 1 > world.database.furthest.get(place, -1):
                world.wrong.append(f"committed {place} to {offset}, which no transaction recorded")
