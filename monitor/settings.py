"""Settings come from CTDNA_MONITOR_ environment variables, and a misspelt one is an error."""

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from monitor import crash_points
from monitor.exits import ConfigurationError
from monitor.wire.acknowledgement import ACKNOWLEDGEMENTS_TOPIC

PREFIX = "CTDNA_MONITOR_"
INPUT_TOPICS = ("ctdna.results", "imaging.reads", "clinical.events")
NOTICES_TOPIC = "monitor.notices"
DLQ_SUFFIX = ".dlq"

_DRIVERS = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}


def _secret(given: SecretStr | None, file: Path | None) -> SecretStr | None:
    """Return the secret given, or the file's content without the line end editors leave."""
    if file is None:
        return given
    if given is not None:
        message = "give the secret or the file that holds it, not both"
        raise ValueError(message)
    try:
        return SecretStr(file.read_text(encoding="utf-8").rstrip("\r\n"))
    except (OSError, UnicodeDecodeError) as error:
        message = "the file that should hold the secret cannot be read"
        raise ValueError(message) from error


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class KafkaSettings(_Group):
    """Where the broker is, who we are to it, and what its topics look like."""

    bootstrap_servers: str = "localhost:9092"
    group: str = Field("ctdna-monitor", min_length=1)
    topic_prefix: str = ""
    instance_id: str | None = None  # stable per replica: rolling restarts without rebalance
    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    session_timeout_s: float = Field(6.0, ge=1)
    heartbeat_s: float = Field(0.5, gt=0)  # how long others need to see that a worker left
    rebalance_timeout_s: float = Field(30.0, gt=0)
    request_timeout_s: float = Field(30.0, gt=0)
    commit_interval_s: float = Field(0.5, gt=0, le=1)
    partitions: int = Field(12, ge=1)
    replication_factor: int = Field(3, ge=1)
    min_insync: int = Field(2, ge=1)
    acknowledgements: bool = False  # tell senders on results.ack what became of each delivery
    topic_ids: bool = True  # off for a broker that cannot tell them, such as the demo's
    gaps_allowed: Annotated[frozenset[str], NoDecode] = frozenset()  # plain names, by comma

    @field_validator("gaps_allowed", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        return (
            [n.strip() for n in given.split(",") if n.strip()] if isinstance(given, str) else given
        )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.gaps_allowed <= set(INPUT_TOPICS):
            message = f"gaps_allowed names a topic that is not one of {', '.join(INPUT_TOPICS)}"
            raise ValueError(message)
        if self.min_insync > self.replication_factor:
            message = "min_insync is above replication_factor: no write could succeed"
            raise ValueError(message)
        if self.session_timeout_s > self.request_timeout_s:
            message = "session_timeout_s must not exceed request_timeout_s"
            raise ValueError(message)
        if self.protocol.startswith("SASL") and (self.username is None or self.secret is None):
            message = f"{self.protocol} needs a username and a password or password_file"
            raise ValueError(message)
        return self

    @cached_property
    def secret(self) -> SecretStr | None:
        """Return the password, from its own variable or from its file."""
        return _secret(self.password, self.password_file)

    @property
    def inputs(self) -> dict[str, str]:
        """Return the full names of the input topics, each with its plain name."""
        return {self.topic_prefix + name: name for name in INPUT_TOPICS}

    @property
    def notices(self) -> str:
        """Return the full name of the topic that notices go to."""
        return self.topic_prefix + NOTICES_TOPIC

    @property
    def topics(self) -> list[str]:
        """Return the full names of all topics: inputs, notices, dead letters, answers if any."""
        answers = [self.topic_prefix + ACKNOWLEDGEMENTS_TOPIC] if self.acknowledgements else []
        letters = (name + DLQ_SUFFIX for name in self.inputs)
        return [*self.inputs, self.notices, *letters, *answers]


class DatabaseSettings(_Group):
    """Where the ledger is: PostgreSQL in production, SQLite for one worker."""

    url: SecretStr | None = None
    url_file: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        scheme = self.sqlalchemy_url.partition("://")[0]
        if scheme not in _DRIVERS.values():
            message = f"the address must begin with one of {', '.join(f'{d}://' for d in _DRIVERS)}"
            raise ValueError(message)
        return self

    @cached_property
    def sqlalchemy_url(self) -> str:
        """Return the SQLAlchemy address with the product's own driver; it may hold a password."""
        given = _secret(self.url, self.url_file) or SecretStr("sqlite:///ctdna-monitor.db")
        scheme, colon, rest = given.get_secret_value().partition("://")
        return _DRIVERS.get(scheme, scheme) + colon + rest


class HttpSettings(_Group):
    """The worker's probes and metrics."""

    host: str = "127.0.0.1"
    port: int = Field(9464, ge=0, le=65535)  # 0: any free port, logged


class WorkerSettings(_Group):
    """How the worker cuts batches and how often it looks for what is due."""

    batch_max: int = Field(500, ge=1)
    buffer_max: int = Field(16_384, ge=1)
    tick_s: float = Field(60.0, gt=0)
    audit_every_h: float = Field(24.0, ge=0)  # 0: no regular audit


class Settings(BaseSettings):
    """All settings of the product; read them with `load`, which speaks plainly of errors."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    deployment: str = Field("default", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    rules: Path | None = None
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)


def load() -> Settings:
    """Read the settings from the process environment.

    Raises ConfigurationError that names every wrong variable and never shows a value.
    """
    unknown = sorted(_unknown(os.environ))
    if unknown:
        message = f"unknown variable: {', '.join(unknown)} (`monitor config show` lists all)"
        raise ConfigurationError(message)
    try:
        crash_points.armed(os.environ.get(crash_points.VARIABLE) or crash_points.POINTS[0])
    except ValueError:
        raise ConfigurationError(crash_points.EXPECTED) from None
    try:
        return Settings()
    except ValidationError as error:
        lines = (f"{variable(found['loc'])}: {_plain(found)}" for found in error.errors())
        raise ConfigurationError("; ".join(lines)) from None


def _plain(found: ErrorDetails) -> str:
    if found["type"] == "extra_forbidden":
        return "unknown variable"
    return found["msg"].removeprefix("Value error, ")


def variable(path: Iterable[int | str]) -> str:
    """Return the name of the environment variable that sets the field at `path`."""
    return PREFIX + "__".join(str(part).upper() for part in path)


def _unknown(environment: Iterable[str]) -> Iterable[str]:
    """Yield variables of our prefix that no group has: pydantic sees only those within groups."""
    known = {name.upper() for name in Settings.model_fields} | {crash_points.FIELD}
    for name in environment:
        if name.upper().startswith(PREFIX):
            group = name.upper().removeprefix(PREFIX).partition("__")[0]
            if group not in known:
                yield name
