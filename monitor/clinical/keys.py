"""The keys of a study's rules, each with its unit, its words and where its default comes from.

Clinical rules 4.1. The table is literal; bounds and defaults are told by the parameters themselves.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel

from monitor.clinical.parameters import Parameters
from monitor.clinical.terms import plain


class Key(NamedTuple):
    """One row: the unit (empty for words), what the key is, its origin (L literature, D design)."""

    unit: str
    words: str
    origin: str


_DUE = "between visits, counted from the anchor"
_OPEN = "around a due day in which the visit is open, on either side"
_BLACKOUT = "after the last day in which a sample does not count"
_BASELINE = "after the last day in which the surveillance baseline belongs"

KEYS: Mapping[str, Key] = {
    "reader": Key("", "whose reads decide", "D"),
    "reader_id": Key(
        "", "with reader central: who decides; not set: who has the earliest baseline", "D"
    ),
    "schedule.timezone": Key("", "where a day of the study ends", "D"),
    "schedule.follow_up_years": Key("years", "how long visits are listed as due", "D"),
    "schedule.imaging_days": Key("days", f"imaging: {_DUE}", "D"),
    "schedule.imaging_window_days": Key("days", f"imaging: {_OPEN}", "D"),
    "schedule.imaging_days_later": Key("days", f"later imaging: {_DUE}", "D"),
    "schedule.imaging_window_days_later": Key("days", f"later imaging: {_OPEN}", "D"),
    "schedule.imaging_later_after_days": Key("days", "after the anchor, imaging is later", "D"),
    "schedule.ctdna_days": Key("days", f"ctDNA: {_DUE}", "D"),
    "schedule.ctdna_window_days": Key("days", f"ctDNA: {_OPEN}", "D"),
    "schedule.landmark_from_days": Key("days", "after the last day: landmark sample from", "D"),
    "schedule.landmark_to_days": Key("days", "after the last day: landmark sample until", "D"),
    "surveillance_baseline_window.surgery": Key("days", f"surgery: {_BASELINE}", "D"),
    "surveillance_baseline_window.ablation": Key("days", f"ablation: {_BASELINE}", "L"),
    "surveillance_baseline_window.rt": Key("days", f"radiotherapy: {_BASELINE}", "D"),
    "endpoints.start": Key("", "where times to event begin", "D"),
    "endpoints.max_missed": Key("visits", "missed or NE in a row that keep an event", "L"),
    "recist.pd_rel": Key("share", "growth over the nadir that makes a PD, inclusive", "L"),
    "recist.pd_abs": Key("mm", "growth over the nadir that makes a PD, inclusive", "L"),
    "recist.pr_rel": Key("share", "shrinkage below the baseline that makes a PR, inclusive", "L"),
    "recist.min_sd_days": Key("days", "after the start before an SD counts as best", "L"),
    "recist.confirm_days": Key("days", "between two responses of which one confirms", "L"),
    "recist.confirm_max_ne": Key("visits", "NE between two responses of which one confirms", "D"),
    "recist.confirm_accept_sd": Key("", "whether SD may lie between them", "D"),
    "recist.confirmation_required": Key("", "whether best response needs confirmation", "D"),
    "recist.cut_at_pd": Key(
        "", "whether reads after the first PD are left out of response and best response", "D"
    ),
    "recist.no_data": Key("", "best response without any read", "D"),
    "recist.benefit_values": Key("", "responses that are clinical benefit", "D"),
    "recist.benefit_min_days": Key("days", "after the start before they are", "D"),
    "recist.disease_after_cr": Key("", "what disease seen after an overall CR is", "L"),
    "recist.pr_carry_forward": Key("", "whether a PR goes on through small regrowth", "D"),
    "recist.pd_date_rule": Key("", "which image dates a PD", "D"),
    "ctdna.confirm.n": Key("positives", "that make a molecular relapse confirmed", "D"),
    "ctdna.confirm.min_gap": Key("days", "from the first to the confirming positive, least", "D"),
    "ctdna.confirm.max_gap": Key("days", "from one positive to the next, at most", "D"),
    "ctdna.confirm.date": Key("", "the positive that dates a confirmed relapse", "D"),
    "ctdna.blackout.surgery": Key("days", f"surgery: {_BLACKOUT}", "L"),
    "ctdna.blackout.rt": Key("days", f"radiotherapy: {_BLACKOUT}", "D"),
    "ctdna.blackout.ablation": Key("days", f"ablation: {_BLACKOUT}", "D"),
    "ctdna.clearance.n": Key("negatives", "counted in a row that sustain a clearance", "D"),
    "ctdna.clearance.min_span": Key("days", "between the first and the last of them", "D"),
    "ctdna.rise.fold": Key("times", "the lowest of the run that is a rise", "D"),
    "ctdna.rise.trend.points": Key("samples", "rising one after the other, least", "D"),
    "ctdna.rise.trend.min_span": Key("days", "from the first to the last of them, least", "D"),
    "ctdna.rise.trend.max_dt": Key("days", "in which the amount doubles, at most", "D"),
    "ctdna.rise.fast_dt": Key("days", "in which it doubles when a rise is fast, at most", "D"),
    "ctdna.cross_assay_confirm": Key("", "whether another assay may confirm", "D"),
    "ctdna.redraw_window": Key("days", "after a suspicion in which to draw again", "D"),
    "ctdna.turnaround_days": Key("days", "after the draw until a result is overdue", "D"),
    "ctdna.chip_genes": Key("", "genes of clonal haematopoiesis", "L"),
    "imaging.turnaround_days": Key("days", "after the images until a read is overdue", "D"),
    "oligo.max_lesions": Key("lesions", "within the oligometastatic limits, at most", "P"),
    "oligo.organ": Key("", "where they may be; lung is its only value", "P"),
    "oligo.count_mode": Key("", "whether lesions of earlier rounds count too", "D"),
    "oligo.extrapulmonary_policy": Key("", "what a lesion elsewhere makes", "D"),
    "local_therapy.max_rounds": Key("rounds", "before a review must address systemic therapy", "D"),
    "local_therapy.bed_gy": Key("Gy", "biologically effective dose of radiotherapy", "P"),
    "local_therapy.alpha_beta_gy": Key("Gy", "alpha/beta with which it is computed", "D"),
    "discordance.window": Key("days", "around a finding for the other kind of result", "D"),
    "expedite.recent_days": Key("days", "before it in which imaging is recent enough", "D"),
    "expedite.target_days": Key("days", "after it until imaging is wanted", "D"),
    "expedite.repeat_days": Key("days", "until imaging is asked for again", "D"),
    "followup.ltfu_missed": Key("visits", "of imaging missed in a row by a lost patient", "D"),
    "followup.no_contact": Key("days", "without contact of a lost patient", "D"),
    "transition.ctdna_alone": Key("", "what a fast confirmed molecular relapse leads to", "D"),
}


def values_of(section: BaseModel, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted key of some parameters with its value, in their own order."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from values_of(value, f"{path}{name}.")
        else:
            yield path + name, value


def value_of(parameters: Parameters, key: str) -> Any:
    """The value of a dotted key. Raises AttributeError for an unknown one."""
    value: Any = parameters
    for name in key.split("."):
        value = getattr(value, name)
    return value


def value_words(value: object, unit: str = "") -> str:
    """A value as people read it, with its unit."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        joint = " to " if unit else ", "
        text = joint.join(value_words(one) for one in value) or "none"
    else:
        text = plain(value) if isinstance(value, Decimal) else str(value)
    return f"{text} {unit}".rstrip()


def differing(one: Parameters, other: Parameters) -> list[tuple[str, Any, Any]]:
    """The keys whose values differ, each with both values."""
    second = dict(values_of(other))
    return [(key, value, second[key]) for key, value in values_of(one) if value != second[key]]
