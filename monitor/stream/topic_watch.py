"""Sees while the worker runs that an input topic became another: a start would refuse it."""

import asyncio

from monitor.exits import StartRefusedError, UnreachableError
from monitor.ledger.port import Unavailable
from monitor.settings import KafkaSettings
from monitor.stream.duties import Duties
from monitor.stream.identity import input_identities

PERIOD_SECONDS = 5.0
LOOKS_IN_A_ROW = 2  # a broker that has just come back may not know everything yet


class TopicWatch:
    """Compares the input topics again and again with those whose offsets were recorded."""

    def __init__(self, duties: Duties, kafka: KafkaSettings) -> None:
        self._duties = duties
        self._kafka = kafka

    async def run(self) -> None:
        """Look until cancelled; raises StartRefusedError when two looks found another topic.

        New partitions would take patients to other places than their earlier records.
        """
        found_other = 0
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await self._duties.check_topics(await input_identities(self._kafka))
            except (UnreachableError, Unavailable):
                continue  # the readiness probe tells of these
            except StartRefusedError:
                found_other += 1
                if found_other == LOOKS_IN_A_ROW:
                    raise
            else:
                found_other = 0
