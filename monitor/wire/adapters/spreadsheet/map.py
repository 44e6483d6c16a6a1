"""The map of a laboratory's table (TOML): read, and checked key by key before any row is.

What is wrong is said with the key's name; what was written there is not repeated.
"""

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from monitor.wire.adapters.conversion import SOURCE_PATTERN
from monitor.wire.adapters.spreadsheet.fields import COMPARATOR, FIELDS, PAIRS, REQUIRED, VALUE
from monitor.wire.adapters.spreadsheet.moments import Pattern, PatternInvalid

ISO: Final = "ISO"
_OFFSET: Final = r"^[+-](?:0\d|1[0-4]):[0-5]\d$"
_Name = Annotated[str, Field(min_length=1, max_length=256)]
MAP_CHARACTERS_MAX: Final = 256 * 1024


class MapProblem(NamedTuple):
    """One fault of a map: the dotted key, and what is expected there."""

    key: str
    message: str

    def __str__(self) -> str:
        """Both in one line."""
        return f"{self.key}: {self.message}"


class MapInvalid(Exception):
    """A map cannot be used; `problems` names every key with its reason."""

    def __init__(self, *problems: MapProblem) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


class _Section(BaseModel):
    """A table of the map; a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileFormat(_Section):
    """How the file is written."""

    delimiter: Literal[",", ";", "\t", "|"] = ","
    encoding: Literal["utf-8", "windows-1252", "iso-8859-15"] = "utf-8"
    header_row: Annotated[int, Field(ge=1, le=100, strict=True)] = 1
    decimal: Literal[".", ","] = "."
    dates: str = ISO
    offset: Annotated[str, Field(pattern=_OFFSET)] | None = None
    empty: tuple[str, ...] = ()


class Cell(_Section):
    """Where a field's value stands: in one column, in several joined by `/`, or always the same.

    `words` are what the column says and what the contract calls it; `comparator` lets a number
    begin with `<`, `<=`, `>` or `>=`.
    """

    column: _Name | None = None
    columns: Annotated[tuple[_Name, ...], Field(min_length=2, max_length=8)] | None = None
    constant: str | bool | int | None = None
    words: dict[str, str | bool] | None = None
    comparator: Annotated[bool, Field(strict=True)] = False
    dates: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(one is not None for one in (self.column, self.columns, self.constant)) != 1:
            raise ValueError("give one of column, columns and constant")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are read."""
        return self.columns or ((self.column,) if self.column else ())


class CsvMap(NamedTuple):
    """A checked map. `patterns` are its ways to write dates, by their text."""

    source: str
    file: FileFormat
    fields: Mapping[str, Cell]
    patterns: Mapping[str, Pattern]

    @property
    def columns(self) -> frozenset[str]:
        """Every column that the map names."""
        return frozenset(name for cell in self.fields.values() for name in cell.names)


class _Top(_Section):
    source: Annotated[str, Field(pattern=SOURCE_PATTERN)]
    file: FileFormat = FileFormat()
    fields: dict[str, object]


def read_map(text: str) -> CsvMap:
    """Read a map. Raises MapInvalid with every fault that was found."""
    if len(text) > MAP_CHARACTERS_MAX:
        raise MapInvalid(MapProblem("the map", "is larger than 256 KiB"))
    try:
        top = _Top.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise MapInvalid(MapProblem("the map", f"is not TOML: {_where(error)}")) from None
    except RecursionError:
        raise MapInvalid(MapProblem("the map", "is nested too deep")) from None
    except ValidationError as error:
        raise MapInvalid(*_problems(error, "")) from None
    cells: dict[str, Cell] = {}
    patterns: dict[str, Pattern] = {}
    problems = list(_read_cells("", top.fields, cells))
    problems += _read_patterns(top.file, cells, patterns)
    told = {problem.key for problem in problems}
    problems += (one for one in _missing(cells) if one.key not in told)
    if problems:
        raise MapInvalid(*problems)
    return CsvMap(top.source, top.file, cells, patterns)


def _where(error: tomllib.TOMLDecodeError) -> str:
    """The place in the file; the rest of the message may repeat what is written there."""
    _, found, place = str(error).rpartition("(")
    return place.rstrip(")") if found else "look at its brackets and quotes"


