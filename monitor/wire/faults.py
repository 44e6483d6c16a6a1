"""Every way in which a record can break its model, as one reason of the closed list with words.

Words and reasons come from the tables below and from the models' own errors, never from the input.
"""

from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.wire.delivery import Reason
from monitor.wire.refusal import Refused

MISSING: Final = frozenset({"missing", "field_missing"})

_REASONS: Final = {
    "literal_error": Reason.UNMAPPED_CODE,
    "implausible_value": Reason.IMPLAUSIBLE_VALUE,
    "too_large": Reason.TOO_LARGE,
    "too_long": Reason.TOO_LARGE,
    "string_too_long": Reason.TOO_LARGE,
}
_WORDS: Final = {
    "missing": "is required",
    "string_type": "must be text",
    "string_unicode": "must not hold half of a surrogate pair",
    "string_pattern_mismatch": "must not hold a NUL character",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "too_long": "has too many entries",
    "too_short": "has too few entries",
    "model_type": "must be an object",
}
_OWN: Final = frozenset(
    {"implausible_value", "too_large", "time_format", "time_offset", "number_format"}
)
_PSEUDONYMS: Final = frozenset({"study_id", "patient_id"})
_PSEUDONYM_WORDS: Final = "must be 1 to 64 letters, digits, points, underscores or hyphens"


def faults(error: ValidationError) -> list[ErrorDetails]:
    """List what is wrong, without the input."""
    found = error.errors(include_url=False, include_input=False)
    return [fault for fault in found if not _follows(fault, found)]


def _follows(fault: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Whether a list only counts as too short because entries in it are wrong."""
    place = fault["loc"]
    return fault["type"] == "too_short" and any(
        other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in found
    )


def refused(fault: ErrorDetails) -> Refused:
    """The refusal of one fault; its field is the dotted path under `data`."""
    path = ["data", *map(str, fault["loc"])]
    context = fault.get("ctx", {})
    if "field" in context:
        path.append(str(context["field"]))
    reason = _REASONS.get(fault["type"], Reason.SCHEMA_INVALID)
    if path == ["data", "status"] and reason is Reason.UNMAPPED_CODE:
        reason = Reason.UNKNOWN_STATUS
    field = ".".join(path)
    return Refused(reason, field, f"{field}: {_words(fault, path[-1])}")


def _words(fault: ErrorDetails, name: str) -> str:
    kind = fault["type"]
    if kind == "literal_error":
        return f"must be {fault['ctx']['expected']}"
    if kind == "field_missing":
        return "is required here"
    if kind == "string_pattern_mismatch" and name in _PSEUDONYMS:
        return _PSEUDONYM_WORDS
    if kind in _OWN:
        return fault["msg"]
    return _WORDS.get(kind, "is not as the contract says")
