"""The rule parameters of a study: every threshold named once, with its unit and bounds.

Keys and defaults are those of the clinical rules, section 4.1; days are whole numbers.
"""

import functools
import hashlib
import tomllib
import zoneinfo
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from monitor.clinical.bounds import AlphaBeta, Days, DoseRange, IntervalDays, Section, Share, Window
from monitor.clinical.terms import LocalModality, Measure, ReaderRole, Response

_timezones = functools.cache(zoneinfo.available_timezones)  # it walks a folder of the machine


class Recist(Section):
    """RECIST 1.1: shares of the nadir or baseline, millimetres, days."""

    pd_rel: Share = Decimal("0.2")
    pd_abs: Annotated[Measure, Field(ge=0, le=100)] = Decimal(5)
    pr_rel: Annotated[Measure, Field(gt=0, lt=1)] = Decimal("0.3")
    min_sd_days: Days = 42
    confirm_days: Days = 28
    confirm_max_ne: Annotated[int, Field(ge=0, le=10)] = 1
    confirm_accept_sd: bool = False
    confirmation_required: bool = False
    cut_at_pd: bool = True
    no_data: Literal["NE"] | None = None
    benefit_values: tuple[Response, ...] = ("CR", "PR", "SD")
    benefit_min_days: Days = 42
    disease_after_cr: Literal["pd", "by_table"] = "pd"
    pr_carry_forward: Literal["after_confirmation", "off"] = "after_confirmation"
    pd_date_rule: Literal["earliest_evidence", "last_scan_day"] = "earliest_evidence"


class Confirm(Section):
    """How many positives, and how far apart, confirm a molecular relapse."""

    n: Literal[1, 2] = 2
    min_gap: Days = 14
    max_gap: Days = 120
    date: Literal["first", "second"] = "first"

    @model_validator(mode="after")
    def _can_confirm(self) -> Self:
        if self.min_gap > self.max_gap:
            raise ValueError("min_gap is above max_gap: no second positive could confirm")
        return self


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


class Clearance(Section):
    """How many counted negatives, over how many days, make a clearance sustained."""

    n: Annotated[int, Field(ge=2, le=10)] = 2
    min_span: Days = 28


class Trend(Section):
    """A rise by trend: how many rising points, their span and the doubling time, in days."""

    points: Annotated[int, Field(ge=3, le=10)] = 3
    min_span: Days = 42
    max_dt: Days = 90


class Rise(Section):
    """A rise within a run: the fold over its lowest member, the trend, and what is fast (days)."""

    fold: Annotated[Measure, Field(gt=1, le=1000)] = Decimal(2)
    trend: Trend = Trend()
    fast_dt: Days = 30


class Ctdna(Section):
    """The ctDNA run logic."""

    confirm: Confirm = Confirm()
    blackout: Blackout = Blackout()
    clearance: Clearance = Clearance()
    rise: Rise = Rise()
    cross_assay_confirm: bool = False
    redraw_window: Window = (14, 28)
    turnaround_days: Days = 21
    chip_genes: tuple[str, ...] = ("DNMT3A", "TET2", "ASXL1", "JAK2")


class Imaging(Section):
    """When a read that has begun should be final."""

    turnaround_days: Days = 14


class Schedule(Section):
    """When visits are due, how long they stay open, when a day of the study ends."""

    timezone: Annotated[str, StringConstraints(min_length=1)] = "Asia/Shanghai"
    follow_up_years: Annotated[int, Field(ge=1, le=30)] = 5
    imaging_days: IntervalDays = 84
    imaging_window_days: Days = 14
    imaging_days_later: IntervalDays = 168
    imaging_window_days_later: Days = 21
    imaging_later_after_days: Days = 730
    ctdna_days: IntervalDays = 84
    ctdna_window_days: Days = 14
    landmark_from_days: Days = 28
    landmark_to_days: Days = 56

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in _timezones():
            raise ValueError("not an IANA time zone")
        return name

    @model_validator(mode="after")
    def _landmark_in_order(self) -> Self:
        if self.landmark_from_days > self.landmark_to_days:
            raise ValueError("landmark_from_days is after landmark_to_days")
        return self


class SurveillanceBaselineWindow(Section):
    """Days after a local therapy in which its surveillance baseline belongs, both included."""

    surgery: Window = (28, 56)
    ablation: Window = (28, 42)
    rt: Window = (42, 90)

    def of(self, modality: LocalModality) -> Window:
        """The window of a therapy's modality."""
        return {"surgery": self.surgery, "radiotherapy": self.rt, "ablation": self.ablation}[
            modality
        ]


class Endpoints(Section):
    """Where times to event begin, and how many missed visits keep an event."""

    start: Literal["FIRST_LOCAL_THERAPY", "ENROLMENT"] = "FIRST_LOCAL_THERAPY"
    max_missed: Annotated[int, Field(ge=0, le=20)] = 1


class Oligo(Section):
    """What is oligometastatic: how many active lesions, where (lung only), how counted."""

    max_lesions: Annotated[int, Field(ge=1, le=20)] = 5
    organ: Literal["lung"] = "lung"
    count_mode: Literal["ACTIVE", "CUMULATIVE"] = "ACTIVE"
    extrapulmonary_policy: Literal["POLY", "OLIGO_IF_TOTAL_LE_5"] = "POLY"


class LocalTherapyRules(Section):
    """Rounds of local therapy, and the dose of radiotherapy: BED in Gy, alpha/beta in Gy."""

    max_rounds: Annotated[int, Field(ge=1, le=20)] = 2
    bed_gy: DoseRange = (Decimal(72), Decimal(100))
    alpha_beta_gy: AlphaBeta = Decimal(10)


class Discordance(Section):
    """How many days around a finding the other kind of result is looked for."""

    window: Days = 42


class Expedite(Section):
    """Expedited imaging: what is recent enough, when it is wanted, how often again (days)."""

    recent_days: Days = 28
    target_days: Days = 28
    repeat_days: IntervalDays = 84


class Followup(Section):
    """When a patient is lost: missed imaging visits in a row, days without contact."""

    ltfu_missed: Annotated[int, Field(ge=1, le=20)] = 2
    no_contact: Days = 180


class Transition(Section):
    """What a confirmed, fast rising molecular relapse alone leads to."""

    ctdna_alone: Literal["MDT_REVIEW", "TRANSITION"] = "MDT_REVIEW"


class Parameters(Section):
    """All parameters of one study. `reader_id` has effect only with reader `central` (4.3)."""

    reader: ReaderRole = "investigator"
    reader_id: str | None = None
    schedule: Schedule = Schedule()
    surveillance_baseline_window: SurveillanceBaselineWindow = SurveillanceBaselineWindow()
    endpoints: Endpoints = Endpoints()
    recist: Recist = Recist()
    ctdna: Ctdna = Ctdna()
    imaging: Imaging = Imaging()
    oligo: Oligo = Oligo()
    local_therapy: LocalTherapyRules = LocalTherapyRules()
    discordance: Discordance = Discordance()
    expedite: Expedite = Expedite()
    followup: Followup = Followup()
    transition: Transition = Transition()

    @cached_property
    def config_hash(self) -> str:
        """SHA-256 (hex) over all values, defaults included: equal rules, equal hash."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def parameters_from_toml(text: str) -> Parameters:
    """Read a study's parameters; dotted keys and tables are the same.

    Raises tomllib.TOMLDecodeError or pydantic.ValidationError, both naming the place.
    """
    return Parameters.model_validate(tomllib.loads(text))
