"""A new database made from the topics: the same findings stand, and nothing is sent.

What was said on the way depended on how the topics interleaved, and that is recorded nowhere. So
what was told is taken from the topic of notices, what stands from the records, and the difference
waits for a release.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from msgspec.structs import replace as with_fields

from monitor.active_rules import hold_rules
from monitor.clinical.state import PatientState, Told, dump_state, load_state
from monitor.clinical.transitions import Arrival, Outcome, Ruleset, apply
from monitor.clock import Clock
from monitor.deployments import hold_deployment
from monitor.exits import StartRefusedError
from monitor.intake import Intake, IntakeSettings
from monitor.ledger.archive import Archive, Published, Said
from monitor.ledger.entries import (
    AcceptedRow,
    Changes,
    EventKey,
    NoticeRow,
    PatientKey,
    StateRow,
    TopicPartition,
)
from monitor.ledger.port import Ledger
from monitor.offsets import up_to
from monitor.rebuilding import Source, Turn, unfinished
from monitor.recording import notice_row, state_row
from monitor.rulesets import Rulesets
from monitor.wire.delivery import Delivery
from monitor.wire.notices import DEPLOYMENT_PREFIX, NoticeDocument
from monitor.wire.told_adopted import (
    TOLD_SOURCE,
    TOLD_TYPE,
    ToldAdopted,
    read_told_adopted,
    told_of,
)

_NOT_NEW = (
    "this database holds patients already, and only a new one can be made from the topics: run "
    "`monitor rebuild --from ledger`, or give another CTDNA_MONITOR_DATABASE__URL"
)
_NO_RULES = (
    "there are notices of the study {} on their topic, and the rules given have none for it: give "
    "its rules as they were, and run this again"
)


@dataclass(frozen=True, slots=True)
class Adopted:
    """The notices that an adoption makes of a patient, and whether no record of theirs is left."""

    notices: Sequence[NoticeRow]
    is_unknown: bool


class _Untold:
    """The ledger, but for the notices: they would tell a history that never was."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    async def record(self, changes: Changes) -> None:
        await self._ledger.record(replace(changes, notices=()))


