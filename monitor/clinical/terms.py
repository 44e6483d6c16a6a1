"""The closed vocabularies of the field and the small value types that every rule shares.

Words are those of the contract (sections 2 and 3); RECIST 1.1 response values keep their capitals.
"""

import datetime
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, LiteralString

from pydantic import Field, Strict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Status = Literal[
    "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered_in_error"
]
PROVISIONAL: frozenset[str] = frozenset({"registered", "preliminary"})
TOMBSTONES: frozenset[str] = frozenset({"cancelled", "entered_in_error"})

Call = Literal["detected", "not_detected", "indeterminate", "qc_failed", "cancelled"]
Unit = Literal[
    "VAF_PCT", "VAF_FRACTION", "COPIES_PER_ML", "HGE_PER_ML", "MTM_PER_ML", "PPM", "TF_PCT"
]
Comparator = Literal["<", "<=", ">", ">=", "="]
Tube = Literal["edta", "stabilising", "other"]
AssayDesign = Literal["tumor_informed", "tumor_naive_methylation", "tumor_naive_panel"]
ChipFiltered = Literal["yes", "no", "unknown"]

Modality = Literal["CT", "MRI", "PET_CT", "CXR", "US", "OTHER"]
ReaderRole = Literal["investigator", "central", "adjudicator"]
Organ = Literal[
    "lung", "pleura", "liver", "bone", "lymph_node", "brain", "peritoneum", "adrenal",
    "colorectum", "other", "unspecified",
]  # fmt: skip
Survey = Literal["complete", "incomplete"]
DatePrecision = Literal["day", "month"]
TargetState = Literal[
    "measured", "too_small_to_measure", "absent", "not_evaluable", "split", "merged"
]
NonTargetState = Literal["present", "absent", "unequivocal_progression", "not_evaluable"]
Certainty = Literal["equivocal", "unequivocal", "benign"]
SiteFinding = Literal["no_change", "post_treatment_change", "enlarging", "progressed"]
Response = Literal["CR", "PR", "SD", "PD", "NE", "NON-CR/NON-PD", "NED"]
NonTargetResponse = Literal["CR", "NON-CR/NON-PD", "PD", "NE"]
NewLesion = Literal["none", "equivocal", "unequivocal", "incomplete"]

LocalModality = Literal["surgery", "radiotherapy", "ablation"]
Analyte = Literal["CEA"]
MarkerUnit = Literal["ng/mL", "ug/L"]
Treatable = Literal["yes", "no", "unknown"]
Decision = Literal["systemic_therapy", "repeat_local_therapy", "surveillance", "other"]
WithdrawalScope = Literal["treatment", "follow_up", "consent"]
NedBy = Literal["emr", "surgery", "rfa", "radiotherapy", "chemotherapy_only"]
PriorSystemic = Literal["none", "adjuvant_only", "first_line_only", "second_line"]

Severity = Literal["info", "low", "medium", "high", "critical"]
Action = Literal["withdrawn", "amended", "raised"]
Course = Literal[
    "baseline", "blackout", "suspected", "positive", "confirmed", "negative", "not_confirmed",
    "clearance_provisional", "clearance_sustained",
]  # fmt: skip

YEARS = range(1900, 2101)
INTEGER_DIGITS_MAX = 12
FRACTION_DIGITS_MAX = 12
TEXT_LENGTH_MAX = 256  # with the list limit it keeps a notice below 256 KiB (contract 3)
LIST_LENGTH_MAX = 100

# Days and lengths repeat: their texts are read once. What a text means does not change.
TEXTS_REMEMBERED = 2**14
_TIME_EXPECTED: LiteralString = "expected YYYY-MM-DD or an RFC 3339 date-time"
_NUMBER_EXPECTED: LiteralString = "expected a number or a decimal string"

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[Tt](?:[01]\d|2[0-3]):\d{2}:\d{2}(?:\.\d{1,9})?(?P<offset>[Zz]|[+-]\d{2}:\d{2})?)?",
    re.ASCII,
)
_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def _clinical_time(value: object) -> datetime.date:
    """Read a day or a date-time with offset; both are `date`s (contract 2, "Values")."""
    if isinstance(value, str):
        return _time_from_text(value)
    if isinstance(value, datetime.date):
        return value
    raise PydanticCustomError("time_format", _TIME_EXPECTED)


@functools.lru_cache(maxsize=TEXTS_REMEMBERED)
def _time_from_text(value: str) -> datetime.date:
    if not (match := _RFC3339.fullmatch(value)):
        raise PydanticCustomError("time_format", _TIME_EXPECTED)
    if int(value[:4]) not in YEARS:
        raise PydanticCustomError("implausible_value", "the year is outside 1900 to 2100")
    if len(value) > len("YYYY-MM-DD") and not match["offset"]:
        raise PydanticCustomError("time_offset", "a date-time needs an offset such as +08:00 or Z")
    try:
        if len(value) == len("YYYY-MM-DD"):
            return datetime.date.fromisoformat(value)
        return datetime.datetime.fromisoformat(value.upper())
    except ValueError:
        raise PydanticCustomError("time_format", "no such day or time") from None


