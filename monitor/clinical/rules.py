"""THE RULEBOOK: every rule is a row, and its sentence says what it says to a coordinator."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from monitor.clinical.course import Course
from monitor.clinical.ctdna import Run
from monitor.clinical.events import LocalTherapy
from monitor.clinical.findings import Finding
from monitor.clinical.parameters import Parameters
from monitor.clinical.state import Held
from monitor.clinical.terms import Severity, plain
from monitor.clinical.visit import Visit


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `origin`: P seed protocol, L literature, D design choice; `source`: the section.

    `sentence` is filled with the finding's numbers and the study's thresholds.
    """

    id: str
    version: int
    finding: str
    severity: Severity
    origin: str
    source: str
    sentence: str
    derive: Callable[[Course], Iterator[Finding]]

    def explain(self, finding: Finding, rules: Parameters) -> str:
        """The sentence with this patient's numbers and dates."""
        text = self.sentence.format(**finding.numbers, **thresholds(rules))
        if "resolved_on" in finding.details:
            text += " Resolved on {resolved_on} by record {resolved_by}.".format(**finding.details)
        if self.origin == "D":
            text += " This rule is a design choice of the study team, not an established criterion."
        return text


def thresholds(rules: Parameters) -> dict[str, object]:
    """The thresholds that sentences name, each with one spelling."""
    recist = rules.recist
    return {
        "pd_rel_pct": plain(recist.pd_rel * 100),
        "pd_abs_mm": plain(recist.pd_abs),
    }


def _suspected(course: Course) -> Iterator[Finding]:
    for run in course.runs:
        if not run.suspected:
            continue
        first = run.members[0]
        from_days, until_days = course.rules.ctdna.redraw_window
        redraw_from = (first.day + datetime.timedelta(days=from_days)).isoformat()
        redraw_until = (first.day + datetime.timedelta(days=until_days)).isoformat()
        details: dict[str, JsonValue] = {
            "pattern": run.pattern,
            "redraw_from": redraw_from,
            "redraw_until": redraw_until,
            **_resolution(run),
        }
        yield Finding(
            "MOLECULAR_RELAPSE_SUSPECTED",
            first.day,
            (first.held,),
            supporting=_last_therapy(course, first.day),
            details=details,
            numbers={
                "day": first.day,
                "pattern": _PATTERN_WORDS[run.pattern, bool(course.therapies)],
                "chip": _CHIP_WORDS if first.not_counted_because == "chip" else "",
                "answer": _answer(run, course.rules)
                or f": draw again from {redraw_from} to {redraw_until}",
            },
        )


_PATTERN_WORDS: Mapping[tuple[str, bool], str] = {  # the pattern, and whether there was a therapy
    ("RELAPSE", True): "after a negative since the last local therapy (relapse)",
    ("RELAPSE", False): "after a negative (relapse)",
    ("PERSISTENCE", True): "with no negative since the last local therapy (persistence)",
    ("PERSISTENCE", False): "with no negative before it (persistence)",
}


_CHIP_WORDS = (
    "; its genes are those of clonal haematopoiesis only, so that it cannot confirm a relapse"
)


def _answer(run: Run, rules: Parameters) -> str:
    """What became of a suspicion in words; empty while it is open."""
    if run.confirmed_by:
        return f", confirmed by the sample of {run.confirmed_by.day}"
    if run.refuted_by:
        return f", not confirmed by the sample of {run.refuted_by.day}"
    if run.ended_by is None:
        return ""
    day = run.ended_by.fact.clinical_day
    if isinstance(run.ended_by.fact, LocalTherapy):
        return f", ended by the local therapy of {day}"
    return (
        f", gone stale: the next positive, of {day}, came more than "
        f"{rules.ctdna.confirm.max_gap} days after the one before it"
    )


def _last_therapy(course: Course, day: datetime.date) -> tuple[Held, ...]:  # type: ignore[type-arg]
    """The local therapy that ended last before a sample: supporting evidence."""
    before = [held for held in course.therapies if held.fact.last_day < day]
    return (max(before, key=lambda held: held.fact.last_day),) if before else ()


