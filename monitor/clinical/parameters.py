"""The rule parameters of a study: every threshold named once, with its unit and bounds.

Keys and defaults are those of the clinical rules, section 4.1; days are whole numbers.
"""

import hashlib
import tomllib
import zoneinfo
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from monitor.clinical.terms import LocalModality, Measure, ReaderRole

Days = Annotated[int, Field(ge=0, le=3650)]
IntervalDays = Annotated[int, Field(ge=1, le=3650)]
Share = Annotated[Measure, Field(gt=0, lt=10)]


class Section(BaseModel):
    """A table of the TOML file; a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Recist(Section):
    """RECIST 1.1: shares of the nadir or baseline, millimetres, days."""

    pd_rel: Share = Decimal("0.20")
    pd_abs: Annotated[Measure, Field(ge=0, le=100)] = Decimal(5)
    pr_rel: Annotated[Measure, Field(gt=0, lt=1)] = Decimal("0.30")
    min_sd_days: Days = 42
    confirm_days: Days = 28
    confirm_max_ne: Annotated[int, Field(ge=0, le=10)] = 1
    confirm_accept_sd: bool = False
    confirmation_required: bool = False
    cut_at_pd: bool = True
    no_data: Literal["NE"] | None = None
    disease_after_cr: Literal["pd", "by_table"] = "pd"
    pr_carry_forward: Literal["after_confirmation", "off"] = "after_confirmation"
    pd_date_rule: Literal["earliest_evidence", "last_scan_day"] = "earliest_evidence"


class Confirm(Section):
    """How many positives, and how far apart, confirm a molecular relapse."""

    n: Literal[1, 2] = 2
    min_gap: Days = 14
    max_gap: Days = 120
    date: Literal["first", "second"] = "first"


class Blackout(Section):
    """Days after the last day of a local therapy in which a sample does not count."""

    surgery: Days = 28
    rt: Days = 28
    ablation: Days = 28

    def days(self, modality: LocalModality) -> int:
        """The blackout in days of a therapy's modality."""
        return {"surgery": self.surgery, "radiotherapy": self.rt, "ablation": self.ablation}[
            modality
        ]


class Ctdna(Section):
    """The ctDNA run logic."""

    confirm: Confirm = Confirm()
    blackout: Blackout = Blackout()
    cross_assay_confirm: bool = False
    redraw_window: tuple[Days, Days] = (14, 28)
    chip_genes: tuple[str, ...] = ("DNMT3A", "TET2", "ASXL1", "JAK2")


class Schedule(Section):
    """When imaging visits are due, how long they stay open, when a day of the study ends."""

    timezone: Annotated[str, StringConstraints(min_length=1)] = "Asia/Shanghai"
    follow_up_years: Annotated[int, Field(ge=1, le=30)] = 5
    imaging_days: IntervalDays = 84
    imaging_window_days: Days = 14
    imaging_days_later: IntervalDays = 168
    imaging_window_days_later: Days = 21
    imaging_later_after_days: Days = 730

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in zoneinfo.available_timezones():
            raise ValueError("not an IANA time zone")
        return name


class Endpoints(Section):
    """Where times to event begin."""

    start: Literal["FIRST_LOCAL_THERAPY", "ENROLMENT"] = "FIRST_LOCAL_THERAPY"


class Parameters(Section):
    """All parameters of one study."""

    reader: ReaderRole = "investigator"
    reader_id: str | None = None
    schedule: Schedule = Schedule()
    endpoints: Endpoints = Endpoints()
    recist: Recist = Recist()
    ctdna: Ctdna = Ctdna()

    @cached_property
    def config_hash(self) -> str:
        """SHA-256 (hex) over all values, defaults included: equal rules, equal hash."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def parameters_from_toml(text: str) -> Parameters:
    """Read a study's parameters; dotted keys and tables are the same.

    Raises tomllib.TOMLDecodeError or pydantic.ValidationError, both naming the place.
    """
    return Parameters.model_validate(tomllib.loads(text))
