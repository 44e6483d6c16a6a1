"""One cell or a few become a value: days, sizes in mm, words; what cannot be read is refused."""

import calendar
import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal, NamedTuple, TypeVar

from monitor.clinical.terms import YEARS, DatePrecision, plain
from monitor.wire.adapters.conversion import NUMBER_CHARACTERS_MAX
from monitor.wire.adapters.sdtm.words import NOT_DONE, SIZE_WORDS, SizeWord, said
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

T = TypeVar("T")
PartialDate = Literal["refuse", "first", "last"]

_DAY: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:T\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:\d{2})?)?",
    re.ASCII,
)
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,2})?|-?\.\d+", re.ASCII)
_MILLIMETRES: Final[Mapping[str, int]] = {"mm": 1, "cm": 10}
_ROUNDED_MM: Final = Decimal("0.5")  # standardised values are rounded at most to whole mm


class Day(NamedTuple):
    """A day, and whether the table gave it or only its month."""

    day: datetime.date
    precision: DatePrecision


class Size(NamedTuple):
    """What a row says of a lesion's size: a word, or mm."""

    word: Literal["measured"] | SizeWord
    mm: Decimal | None = None


def day_of(row: Row, column: str, partial: PartialDate) -> Day | None:
    """Read an ISO 8601 date; its time of day, if any, is left out. None where the cell is empty.

    Raises RefusedAt; a month without a day is refused unless `partial` says which day to take.
    """
    text = row.get(column)
    if not text:
        return None
    if match := _DAY.fullmatch(text):
        return Day(_real_day(row, column, *map(int, match.groups())), "day")
    match = _MONTH.fullmatch(text)
    if match is None:
        words = "must be a date such as 2025-03-14 (a year alone is too little)"
        raise row.refused(Reason.SCHEMA_INVALID, column, words)
    year, month = map(int, match.groups())
    first = _real_day(row, column, year, month, 1)
    if partial == "refuse":
        words = "is a month without a day: --partial-date first or last says which day to take"
        raise row.refused(Reason.SCHEMA_INVALID, column, words)
    last = calendar.monthrange(year, month)[1]
    return Day(first if partial == "first" else first.replace(day=last), "month")


def _real_day(row: Row, column: str, year: int, month: int, day: int) -> datetime.date:
    if year not in YEARS:
        words = "the year is outside 1900 to 2100"
        raise row.refused(Reason.IMPLAUSIBLE_VALUE, column, words)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise row.refused(Reason.SCHEMA_INVALID, column, "there is no such day") from None


def word_of(row: Row, columns: tuple[str, ...], meanings: Mapping[str, T]) -> T:
    """What the first filled column says, in the contract's words. Raises RefusedAt."""
    column = next((name for name in columns if row.get(name)), columns[0])
    word = said(row.get(column))
    if word in meanings:
        return meanings[word]
    if not word:
        raise row.refused(Reason.NO_DISCRETE_VALUE, column, "is empty")
    known = ", ".join(meanings)
    raise row.refused(Reason.UNMAPPED_CODE, column, f"must be one of {known}")


def not_done(row: Row, prefix: str) -> bool:
    """Whether the row says that its test was not done. Raises RefusedAt for another status."""
    status = said(row.get(f"{prefix}STAT"))
    if status not in {"", NOT_DONE}:
        raise row.refused(Reason.UNMAPPED_CODE, f"{prefix}STAT", f"must be {NOT_DONE} or empty")
    return status == NOT_DONE


def size_of(row: Row) -> Size:
    """What a row of a diameter says: a word for it, or mm by its unit column (never guessed).

    The word comes first: a sponsor's number for "too small to measure" is not a measurement. The
    standardised value counts; the original one, where it is a number too, must agree with it.
    Raises RefusedAt.
    """
    if not_done(row, "TR"):
        return Size("merged" if "MERGED" in said(row.get("TRREASND")) else "not_evaluable")
    for column in ("TRORRES", "TRSTRESC"):
        word = SIZE_WORDS.get(said(row.get(column)))
        if word is not None:
            return Size(word)
    original = _millimetres(row, "TRORRES", "TRORRESU")
    column = "TRSTRESN" if row.get("TRSTRESN") else "TRSTRESC"
    standard = _millimetres(row, column, "TRSTRESU")
    if original is not None and standard is not None and abs(original - standard) > _ROUNDED_MM:
        words = "differs from TRORRES by more than 0.5 mm: look at the units"
        raise row.refused(Reason.IMPLAUSIBLE_VALUE, column, words)
    mm = original if standard is None else standard
    if mm is None:
        words = "holds neither a number nor a word such as TOO SMALL TO MEASURE"
        raise row.refused(Reason.NO_DISCRETE_VALUE, "TRORRES", words)
    return Size("measured", mm) if mm else Size("absent", mm)


def _millimetres(row: Row, column: str, unit_column: str) -> Decimal | None:
    """A number in mm; None where the cell is empty."""
    text = row.get(column)
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or len(text) > NUMBER_CHARACTERS_MAX:
        words = "holds neither a number nor a word such as TOO SMALL TO MEASURE"
        raise row.refused(Reason.NO_DISCRETE_VALUE, column, words)
    number = Decimal(text)
    if number < 0:
        raise row.refused(Reason.IMPLAUSIBLE_VALUE, column, "a measure cannot be negative")
    unit = row.get(unit_column).lower()
    if not number:
        return Decimal(0)  # in every unit
    if not unit:
        raise row.refused(Reason.SCHEMA_INVALID, unit_column, "the unit is missing: mm or cm")
    if unit not in _MILLIMETRES:
        raise row.refused(Reason.UNMAPPED_CODE, unit_column, "must be mm or cm")
    return number * _MILLIMETRES[unit]


def millimetres_text(mm: Decimal) -> str:
    """The one spelling of a length, as events carry it."""
    return plain(mm)
