"""Lends real servers to tests; where one cannot run, its tests skip, and under CI they fail."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.services import UnavailableError, kafka, postgres

SERVICE_OF_FIXTURE = {
    "kafka_broker": "kafka",
    "postgres_server": "postgres",
    "postgres_url": "postgres",
    "postgres_database": "postgres",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the servers that its fixtures ask for."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in SERVICE_OF_FIXTURE:
                item.add_marker(SERVICE_OF_FIXTURE[fixture])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test that needs a server into a failure where CI=true."""
    report = yield
    needs_server = any(item.get_closest_marker(name) for name in ("kafka", "postgres"))
    expected = hasattr(report, "wasxfail")
    if os.environ.get("CI") == "true" and report.skipped and needs_server and not expected:
        report.outcome = "failed"
        report.longrepr = f"under CI this test must run: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[kafka.Broker]:
    """A running broker for the whole run; a test that stops it starts it again."""
    try:
        broker = kafka.open_broker()
    except UnavailableError as missing:
        pytest.skip(str(missing))
    yield broker
    broker.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A running PostgreSQL for the whole run; a test that stops it starts it again."""
    try:
        server = postgres.open_server()
    except UnavailableError as missing:
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: postgres.Server) -> str:
    """The SQLAlchemy URL of the server's maintenance database."""
    return postgres.server_url(postgres_server)


@pytest.fixture
def postgres_database(postgres_server: postgres.Server) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of this test's own."""
    name = postgres.create_database(postgres_server)
    yield postgres.server_url(postgres_server, name)
    postgres.drop_database(postgres_server, name)
