"""The rises of a story, for tests of kinetics and units."""

from collections.abc import Mapping
from functools import partial

from tests.clinical import table

assert_told = partial(table.assert_told, about={"RISING_CTDNA", "UNIT_NOT_COMPARABLE"})


def rises(story: str, **rules: object) -> list[tuple[str, str, Mapping[str, object]]]:
    """The standing rises as record ids, severity and details."""
    named = {key.replace("__", "."): value for key, value in rules.items()}
    patient = assert_told("0 | enrolled |\n" + story, named)
    return [
        (" ".join(row["evidence"]), row["severity"], row["details"])
        for row in patient.timeline()["standing_findings"]
        if row["finding"] == "RISING_CTDNA"
    ]


def triggers(story: str, **rules: object) -> list[str]:
    """The standing rises as `TRIGGER record ids`."""
    return [f"{details['trigger']} {ids}" for ids, _, details in rises(story, **rules)]


def run(*amounts: tuple[int, str]) -> str:
    """Positives s1, s2, ... of these days and values."""
    return "\n".join(
        f"{day} | ctdna s{number} detected value={value} |"
        for number, (day, value) in enumerate(amounts, start=1)
    )
