"""All imaging of one patient by definition: visits of every series, the study's progressions."""

from collections.abc import Mapping
from typing import Any

from tests.auditor import classes
from tests.auditor.assess import Course, courses
from tests.auditor.reading import reading_findings
from tests.auditor.series import (
    episode_at,
    episodes_of,
    series_of,
    study_series,
    superseded,
)
from tests.auditor.sites import Sites
from tests.auditor.values import Found, Record, of_kind
from tests.auditor.visits import Episode, Imaging, LaterPoly, Pd, Visit

__all__ = ["Imaging", "LaterPoly", "Pd", "Visit", "imaging"]


def imaging(records: list[Record], rules: Mapping[str, Any]) -> Imaging:
    """Every read of the patient judged; findings and progressions of the study's series."""
    reads = of_kind(records, "imaging.read", final=False)
    episodes = episodes_of(records)
    sites = Sites.of(records)
    replaced = superseded(reads)
    study = study_series(reads, rules)
    visits: list[Visit] = []
    own: list[Course] = []
    for series in sorted({series_of(read) for read in reads} | {study}):
        evaluated = [
            r for r in reads if series_of(r) == series and r.final and r.key not in replaced
        ]
        made = courses(evaluated, episodes, sites, rules)
        visits += [visit for course in made for visit in course.visits]
        if series == study:
            own = made
    visits += [
        _unevaluated(read, episodes) for read in reads if not read.final or read.key in replaced
    ]
    visits.sort(key=lambda visit: visit.record.order)
    study_reads = [read for read in reads if series_of(read) == study]
    pds = _progressions(own, records, rules)
    later = _later_poly(own, pds, rules)
    findings = reading_findings(own, [r for r in study_reads if r.key in replaced])
    findings += _progression_findings(pds, later, records)
    return Imaging(
        visits=visits,
        study=[visit for course in own for visit in course.visits],
        episodes=episodes,
        findings=findings,
        pds=pds,
        later_poly=later,
        baselines=_baselines(own),
        study_reads=study_reads,
    )


def _baselines(own: list[Course]) -> dict[int, Visit]:
    """The surveillance baselines by episode; that of episode 0 is for description only."""
    baselines = [visit for course in own for visit in course.visits if visit.is_baseline]
    return {visit.episode: visit for visit in baselines if visit.episode > 0}


def _unevaluated(read: Record, episodes: list[Episode]) -> Visit:
    """Contract 4.1: a read that is shown only, with the flag that says why."""
    visit = Visit(read, episode_at(episodes, read.clinical_day).number, evaluated=False)
    visit.flags = ["SUPERSEDED_SAME_DAY" if read.final else read.status.upper()]
    return visit


def _progressions(own: list[Course], records: list[Record], rules: Mapping[str, Any]) -> list[Pd]:
    """4.3: one per episode, its first PD in order: a read's, or a biopsy's without a read."""
    pds: list[Pd] = []
    counts: dict[int, tuple[int, int] | None] = {}
    for course in own:
        number = course.episode.number
        if number == 0:
            continue
        seen = [v for v in course.visits if v.overall == "PD" and v.pd_on is not None]
        by_read = min(seen, key=lambda v: v.record.order, default=None)
        alone = _biopsies_alone(course, [e.episode for e in own])
        if by_read is None and not alone:
            continue
        if by_read is None or (alone and alone[0].order < by_read.record.order):
            biopsy = alone[0]
            pds.append(Pd(biopsy, biopsy.clinical_day, [biopsy.key], number))
            counts[number] = None
        else:
            assert by_read.pd_on is not None
            pds.append(Pd(by_read.record, by_read.pd_on, by_read.identifying, number))
            counts[number] = classes.count(by_read, course, by_read.pd_on, rules)
    for pd in pds:
        pd.treatability = classes.treatability(pd, pds, records)
        numbers = counts[pd.episode]
        pd.klass = classes.class_of(numbers, pd.treatability, rules)
        if numbers is not None:
            pd.lung, pd.elsewhere = numbers
    return pds


def _biopsies_alone(course: Course, episodes: list[Episode]) -> list[Record]:
    """1.12: malignant biopsies of the episode that no read of the site came before."""
    return [
        biopsy
        for biopsy in course.sites.malignant()
        if course.sites.read_proven_by(biopsy, course.series) is None
        and episode_at(episodes, biopsy.clinical_day) is course.episode
    ]


def _later_poly(own: list[Course], pds: list[Pd], rules: Mapping[str, Any]) -> list[LaterPoly]:
    """4.3: the first later evaluable read, before the next local therapy, whose class is POLY."""
    made = []
    for course in own:
        for pd in pds:
            if pd.episode != course.episode.number or pd.klass == "POLY":
                continue
            therapies = [t.clinical_day for t in course.sites.therapies]
            ends = min((d for d in therapies if d > pd.record.clinical_day), default=None)
            for visit in course.visits:
                on = visit.record.clinical_day
                if visit.record.order <= pd.record.order or visit.overall in {None, "NE"}:
                    continue
                numbers = classes.count(visit, course, on, rules)
                if (ends is None or on < ends) and numbers and classes.over_limits(numbers, rules):
                    made.append(LaterPoly(visit.record, on, pd.episode, *numbers))
                    break
    return made


def _progression_findings(
    pds: list[Pd], later: list[LaterPoly], records: list[Record]
) -> list[Found]:
    enrolled = of_kind(records, "patient.enrolled")
    poly_before = bool(enrolled and enrolled[0].get("prior_polymetastatic"))
    pattern = "INDUCED_OLIGORECURRENCE" if poly_before else "REPEAT_OLIGORECURRENCE"
    found = []
    for pd in pds:
        found.append(Found("RADIOGRAPHIC_PD", pd.pd_on, pd.identifying))
        if pd.klass == "OLIGO":
            details = {"estro_eortc": pattern, "lung": pd.lung, "elsewhere": pd.elsewhere}
            found.append(Found("OLIGOPROGRESSION", pd.pd_on, pd.identifying, details))
        if pd.klass == "POLY":
            found.append(Found("POLYPROGRESSION", pd.pd_on, pd.identifying))
    found += [Found("POLYPROGRESSION", poly.on, poly.identifying) for poly in later]
    return found
