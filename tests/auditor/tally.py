"""How often the histories came just below, exactly on and just above each named threshold."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Any

from tests.auditor.compare import Document
from tests.auditor.draw_rules import Rules
from tests.auditor.values import Record, day, days, num, of_kind

SIDES = ("below", "on", "above")
TENTH, HUNDREDTH = Decimal("0.1"), Decimal("0.01")
Hit = tuple[str, str]
Measure = tuple[str, Decimal | int, Decimal | int, Decimal | int]  # name, value, limit, step
ELIGIBLE: dict[str, tuple[str, ...]] = {
    "anc_e9_per_l": ("1.6",),
    "alt_x_uln": ("3",),
    "ast_x_uln": ("3",),
    "bilirubin_x_uln": ("2",),
    "creatinine_x_uln": ("1.5",),
    "ecog": ("2",),
    "largest_lung_lesion_mm": ("10", "15"),
    "age_years": ("18", "75"),
    "lung_lesion_count": ("1", "5"),
    "expected_survival_months": ("3",),
    "days_since_growth_factor": ("7",),
    "days_since_major_surgery": ("30",),
}


def hits(
    document: Document, records: Sequence[Record], rules: Rules, clock: date | None
) -> Counter[Hit]:
    """One patient's hits."""
    measures = (
        *sums(document, rules),
        *samples(document, records, rules),
        *reads(document, records, rules),
        *sizes(records, rules),
        *(clocks(document, records, rules, clock) if clock else ()),
        *assessments(records),
    )
    counted: Counter[Hit] = Counter()
    for name, value, limit, step in measures:
        if value == limit:
            counted[name, "on"] += 1
        elif limit - step <= value < limit:
            counted[name, "below"] += 1
        elif limit < value <= limit + step:
            counted[name, "above"] += 1
    return counted


def sums(document: Document, rules: Rules) -> Iterator[Measure]:
    relative, pr = 1 + Decimal(rules["recist.pd_rel"]), 1 - Decimal(rules["recist.pr_rel"])
    absolute = Decimal(rules["recist.pd_abs"])
    for read in document["imaging"]:
        total, nadir, base = (num(read[key]) for key in ("sum_mm", "nadir_mm", "baseline_sum_mm"))
        if total is None or nadir is None or base is None:
            continue
        side = "complete" if read["sum_complete"] else "partial"
        if total - nadir >= absolute:
            yield f"recist.pd_rel ({side} sum)", total, nadir * relative, TENTH
        if total >= nadir * relative:
            yield f"recist.pd_abs ({side} sum)", total - nadir, absolute, TENTH
        if side == "complete":
            yield "recist.pr_rel", total, base * pr, TENTH


def samples(document: Document, records: Sequence[Record], rules: Rules) -> Iterator[Measure]:
    entries = [entry for entry in document["ctdna"] if entry["not_counted_because"] is None]
    for one, two in combinations(entries, 2):
        if one["group"] != two["group"]:
            continue
        gap = days(date.fromisoformat(one["collected_on"]), date.fromisoformat(two["collected_on"]))
        calls = {one["call"], two["call"]}
        if calls == {"detected"}:
            yield "ctdna.confirm.min_gap", gap, rules["ctdna.confirm.min_gap"], 1
            yield "ctdna.confirm.max_gap", gap, rules["ctdna.confirm.max_gap"], 1
            yield "ctdna.rise.trend.min_span", gap, rules["ctdna.rise.trend.min_span"], 1
        elif calls == {"not_detected"}:
            yield "ctdna.clearance.min_span", gap, rules["ctdna.clearance.min_span"], 1
    for sample in of_kind(records, "ctdna.result"):
        for therapy in of_kind(records, "therapy.local"):
            short = {"radiotherapy": "rt"}.get(therapy.data["modality"], therapy.data["modality"])
            since, limit = days(therapy.last_day, sample.clinical_day), f"ctdna.blackout.{short}"
            yield limit, since, rules[limit], 1
            for key in ("landmark_from_days", "landmark_to_days"):
                yield f"schedule.{key}", since, rules[f"schedule.{key}"], 1
    yield from values(records, rules)


def values(records: Sequence[Record], rules: Rules) -> Iterator[Measure]:
    fold = Decimal(str(rules["ctdna.rise.fold"]))
    given = [record.data for record in of_kind(records, "ctdna.result")]
    for one in given:
        quantity, limit = one.get("quantity"), one["assay"].get("lod")
        if quantity and limit and quantity["unit"] == limit["unit"]:
            yield "assay.lod", Decimal(str(quantity["value"])), Decimal(str(limit["value"])), TENTH
        specimen = one["specimen"]
        spin, plasma = num(specimen.get("draw_to_spin_h")), num(specimen.get("plasma_ml"))
        if spin is not None and specimen.get("tube") in {"edta", "stabilising"}:
            yield f"{specimen['tube']} hours", spin, 6 if specimen["tube"] == "edta" else 168, TENTH
        if plasma is not None:
            yield "plasma_ml", plasma, 4, TENTH
    rising = [one["quantity"] for one in given if one.get("quantity") and one["call"] == "detected"]
    for lower, upper in pairwise(rising):
        if lower["unit"] == upper["unit"]:
            limit = Decimal(str(lower["value"])) * fold
            yield "ctdna.rise.fold", Decimal(str(upper["value"])), limit, HUNDREDTH


