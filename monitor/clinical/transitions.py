"""apply(state, arrival) -> Outcome(state, notices): the only place where a state changes.

Findings are computed from the facts again after every single fact; notices are the difference to
what has been told (contract 3). Deciding reads no clock and keeps nothing in memory.
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from monitor.clinical import retraction
from monitor.clinical.course import Course, course_of
from monitor.clinical.events import Fact, Tombstone
from monitor.clinical.findings import (
    CATALOGUE_ORDER,
    Finding,
    Notice,
    finding_id,
    notice_id,
)
from monitor.clinical.parameters import Parameters
from monitor.clinical.rule import Rule
from monitor.clinical.rules import derive
from monitor.clinical.schedule import next_due_on
from monitor.clinical.state import PatientState, Told, with_beside, with_fact, without_record
from monitor.clinical.terms import Action


@dataclass(frozen=True, slots=True)
class Ruleset:
    """A study's rules as they are active: their name and parameters."""

    name: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Moved:
    """A record now stands for another patient: here it is as entered in error."""

    record_id: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A provisional version of a record that another version has settled: shown, never counted."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """The study's rules are others from here on: no fact came, and all is decided again."""


class Arrival(Struct, frozen=True):
    """Something that reaches a patient: what it changes, when it came, which event caused it.

    `change` is a fact that stands, one that lies beside, a record that moved away, other rules,
    or None for an accepted event without effect (a stale version): the last two count, and
    change no fact.
    """

    source: str
    event_id: str
    detected_at: datetime.datetime
    change: Fact | Beside | Moved | RulesChanged | None


class Outcome(Struct, frozen=True):
    """The state after an arrival, and the notices that it causes, in order.

    `next_due_on` is the next day that the clock could change something, or None.
    """

    state: PatientState
    notices: tuple[Notice, ...]
    next_due_on: datetime.date | None


def apply(state: PatientState, arrival: Arrival, ruleset: Ruleset) -> Outcome:
    """Apply one arrival. Pure: equal arguments give equal results, byte for byte."""
    counted = replace(state, version=state.version + 1)
    change = arrival.change
    if isinstance(change, Moved | Tombstone):
        changed = without_record(counted, arrival.source, change.record_id)
    elif isinstance(change, Beside):
        changed = with_beside(counted, arrival.source, change.fact)
    elif change is not None and not isinstance(change, RulesChanged):
        changed = with_fact(counted, arrival.source, change)
    else:
        changed = counted
    return _tell(changed, arrival, ruleset)


def standing(state: PatientState, course: Course) -> dict[str, tuple[Rule, Finding]]:
    """Every finding that stands now, by finding id, whether it was told or is held.

    Of several with one id the first in order stands: a landmark and a serial sample may be due on
    one day.
    """
    found: dict[str, tuple[Rule, Finding]] = {}
    for rule, finding in derive(course):
        records = tuple(held.key for held in finding.identifying)
        key = finding_id(
            state.study_id, state.patient_id, finding.name, finding.discriminator, records
        )
        found.setdefault(key, (rule, finding))
    return found


def _tell(state: PatientState, arrival: Arrival, ruleset: Ruleset) -> Outcome:
    """Take the difference between what stands and what was told; nothing before enrolment."""
    course = course_of(state, ruleset.parameters)
    found = standing(state, course) if course.enrolled else None
    detected_on = arrival.detected_at.astimezone(datetime.UTC).date()
    unsupported = (
        retraction.RULES_GONE
        if isinstance(arrival.change, RulesChanged)
        else retraction.UNSUPPORTED
    )
    rows = dict(_differences(state.told, found, ruleset, detected_on, unsupported))
    told = {**state.told, **rows} if rows else state.told
    if found is not None and any(retraction.may_be_retracted(said) for said in told.values()):
        rows |= dict(retraction.retractions(state, course, told, detected_on))
        told = {**told, **rows}
    notices, sequence = [], state.sequence
    for key, said in sorted(rows.items(), key=_order_of_notices):
        sequence += 1
        before = state.told.get(key)
        notices.append(_notice(state, key, said, before, sequence, arrival, ruleset))
    after = replace(state, told=told, sequence=sequence) if notices else state
    return Outcome(after, tuple(notices), next_due_on(course))


