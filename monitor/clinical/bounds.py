"""The kinds of value that rule parameters have, each with its bounds (clinical rules 4.1)."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.clinical.terms import Measure

Days = Annotated[int, Field(ge=0, le=3650)]
IntervalDays = Annotated[int, Field(ge=1, le=3650)]
Gray = Annotated[Measure, Field(gt=0, le=1000)]
AlphaBeta = Annotated[Measure, Field(ge=Decimal("0.1"), le=1000)]  # in Gy; of no tissue is less
Share = Annotated[Measure, Field(gt=0, lt=10)]


def _days_in_order(window: tuple[int, int]) -> tuple[int, int]:
    if window[0] > window[1]:
        raise ValueError("the window ends before it begins")
    return window


def _dose_in_order(bounds: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    if bounds[0] > bounds[1]:
        raise ValueError("the lower bound is above the upper one")
    return bounds


Window = Annotated[tuple[Days, Days], AfterValidator(_days_in_order)]
DoseRange = Annotated[tuple[Gray, Gray], AfterValidator(_dose_in_order)]


class Section(BaseModel):
    """A table of the TOML file; a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