def reads(document: Document, records: Sequence[Record], rules: Rules) -> Iterator[Measure]:
    imaging = of_kind(records, "imaging.read")
    therapies = of_kind(records, "therapy.local")
    start = therapies[0].clinical_day if therapies else None
    for one, two in pairwise(imaging):
        gap = days(one.last_day, two.last_day)
        yield "recist.confirm_days", gap, rules["recist.confirm_days"], 1
    for read in imaging:
        if start is not None:
            yield "recist.min_sd_days", days(start, read.last_day), rules["recist.min_sd_days"], 1
        for sample in of_kind(records, "ctdna.result"):
            apart = days(read.clinical_day, sample.clinical_day)
            yield "discordance.window", abs(apart), rules["discordance.window"], 1
            yield "expedite.recent_days", apart, rules["expedite.recent_days"], 1
        for therapy in therapies:
            yield from guards(read, therapy, rules)
    for visit in document["schedule"]:
        due, closes = day(visit["due_on"]), day(visit["closes_on"])
        for read in imaging if visit["kind"] == "imaging" else ():
            yield "imaging window opens", days(due, read.clinical_day), -days(due, closes), 1
            yield "imaging window closes", days(closes, read.clinical_day), 0, 1


def guards(read: Record, therapy: Record, rules: Rules) -> Iterator[Measure]:
    since, modality = days(therapy.last_day, read.clinical_day), therapy.data["modality"]
    limits = {"radiotherapy": (180, 365), "ablation": (90, 180), "surgery": ()}[modality]
    told = {site["site_id"] for site in read.get("treated_sites") or []}
    if told & {site["site_id"] for site in therapy.get("sites") or []}:
        for limit in limits:
            yield f"{modality} guard {limit} d", since, limit, 1
    if (read.get("timepoint") or {}).get("is_baseline"):
        short = {"radiotherapy": "rt"}.get(modality, modality)
        for limit in rules[f"surveillance_baseline_window.{short}"]:
            yield f"surveillance_baseline_window.{short} {limit}", since, limit, 1


def sizes(records: Sequence[Record], rules: Rules) -> Iterator[Measure]:
    for read in of_kind(records, "imaging.read"):
        yield from lesions(read)
        count = (read.get("active_lesions") or {}).get("lung")
        if count is not None:
            yield "oligo.max_lesions", count, rules["oligo.max_lesions"], 1
    for therapy in of_kind(records, "therapy.local"):
        for limit in rules["local_therapy.bed_gy"]:
            if therapy.get("bed_gy") is not None:
                yield f"bed_gy {limit}", Decimal(str(therapy.data["bed_gy"])), limit, TENTH


def lesions(read: Record) -> Iterator[Measure]:
    baseline = (read.get("timepoint") or {}).get("is_baseline")
    for target in read.get("targets") or []:
        size = num(target.get("diameter_mm"))
        if size is not None and target["nodal"]:
            yield "target node 10 mm", size, 10, TENTH
        if size is not None and baseline:
            yield "measurable", size, 15 if target["nodal"] else 10, TENTH
    for lesion in read.get("new_lesions") or []:
        size = num(lesion.get("size_mm"))
        for limit in (10, 15) if size is not None and lesion["nodal"] else ():
            yield f"new node {limit} mm", size or 0, limit, TENTH


def clocks(
    document: Document, records: Sequence[Record], rules: Rules, clock: date
) -> Iterator[Measure]:
    for visit in document["schedule"]:
        yield f"{visit['kind']} overdue", days(date.fromisoformat(visit["closes_on"]), clock), 0, 1
    for record in records:
        kind = {"ctdna.result": "ctdna", "imaging.read": "imaging"}.get(record.kind)
        if kind and not record.final:
            limit = f"{kind}.turnaround_days"
            yield limit, days(record.clinical_day, clock), rules[limit], 1
    latest = max((record.last_day for record in contacts(records)), default=None)
    if latest is not None:
        yield "followup.no_contact", days(latest, clock), rules["followup.no_contact"], 1


def contacts(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if record.kind != "day.closed"]


def assessments(records: Sequence[Record]) -> Iterator[Measure]:
    for record in of_kind(records, "eligibility.assessed"):
        for field, limits in ELIGIBLE.items():
            value = num(record.get(field))
            for limit in limits if value is not None else ():
                whole = field.endswith(("count", "years")) or field == "ecog" or "days" in field
                step: Any = 1 if whole else HUNDREDTH
                yield f"eligibility {field} {limit}", value or 0, Decimal(limit), step
        marker = num((record.get("cea") or {}).get("value"))
        if marker is not None:
            yield "eligibility cea 50", marker, 50, TENTH