def _resolution(run: Run) -> dict[str, JsonValue]:
    """What answered a suspicion: the confirming or refuting sample, a therapy, staleness (4.2)."""
    by = run.confirmed_by or run.refuted_by
    ended: Held | None = by.held if by else run.ended_by  # type: ignore[type-arg]
    if ended is None:
        return {}
    return {
        "resolved_on": ended.fact.clinical_day.isoformat(),
        "resolved_by": ended.fact.record_id,
    }


def _not_confirmed(course: Course) -> Iterator[Finding]:
    for run in course.runs:
        if run.refuted_by and run.suspected:
            first, negative = run.members[0], run.refuted_by
            yield Finding(
                "MOLECULAR_RELAPSE_NOT_CONFIRMED",
                negative.day,
                (first.held, negative.held),
                supporting=_last_therapy(course, first.day),
                numbers={"first": first.day, "day": negative.day},
            )


def _confirmed(course: Course) -> Iterator[Finding]:
    second = course.rules.ctdna.confirm.date == "second"
    for run in course.runs:
        if run.confirmed_by is None or run.pair_first is None:
            continue
        first, confirming = run.pair_first, run.confirmed_by
        pair = (first.held,) if first is confirming else (first.held, confirming.held)
        between = tuple(m.held for m in run.members if first.day <= m.day <= confirming.day)
        gap = (confirming.day - first.day).days
        comparable = "" if course.rules.ctdna.cross_assay_confirm else "in comparable assays and "
        yield Finding(
            "MOLECULAR_RELAPSE_CONFIRMED",
            confirming.day if second else first.day,
            pair,
            supporting=between + _last_therapy(course, first.day),
            numbers={
                "first": first.day,
                "again": f" and again in that of {confirming.day}, {gap} days later, {comparable}"
                "without a counted negative between"
                if first is not confirming
                else "",
                "asked": _asked(course.rules),
            },
        )


def _asked(rules: Parameters) -> str:
    confirm = rules.ctdna.confirm
    if confirm.n == 1:
        return "in this study one positive is enough"
    return (
        f"this study asks for two positives at least {confirm.min_gap} days apart, and at most "
        f"{confirm.max_gap} days from one positive to the next"
    )


def _new_lesion(course: Course) -> Iterator[Finding]:
    told: set[tuple[int, str]] = set()
    for visit in course.follow_up:
        fresh = [
            mention
            for mention in visit.unequivocal
            if (visit.episode.number, mention.lesion.lesion_id) not in told
        ]
        told |= {(visit.episode.number, mention.lesion.lesion_id) for mention in fresh}
        if fresh:
            lesions: list[JsonValue] = list(dict.fromkeys(m.lesion.lesion_id for m in fresh))
            seen_on = min(visit.seen_on(mention, course.rules.recist) for mention in fresh)
            yield Finding(
                "NEW_LESION",
                seen_on,
                visit.with_dating_reads(fresh),
                supporting=_baseline(course, visit),
                details={"lesions": lesions},
                numbers={
                    "day": visit.read.clinical_day,
                    "count": "A new lesion" if len(lesions) == 1 else f"{len(lesions)} new lesions",
                    "organs": ", ".join(dict.fromkeys(_organ(m.lesion.organ) for m in fresh)),
                    "seen_on": seen_on,
                },
            )


def _organ(organ: str) -> str:
    return organ.replace("_", " ") if organ != "unspecified" else "an organ not named"


def _baseline(course: Course, visit: Visit) -> tuple[Held, ...]:  # type: ignore[type-arg]
    """The surveillance baseline and the read that set the nadir: supporting evidence."""
    before = [v for v in course.follow_up if v.episode is visit.episode and v.order < visit.order]
    baseline = next((v for v in before if v.is_baseline), None)
    if baseline is None:
        return ()
    nadir = [
        v.held
        for v in before
        if v.found
        and v.found.complete
        and v.found.sum_mm == visit.nadir_mm
        and v.order >= baseline.order
    ]
    return (baseline.held, *nadir[:1])


