"""Many rows into SQLite: executemany, which costs no round trip there."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Insert,
    Select,
    Update,
    and_,
    bindparam,
    func,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.ledger.bulk import Insertion, Lookup, Rewrite
from monitor.ledger.rows import Values, refuse_unkeepable

# SQLite takes 32,766 variables in a statement.
_KEYS_MAX = 5_000


class SqliteBulk:
    """Bulk statements for aiosqlite."""

    seconds_now: ColumnElement[float] = type_coerce(
        (func.julianday("now") - 2440587.5) * 86400.0, Double
    )

    async def find(
        self, connection: AsyncConnection, lookup: Lookup, keys: Sequence[Values]
    ) -> Sequence[Sequence[Any]]:
        """Rows with these keys, in any order."""
        found: list[Sequence[Any]] = []
        for some in _portions(keys):
            found += (await connection.execute(_find(lookup), {"wanted": some})).all()
        return found

    async def insert(
        self, connection: AsyncConnection, insertion: Insertion, values: Sequence[Values]
    ) -> int:
        """How many rows were not there. Raises `RefusedRow` for what PostgreSQL would refuse."""
        refuse_unkeepable(values)
        rows = [dict(zip(insertion.columns, row, strict=True)) for row in values]
        return (await connection.execute(_insert(insertion), rows)).rowcount

    async def rewrite(
        self, connection: AsyncConnection, rewrite: Rewrite, values: Sequence[Values]
    ) -> int:
        """How many rows were as loaded. Raises `RefusedRow` for what PostgreSQL would refuse."""
        refuse_unkeepable(values)
        names = rewrite.names()
        rows = [dict(zip(names, row, strict=True)) for row in values]
        return (await connection.execute(_rewrite(rewrite), rows)).rowcount


def _portions(keys: Sequence[Values]) -> Iterator[Sequence[Values]]:
    for start in range(0, len(keys), _KEYS_MAX):
        yield keys[start : start + _KEYS_MAX]


@cache
def _find(lookup: Lookup) -> Select[Any]:
    key = tuple_(*(lookup.table.c[column] for column in lookup.keys))
    wanted = [lookup.table.c[column] for column in lookup.columns]
    found = select(*wanted).where(key.in_(bindparam("wanted", expanding=True)), *lookup.where)
    return found.add_columns(func.count()).group_by(*wanted) if lookup.counted else found


@cache
def _insert(insertion: Insertion) -> Insert:
    statement = insert(insertion.table)
    if insertion.again is None:
        return statement.on_conflict_do_nothing()
    table, new = insertion.table, statement.excluded
    return statement.on_conflict_do_update(
        index_elements=list(insertion.unique),
        set_={insertion.again: table.c[insertion.again] + 1},
        where=and_(*(table.c[one].is_not_distinct_from(new[one]) for one in insertion.content)),
    )


@cache
def _rewrite(rewrite: Rewrite) -> Update:
    table = rewrite.table
    changed: dict[str, Any] = {column: bindparam(f"new_{column}") for column in rewrite.values}
    changed |= {column: table.c[column] + bindparam(f"add_{column}") for column in rewrite.added}
    if rewrite.touched is not None:
        changed[rewrite.touched] = func.current_timestamp()
    return (
        update(table)
        .values(changed)
        .where(*(table.c[column] == bindparam(f"key_{column}") for column in rewrite.keys))
        .where(*(table.c[column] == bindparam(f"was_{column}") for column in rewrite.loaded))
        .where(*(table.c[column].is_(None) for column in rewrite.empty))
    )
