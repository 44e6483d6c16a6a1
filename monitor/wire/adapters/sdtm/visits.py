"""Which visit a row is of: by its number, else by the number that its patient's rows give its name.

A visit of which some rows say the number and some only the name is still one visit.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from monitor.clinical.terms import plain
from monitor.wire.adapters.conversion import NUMBER_CHARACTERS_MAX
from monitor.wire.adapters.sdtm.words import said
from monitor.wire.adapters.tables import Row, Table
from monitor.wire.delivery import Reason

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
Whose = tuple[str, str]  # STUDYID, USUBJID


def number_of(text: str) -> str | None:
    """A visit's number in one spelling; None for what is no number."""
    if not _NUMBER.fullmatch(text) or len(text) > NUMBER_CHARACTERS_MAX:
        return None
    return plain(Decimal(text))


def visit_name(text: str) -> str:
    """A visit as a user may write it, by number or name, in the spelling of its key or label."""
    return number_of(text) or said(text)


class Visits:
    """The numbers and names of visits that the rows of some tables give, by patient."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._numbers: dict[tuple[Whose, str], set[str]] = {}
        self._nameless: set[Whose] = set()  # patients with visits that have a number only
        for row in (row for table in tables for row in table.rows):
            number = number_of(row.get("VISITNUM"))
            if number is None:
                continue
            if name := said(row.get("VISIT")):
                self._numbers.setdefault((_whose(row), name), set()).add(number)
            else:
                self._nameless.add(_whose(row))

    def of(self, row: Row, *, optional: bool) -> tuple[str, str] | None:
        """The visit's key and label: its number in one spelling, else its name.

        None where an optional one is not given. Raises RefusedAt, also where a name may be of more
        than one visit.
        """
        given, name = row.get("VISITNUM"), row.get("VISIT")
        if given:
            number = number_of(given)
            if number is None:
                raise row.refused(Reason.SCHEMA_INVALID, "VISITNUM", "must be a number")
            return number, name or f"visit {number}"
        if name:
            return self._named(row), name
        if optional:
            return None
        words = "VISITNUM or VISIT is required"
        raise row.refused(Reason.SCHEMA_INVALID, "VISITNUM", words)

    def _named(self, row: Row) -> str:
        """The key of a visit that a row gives the name of only."""
        whose, name = _whose(row), said(row.get("VISIT"))
        numbers = self._numbers.get((whose, name), set())
        if len(numbers) == 1:
            return next(iter(numbers))
        if numbers or whose in self._nameless:
            words = "is required here: other rows do not say which number the name VISIT has"
            raise row.refused(Reason.SCHEMA_INVALID, "VISITNUM", words)
        return name


def earliest(visits: Mapping[str, Iterable[Row]]) -> str:
    """Of visits with their rows the first one: by their numbers, else by their days."""
    if all(number_of(visit) for visit in visits):
        return min(visits, key=Decimal)
    return min(visits, key=lambda visit: (_first_day(visits[visit]), visit))


def _first_day(rows: Iterable[Row]) -> str:
    days = (row.get(column) for row in rows for column in ("TRDTC", "RSDTC", "TUDTC"))
    return min(filter(None, days), default="9999")


def _whose(row: Row) -> Whose:
    return row.get("STUDYID"), row.get("USUBJID")
