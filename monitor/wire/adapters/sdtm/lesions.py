"""Which lesions a reader follows: where they lie, and what split or merged ids stand for.

`T04.1` is a fragment of `T04`, `T02/T03` is the mass that `T02` and `T03` became, where those ids
are lesions of the same reader; else such an id is a lesion's plain name.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from monitor.clinical.terms import Modality, Organ
from monitor.wire.adapters.sdtm.rows import Course, Identified
from monitor.wire.adapters.sdtm.values import word_of
from monitor.wire.adapters.sdtm.visits import number_of
from monitor.wire.adapters.sdtm.words import (
    DIAMETERS,
    GROUPS,
    LONGEST,
    MODALITIES,
    NODE,
    PERPENDICULAR,
    Group,
    organ_of,
    said,
)
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

_FRAGMENT: Final = re.compile(r"(.+)\.\d{1,2}", re.ASCII)
_MERGED: Final = "/"
_SPLIT: Final = "TUSPLIT"


class Lesion(NamedTuple):
    """A lesion of one reader, as first identified; `nodal` None where nothing tells it."""

    id: str
    group: Group
    organ: Organ
    site: str | None
    nodal: bool | None
    modality: Modality | None
    visit: str | None  # at which it was identified, where TU says so
    row: Row
    in_tu: bool

    def is_node(self) -> bool:
        """Whether it is a lymph node. Raises RefusedAt where nothing tells it."""
        if self.nodal is None:
            column, words = "TULOC", "the location is missing"
            if not self.in_tu:
                column, words = "TRLNKID", "no row of TU names this lesion for this reader"
            words += ": without its location nobody knows which diameter counts"
            raise self.row.refused(Reason.SCHEMA_INVALID, column, words)
        return self.nodal


class Lesions:
    """Everything that one reader's rows say of lesions as such. Raises RefusedAt."""

    def __init__(self, course: Course) -> None:
        identified = sorted(course.identified, key=_first_identified)
        named = {one.row.get("TULNKID") for one in identified}
        self._split = {
            row.get("TULNKID"): row.get("TUGRPID")
            for row, _ in identified
            if said(row.get("TUTESTCD")) == _SPLIT and row.get("TUGRPID") in named
        }
        self._parts: dict[str, tuple[str, ...]] = {}
        self._tests: dict[str, set[str]] = {}
        self.known: dict[str, Lesion] = {}
        for row in _measured(course):
            tests = self._tests.setdefault(row.get("TRLNKID"), set())
            tests.add(said(row.get("TRTESTCD")))
        self._ids = frozenset(named) | frozenset(self._tests)
        for row, visit in identified:
            self._identify(row, row.get("TULNKID"), ("TUSTRESC", "TUORRES"), visit)
        for row in _measured(course):
            if self.of(row.get("TRLNKID")) is None:
                self._identify(row, row.get("TRLNKID"), ("TRGRPID",))

    def of(self, lesion_id: str) -> Lesion | None:
        """The lesion of that id, else of what it is a fragment or a merger of."""
        found = self.known.get(lesion_id)
        if found is not None:
            return found
        return next((self.known[one] for one in self.parts(lesion_id) if one in self.known), None)

    def parts(self, lesion_id: str) -> tuple[str, ...]:
        """The lesions that make up an id, in its order: itself, what it split from, or several."""
        known = self._parts.get(lesion_id)
        if known is None:
            known = self._parts[lesion_id] = self._read_parts(lesion_id)
        return known

    def _read_parts(self, lesion_id: str) -> tuple[str, ...]:
        if _MERGED in lesion_id:
            parts = [self._whole(part.strip()) for part in lesion_id.split(_MERGED)]
            if all(part in self._ids for part in parts):
                return tuple(dict.fromkeys(parts))
        return (self._whole(lesion_id),)

    def is_fragment(self, lesion_id: str) -> bool:
        """Whether the id is of a part of a lesion that split."""
        return _MERGED not in lesion_id and self._whole(lesion_id) != lesion_id

    def is_mass(self, lesion_id: str) -> bool:
        """Whether the id is of what several lesions, or fragments, became."""
        return _MERGED in lesion_id and self.parts(lesion_id) != (lesion_id,)

    def _whole(self, lesion_id: str) -> str:
        if lesion_id in self._split:
            return self._split[lesion_id]
        match = _FRAGMENT.fullmatch(lesion_id)
        return match[1] if match and match[1] in self._ids else lesion_id

    def _identify(
        self, row: Row, lesion_id: str, columns: tuple[str, ...], visit: str | None = None
    ) -> None:
        in_tu = columns[0].startswith("TU")
        if not lesion_id:
            column = "TULNKID" if in_tu else "TRLNKID"
            raise row.refused(Reason.SCHEMA_INVALID, column, "is required")
        location = row.get("TULOC")
        organ = organ_of(location)
        site = ", ".join(filter(None, (location.lower(), row.get("TULAT").lower())))
        lesion = Lesion(
            lesion_id,
            word_of(row, columns, GROUPS),
            organ,
            site or None,
            organ == NODE if location else self._node_by_test(lesion_id),
            MODALITIES.get(said(row.get("TUMETHOD"))),
            visit,
            row,
            in_tu,
        )
        before = self.known.setdefault(lesion_id, lesion)
        if (before.group, before.organ) != (lesion.group, lesion.organ):
            words = "the lesion was identified before as another kind or in another organ"
            raise row.refused(Reason.SCHEMA_INVALID, columns[0], words)

    def _node_by_test(self, lesion_id: str) -> bool | None:
        """Without a location: a lesion with one kind of diameter only is what that is for."""
        tests = self._tests.get(lesion_id, set()) & set(DIAMETERS)
        if tests == {PERPENDICULAR}:
            return True
        return False if tests == {LONGEST} else None


def _measured(course: Course) -> Iterator[Row]:
    """The rows of TR about a lesion: without an id only a group can be meant."""
    for visit in course.visits.values():
        yield from (row for row in visit.tr if row.get("TRLNKID"))


def _first_identified(one: Identified) -> tuple[object, ...]:
    """The order of identification, whatever the order of the export: visit, day, number of row."""
    visit, row = one.visit or "", one.row
    number = number_of(visit)
    by_visit = (0, Decimal(number), "") if number else (1, Decimal(0), visit)
    sequence = number_of(row.get("TUSEQ")) or "0"
    columns = ("TULOC", "TULAT", "TUMETHOD", "TUSTRESC", "TUORRES")
    return (*by_visit, row.get("TUDTC"), Decimal(sequence), *map(row.get, columns))
