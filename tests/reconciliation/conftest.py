"""Every home of the ledger, as the tests of the ledger have them, and a monitor that was lost."""

import pytest

from tests.ledger.conftest import (
    empty_sqlite,
    ledger,
    migrated_postgres,
    postgres_ledger_url,
    sqlite_url,
)
from tests.reconciliation.lost import Before

__all__ = ["empty_sqlite", "ledger", "migrated_postgres", "postgres_ledger_url", "sqlite_url"]


@pytest.fixture
async def before() -> Before:
    made = Before()
    await made.live()
    return made
