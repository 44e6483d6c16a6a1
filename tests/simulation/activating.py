"""Somebody who activates other rules, as the command does, and tries until it is done."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from monitor.activation import Activation
from monitor.clinical.transitions import Ruleset
from monitor.clock import Clock
from monitor.exits import StartRefusedError
from monitor.ledger.port import Conflict, Unavailable
from monitor.rulesets import Rulesets
from tests.simulation.calls import Caller, Exchange, LedgerPort

AGAIN_SECONDS = 5.0


class Watcher(Protocol):
    """Who is told how somebody ended, and what befell them."""

    def ended(self, who: Caller, problem: BaseException | None) -> None: ...

    def struck(self, kind: str) -> None: ...


class Operator:
    """One run of the command, which may be cut off anywhere."""

    def __init__(
        self,
        name: str,
        exchange: Exchange,
        watcher: Watcher,
        clock: Clock,
        rules: Mapping[str, Ruleset],
    ) -> None:
        self.name = name
        self.alive = True
        self.paused = False
        self.is_undisturbed = False
        self._watcher = watcher
        ledger: Any = LedgerPort(exchange, self)
        rulesets = Rulesets()
        rulesets.use(rules)
        self._activation = Activation(ledger, rulesets, clock, "default")

    async def activate(self) -> None:
        """Begin, switch every patient, and see that all was done; tells the watcher then."""
        try:
            while True:
                if await self._is_done():
                    break
                await asyncio.sleep(AGAIN_SECONDS)
        except Exception as problem:  # noqa: BLE001 - the world says whether it may end so
            self._watcher.ended(self, problem)
        else:
            self._watcher.ended(self, None)

    async def _is_done(self) -> bool:
        try:
            begun = await self._activation.begin("Dr A", "amendment")
            for patient in await self._activation.patients():
                await self._activation.switch(patient, begun.number)
            await self._activation.finished(begun.number)
        except (StartRefusedError, Conflict, Unavailable):
            return False
        return True