def calendar_day(moment: datetime.date) -> datetime.date:
    """The day of a moment: of a date-time the day in its own offset (contract 2)."""
    return moment.date() if isinstance(moment, datetime.datetime) else moment


@functools.lru_cache(maxsize=TEXTS_REMEMBERED)
def day_of(text: str) -> datetime.date:
    """The clinical day of a moment's text. Raises for a text that no fact can have."""
    return calendar_day(_time_from_text(text))


def instant_of(text: str) -> float:
    """Seconds since 1970 of a moment's text; a day counts from its midnight UTC."""
    moment = _time_from_text(text)
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime.combine(moment, datetime.time(), datetime.UTC)
    return moment.timestamp()


def _decimal(value: object) -> Decimal:
    """Read an exact number: a JSON number or a decimal string, never a binary float."""
    if isinstance(value, str):
        return _decimal_from_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise PydanticCustomError("number_format", _NUMBER_EXPECTED)
    return _exact(value)


@functools.lru_cache(maxsize=TEXTS_REMEMBERED)
def _decimal_from_text(value: str) -> Decimal:
    if len(value) > LIST_LENGTH_MAX:
        raise PydanticCustomError("too_large", "the number has too many digits")
    if not _DECIMAL.fullmatch(value):
        raise PydanticCustomError("number_format", _NUMBER_EXPECTED)
    return _exact(value)


def _exact(value: str | int | Decimal) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise PydanticCustomError("too_large", "the number is out of range") from None
    if not number.is_finite():
        raise PydanticCustomError("number_format", "expected a finite number")
    return _bounded(number)


def _bounded(number: Decimal) -> Decimal:
    """Keep sums and products of such numbers exact within 28 digits."""
    if not number:
        return Decimal(0)
    # Looked at before normalising, which an exponent out of reach would make fail.
    size = number.adjusted()
    if -FRACTION_DIGITS_MAX <= size < INTEGER_DIGITS_MAX and len(str(number)) <= _CHARACTERS_MAX:
        number = number.normalize()
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -exponent <= FRACTION_DIGITS_MAX:
            return number if exponent <= 0 else number.quantize(Decimal(1))
    raise PydanticCustomError("too_large", "the number has too many digits")


_CHARACTERS_MAX = INTEGER_DIGITS_MAX + FRACTION_DIGITS_MAX + len("-.")


def _not_negative(value: object) -> Decimal:
    number = _decimal(value)
    if number < 0:
        raise PydanticCustomError("implausible_value", "a measure cannot be negative")
    return number


def _count(value: object) -> int:
    """Read a whole number from zero; `2`, `2.0` and `"2"` are the same count."""
    if type(value) is int and 0 <= value < 10**INTEGER_DIGITS_MAX:
        return value
    number = _decimal(value)
    if number != number.to_integral_value():
        raise PydanticCustomError("number_format", "expected a whole number")
    if number < 0:
        raise PydanticCustomError("implausible_value", "a count cannot be negative")
    return int(number)


def _from_one(value: object) -> int:
    number = _count(value)
    if number < 1:
        raise PydanticCustomError("number_format", "expected a whole number from 1")
    return number


def plain(number: Decimal) -> str:
    """The one spelling of an exact number: no exponent, no trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_TIME_SCHEMA = {
    "type": "string",
    "description": "YYYY-MM-DD, or an RFC 3339 date-time with an offset; years 1900 to 2100",
    "pattern": (
        r"^(19\d{2}|20\d{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
        r"([Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d))?$"
    ),
}
_DECIMAL_TEXT = r"\d+(\.\d+)?([eE][+-]?\d+)?$"


def _number_schema(pattern: str, kind: str = "number", **bounds: int) -> dict[str, object]:
    return {"anyOf": [{"type": kind, **bounds}, {"type": "string", "pattern": pattern}]}


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """How a value is read; it is written as the type that it then has, at the library's speed."""

    read: Callable[[object], object]
    schema: Mapping[str, object]

    def __get_pydantic_core_schema__(self, _source: object, _rest: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, _schema: object, _rest: object) -> dict[str, object]:
        return dict(self.schema)


ClinicalTime = Annotated[datetime.date, _Read(_clinical_time, _TIME_SCHEMA)]
Measure = Annotated[Decimal, _Read(_not_negative, _number_schema("^" + _DECIMAL_TEXT, minimum=0))]
Count = Annotated[int, _Read(_count, _number_schema(r"^\d+(\.0+)?$", "integer", minimum=0))]
FromOne = Annotated[
    int, _Read(_from_one, _number_schema(r"^0*[1-9]\d*(\.0+)?$", "integer", minimum=1))
]
Flag = Annotated[bool, Strict()]
Pseudonym = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
_NO_NUL = r"^[^\x00]*$"  # no database can keep it; half surrogate pairs are refused by the type
Name = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX, pattern=_NO_NUL)]
Text = Annotated[str, Field(max_length=TEXT_LENGTH_MAX, pattern=_NO_NUL)]
