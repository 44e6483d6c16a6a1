"""What the reader reported: the responses of RS, and the sum of TR."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from monitor.clinical.terms import Certainty, Response
from monitor.wire.adapters.sdtm.values import millimetres_text, not_done, size_of, word_of
from monitor.wire.adapters.sdtm.words import (
    NEW_LESION,
    NEW_LESION_ANSWERS,
    REPORTED,
    RESPONSES,
    SUM,
    NewLesionAnswer,
    said,
)
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

RESULT: Final = ("RSSTRESC", "RSORRES")
CERTAIN: Final[Mapping[str, Certainty]] = {"equivocal": "equivocal", "unequivocal": "unequivocal"}


class Answers(NamedTuple):
    """The responses by their names in the contract, and what was said of new lesions."""

    reported: dict[str, Response | None]
    new_lesion: NewLesionAnswer | None

    @property
    def certainty(self) -> Certainty | None:
        """How certain the reader is of new lesions, where there are any."""
        return CERTAIN.get(self.new_lesion or "")


def answers_of(rows: Iterable[Row]) -> Answers:
    """Read a visit's rows of RS. Raises RefusedAt, also for a response that is given twice."""
    reported: dict[str, Response | None] = {}
    seen: set[str] = set()
    new_lesion: NewLesionAnswer | None = None
    for row in rows:
        test = said(row.get("RSTESTCD"))
        if test in seen:
            words = "the reader's response is given twice for this visit"
            raise row.refused(Reason.SCHEMA_INVALID, "RSTESTCD", words)
        seen.add(test)
        if not_done(row, "RS") and not any(row.get(column) for column in RESULT):
            new_lesion = "incomplete" if test == NEW_LESION else new_lesion
        elif test == NEW_LESION:
            new_lesion = word_of(row, RESULT, NEW_LESION_ANSWERS)
        else:
            reported[REPORTED[test]] = word_of(row, RESULT, RESPONSES)
    return Answers(reported, new_lesion)


def sum_mm(rows: Iterable[Row]) -> str | None:
    """The sum of diameters as reported, in mm; None where it was not. Raises RefusedAt."""
    found: str | None = None
    for row in rows:
        if said(row.get("TRTESTCD")) != SUM:
            continue
        if found is not None:
            words = "the reader's sum is given twice for this visit"
            raise row.refused(Reason.SCHEMA_INVALID, "TRTESTCD", words)
        size = size_of(row)
        found = None if size.mm is None else millimetres_text(size.mm)
    return found