class Adoption:
    """One making of a database from its topics; interrupted, it is made again from the start."""

    def __init__(
        self, ledger: Archive, rulesets: Rulesets, clock: Clock, place: IntakeSettings, turn: Turn
    ) -> None:
        self._ledger = ledger
        self._rulesets = rulesets
        self._clock = clock
        self._place = place
        self._turn = turn
        untold = cast("Ledger", _Untold(ledger))
        self._intake = Intake(untold, clock, place, rules_for=rulesets)

    async def begin(self, who: str, why: str) -> None:
        """Take the turn over a new database, or over one that was begun and not finished.

        Raises StartRefusedError, RulesDifferError.
        """
        resumed = await unfinished(self._ledger) is Source.TOPICS
        if not resumed and await self._ledger.everybody():
            raise StartRefusedError(_NOT_NEW)
        await self._turn.begin(Source.TOPICS, who, why)
        await hold_rules(self._ledger, self._rulesets, self._clock)
        await hold_deployment(self._ledger, self._clock, self._place.deployment, who)
        for patient in await self._ledger.everybody():
            await self._forget_unsent(patient)

    async def _forget_unsent(self, patient: PatientKey) -> None:
        """Drop what an interrupted adoption would have told: it did not know all that was."""
        row, said = await self._ledger.state(patient), await self._ledger.said(patient)
        told = [one for one in said if one.published is not None]
        if row is not None and len(told) < len(said):
            await self._ledger.restore(patient, row, row, told)

    async def take_notices(self, messages: Sequence[tuple[Delivery, Published]]) -> None:
        """Keep what was told: the first copy of each of this deployment's notices.

        Raises StartRefusedError for a study without rules: nobody could go on with its patients.
        """
        await self._turn.keep()
        said = [one for message, at in messages if (one := self._said(message, at)) is not None]
        for one in said:
            self._ruleset(one.row.patient)
        await self._ledger.add_said(said)

    def _ruleset(self, patient: PatientKey) -> Ruleset:
        found = self._rulesets(patient.study_id)
        if found is None:
            raise StartRefusedError(_NO_RULES.format(patient.study_id))
        return found

    def _said(self, message: Delivery, at: Published) -> Said | None:
        headers = {name: value or b"" for name, value in message.headers}
        if headers.get("ce_source") != f"{DEPLOYMENT_PREFIX}{self._place.deployment}".encode():
            return None
        try:
            return Said(_row(message, headers["ce_causationid"].decode()), at)
        except (ValueError, KeyError):
            return None  # the audit tells that it is on the topic

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Decide and record deliveries, as a worker would; nothing is told of them."""
        await self._turn.keep()
        await self._intake.receive(deliveries)

    async def close_days(self) -> None:
        """Close yesterday for every patient who has something due, as a worker would."""
        while await self._intake.close_days():
            await self._turn.keep()

    async def keep_ends(self, ends: Mapping[TopicPartition, int]) -> None:
        """Record that all before these offsets was read, also of what retention has emptied.

        The group may have committed as far, and a worker asks for the record before.
        """
        known = await self._ledger.offsets(self._place.group)
        last = {place: held for place, (held, _) in known.items()}
        await self._ledger.record(Changes(self._place.group, up_to(ends, last)))

    async def adopt(self, patient: PatientKey) -> Adopted:
        """Let what was told be told, also of a patient without any record: what differs is made."""
        await self._turn.keep()
        row, said = await self._ledger.state(patient), await self._ledger.said(patient)
        empty = PatientState(study_id=patient.study_id, patient_id=patient.patient_id)
        state = load_state(row.document) if row else empty
        sequence = max((one.row.sequence for one in said), default=0)
        event = ToldAdopted(*patient, state.version + 1, sequence, told_by(said))
        notices = await self._record(row, state, event)
        return Adopted(notices, is_unknown=bool(said) and not any(state.records))

    async def _record(
        self, row: StateRow | None, state: PatientState, event: ToldAdopted
    ) -> list[NoticeRow]:
        patient = PatientKey(event.study_id, event.patient_id)
        ruleset = self._ruleset(patient)
        delivery, at = event.delivery(), self._clock.now()
        told = read_told_adopted(delivery.value).told  # in the order in which a replay reads it
        before = with_fields(state, told=dict(told), sequence=event.sequence)
        outcome: Outcome = apply(before, Arrival(TOLD_SOURCE, event.event_id, at, None), ruleset)
        notices = [notice_row(one, self._place.deployment) for one in outcome.notices]
        after = state_row(
            outcome.state,
            dump_state(outcome.state),
            outcome.next_due_on,
            ruleset.parameters.config_hash,
        )
        accepted = AcceptedRow(
            key=EventKey(TOLD_SOURCE, event.event_id),
            type=TOLD_TYPE,
            patient=patient,
            arrival=event.arrival,
            record_id=event.record_id,
            record_version=1,
            clinical_day=None,
            content_hash=hashlib.sha256(event.canonical()).digest(),
            topic=delivery.topic,
            partition=delivery.partition,
            offset=delivery.offset,
            message_key=None,
            headers=(),
            value=delivery.value,
            received_at=at,
            outcome="applied",
        )
        changes = Changes("", accepted=[accepted], states={patient: (row, after)}, notices=notices)
        await self._ledger.record(changes)
        return notices

    async def finish(self, who: str, why: str, counts: dict[str, int]) -> None:
        """Let what was not told before wait for a release; workers may start."""
        await self._ledger.hold_unsent()
        await self._turn.finish(Source.TOPICS, who, why, counts)


def told_by(said: Sequence[Said]) -> dict[str, Told]:
    """What was last told of each finding by a patient's notices, which are in sequence."""
    raised: dict[str, set[str]] = {}
    for one in said:
        if one.row.action == "raised":
            raised.setdefault(one.row.cause_id, set()).add(one.row.finding)
    return {
        one.row.finding_id: told_of(
            json.loads(one.row.document), raised.get(one.row.cause_id, set())
        )
        for one in said
    }


def _row(message: Delivery, cause_id: str) -> NoticeRow:
    """A published notice as an outbox row. Raises ValueError for what is none."""
    read = NoticeDocument.model_validate_json(message.value or b"")
    given = json.loads(message.value or b"")
    document = {name: given[name] for name in NoticeDocument.model_fields} | given
    return NoticeRow(
        notice_id=str(read.notice_id),
        finding_id=str(read.finding_id),
        patient=PatientKey(read.study_id, read.patient_id),
        sequence=read.sequence,
        revision=read.revision,
        action=read.action,
        finding=read.finding,
        severity=read.severity,
        effective_on=read.effective_on,
        detected_at=read.detected_at,
        cause_id=cause_id,
        document=json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        headers=tuple((name, value or b"") for name, value in message.headers),
        value=message.value or b"",
    )
