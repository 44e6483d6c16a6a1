"""Whose day is over: patients who are due and whose study's yesterday can be closed now."""

import datetime
from zoneinfo import ZoneInfo

from monitor.clock import Clock
from monitor.fold import RulesFor
from monitor.ledger.entries import PatientKey
from monitor.ledger.port import Ledger

# The zone where a day ends first: nobody's yesterday is later than this one's.
_FIRST_ZONE = datetime.timezone(datetime.timedelta(hours=14))


class Closing:
    """Finds the days to close; the study's rules say in which zone they are counted."""

    def __init__(self, ledger: Ledger, clock: Clock, rules_for: RulesFor) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rules_for = rules_for

    async def days(self, limit: int) -> list[tuple[PatientKey, datetime.date]]:
        """The day to close of at most `limit` patients, earliest due first."""
        latest = self._yesterday(_FIRST_ZONE)
        found: dict[PatientKey, datetime.date | None] = {}
        while True:
            # Who is due and cannot be closed yet stays in front, and must not hide the others.
            wanted = limit + sum(day is None for day in found.values())
            due = [key for key in await self._ledger.due(latest, wanted) if key not in found]
            if not due:
                break
            found |= {patient: await self._day_of(patient) for patient in due}
        return [(patient, day) for patient, day in found.items() if day][:limit]

    async def _day_of(self, patient: PatientKey) -> datetime.date | None:
        ruleset = self._rules_for(patient.study_id)
        row = await self._ledger.state(patient) if ruleset else None
        if ruleset is None or row is None or row.next_due_on is None:
            return None
        yesterday = self._yesterday(ZoneInfo(ruleset.parameters.schedule.timezone))
        return yesterday if row.next_due_on <= yesterday else None

    def _yesterday(self, zone: datetime.tzinfo) -> datetime.date:
        return self._clock.now().astimezone(zone).date() - datetime.timedelta(days=1)
