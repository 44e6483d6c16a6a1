"""The same servers from their official images, for machines with a container engine instead."""

import warnings
from typing import Any

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from tests.services import UnavailableError, free_ports
from tests.services.node import START_SECONDS_MAX, wait_served


class _Container:
    """A container with a fixed loopback port, so that it returns at the same address."""

    def __init__(
        self, image: str, port: int, port_inside: int, environment: dict[str, str]
    ) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._box = DockerContainer(image)
        except DockerException as refused:
            raise UnavailableError("no container engine") from refused
        self._box.with_envs(**environment)
        self._box.ports = {str(port_inside): ("127.0.0.1", port)}  # type: ignore[dict-item]
        self._started = False

    @property
    def _inner(self) -> Any:
        return self._box.get_wrapped_container()

    def start(self) -> None:
        if self._started:
            self._inner.start()
        else:
            self._box.start()
            self._started = True

    def kill(self) -> None:
        self._inner.kill()

    def close(self) -> None:
        if self._started:
            self._started = False
            self._box.stop()


class KafkaContainer(_Container):
    """One KRaft node from the official image."""

    def __init__(self, image: str, properties: dict[str, str], port: int | None = None) -> None:
        self.port = port or free_ports(1)[0]
        self.bootstrap = f"127.0.0.1:{self.port}"
        told = properties | {
            "controller.quorum.voters": "1@localhost:9093",
            "listeners": f"PLAINTEXT://:{self.port},CONTROLLER://:9093",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
        }
        # The image reads every property from a variable of this form.
        environment = {f"KAFKA_{k.replace('.', '_').upper()}": v for k, v in told.items()}
        super().__init__(image, self.port, self.port, environment)

    def start(self) -> None:
        super().start()
        if not wait_served(self.bootstrap, START_SECONDS_MAX):
            raise RuntimeError("the Kafka container did not start")

    def stop(self) -> None:
        self._inner.stop(timeout=20)

    def restart(self) -> None:
        self.stop()
        self.start()


class PostgresContainer(_Container):
    """A PostgreSQL server from the official image, fsync on."""

    def __init__(self, image: str, user: str) -> None:
        self.port = free_ports(1)[0]
        environment = {"POSTGRES_USER": user, "POSTGRES_HOST_AUTH_METHOD": "trust"}
        super().__init__(image, self.port, 5432, environment)

    def stop(self, mode: str = "fast") -> None:
        self._inner.kill(signal={"fast": "SIGINT", "immediate": "SIGQUIT"}[mode])
        self._inner.wait()
