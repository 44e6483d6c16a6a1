"""The files of a snapshot become its tables; a file's name says which table it is."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from monitor.wire.adapters.conversion import Limits, Place, RefusedAt
from monitor.wire.adapters.datasetjson import read_dataset_json
from monitor.wire.adapters.tables import Table, read_csv, require
from monitor.wire.delivery import Reason

REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "DM": ("STUDYID", "USUBJID", "RFSTDTC"),
    "TU": ("STUDYID", "USUBJID", "TULNKID", "TUEVAL"),
    "TR": ("STUDYID", "USUBJID", "TRLNKID", "TRTESTCD", "TREVAL"),
    "RS": ("STUDYID", "USUBJID", "RSTESTCD", "RSEVAL"),
}
FORMATS: Final = (".csv", ".json", ".ndjson")
# Everything that is read of the tables; other columns never reach memory.
_COMMON: Final = (
    *("STUDYID", "DOMAIN", "USUBJID", "SITEID", "RFSTDTC", "VISITNUM", "VISIT", "TULAT", "TUSEQ"),
)
_OF_EACH: Final = (
    *("TESTCD", "ORRES", "ORRESU", "STRESC", "STRESN", "STRESU", "STAT", "REASND", "LOC", "METHOD"),
    *("EVAL", "EVALID", "ACPTFL", "DTC", "LNKID", "GRPID", "LOBXFL", "BLFL", "CAT"),
)
_COLUMNS: Final = frozenset(
    [*_COMMON, *(prefix + name for prefix in ("TU", "TR", "RS") for name in _OF_EACH)]
)


def domain_of(file: str) -> str | None:
    """The table that a file's name says it holds, such as `TR`; None for any other file."""
    path = PurePath(file)
    domain = path.stem.upper()
    return domain if domain in REQUIRED and path.suffix.lower() in FORMATS else None


def tables_of(files: Mapping[str, bytes], limits: Limits) -> dict[str, Table]:
    """The tables by domain; files of other names are no part of them. Raises RefusedAt."""
    names: dict[str, str] = {}
    for file in sorted(files):
        domain = domain_of(file)
        if domain is not None and names.setdefault(domain, file) != file:
            words = f"is a second table {domain}: nobody says which one counts"
            raise RefusedAt(Reason.SCHEMA_INVALID, Place(file), words)
    found: dict[str, Table] = {}
    for domain, file in names.items():
        found[domain] = _read(file, files[file], limits)
        require(found[domain], REQUIRED[domain])
    return found


def made_on(files: Mapping[str, bytes], limits: Limits) -> str | None:
    """The latest day (YYYY-MM-DD) on which tables say that they were made, or None."""
    try:
        tables = tables_of(files, limits)
    except RefusedAt:
        return None
    return max((one.made_on for one in tables.values() if one.made_on), default=None)


def _read(file: str, content: bytes, limits: Limits) -> Table:
    suffix = PurePath(file).suffix.lower()
    if suffix == ".csv":
        return read_csv(file, content, _COLUMNS.__contains__, limits=limits)
    lines = suffix == ".ndjson"
    return read_dataset_json(file, content, _COLUMNS.__contains__, lines=lines, limits=limits)
