"""Keeps the regular audit going, and shows what the last pass of any worker found."""

import asyncio
import logging

from monitor.exits import raised_at
from monitor.metrics import Metrics
from monitor.notified import Notified
from monitor.settings import Settings
from monitor.stream.duties import Duties
from monitor.stream.history import read_notified

logger = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
REST_SECONDS = 0.05  # after each portion of the topic


class Auditing:
    """Asks every minute whether a pass is due; what fails is made again, and ends nothing."""

    def __init__(self, duties: Duties, metrics: Metrics, settings: Settings) -> None:
        self._duties = duties
        self._metrics = metrics
        self._settings = settings

    async def run(self) -> None:
        """Audit until cancelled; not at all when the settings say so."""
        while self._settings.worker.audit_every_h > 0:
            try:
                last = await self._duties.audit(self._read)
            except Exception as error:  # noqa: BLE001 - the worker's own work must go on
                self._metrics.failures.labels("audit").inc()
                logger.warning("no audit: %s at %s", type(error).__name__, raised_at(error))
            else:
                if last is not None:
                    self._metrics.show_audit(last.differences, last.patients, last.at.timestamp())
            await asyncio.sleep(LOOK_SECONDS)

    async def _read(self, deployments: frozenset[str]) -> Notified:
        kafka = self._settings.kafka
        return await asyncio.to_thread(read_notified, kafka, deployments, None, REST_SECONDS)
