"""Answers /livez, /readyz and /metrics, by default to this machine only."""

import logging
from types import TracebackType
from typing import Self

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from monitor.exits import ConfigurationError
from monitor.metrics import Metrics
from monitor.settings import HttpSettings
from monitor.stream.health import Health

logger = logging.getLogger(__name__)


class Probes:
    """A small web server that runs while entered."""

    def __init__(self, http: HttpSettings, health: Health, metrics: Metrics) -> None:
        self._http = http
        self._health = health
        self._metrics = metrics
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        """Listen; raises ConfigurationError when the port is taken."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/livez", self._live),
                web.get("/readyz", self._ready),
                web.get("/metrics", self._measured),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._http.host, self._http.port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            message = (
                f"port {self._http.port} cannot be used ({error.strerror}); set "
                "CTDNA_MONITOR_HTTP__PORT to another one, or to 0 for any"
            )
            raise ConfigurationError(message) from error
        self.port = self._runner.addresses[0][1]
        logger.info("probes and metrics: http://%s:%d/readyz", self._http.host, self.port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _live(self, _request: web.Request) -> web.Response:
        # That an answer comes at all is the check: the event loop turns.
        return web.json_response({"alive": True})

    async def _ready(self, _request: web.Request) -> web.Response:
        failed = {name: why for name, why in self._health.report().items() if why is not None}
        body = {"ready": not failed, "failed": failed}
        return web.json_response(body, status=503 if failed else 200)

    async def _measured(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self._metrics.registry),
            headers={"Content-Type": CONTENT_TYPE_LATEST},
        )
