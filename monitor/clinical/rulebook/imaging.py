"""Rules of imaging: new lesions and radiographic PD (clinical rules 1 and 4.3)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from pydantic import JsonValue

from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.memory import DISEASE_AGAIN
from monitor.clinical.new_lesions import Mention
from monitor.clinical.parameters import Parameters
from monitor.clinical.rule import Rule
from monitor.clinical.state import Held
from monitor.clinical.terms import plain
from monitor.clinical.visit import Visit, lesion_days

REIMAGE_DAYS = (28, 56)  # when a lesion in doubt is imaged again (4.2)


def _new_lesion(course: Course) -> Iterator[Finding]:
    told: set[str] = set()
    for visit in course.follow_up:
        if not visit.mentions:
            continue
        fresh = [mention for mention in visit.unequivocal if mention.lesion.lesion_id not in told]
        told |= {mention.lesion.lesion_id for mention in fresh}
        if fresh:
            lesions: list[JsonValue] = list(dict.fromkeys(m.lesion.lesion_id for m in fresh))
            seen_on = min(visit.seen_on(mention, course.rules.recist) for mention in fresh)
            yield Finding(
                "NEW_LESION",
                seen_on,
                visit.evidence(fresh),
                supporting=_baseline(course, visit),
                details={"lesions": lesions},
                numbers={
                    "day": visit.day,
                    "count": "A new lesion" if len(lesions) == 1 else f"{len(lesions)} new lesions",
                    "organs": ", ".join(dict.fromkeys(_organ(m.lesion.organ) for m in fresh)),
                    "seen_on": seen_on,
                },
            )


def _equivocal(course: Course) -> Iterator[Finding]:
    """Each lesion at the first read that named it, until it is unequivocal or benign (4.2)."""
    known = {
        mention.lesion.lesion_id
        for visit in course.follow_up
        if visit.mentions
        for mention in visit.unequivocal
    }
    for visit in course.follow_up:
        if not visit.mentions:
            continue
        fresh = [
            mention
            for mention in visit.mentions
            if mention.certainty == "equivocal" and mention.lesion.lesion_id not in known
        ]
        known |= {mention.lesion.lesion_id for mention in fresh}
        if fresh:
            yield _equivocal_in(visit, fresh)


def _equivocal_in(visit: Visit, fresh: Sequence[Mention]) -> Finding:
    lesions: list[JsonValue] = list(dict.fromkeys(m.lesion.lesion_id for m in fresh))
    seen_on = min(lesion_days(visit.read, [mention.lesion.method for mention in fresh]))
    return Finding(
        "NEW_LESION_EQUIVOCAL",
        seen_on,
        (visit.held,),
        details={"lesions": lesions},
        numbers={
            "day": visit.day,
            "count": "A new lesion" if len(lesions) == 1 else f"{len(lesions)} new lesions",
            "organs": ", ".join(dict.fromkeys(_organ(m.lesion.organ) for m in fresh)),
            "from": seen_on + timedelta(days=REIMAGE_DAYS[0]),
            "until": seen_on + timedelta(days=REIMAGE_DAYS[1]),
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
    for pd in course.pds:
        visit = pd.visit
        if visit is None or not pd.first:
            continue
        yield Finding(
            "RADIOGRAPHIC_PD",
            pd.pd_on,
            pd.identifying,
            supporting=_baseline(course, visit),
            numbers={
                "day": visit.day,
                "pd_on": pd.pd_on,
                "reasons": "; ".join(
                    _reason_words(course, visit, reason) for reason in visit.pd_reasons
                ),
            },
        )


def _pd_by_biopsy(course: Course) -> Iterator[Finding]:
    for pd in course.pds:
        if pd.visit is None:
            yield Finding("RADIOGRAPHIC_PD", pd.pd_on, pd.identifying, numbers={"day": pd.pd_on})


def _reason_words(course: Course, visit: Visit, reason: str) -> str:
    """What made the read a PD: growth and what came after a CR with numbers and days."""
    words = _REASON_WORDS[reason]
    if reason == "target lesions" and visit.found and visit.nadir_mm is not None:
        return _growth_words(visit, course.rules)
    if reason == DISEASE_AGAIN:
        return words + _after_cr_words(course, visit)
    if reason == "new lesions" and visit.pd_on is not None and visit.pd_on < visit.day:
        return f"{words}, first seen on {visit.pd_on}"
    return words


def _after_cr_words(course: Course, visit: Visit) -> str:
    """The day of the latest CR before the read, and the sum where a target is seen again."""
    days = [
        before.day
        for before in course.follow_up
        if before.episode is visit.episode and before.order < visit.order and before.overall == "CR"
    ]
    found = visit.found if visit.found and visit.found.seen else None
    total = f" (target sum {plain(found.sum_mm)} mm)" if found else ""
    return f" of {days[-1]}{total}"


def _growth_words(visit: Visit, rules: Parameters) -> str:
    found, nadir = visit.found, visit.nadir_mm
    assert found is not None and nadir is not None  # noqa: S101, PT018 - the caller has looked
    growth = found.sum_mm - nadir
    part = "" if found.complete else " (some targets not evaluable)"
    known = rules.recist
    share = f", {growth * 100 / nadir:.1f} %," if nadir else ""
    return (
        f"the target sum of {plain(found.sum_mm)} mm{part} is {plain(growth)} mm{share} "
        f"over the nadir of {plain(nadir)} mm "
        f"(PD from {plain(known.pd_rel * 100)} % and {plain(known.pd_abs)} mm)"
    )


_REASON_WORDS: Mapping[str, str] = {
    "target lesions": "the target lesions are reported as PD",
    "non-target lesions": "the non-target lesions progressed unequivocally",
    "treated sites": "a treated site has recurred (how treated sites are judged after local "
    "therapy is a design choice of the study team)",
    "new lesions": "there is an unequivocal new lesion",
    DISEASE_AGAIN: "disease is seen again after the overall CR",
    "the reader's reported response": "the reader reported PD",
}

PD_THRESHOLDS = ("recist.pd_rel", "recist.pd_abs", "recist.disease_after_cr", "recist.pd_date_rule")

ROWS: tuple[Rule, ...] = (
    Rule(
        "recist.new_lesion_equivocal", 1, "NEW_LESION_EQUIVOCAL", "medium", "L", "1.6",
        "{count} in the read of {day} ({organs}) may or may not be disease, counts as "
        "equivocal and makes no PD now: image again from {from} to {until}. These days are a "
        "design choice of the study team.",
        _equivocal,
    ),
    Rule(
        "recist.new_lesion", 1, "NEW_LESION", "high", "L", "1.6",
        "{count} counted as unequivocal in the read of {day} ({organs}), first seen on {seen_on}.",
        _new_lesion,
    ),
    Rule(
        "recist.pd", 1, "RADIOGRAPHIC_PD", "high", "L", "1.4-1.8, 1.10",
        "The overall response of the read of {day} is PD, dated {pd_on}: {reasons}.",
        _radiographic_pd, PD_THRESHOLDS,
    ),
    Rule(
        "recist.pd_by_biopsy", 1, "RADIOGRAPHIC_PD", "high", "D", "1.12",
        "PD is dated {day} by the malignant biopsy of a treated site: no read between the therapy "
        "and the biopsy had called the site enlarging or progressed.",
        _pd_by_biopsy,
    ),
)  # fmt: skip
