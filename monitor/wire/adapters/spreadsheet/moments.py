"""How a laboratory writes dates, such as `DD.MM.YYYY hh:mm`, and what such a text means."""

import datetime
import re
from collections.abc import Mapping
from typing import Final

PARTS: Final[Mapping[str, str]] = {
    "YYYY": r"(?P<year>\d{4})",
    "MON": r"(?P<name>[A-Za-z]{3})",
    "MM": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
    "hh": r"(?P<hour>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
}
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PATTERN_CHARACTERS_MAX: Final = 64
_PART: Final = re.compile("|".join(PARTS))
_ISO_LOCAL: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?", re.ASCII)


class PatternInvalid(ValueError):
    """A way to write dates cannot be used; the text says what is missing."""


class Pattern:
    """One way to write dates. Raises PatternInvalid."""

    def __init__(self, text: str) -> None:
        parts = _PART.findall(text)
        if len(text) > PATTERN_CHARACTERS_MAX or len(set(parts)) != len(parts):
            raise PatternInvalid("each of YYYY, MM, MON, DD, hh, mm, ss at most once")
        if "YYYY" not in parts or "DD" not in parts or ("MM" in parts) == ("MON" in parts):
            raise PatternInvalid("must hold YYYY, DD, and MM or MON: for example DD.MM.YYYY")
        if ("hh" in parts) != ("mm" in parts) or ("ss" in parts and "hh" not in parts):
            raise PatternInvalid("a time of day is hh:mm or hh:mm:ss")
        self.text = text
        literals = _PART.split(text)
        pieces = [re.escape(literals[0])]
        for part, literal in zip(parts, literals[1:], strict=True):
            pieces += [PARTS[part], re.escape(literal)]
        self._form = re.compile("".join(pieces), re.ASCII)

    def read(self, text: str, offset: str | None) -> str | None:
        """The moment as the contract writes it; None where the text is not of this form.

        A time of day without an offset is left out: the clinical day is all that counts.
        """
        match = self._form.fullmatch(text)
        if match is None:
            return None
        found = match.groupdict()
        month = _month(found)
        clock = [int(found.get(part) or 0) for part in ("hour", "minute", "second")]
        try:
            day = datetime.date(int(found["year"]), month, int(found["day"]))
            moment = datetime.datetime.combine(day, datetime.time(clock[0], clock[1], clock[2]))
        except ValueError:
            return None
        return with_offset(moment, offset if "hour" in found else None)


def read_iso(text: str, offset: str | None) -> str:
    """An ISO moment; one without offset gets the map's, or is its day; the codec judges it."""
    match = _ISO_LOCAL.fullmatch(text)
    if match is None:
        return text
    return f"{match[1]}T{match[2]}{match[3] or ':00'}{offset}" if offset else match[1]


def with_offset(moment: datetime.datetime, offset: str | None) -> str:
    """The moment with the offset, or its day."""
    return f"{moment.isoformat()}{offset}" if offset else moment.date().isoformat()


def _month(found: Mapping[str, str]) -> int:
    """The month's number; 0, which no date has, for a name that is none."""
    if "month" in found:
        return int(found["month"])
    name = found["name"].lower()
    return MONTHS.index(name) + 1 if name in MONTHS else 0