def _radiographic_pd(course: Course) -> Iterator[Finding]:
    for visit in course.first_pds:
        if visit.pd_on is None:
            continue
        yield Finding(
            "RADIOGRAPHIC_PD",
            visit.pd_on,
            visit.with_dating_reads(visit.unequivocal),
            supporting=_baseline(course, visit),
            numbers={
                "day": visit.read.clinical_day,
                "pd_on": visit.pd_on,
                "reasons": _pd_words(visit, course.rules),
            },
        )


def _pd_words(visit: Visit, rules: Parameters) -> str:
    """What made the read a PD, target growth with its numbers, a back-dated lesion its day."""
    back_dated = visit.pd_on is not None and visit.pd_on < visit.read.clinical_day
    first_seen = f", first seen on {visit.pd_on}" if back_dated else ""
    return "; ".join(
        _growth_words(visit, rules)
        if reason == "target lesions" and visit.found and visit.nadir_mm is not None
        else _REASON_WORDS[reason] + (first_seen if reason == "new lesions" else "")
        for reason in visit.pd_reasons
    )


def _growth_words(visit: Visit, rules: Parameters) -> str:
    found, nadir = visit.found, visit.nadir_mm
    assert found is not None and nadir is not None  # noqa: S101, PT018 - the caller has looked
    growth = found.sum_mm - nadir
    known = thresholds(rules)
    part = "" if found.complete else " (some targets not evaluable)"
    share = f", {growth * 100 / nadir:.1f} %," if nadir else ""
    return (
        f"the target sum of {plain(found.sum_mm)} mm{part} is {plain(growth)} mm{share} over the "
        f"nadir of {plain(nadir)} mm (PD from {known['pd_rel_pct']} % and {known['pd_abs_mm']} mm)"
    )


_REASON_WORDS: Mapping[str, str] = {
    "target lesions": "the target lesions are reported as PD",
    "non-target lesions": "the non-target lesions progressed unequivocally",
    "new lesions": "there is an unequivocal new lesion",
    "disease after CR": "disease is seen again after an overall CR",
    "the reader's reported response": "the reader reported PD",
}

RULES: tuple[Rule, ...] = (
    Rule(
        "ctdna.suspected", 1, "MOLECULAR_RELAPSE_SUSPECTED", "medium", "L", "4.5, 2.5",
        "ctDNA was detected in the sample of {day}, {pattern}{chip}. "
        "One positive is a suspicion{answer}.",
        _suspected,
    ),
    Rule(
        "ctdna.not_confirmed", 1, "MOLECULAR_RELAPSE_NOT_CONFIRMED", "low", "D", "4.5",
        "The suspicion of {first} is not confirmed: ctDNA was not detected in the counted "
        "sample of {day}. A negative ctDNA does not rule out a lung relapse.",
        _not_confirmed,
    ),
    Rule(
        "ctdna.confirmed", 1, "MOLECULAR_RELAPSE_CONFIRMED", "high", "D", "4.5, 2.6",
        "ctDNA was detected in the sample of {first}{again}: {asked}.",
        _confirmed,
    ),
    Rule(
        "recist.new_lesion", 1, "NEW_LESION", "high", "L", "1.6",
        "{count} counted as unequivocal in the read of {day} ({organs}), first seen on {seen_on}.",
        _new_lesion,
    ),
    Rule(
        "recist.pd", 1, "RADIOGRAPHIC_PD", "high", "L", "1.4-1.8, 1.10",
        "The overall response of the read of {day} is PD, dated {pd_on}: {reasons}.",
        _radiographic_pd,
    ),
)  # fmt: skip
RULE_OF: Mapping[str, Rule] = {rule.finding: rule for rule in RULES}


def derive(course: Course) -> Iterator[tuple[Rule, Finding]]:
    """Every finding that the standing facts support, in the order of the catalogue."""
    for rule in RULES:
        for finding in rule.derive(course):
            yield rule, finding
