"""The target lesions of one visit: single, split and merged ones (RECIST 1.1; clinical rules 1.3).

What cannot be counted once is refused: a lesion that is measured both whole and in parts.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from monitor.clinical.recist import TOO_SMALL_MM
from monitor.wire.adapters.sdtm.lesions import Lesion, Lesions
from monitor.wire.adapters.sdtm.values import Size, millimetres_text, not_done, size_of
from monitor.wire.adapters.sdtm.words import (
    DIAMETER,
    LONGEST,
    PERPENDICULAR,
    SIZE_WORDS,
    STATES,
    said,
)
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

Tests = Mapping[str, Row]  # the rows of one lesion at one visit, by test
Document = dict[str, object]

_NO_SIZE: Final = frozenset({"not_evaluable", "merged"})
_SIZED: Final = frozenset({"measured", "too_small_to_measure"})
_MISSING: Final = Size("not_evaluable")


class Value(NamedTuple):
    """What a visit's rows say of one lesion id, and a row to blame."""

    id: str
    size: Size
    row: Row


def value_of(lesion_id: str, lesion: Lesion, tests: Tests) -> Value:
    """The size of a lesion: of nodes the perpendicular diameter, of others the longest.

    Raises RefusedAt where no row says it.
    """
    node = lesion.is_node()
    wanted = [PERPENDICULAR, DIAMETER] if node else [LONGEST, DIAMETER]
    if node and "/" in lesion_id:
        wanted.append(LONGEST)  # of a mass that nodes grew into
    for test in wanted:
        if test in tests:
            return Value(lesion_id, size_of(tests[test]), tests[test])
    for test in STATES:
        if test in tests:
            return Value(lesion_id, _size_by_state(tests[test], node=node), tests[test])
    row = next(iter(tests.values()))
    name = " or ".join(wanted)
    words = f"the lesion has no row of the diameter that counts for it ({name})"
    raise row.refused(Reason.NO_DISCRETE_VALUE, "TRTESTCD", words)


def _size_by_state(row: Row, *, node: bool) -> Size:
    if not_done(row, "TR"):
        return size_of(row)
    word = SIZE_WORDS.get(said(row.get("TRORRES") or row.get("TRSTRESC")))
    # "Absent" of a node may mean that it is no longer enlarged; RECIST adds its short axis.
    if word is None or (word == "absent" and node):
        words = "the lesion needs a diameter here: its state alone says no size"
        raise row.refused(Reason.NO_DISCRETE_VALUE, "TRORRES", words)
    return Size(word)


class TargetVisits:
    """A reader's target lesions from visit to visit, in the order of the visits."""

    def __init__(self, lesions: Lesions) -> None:
        self._lesions = lesions
        self._fragments: dict[str, set[str]] = {}  # seen so far, by the lesion that split

    def at(self, values: Iterable[Value], expected: Iterable[str]) -> list[Document]:
        """The targets as the contract writes them; one that is expected and missing is too.

        A fragment that an earlier visit knew and this one does not say leaves its lesion not
        evaluable. Raises RefusedAt.
        """
        whole: dict[str, Value] = {}
        parts: dict[str, list[Value]] = {}
        masses: list[Value] = []
        for value in values:
            if self._lesions.is_mass(value.id):
                masses.append(value)
            elif self._lesions.is_fragment(value.id):
                parts.setdefault(self._lesions.parts(value.id)[0], []).append(value)
            else:
                whole[value.id] = value
        found: dict[str, Document] = {}
        for mass in masses:
            found.update(self._merged(mass, whole, parts, found))
        for lesion_id in {**whole, **parts}:
            if lesion_id not in found:
                said_parts = parts.get(lesion_id, [])
                found[lesion_id] = self._single(lesion_id, whole.get(lesion_id), said_parts)
        for lesion_id in expected:
            found.setdefault(lesion_id, self._document(lesion_id, _MISSING))
        return [found[lesion_id] for lesion_id in sorted(found)]

    def _merged(
        self,
        mass: Value,
        whole: Mapping[str, Value],
        parts: Mapping[str, list[Value]],
        found: Mapping[str, Document],
    ) -> dict[str, Document]:
        """A mass counts on the first of its lesions; the others are merged into that one."""
        members = self._lesions.parts(mass.id)
        beside = [whole[one] for one in members if one in whole]
        beside += [value for one in members for value in parts.get(one, [])]
        measured = [value for value in beside if value.size.word in _SIZED]
        if measured or any(one in found for one in members):
            words = "the mass and a lesion that became part of it are both measured"
            raise mass.row.refused(Reason.SCHEMA_INVALID, "TRLNKID", words)
        first, *others = members
        if mass.size.word in {"absent", *_NO_SIZE}:
            return {one: self._document(one, mass.size) for one in members}
        merged = {one: self._document(one, Size("merged"), merged_into=first) for one in others}
        return {first: self._document(first, mass.size), **merged}

    def _single(self, lesion_id: str, whole: Value | None, said_parts: list[Value]) -> Document:
        known = self._fragments.setdefault(lesion_id, set())
        if not said_parts:
            return self._document(lesion_id, whole.size if whole else _MISSING)
        if whole is not None and whole.size.word not in _NO_SIZE:
            words = "the lesion is measured both whole and in parts"
            raise whole.row.refused(Reason.SCHEMA_INVALID, "TRLNKID", words)
        known |= {value.id for value in said_parts}
        sizes = [value.size for value in sorted(said_parts)]
        if len(sizes) < len(known) or any(size.word in _NO_SIZE for size in sizes):
            return self._document(lesion_id, _MISSING)
        if all(size.word == "absent" for size in sizes):
            return self._document(lesion_id, Size("absent"))
        fragments = [
            TOO_SMALL_MM if one.word == "too_small_to_measure" else one.mm for one in sizes
        ]
        texts = [millimetres_text(mm or Decimal(0)) for mm in fragments]
        return self._named(lesion_id, {"state": "split", "fragments_mm": texts})

    def _document(self, lesion_id: str, size: Size, **more: str) -> Document:
        # Merged into nobody knows what: it was not evaluated by itself.
        word = "not_evaluable" if size.word == "merged" and not more else size.word
        document: Document = {"state": word, **more}
        if word == "measured" and size.mm is not None:
            document["diameter_mm"] = millimetres_text(size.mm)
        return self._named(lesion_id, document)

    def _named(self, lesion_id: str, said_of_it: Document) -> Document:
        lesion = self._lesions.of(lesion_id)
        if lesion is None:  # never: every id is of the reader's rows
            return {"lesion_id": lesion_id, "organ": "unspecified", "nodal": False, **said_of_it}
        name: Document = {"lesion_id": lesion_id, "organ": lesion.organ, "nodal": lesion.is_node()}
        if lesion.site:
            name["site"] = lesion.site
        return {**name, **said_of_it}
