"""Rules of single samples: blackout, comparability, data quality (clinical rules 2.3-2.7, 2.10)."""

from collections.abc import Iterator
from decimal import Decimal

from monitor.clinical.course import Course
from monitor.clinical.ctdna_result import CtdnaResult
from monitor.clinical.findings import Finding
from monitor.clinical.rule import Rule
from monitor.clinical.sample import Sample, blackout_of, is_chip
from monitor.clinical.terms import plain
from monitor.clinical.units import UNIT_WORDS, amount_words, differs_from_call, words_of

# Warnings, no rejections (2.3): hours from draw to spin by tube, and ml of plasma.
SPIN_HOURS_MAX = {"edta": Decimal(6), "stabilising": Decimal(168)}
TUBE_WORDS = {"edta": "EDTA blood", "stabilising": "the stabilising tube"}
PLASMA_ML_MIN = Decimal(4)


def _in_blackout(course: Course) -> Iterator[Finding]:
    positives = [s for s in course.samples if s.not_counted_because == "blackout" and s.detected]
    therapies = course.therapies if positives else ()
    blackouts = [(held, *blackout_of(held.fact, course.rules.ctdna)) for held in therapies]
    for sample in positives:
        around = [
            (held, None if held.fact.ended_on is None else after)
            for held, first, after in blackouts
            if first <= sample.day < after
        ]
        ends = [after for _, after in around if after]
        yield Finding(
            "CTDNA_POSITIVE_IN_BLACKOUT",
            sample.day,
            (sample.held,),
            supporting=tuple(held for held, _ in around),
            numbers={
                "day": sample.day,
                "therapies": " and ".join(str(held.fact.clinical_day) for held, _ in around),
                "redraw": f"from {max(ends)} on"
                if len(ends) == len(around)
                else "when the therapy and its blackout are over",
            },
        )


def _assay_changed(course: Course) -> Iterator[Finding]:
    for change in course.assay_changes:
        yield Finding(
            "ASSAY_CHANGED",
            change.sample.day,
            (change.sample.held,),
            supporting=(change.before.held,),
            numbers={
                "day": change.sample.day,
                "before": change.before.day,
                "so": "this study pairs their calls, and compares no amounts"
                if course.rules.ctdna.cross_assay_confirm
                else "no positives are paired and no amounts compared between the two, and a "
                "negative in one clears nothing in the other",
            },
        )


def _unit_not_comparable(course: Course) -> Iterator[Finding]:
    for found in course.units_not_comparable:
        yield Finding(
            "UNIT_NOT_COMPARABLE",
            found.sample.day,
            (found.sample.held,),
            supporting=(found.before.held,),
            numbers={
                "day": found.sample.day,
                "unit": _unit(found.sample),
                "earlier": _unit(found.before),
                "before": found.before.day,
            },
        )


def _unit(sample: Sample) -> str:
    quantity = sample.held.fact.quantity
    return UNIT_WORDS[quantity.unit] if quantity else ""


def _call_value(course: Course) -> Iterator[Finding]:
    for sample in course.samples:
        result = sample.held.fact
        if sample.held.final and differs_from_call(result):
            lod = result.assay.lod
            yield _problem(
                sample,
                "call_value",
                amount=amount_words(result),
                limit=f"at or above the limit of detection of {words_of(lod)}"
                if lod
                else "above zero without a limit of detection",
            )


def _chip(course: Course) -> Iterator[Finding]:
    for sample in course.samples:
        if sample.held.final and is_chip(sample.held.fact, course.rules.ctdna):
            genes = {str(variant.gene) for variant in sample.held.fact.variants or ()}
            yield _problem(sample, "chip", genes=", ".join(sorted(genes)))


def _preanalytic(course: Course) -> Iterator[Finding]:
    for sample in course.samples:
        if sample.held.final and (warnings := _warnings(sample.held.fact)):
            yield _problem(sample, "preanalytic", warnings="; ".join(warnings))


def _warnings(result: CtdnaResult) -> list[str]:
    """What was outside the usual limits on the way to the laboratory, in words."""
    specimen, found = result.specimen, []
    tube, hours, plasma = specimen.tube, specimen.draw_to_spin_h, specimen.plasma_ml
    hours_max = SPIN_HOURS_MAX.get(tube) if tube else None
    if tube and hours is not None and hours_max is not None and hours > hours_max:
        found.append(
            f"{TUBE_WORDS[tube]} waited {plain(hours)} h for the spin (at most {hours_max} h)"
        )
    if plasma is not None and plasma < PLASMA_ML_MIN:
        found.append(f"there were {plain(plasma)} mL of plasma (at least {PLASMA_ML_MIN} mL)")
    return found


def _problem(sample: Sample, kind: str, **numbers: str) -> Finding:
    return Finding(
        "DATA_QUALITY",
        sample.day,
        (sample.held,),
        details={"kind": kind},
        numbers={"day": sample.day, **numbers},
        discriminator=kind,
    )


ROWS: tuple[Rule, ...] = (
    Rule(
        "ctdna.blackout", 1, "CTDNA_POSITIVE_IN_BLACKOUT", "low", "D", "2.4, 4.5",
        "ctDNA was detected in the sample of {day}, inside the blackout of the local therapy of "
        "{therapies}, and does not count: draw again {redraw}.",
        _in_blackout,
        thresholds=("ctdna.blackout.surgery", "ctdna.blackout.rt", "ctdna.blackout.ablation"),
    ),
    Rule(
        "ctdna.assay_changed", 1, "ASSAY_CHANGED", "low", "D", "2.10",
        "The sample of {day} was measured with another assay, version or panel than that of "
        "{before}: {so}.",
        _assay_changed,
        thresholds=("ctdna.cross_assay_confirm",),
    ),
    Rule(
        "ctdna.unit", 1, "UNIT_NOT_COMPARABLE", "low", "D", "2.2, 2.10",
        "The sample of {day} is reported in {unit}, that of {before} in {earlier}, and the two do "
        "not convert: calls still count, but amounts are no longer compared in this run of "
        "positives.",
        _unit_not_comparable,
    ),
    Rule(
        "quality.call_value", 1, "DATA_QUALITY", "low", "D", "2.3",
        "The sample of {day} was called not detected, but its amount is given as {amount}, "
        "{limit}. The laboratory's call stands; ask the laboratory.",
        _call_value,
    ),
    Rule(
        "quality.chip", 1, "DATA_QUALITY", "low", "D", "2.7",
        "The result of {day} rests on genes of clonal haematopoiesis only ({genes}), and it is "
        "not known to have been filtered for it: such a result may come from blood cells and "
        "cannot confirm a relapse.",
        _chip,
        thresholds=("ctdna.chip_genes",),
    ),
    Rule(
        "quality.preanalytic", 1, "DATA_QUALITY", "low", "D", "2.3",
        "The blood of {day} was outside the usual limits before the test: {warnings}. This is a "
        "warning, no rejection.",
        _preanalytic,
    ),
)  # fmt: skip
