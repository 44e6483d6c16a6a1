"""The auditor's plain values: days, numbers, records, findings, and the rules' defaults of 4.1."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

TYPE_PREFIX: Final = "org.ctdnamonitor."
TYPE_SUFFIX: Final = ".v1"
# Contract 1, "clinical day" (the day a fact begins to hold).
DAY_FIELD: Final[Mapping[str, str]] = {
    "patient.enrolled": "enrolled_on",
    "eligibility.assessed": "assessed_on",
    "therapy.local": "started_on",
    "therapy.systemic": "started_on",
    "marker.result": "collected_at",
    "treatability.stated": "stated_on",
    "biopsy.result": "taken_on",
    "review.held": "held_on",
    "contact.recorded": "contacted_on",
    "death.recorded": "died_on",
    "withdrawal.recorded": "withdrawn_on",
    "day.closed": "closed_on",
}
# Clinical rules 4.1, "Exact keys and values".
RULES: Final[Mapping[str, Any]] = {
    "reader": "investigator",
    "reader_id": None,
    "schedule.imaging_days": 84,
    "schedule.imaging_window_days": 14,
    "schedule.imaging_days_later": 168,
    "schedule.imaging_window_days_later": 21,
    "schedule.imaging_later_after_days": 730,
    "schedule.ctdna_days": 84,
    "schedule.ctdna_window_days": 14,
    "schedule.landmark_from_days": 28,
    "schedule.landmark_to_days": 56,
    "surveillance_baseline_window.surgery": [28, 56],
    "surveillance_baseline_window.ablation": [28, 42],
    "surveillance_baseline_window.rt": [42, 90],
    "ctdna.blackout.surgery": 28,
    "ctdna.blackout.rt": 28,
    "ctdna.blackout.ablation": 28,
    "ctdna.confirm.n": 2,
    "ctdna.confirm.min_gap": 14,
    "ctdna.confirm.max_gap": 120,
    "ctdna.confirm.date": "first",
    "ctdna.cross_assay_confirm": False,
    "ctdna.chip_genes": ["DNMT3A", "TET2", "ASXL1", "JAK2"],
    "ctdna.redraw_window": [14, 28],
    "ctdna.turnaround_days": 21,
    "imaging.turnaround_days": 14,
    "ctdna.clearance.n": 2,
    "ctdna.clearance.min_span": 28,
    "ctdna.rise.fold": "2.0",
    "ctdna.rise.trend.points": 3,
    "ctdna.rise.trend.min_span": 42,
    "ctdna.rise.trend.max_dt": 90,
    "ctdna.rise.fast_dt": 30,
    "recist.pd_rel": "0.20",
    "recist.pd_abs": "5",
    "recist.pr_rel": "0.30",
    "recist.min_sd_days": 42,
    "recist.confirm_days": 28,
    "recist.confirm_max_ne": 1,
    "recist.confirm_accept_sd": False,
    "recist.confirmation_required": False,
    "recist.cut_at_pd": True,
    "recist.no_data": None,
    "recist.disease_after_cr": "pd",
    "recist.benefit_values": ["CR", "PR", "SD"],
    "recist.benefit_min_days": 42,
    "recist.pr_carry_forward": "after_confirmation",
    "recist.pd_date_rule": "earliest_evidence",
    "endpoints.start": "FIRST_LOCAL_THERAPY",
    "endpoints.max_missed": 1,
    "oligo.max_lesions": 5,
    "oligo.organ": "lung",
    "oligo.count_mode": "ACTIVE",
    "oligo.extrapulmonary_policy": "POLY",
    "local_therapy.max_rounds": 2,
    "local_therapy.bed_gy": [72, 100],
    "local_therapy.alpha_beta_gy": 10,
    "schedule.timezone": "Asia/Shanghai",
    "schedule.follow_up_years": 5,
    "discordance.window": 42,
    "expedite.recent_days": 28,
    "expedite.target_days": 28,
    "expedite.repeat_days": 84,
    "followup.ltfu_missed": 2,
    "followup.no_contact": 180,
    "transition.ctdna_alone": "MDT_REVIEW",
}


def rule(rules: Mapping[str, Any], key: str) -> Any:
    """The value of a dotted key in rules nested as in TOML, else its default."""
    if key in rules:
        return rules[key]
    node: Any = rules
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return RULES[key]
        node = node[part]
    return node


def day(text: Any) -> date:
    """The clinical day of a date or date-time: its first ten characters are the local day."""
    return date.fromisoformat(str(text)[:10])


def maybe_day(text: Any) -> date | None:
    """As `day`; null stays null."""
    return None if text is None else day(text)


def days(a: date, b: date) -> int:
    """Days from a to b, negative when b is earlier."""
    return (b - a).days


def num(value: Any) -> Decimal | None:
    """A JSON number or decimal string as written, null stays null."""
    return None if value is None else Decimal(str(value))


@dataclass(frozen=True)
class Record:
    """One standing version of one record; `kind` is the type without prefix and version."""

    source: str
    kind: str
    data: dict[str, Any]

    @property
    def record_id(self) -> str:
        return str(self.data["record_id"])

    @property
    def version(self) -> int:
        return int(self.data["record_version"])

    @property
    def status(self) -> str:
        return str(self.data["status"])

    @property
    def key(self) -> tuple[str, str]:
        return (self.source, self.record_id)

    @property
    def final(self) -> bool:
        return self.status not in {"registered", "preliminary"}

    def get(self, name: str) -> Any:
        """A field of `data`, null when missing."""
        return self.data.get(name)

    @cached_property
    def image_days(self) -> list[date]:
        return sorted(day(image["acquired_on"]) for image in self.data.get("images") or [])

    @cached_property
    def clinical_day(self) -> date:
        if self.kind == "ctdna.result":
            return day(self.data["specimen"]["collected_at"])
        if self.kind == "imaging.read":
            return self.image_days[0]
        return day(self.data[DAY_FIELD[self.kind]])

    @cached_property
    def last_day(self) -> date:
        """The latest day of the record: last image, end of a local therapy, else its one day."""
        if self.kind == "imaging.read":
            return self.image_days[-1]
        if self.kind == "therapy.local":
            return maybe_day(self.get("ended_on")) or self.clinical_day
        return self.clinical_day

    @property
    def order(self) -> tuple[date, date, str, str]:
        """Contract 2, "Order": clinical day, then (reads) later image day, source, record id."""
        later = self.last_day if self.kind == "imaging.read" else self.clinical_day
        return (self.clinical_day, later, self.source, self.record_id)


def record_of(event: Mapping[str, Any]) -> Record:
    """The record of one contract event, whatever its version."""
    kind = str(event["type"]).removeprefix(TYPE_PREFIX).removesuffix(TYPE_SUFFIX)
    return Record(str(event["source"]), kind, dict(event["data"]))


def of_kind(records: Iterable[Record], kind: str, *, final: bool = True) -> list[Record]:
    """The records of one kind in contract order; only those of a final status unless asked."""
    chosen = [r for r in records if r.kind == kind and (r.final or not final)]
    return sorted(chosen, key=lambda r: r.order)


@dataclass
class Found:
    """A finding by definition: name, effective day, identifying evidence, details."""

    name: str
    on: date
    identifying: list[tuple[str, str]]
    details: dict[str, Any] = field(default_factory=dict)
    discriminator: str = ""
    severity: str | None = None
