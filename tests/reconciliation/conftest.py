"""Every home of the ledger, as the tests of the ledger have them."""

from tests.ledger.conftest import (
    empty_sqlite,
    ledger,
    migrated_postgres,
    postgres_ledger_url,
    sqlite_url,
)

__all__ = ["empty_sqlite", "ledger", "migrated_postgres", "postgres_ledger_url", "sqlite_url"]