def _read_cells(
    before: str, tables: Mapping[str, object], cells: dict[str, Cell]
) -> Iterator[MapProblem]:
    """Read the table of each field; a dotted name is tables within tables in TOML."""
    for name, content in tables.items():
        field = f"{before}{name}"
        key = f"fields.{field}"
        if not isinstance(content, dict):
            yield MapProblem(key, 'write a table, such as { column = "Result" }')
        elif field in FIELDS:
            yield from _read_cell(key, field, content, cells)
        elif any(known.startswith(f"{field}.") for known in FIELDS):
            yield from _read_cells(f"{field}.", content, cells)
        else:
            close = get_close_matches(field, FIELDS, n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            yield MapProblem(key, f"results have no such field{meant}")


def _read_cell(
    key: str, field: str, content: Mapping[str, object], cells: dict[str, Cell]
) -> Iterator[MapProblem]:
    try:
        cell = Cell.model_validate(content)
    except ValidationError as error:
        yield from _problems(error, key)
        return
    cells[field] = cell
    kind, words = FIELDS[field]
    for meant in cell.words.values() if cell.words else ():
        if kind == "flag" and not isinstance(meant, bool):
            yield MapProblem(f"{key}.words", "each word means true or false, without quotes")
        elif kind == "word" and meant not in words:
            yield MapProblem(f"{key}.words", f"each word means one of {', '.join(words)}")
        else:
            continue
        break
    if cell.words and kind not in {"flag", "word"}:
        yield MapProblem(f"{key}.words", "this field takes no list of words")
    if cell.constant is not None:
        yield from _check_constant(key, cell.constant, kind, words)
    if cell.comparator and field != VALUE:
        yield MapProblem(f"{key}.comparator", f"belongs to {VALUE} only")
    if cell.dates and kind != "moment":
        yield MapProblem(f"{key}.dates", "belongs to dates only")
    if cell.columns and kind != "text":
        yield MapProblem(f"{key}.columns", "only texts can be joined of several columns")


def _check_constant(
    key: str, constant: object, kind: str, words: tuple[str, ...]
) -> Iterator[MapProblem]:
    if kind == "word" and constant not in words:
        yield MapProblem(f"{key}.constant", f"must be one of {', '.join(words)}")
    elif kind == "flag" and not isinstance(constant, bool):
        yield MapProblem(f"{key}.constant", "must be true or false, without quotes")
    elif kind != "flag" and isinstance(constant, bool):
        yield MapProblem(f"{key}.constant", "must be a text in quotes")


def _read_patterns(
    file: FileFormat, cells: Mapping[str, Cell], patterns: dict[str, Pattern]
) -> Iterator[MapProblem]:
    named = {"file.dates": file.dates}
    named |= {f"fields.{name}.dates": cell.dates for name, cell in cells.items() if cell.dates}
    for key, text in named.items():
        if text in patterns or text == ISO:
            continue
        try:
            patterns[text] = Pattern(text)
        except PatternInvalid as invalid:
            yield MapProblem(key, str(invalid))


def _missing(cells: Mapping[str, Cell]) -> Iterator[MapProblem]:
    for field in REQUIRED:
        if field not in cells:
            yield MapProblem(f"fields.{field}", "is required: a column or a constant")
    for value, unit in PAIRS:
        if (value in cells) != (unit in cells):
            absent = unit if value in cells else value
            yield MapProblem(f"fields.{absent}", "is required: a number needs its unit")
    if COMPARATOR in cells and VALUE in cells and cells[VALUE].comparator:
        words = f"is given by a column already; take comparator out of {VALUE}"
        yield MapProblem(f"fields.{COMPARATOR}", words)


def _problems(error: ValidationError, before: str) -> list[MapProblem]:
    found: dict[MapProblem, None] = {}
    for fault in error.errors(include_url=False, include_input=False):
        names = [part for part in fault["loc"] if isinstance(part, str)]
        kept = [name for name in names if name not in {"str", "bool", "int"}]
        key = ".".join([*filter(None, [before]), *kept]) or "the map"
        found[MapProblem(key, _words(fault["type"], fault["msg"], kept))] = None
    return list(found)


def _words(kind: str, message: str, names: list[str]) -> str:
    if kind == "extra_forbidden":
        return "there is no such key"
    if kind == "missing":
        return "is required"
    if names[-1:] == ["source"]:
        return "must be a URI reference without spaces, such as https://lims.example/ctdna"
    if names[-1:] == ["offset"]:
        return 'must be an offset in quotes, such as "+08:00"'
    if names[-1:] == ["constant"]:
        return "must be a text in quotes, a number with a point too"
    if kind == "model_type":
        return "a table of keys belongs here"
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
