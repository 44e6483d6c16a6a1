"""Types of columns that mean the same in PostgreSQL and in SQLite."""

import datetime

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Identity, Integer, MetaData, Text
from sqlalchemy.types import TypeDecorator


class UtcText(TypeDecorator[datetime.datetime]):
    """An aware moment as ISO 8601 text in UTC, for a store that has no such type."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> str | None:
        """Text that sorts as time does."""
        del dialect
        if value is None:
            return None
        return value.astimezone(datetime.UTC).isoformat(" ", "microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime.datetime | None:
        """The moment that was stored; text without an offset is the store's own UTC."""
        del dialect
        if value is None:
            return None
        moment = datetime.datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


# Bytes decide the order of keys, as they do in SQLite and in Python: cheaper than a language's
# rules, and "by key" means the same everywhere.
Key = Text().with_variant(Text(collation="C"), "postgresql")
Moment = DateTime(timezone=True).with_variant(UtcText(), "sqlite")
# SQLite counts up only an INTEGER PRIMARY KEY.
Position = BigInteger().with_variant(Integer(), "sqlite")

metadata_of_all = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def position() -> Column[int]:
    """Rows by the order of their recording, which keeps every patient's own order."""
    return Column("position", Position, Identity(), primary_key=True)
