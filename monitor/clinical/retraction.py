"""RETRACTION_AFTER_ACTION: people acted on a finding that was withdrawn (clinical rules 4.2, 4.4).

The only finding that depends on what had been told: it cannot come from the facts alone.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from monitor.clinical.course import Course
from monitor.clinical.episodes import episode_at
from monitor.clinical.events import LocalTherapy, SystemicTherapy
from monitor.clinical.findings import CATALOGUE_ORDER, evidence_item, finding_id, notice_id
from monitor.clinical.review import AnyHeld
from monitor.clinical.rules import RULE_OF
from monitor.clinical.state import EvidenceItem, Held, PatientState, Told
from monitor.clinical.terms import Action, day_of

NAME = "RETRACTION_AFTER_ACTION"
WORDS: Mapping[str, str] = {  # what can be retracted, in words
    "RADIOGRAPHIC_PD": "radiographic PD",
    "OLIGOPROGRESSION": "oligoprogression",
    "POLYPROGRESSION": "polyprogression",
    "MDT_REVIEW_REQUESTED": "the request for a review",
    "SYSTEMIC_THERAPY_TRANSITION_TRIGGER": "the transition trigger",
}
UNSUPPORTED = "current records no longer support this"
RULES_GONE = "records do not support this under the study's changed rules"
HAD_SAID = "It had said: "  # a withdrawal's explanation: why, then what was told before


def may_be_retracted(said: Told) -> bool:
    """Whether a finding was withdrawn that people may have acted on, or such a retraction told."""
    return said.finding == NAME or (said.withdrawn_on is not None and said.finding in WORDS)


def told_retractions(told: Mapping[str, Told]) -> dict[str, Told]:
    """Retractions that were told: they stand for good, whatever the facts say later."""
    return {key: said for key, said in told.items() if said.finding == NAME}


def retractions(
    state: PatientState,
    course: Course,
    now: Mapping[str, Told],
    detected_on: datetime.date,
) -> Iterator[tuple[str, Told]]:
    """Retractions to raise or amend; `now` is what is told after this fact's differences.

    A withdrawn finding that another took the place of is passed on without its `withdrawn_on`.
    """
    found: dict[str, tuple[AnyHeld, list[Told]]] = {}
    for name, said in now.items():
        if said.finding not in WORDS or said.withdrawn_on is None:
            continue
        fresh = state.told[name].action != "withdrawn"
        if fresh and _replaced(said, state, now, course):
            yield name, replace(said, withdrawn_on=None)
            continue
        for action in _actions(course, said, fresh=fresh):
            key = _key(state, said, action)
            found.setdefault(key, (action, []))[1].append(said)
    before = told_retractions(state.told)
    for key, (action, lost) in found.items():
        yield from _differing(key, action, lost, before.get(key), course, detected_on)
    for key, known in before.items():
        if known.action == "withdrawn" and key not in found:
            yield key, _again(key, known)  # the enrolment had gone, and is back


def _replaced(said: Told, state: PatientState, now: Mapping[str, Told], course: Course) -> bool:
    """Whether this same fact raised a finding of the name in the same episode."""
    place = episode_at(course.episodes, said.effective_on)
    return any(
        other.finding == said.finding
        and other.action == "raised"
        and state.told.get(key) is not other
        and episode_at(course.episodes, other.effective_on) is place
        for key, other in now.items()
    )


def _actions(course: Course, said: Told, *, fresh: bool) -> Iterator[AnyHeld]:
    """What was done on or after the finding's day; late records only up to its withdrawal."""
    until = datetime.date.max if fresh or said.withdrawn_on is None else said.withdrawn_on
    facts = course.facts
    done: tuple[AnyHeld, ...] = (
        *facts.systemic,
        *_new_rounds(course, said.effective_on),
        *facts.reviews,
    )
    for held in done:
        if held.final and said.effective_on <= held.fact.clinical_day <= until:
            yield held


def _new_rounds(course: Course, on: datetime.date) -> list[Held[LocalTherapy]]:
    """Local therapies of rounds that began on or after a day."""
    old = {h.fact.round for h in course.therapies if day_of(h.fact.started_on) < on}
    return [held for held in course.therapies if held.fact.round not in old]


def identifying(said: Told) -> list[EvidenceItem]:
    """The identifying evidence of what was told."""
    return [item for item in said.evidence if item.role == "identifying"]


def _key(state: PatientState, said: Told, action: AnyHeld) -> str:
    records = [(item.source, item.record_id) for item in identifying(said)]
    named = (state.study_id, state.patient_id, NAME, "")
    return finding_id(*named, (action.key, *records))


def _differing(
    key: str,
    action: AnyHeld,
    lost: Sequence[Told],
    known: Told | None,
    course: Course,
    detected_on: datetime.date,
) -> Iterator[tuple[str, Told]]:
    """Raised at first; amended when a further name went; else nothing new. Its date stays."""
    before = set(known.details["withdrawn"]) if known else set()
    names = before | {said.finding for said in lost}
    told = known is not None and known.action != "withdrawn"
    if told and names == before:
        return
    act: Action = "amended" if told else "raised"
    revision = known.revision + 1 if known else 1
    rule = RULE_OF["review.retraction"]
    withdrawn = sorted(names, key=CATALOGUE_ORDER.__getitem__)
    said = Told(
        finding=NAME,
        rule_id=rule.id,
        rule_version=rule.version,
        action=act,
        revision=revision,
        notice_id=notice_id(key, act, revision),
        severity=rule.severity,
        effective_on=known.effective_on if known else detected_on,
        evidence=(evidence_item(action, "identifying"), *identifying(lost[0])),
        details={"withdrawn": withdrawn},
        explanation=rule.explain_with(_numbers(withdrawn, lost, action), course.rules),
    )
    yield key, said


def _numbers(
    withdrawn: Sequence[str], lost: Sequence[Told], action: AnyHeld
) -> Mapping[str, object]:
    """What fills the rule's sentence."""
    return {
        "withdrawn": _in_words(withdrawn),
        "on": min(said.effective_on for said in lost),
        "ground": " or ".join(sorted({_ground(said) for said in lost})),
        "acted_on": action.fact.clinical_day,
        "action": _action_words(action),
    }


def _ground(said: Told) -> str:
    """On what a withdrawn finding does not hold: its withdrawal told why, possibly long ago."""
    if RULES_GONE in said.explanation.partition(HAD_SAID)[0]:
        return "under the study's changed rules"
    return "on the current records"


def _action_words(action: AnyHeld) -> str:
    if isinstance(action.fact, SystemicTherapy):
        return "systemic therapy began"
    if isinstance(action.fact, LocalTherapy):
        return "another round of local therapy began"
    return "a review was held"


def _in_words(names: Sequence[str]) -> str:
    *most, last = (WORDS[name] for name in names)
    return f"{', '.join(most)} and {last}" if most else last


def _again(key: str, known: Told) -> Told:
    revision = known.revision + 1
    action: Action = "raised"
    # What it said before it was withdrawn with the enrolment.
    text = known.explanation.partition(HAD_SAID)[2]
    return replace(
        known, action=action, revision=revision, notice_id=notice_id(key, action, revision),
        explanation=text or known.explanation,
    )  # fmt: skip