RULES_CHANGED = "rules_changed"  # `details.origin` of what a change of rules causes (contract 3)
ENROLMENT_GONE = "enrolment no longer stands, and the finding is held until one does"
_ACTIONS: tuple[Action, ...] = ("withdrawn", "amended", "raised")


def _order_of_notices(row: tuple[str, Told]) -> tuple[int, int, str]:
    key, said = row
    return (_ACTIONS.index(said.action), CATALOGUE_ORDER[said.finding], key)


def _differences(
    told: Mapping[str, Told],
    found: Mapping[str, tuple[Rule, Finding]] | None,
    ruleset: Ruleset,
    detected_on: datetime.date,
    unsupported: str,
) -> Iterator[tuple[str, Told]]:
    """What differs from what was told; `found` is None while no enrolment stands."""
    for key, before in told.items():
        if before.action == "withdrawn" or (found is not None and key in found):
            continue
        if found is None:
            yield key, _withdrawn(before, key, ENROLMENT_GONE, None)
        elif before.finding != retraction.NAME:
            yield key, _withdrawn(before, key, unsupported, detected_on)
    for key, (rule, finding) in (found or {}).items():
        known = told.get(key)
        if known is None or known.action == "withdrawn":
            yield key, _said(rule, finding, "raised", known, ruleset, key)
        elif _differs(known, rule, finding):
            yield key, _said(rule, finding, "amended", known, ruleset, key)


def _differs(before: Told, rule: Rule, finding: Finding) -> bool:
    """Only severity, date and details make an amendment, never evidence, wording or rules."""
    return (before.severity, before.effective_on, before.details) != (
        finding.severity or rule.severity,
        finding.effective_on,
        dict(finding.details),
    )


def _said(
    rule: Rule, finding: Finding, action: Action, before: Told | None, ruleset: Ruleset, key: str
) -> Told:
    revision = before.revision + 1 if before else 1
    return Told(
        finding=finding.name,
        rule_id=rule.id,
        rule_version=rule.version,
        action=action,
        revision=revision,
        notice_id=notice_id(key, action, revision),
        severity=finding.severity or rule.severity,
        effective_on=finding.effective_on,
        evidence=finding.evidence(),
        details=dict(finding.details),
        explanation=rule.explain(finding, ruleset.parameters),
    )


def _withdrawn(before: Told, key: str, gone: str, on: datetime.date | None) -> Told:
    revision = before.revision + 1
    return replace(
        before,
        action="withdrawn",
        revision=revision,
        notice_id=notice_id(key, "withdrawn", revision),
        explanation=f"Withdrawn: the patient's {gone}. {retraction.HAD_SAID}{before.explanation}",
        withdrawn_on=on,
    )


def _notice(
    state: PatientState,
    key: str,
    said: Told,
    before: Told | None,
    sequence: int,
    arrival: Arrival,
    ruleset: Ruleset,
) -> Notice:
    return Notice(
        notice_id=said.notice_id,
        finding_id=key,
        revision=said.revision,
        study_id=state.study_id,
        patient_id=state.patient_id,
        sequence=sequence,
        detected_at=arrival.detected_at,
        rule_version=said.rule_version,
        ruleset=ruleset.name,
        config_hash=ruleset.parameters.config_hash,
        supersedes=before.notice_id if before else None,
        cause_id=arrival.event_id,
        said=said,
        origin=RULES_CHANGED if isinstance(arrival.change, RulesChanged) else None,
    )


def with_refused(
    state: PatientState, source: str, record_id: str, version: int | None
) -> PatientState:
    """Note (or, with None, forget) a version that was refused as a conflict: no fact, no notice."""
    others = tuple(row for row in state.refused if row[:2] != (source, record_id))
    refused = others if version is None else tuple(sorted((*others, (source, record_id, version))))
    return state if refused == state.refused else replace(state, refused=refused)


def as_broken(state: PatientState, *, broken: bool = True) -> PatientState:
    """Note (or forget) that a delivery of this patient failed in our own code: is incomplete."""
    return replace(state, broken=broken)
