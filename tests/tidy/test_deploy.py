"""What the deployment files say is what the program and its build understand."""

import re
from pathlib import Path

import pytest

from monitor.settings import PREFIX, load

REPOSITORY = Path(__file__).parents[2]
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text()
DOCKERFILE = (REPOSITORY / "deploy" / "Dockerfile").read_text()


def test_the_settings_of_the_compose_file_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    given = dict(re.findall(rf"({PREFIX}\w+): \"?([^\s\"]+)", COMPOSE))
    assert len(given) >= 5
    for name, value in given.items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value))
    settings = load()
    assert settings.kafka.bootstrap_servers == "kafka:29092"
    assert settings.database.sqlalchemy_url.startswith("postgresql+asyncpg://monitor:monitor@")
    assert settings.kafka.replication_factor == 1


def test_every_published_port_is_on_loopback() -> None:
    published = re.findall(r"ports: (.*)", COMPOSE)
    assert published
    assert all(one.startswith('["127.0.0.1:') for one in published)


def test_the_image_runs_without_rights_and_checks_every_package() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"(?m)^USER (?!0$|root$)\w+$", final)
    installs = re.findall(r"pip (?:install|wheel) .*", DOCKERFILE)
    assert installs
    assert all(
        "--require-hashes" in one or "--no-index" in one or "--no-deps" in one for one in installs
    )


def test_the_image_carries_what_the_build_context_lets_in() -> None:
    let_in = set(re.findall(r"(?m)^!(.+)$", (REPOSITORY / ".dockerignore").read_text()))
    lines = re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", DOCKERFILE)
    copied = {name for line in lines for name in line.split()}
    assert copied <= let_in
    assert all((REPOSITORY / name).exists() for name in copied)


def test_the_test_broker_and_the_deployed_broker_are_one_version() -> None:
    pom = (REPOSITORY / "deploy" / "kafka" / "pom.xml").read_text()
    version = re.search(r"<kafka.version>(.+)</kafka.version>", pom)
    assert version
    assert f"apache/kafka:{version[1]}" in COMPOSE
